"""Versions of a kind: what old and new readers make of each other's content, and which version is written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Rejected
from gateway.message import KINDS, read, spec
from gateway.message.compat import Level, compare
from gateway.message.export import CORPUS
from gateway.message.json_schema import kind_schema
from gateway.message.versions import choose, found_at, without
from gateway.resources import schemas_path
from tests.message.validators import pointers, released_schema, validator_of

if TYPE_CHECKING:
    from pathlib import Path

REPORT = "information.report"
PAIRS = [(kind, old, new) for kind, row in KINDS.items() for old, new in zip(row.readable, row.readable[1:], strict=False)]
VERSIONS = [(kind, version) for kind, row in sorted(KINDS.items()) for version in row.readable]


def corpus(kind: str, version: str) -> list[Path]:
    """Return the content that was published with a version."""
    return sorted((schemas_path() / CORPUS / kind / version).glob("*.json"))


@pytest.mark.parametrize(("kind", "version"), VERSIONS)
def test_every_version_has_its_corpus(kind: str, version: str) -> None:
    """What was published with a version is kept for as long as the version is read, and is good by it."""
    files = corpus(kind, version)
    assert files
    for path in files:
        content = read(kind, version, path.read_bytes())
        assert content.unread_fields == ()
        assert pointers(validator_of(kind, version).iter_errors(json.loads(path.read_bytes()))) == set()


@pytest.mark.parametrize(("kind", "old", "new"), PAIRS)
def test_new_readers_read_old_content(kind: str, old: str, new: str) -> None:
    """Content of the version before is good by the newer one too, for the codec and for a validator."""
    for path in corpus(kind, old):
        assert read(kind, new, path.read_bytes()).unread_fields == ()
        assert pointers(validator_of(kind, new).iter_errors(json.loads(path.read_bytes()))) == set()


@pytest.mark.parametrize(("kind", "old", "new"), PAIRS)
def test_old_readers_read_new_content(kind: str, old: str, new: str) -> None:
    """An older reader takes newer content, and shows what it did not read."""
    late = spec(kind).later(old)
    for path in corpus(kind, new):
        data = path.read_bytes()
        assert set(read(kind, old, data).unread_fields) == set(found_at(data, late))
        assert pointers(validator_of(kind, old).iter_errors(json.loads(data))) == set()


@pytest.mark.parametrize(("kind", "old", "new"), PAIRS)
def test_a_minor_version_only_adds_what_its_row_says(kind: str, old: str, new: str) -> None:
    """The released schemas differ by optional members alone, and these are the ones that the registry names."""
    changes = compare(released_schema(kind, old), released_schema(kind, new))
    assert max((change.level for change in changes), default=Level.PATCH) is Level.MINOR
    assert {change.place for change in changes} == set(spec(kind).added[new])


@pytest.mark.parametrize(("kind", "version"), VERSIONS)
def test_the_code_still_says_what_was_released(kind: str, version: str) -> None:
    """The type that reads a kind makes every released schema of it, words aside."""
    made, kept = kind_schema(spec(kind), version), released_schema(kind, version)
    assert compare(made, kept) == compare(kept, made) == []
    assert made["$id"] == kept["$id"]


def test_a_member_of_a_later_version_means_nothing_in_an_older_one() -> None:
    """What an older version does not know may hold anything there; it is kept, shown as unread, and never refused."""
    data = json.loads(corpus(REPORT, "1.0.0")[0].read_bytes())
    data["body"]["entities"] = "somebody else's"
    raw = json.dumps(data).encode()
    old = read(REPORT, "1.0.0", raw)
    assert (old.unread_fields, old.raw) == (("/body/entities",), raw)
    with pytest.raises(Rejected, match="content-schema"):
        read(REPORT, "1.1.0", raw)


@pytest.mark.parametrize("version", ["2.0.0", "1.2.0", "0.9.0", "1.0", ""])
def test_a_version_that_we_do_not_read_is_refused(version: str) -> None:
    """A major change, or a minor one of the future, is told by its number and never guessed at."""
    with pytest.raises(Rejected, match="schema-unknown"):
        read(REPORT, version, corpus(REPORT, "1.0.0")[0].read_bytes())


# --- which version is written ------------------------------------------------------------------------------------

PLAIN = b'{"body": {"items": [{}]}}'
LATE = b'{"body": {"items": [{}, {"entities": ["e-1"]}]}}'


@pytest.mark.parametrize(
    ("data", "readers", "chosen"),
    [
        (PLAIN, {}, "1.1.0"),
        (PLAIN, {"a": ["1.0.0", "1.1.0"], "b": ["1.1.0"]}, "1.1.0"),
        (PLAIN, {"a": ["1.0.0", "1.1.0"], "b": ["1.0.0"]}, "1.0.0"),
        (PLAIN, {"a": ["1.0.0", "1.1.0", "1.2.0"]}, "1.1.0"),
        (LATE, {"a": ["1.0.0", "1.1.0"]}, "1.1.0"),
    ],
)
def test_the_highest_common_version_is_chosen(data: bytes, readers: dict[str, list[str]], chosen: str) -> None:
    """The newest version that all recipients read is written."""
    assert choose(spec(REPORT), data, readers) == chosen


def test_a_member_that_one_recipient_cannot_read_is_told() -> None:
    """Nothing is dropped in silence: the author hears which member, and who holds it back."""
    with pytest.raises(Rejected, match="GN-QN") as caught:
        choose(spec(REPORT), LATE, {"GN-QN@icn": ["1.0.0"], "GS@icn": ["1.0.0", "1.1.0"]})
    assert (caught.value.code, caught.value.pointer) == ("schema-unknown", "/body/items/1/entities")


@pytest.mark.parametrize("reads", [[], ["2.0.0"]])
def test_nothing_is_written_that_somebody_cannot_read_at_all(reads: list[str]) -> None:
    """A recipient whose software reads no version of ours, or not this kind at all, is told before anything is signed."""
    with pytest.raises(Rejected, match="schema-unknown"):
        choose(spec(REPORT), PLAIN, {"GN-QN@icn": reads})


LEAVES = st.one_of(st.booleans(), st.integers(-9, 9), st.text(max_size=3))
TREES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
)
PLACES = st.lists(st.sampled_from(["/a", "/b/c", "/a/*/b", "/a/*/*/c"]), max_size=3)


@given(st.dictionaries(st.sampled_from("abc"), TREES, max_size=3), PLACES)
def test_taking_members_out_leaves_none_and_nothing_else_changes(tree: dict[str, Any], places: list[str]) -> None:
    """Whatever the document looks like, afterwards no place has a member, and what has none stays byte for byte."""
    data = json.dumps(tree).encode()
    left = without(data, places)
    assert found_at(left, places) == ()
    assert (left == data) is (found_at(data, places) == ())
