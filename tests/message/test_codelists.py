"""Code lists: complete, in agreement with the types, and versioned."""

from __future__ import annotations

import re
from collections import Counter
from typing import get_args

import pytest

from gateway.message.codelist import CodeList
from gateway.message.codes import CODE_LISTS
from gateway.message.codes.crimes import CRIMES
from gateway.message.codes.heritage import COUNTRY_EXT, ICTR_CRIMES, ICTY_CRIMES, JUSTICE_OFFENCES
from gateway.message.content import Urgency
from gateway.message.handling import Confidentiality, EvidentialUse, HandlingCode, Onward, Tlp
from gateway.message.shared.evaluation import Admiralty, FourByFour
from gateway.message.shared.incident import ConflictType
from gateway.message.shared.person import Person, PersonStatus

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
    "sex": Person.__annotations__["sex"],
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


def test_sub_codes_follow_the_elements_of_crimes() -> None:
    """Sexual violence, torture, transfer, emblems, experiments and violence to life are told apart, 35 sub-codes in all."""
    count = Counter(code.partition("-")[0] for code in CRIMES.codes if "-" in code)
    assert count == {
        "RS.7.1.g": 6,
        "RS.8.2.a.ii": 3,
        "RS.8.2.a.vii": 2,
        "RS.8.2.b.vii": 4,
        "RS.8.2.b.x": 2,
        "RS.8.2.b.xxii": 6,
        "RS.8.2.c.i": 4,
        "RS.8.2.e.vi": 6,
        "RS.8.2.e.xi": 2,
    }


HERITAGE = {
    "RS.70": (JUSTICE_OFFENCES, 6),
    "ICTY.2": (ICTY_CRIMES, 8),
    "ICTY.3": (ICTY_CRIMES, 5),
    "ICTY.4.3": (ICTY_CRIMES, 5),
    "ICTY.5": (ICTY_CRIMES, 9),
    "ICTR.2.3": (ICTR_CRIMES, 5),
    "ICTR.3": (ICTR_CRIMES, 9),
    "ICTR.4": (ICTR_CRIMES, 8),
}


@pytest.mark.parametrize("paragraph", HERITAGE)
def test_offences_against_justice_and_the_lists_of_earlier_tribunals_are_complete(paragraph: str) -> None:
    """Every letter of every paragraph has a code, from a on, and no code stands outside these paragraphs."""
    listed, letters = HERITAGE[paragraph]
    found = [code for code in listed.codes if code.rpartition(".")[0] == paragraph]
    assert found == [f"{paragraph}.{letter}" for letter in "abcdefghi"[:letters]]
    assert len(listed.codes) == sum(count for one, count in HERITAGE.values() if one is listed)


SIZES = {
    "rome-statute": 119,
    "liability-modes": 10,
    "assistance-types": 21,
    "instruments": 8,
    "purposes": 9,
    "refusal-grounds": 15,
    "identity-documents": 8,
    "biometric-modalities": 7,
    "person-status": 14,
    "sex": 4,
    "justice-offences": 6,
    "icty-crimes": 27,
    "ictr-crimes": 22,
    "country-ext": 9,
    "tlp": 5,
    "confidentiality": 3,
    "handling-codes": 4,
    "evaluation-4x4-source": 4,
    "evaluation-4x4-information": 4,
    "evaluation-admiralty-source": 7,
    "evaluation-admiralty-information": 6,
    "conflict-types": 5,
}


@pytest.mark.parametrize("id_", SIZES)
def test_no_code_was_lost(id_: str) -> None:
    """Each list has as many codes as the text that it is modelled on."""
    assert len(BY_ID[id_].codes) == SIZES[id_]


def test_states_that_are_no_more_have_the_form_of_iso_3166_3() -> None:
    """A country code of an old case is kept as sent: four letters, or the number of a notice."""
    assert {"YUCS", "CSXX", "SUHH", "DDDE", "ZRCD", "TPTL", "914", "922"} <= set(COUNTRY_EXT.codes)
    assert all(re.fullmatch("[A-Z]{4}|[0-9]{3}", code) for code in COUNTRY_EXT.codes)


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
