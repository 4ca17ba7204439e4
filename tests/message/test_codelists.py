"""Code lists: complete, in agreement with the types, and versioned."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from gateway.message.codelist import CodeList
from gateway.message.codes import CODE_LISTS
from gateway.message.codes.crimes import CRIMES
from gateway.message.content import Urgency
from gateway.message.handling import Confidentiality, EvidentialUse, HandlingCode, Onward, Tlp
from gateway.message.shared.evaluation import Admiralty, FourByFour
from gateway.message.shared.incident import ConflictType
from gateway.message.shared.person import PersonStatus

CRIME_PATTERN = re.compile(
    r"RS\.(6\.[a-e]|7\.1\.[a-k]|8\.2\.[abce]\.(?=[ivx])x{0,2}(ix|iv|v?i{0,3})|8bis\.(1|2\.[a-g]))(-[1-9])?"
)
BY_ID = {one.id: one for one in CODE_LISTS}
TYPES = {
    "urgency": Urgency,
    "tlp": Tlp,
    "confidentiality": Confidentiality,
    "handling-codes": HandlingCode,
    "evidential-use": EvidentialUse,
    "onward": Onward,
    "conflict-types": ConflictType,
    "person-status": PersonStatus,
    "evaluation-4x4-source": FourByFour.__annotations__["source"],
    "evaluation-4x4-information": FourByFour.__annotations__["information"],
    "evaluation-admiralty-source": Admiralty.__annotations__["source"],
    "evaluation-admiralty-information": Admiralty.__annotations__["information"],
}


def test_the_list_of_crimes_is_complete() -> None:
    """All 84 codes of articles 6 to 8 bis stand in it, each sub-code under one of them."""
    whole = [code for code in CRIMES.codes if "-" not in code]
    counts = [
        sum(code.startswith(f"RS.{part}.") for code in whole)
        for part in ("6", "7.1", "8.2.a", "8.2.b", "8.2.c", "8.2.e", "8bis")
    ]
    assert counts == [5, 11, 8, 29, 4, 19, 8]
    assert len(whole) == 84
    assert {code.partition("-")[0] for code in CRIMES.codes} == set(whole)
    assert all(CRIME_PATTERN.fullmatch(code) for code in CRIMES.codes)


def test_amendments_are_dated() -> None:
    """Codes that came later say in which year, for not every State is bound by them."""
    since = {row.code: row.since for row in CRIMES.rows}
    assert since["RS.6.a"] == "1998"
    assert since["RS.8bis.1"] == "2010"
    assert since["RS.8.2.e.xviii"] == "2017"
    assert since["RS.8.2.e.xix"] == CRIMES.version == "2019"


@pytest.mark.parametrize("id_", TYPES)
def test_closed_lists_and_types_say_the_same(id_: str) -> None:
    """A code that the types take has a label, and the reverse, in the same order."""
    assert BY_ID[id_].closed
    assert [str(value) for value in get_args(TYPES[id_])] == list(BY_ID[id_].codes)


@pytest.mark.parametrize("one", CODE_LISTS, ids=lambda one: one.id)
def test_every_code_stands_once_and_has_a_label(one: CodeList) -> None:
    """A list can be shown to people, and no code has two meanings."""
    assert len({row.code for row in one.rows}) == len(one.rows)
    assert all(one.label(code) for code in one.codes)
    assert one.label("no such code") == ""
