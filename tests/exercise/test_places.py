"""Pointers into content: found, set and taken out."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.exercise.places import find, put, remove


def document() -> dict[str, Any]:
    """Return something to point into."""
    return {"body": {"list": [{"a": 1}, {"a": ""}], "a/b": 2, "none": []}}


def test_what_is_empty_counts_as_not_there() -> None:
    """A field that was left empty is as incomplete as one that was left out; a zero is there."""
    pointers = ("/body/list/0/a", "/body/list/1/a", "/body/list/2", "/body/none", "/body/a~1b", "/nothing/at/all")
    assert [find(document(), pointer) for pointer in pointers] == [1, None, None, None, 2, None]
    assert find({"count": 0}, "/count") == 0
    assert find({"no": False}, "/no") is False


def test_a_member_is_set_and_taken_out() -> None:
    """Objects on the way are made; elements of lists are replaced or removed."""
    tree = document()
    put(tree, "/body/new/inner", 3)
    put(tree, "/body/list/0/a", 4)
    remove(tree, "/body/list/1")
    remove(tree, "/body/none")
    assert tree == {"body": {"list": [{"a": 4}], "a/b": 2, "new": {"inner": 3}}}


@pytest.mark.parametrize("pointer", ["/body/list/7", "/body/list/x", "/body/a~1b/c"])
def test_a_way_that_leads_nowhere_is_an_error(pointer: str) -> None:
    """Nothing is changed where nothing can be."""
    with pytest.raises(KeyError):
        put(document(), pointer, 1)
    with pytest.raises(KeyError):
        remove(document(), pointer)
