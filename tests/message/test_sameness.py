"""What makes two messages the same request: what is asked, and nothing beside it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.message.registry import KINDS, spec
from gateway.message.sameness import same_text
from gateway.message.unread import known_at
from gateway.resources import schemas_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.ids import Kind

    Path = tuple[str | int, ...]

SAME = [row for row in KINDS.values() if row.same_by]
EXAMPLES = [
    (row.kind, json.loads(path.read_bytes()))
    for row in SAME
    for path in sorted(schemas_path().glob(f"examples/{row.kind}/*.json"))
]
REQUEST = next(one for kind, one in EXAMPLES if kind == "cooperation.request")


def leaves(value: Any, at: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield every place of a document where a text or a number stands."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if inner is None:
        yield at, value
        return
    for step, one in inner:
        yield from leaves(one, (*at, step))


def text(kind: Kind, document: Any, **spelling: Any) -> bytes:
    """Return what makes a document the same as another one."""
    found = same_text(kind, json.dumps(document, **spelling).encode())
    assert found is not None
    return found


def changed(document: Any, path: Path, value: Any) -> Any:
    """Return a document in which something else stands at a place."""
    if not path:
        return value
    copy: Any = dict(document) if isinstance(document, dict) else list(document)
    copy[path[0]] = changed(copy[path[0]], path[1:], value)
    return copy


def named(kind: Kind, path: Path) -> bool:
    """Say whether a place is one that the row names, or stands below one."""
    for pointer in spec(kind).same_by:
        steps = pointer.split("/")[1:]
        if len(path) >= len(steps) and all(step in {"*", str(one)} for step, one in zip(steps, path, strict=False)):
            return True
    return False


PLACES = [(kind, document, *leaf) for kind, document in EXAMPLES for leaf in leaves(document)]
KNOWN = [one for one in PLACES if known_at(one[1], spec(one[0]).content, "".join(f"/{step}" for step in one[2])) is not None]


@given(place=st.sampled_from(KNOWN), other=st.text(min_size=1, max_size=40))
def test_what_is_named_makes_another_request_and_nothing_else_does(place: tuple[Kind, Any, Path, Any], other: str) -> None:
    """Any change of what is asked, any change of what is not, for every member of every example."""
    kind, document, path, value = place
    after = changed(document, path, f"{value}{other}." if isinstance(value, str) else [value, other])
    assert (text(kind, after) != text(kind, document)) == named(kind, path)


@given(data=st.data())
def test_how_it_is_written_does_not_matter(data: st.DataObject) -> None:
    """Order of members, spaces of JSON, case, composition of marks, white space within a text."""
    kind, document = data.draw(st.sampled_from(EXAMPLES))
    path, value = data.draw(
        st.sampled_from([leaf for leaf in leaves(document) if isinstance(leaf[1], str) and named(kind, leaf[0])])
    )
    cased = value.upper() if data.draw(st.booleans()) else value
    composed = normalize("NFC", cased) if data.draw(st.booleans()) else normalize("NFD", cased)
    spelled = composed.replace(" ", data.draw(st.sampled_from(["  ", "\n\t"])))
    order = data.draw(st.permutations(list(document)))
    again = {name: changed(document, path, f" {spelled} ")[name] for name in order}
    assert text(kind, again, indent=data.draw(st.sampled_from([None, 3]))) == text(kind, document)


def test_texts_of_every_script_are_compared_as_people_read_them() -> None:
    """A composed letter is its parts, a sharp s two, and Greek sigma is one letter wherever it stands."""
    for one, other in (("Žena", "Z\u030cENA"), ("Straße", "STRASSE"), ("ΟΔΟΣ", "οδος"), ("\u1fb3\u0345", "\u03b1\u0345\u0345")):
        kind = spec("cooperation.request").kind
        found = [text(kind, changed(REQUEST, ("body", "facts"), f"{facts} {'x' * 20}")) for facts in (one, other)]
        assert found[0] == found[1]


def test_nothing_can_move_from_one_measure_to_the_next() -> None:
    """The order of measures is what answers count by, and a place where nothing stands keeps its place."""
    kind, body = spec("cooperation.request").kind, REQUEST["body"]
    first, second = {"type": "AT.b", "description": "one"}, {"type": "AT.e", "description": "two", "persons": ["p-1"]}
    lists = [
        [first, second],
        [second, first],
        [{**first, "persons": ["p-1"]}, {k: v for k, v in second.items() if k != "persons"}],
    ]
    assert len({text(kind, {**REQUEST, "body": {**body, "measures": measures}}) for measures in lists}) == 3


def test_an_empty_list_says_as_much_as_none() -> None:
    """Somebody writes the default down, another leaves it out."""
    bare = {name: value for name, value in REQUEST.items() if name != "case_refs"}
    body = {name: value for name, value in REQUEST["body"].items() if name not in {"persons", "relation_to_earlier"}}
    empty = {**bare, "case_refs": [], "body": {**body, "persons": [], "relation_to_earlier": []}}
    kind = spec("cooperation.request").kind
    assert text(kind, {**bare, "body": body}) == text(kind, empty)


def test_what_replaces_a_request_is_another_one() -> None:
    """It repeats the whole text, and says itself that it takes the place of an earlier one."""
    earlier = [{"relation": "replaces", "reference": "QM-1"}]
    after = changed(REQUEST, ("body",), {**REQUEST["body"], "relation_to_earlier": earlier})
    assert text(spec("cooperation.request").kind, after) != text(spec("cooperation.request").kind, REQUEST)


@pytest.mark.parametrize("row", KINDS.values(), ids=lambda row: row.kind)
def test_every_place_of_a_row_stands_in_the_first_version(row: Any) -> None:
    """One `*` at most, and no member that an older version would not know: the same request is the same in each."""
    assert all(pointer.count("*") <= 1 for pointer in row.same_by)
    assert not {place for places in row.added.values() for place in places} & set(row.same_by)
    if not row.same_by:
        assert same_text(row.kind, b"{}") is None
