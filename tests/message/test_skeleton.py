"""A message file to begin with, for every kind of the registry and without a word about any of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.errors import Rejected
from gateway.message import KINDS, find_faults, skeleton, spec
from gateway.message.skeleton import EDIT
from tests.message.validators import pointers, validator

REPORT = "information.report"


def parsed(kind: str, **choices: str) -> Any:
    """Return the skeleton of a kind as JSON."""
    return json.loads(skeleton(spec(kind), choices).data)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_has_one_that_follows_its_schema(kind: str) -> None:
    """What `new` writes passes the codec and an independent validator; what a rule still wants is told with its place."""
    made = skeleton(spec(kind), {})
    content = json.loads(made.data)
    assert pointers(validator(kind).iter_errors(content)) == set()
    assert {one.code for one in find_faults(made.data).faults} <= {"content-rule", "content-header"}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_it_can_have_every_member(kind: str) -> None:
    """With everything wanted, optional members are there too, and the schema still holds."""
    made = skeleton(spec(kind), {}, everything=True)
    assert pointers(validator(kind).iter_errors(json.loads(made.data))) == set()
    assert set(made.optional) == {"/critical", "/ext"}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_what_is_to_be_written_is_named(kind: str) -> None:
    """Every text that begins with EDIT stands in the list that the author gets, and only those."""
    made = skeleton(spec(kind), {})
    found = {pointer for pointer, text in texts(json.loads(made.data)) if text.startswith(EDIT)}
    assert found == set(made.edit)


def texts(value: Any, at: str = "") -> list[tuple[str, str]]:
    """Return every text of a document with its pointer."""
    if isinstance(value, str):
        return [(at, value)]
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [one for key, below in inner for one in texts(below, f"{at}/{key}")]


def test_a_form_is_chosen_by_its_tag() -> None:
    """The author says which form a union has, and a code, and gets its members."""
    made = skeleton(spec(REPORT), {"/body/items/0/evaluation/scheme": "admiralty", "/urgency": "flash"})
    content = json.loads(made.data)
    assert content["body"]["items"][0]["evaluation"]["scheme"] == "admiralty"
    assert content["urgency"] == "flash"
    assert "/urgency" not in made.check


@pytest.mark.parametrize(("pointer", "code"), [("/urgency", "fast"), ("/nothing", "x"), ("/body/items/0/text", "x")])
def test_a_choice_that_is_none_is_refused(pointer: str, code: str) -> None:
    """A code that is not in the list, or a place without a list, is refused at that place."""
    with pytest.raises(Rejected) as refused:
        skeleton(spec(REPORT), {pointer: code})
    assert (refused.value.code, refused.value.pointer) == ("bad-request", pointer)
