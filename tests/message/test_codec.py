"""Decoding: errors with pointers and without content."""

from __future__ import annotations

import json

import msgspec
import pytest

from gateway.errors import Rejected
from gateway.message.codec import decode, encode_json
from gateway.message.information.cooperation_request import CooperationRequest
from gateway.message.pointers import MAX_POINTER, make_pointer, split_validation_error


class Inner(msgspec.Struct):
    """A part."""

    c: int


class Outer(msgspec.Struct):
    """A whole with parts in a list and in a map."""

    a: list[Inner] = []
    m: dict[str, Inner] = {}


@pytest.mark.parametrize(
    ("data", "pointer"),
    [
        (b'{"a":[{"c":1},{"c":"x"}]}', "/a/1/c"),
        (b'{"a":[{}]}', "/a/0/c"),
        (b'{"a":{}}', "/a"),
        (b"[]", ""),
        (b'{"m":{"k.[0]":{"c":"x"}}}', "/m"),
    ],
)
def test_a_schema_error_points_at_the_place(data: bytes, pointer: str) -> None:
    """A wrong or missing member is named by its JSON pointer; inside a map the map is named."""
    with pytest.raises(Rejected) as refused:
        decode(data, Outer)
    assert (refused.value.code, refused.value.pointer) == ("content-schema", pointer)


def test_errors_never_quote_content() -> None:
    """The value that was refused does not stand in the error's text."""
    detail, pointer = split_validation_error("Invalid enum value 'SECRET' - at `$.body.type`")
    assert (detail, pointer) == ("not a value of this list", "/body/type")


def test_pointers_are_escaped_and_cut_to_whole_segments() -> None:
    """Names with slashes and tildes are escaped (RFC 6901); a hostile name does not make a long error."""
    assert make_pointer(["a/b", 0, "~"]) == "/a~1b/0/~0"
    assert make_pointer(["a", "x" * MAX_POINTER, "b"]) == "/a"


def test_a_limit_may_be_raised_for_another_document() -> None:
    """A reader of larger documents says so, and its number of values grows with it."""
    data = encode_json([1] * 40_000)
    with pytest.raises(Rejected, match="content-json"):
        decode(data, list[int])
    assert len(decode(data, list[int], max_bytes=4 << 20)) == 40_000


def test_what_json_cannot_say_is_refused_when_written() -> None:
    """A lone surrogate or a foreign object is an error of ours before anything is signed."""
    for value in ("\ud800", object()):
        with pytest.raises(Rejected, match="content-json"):
            encode_json([value])


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"urgency": "soon"}, "one of flash, normal, routine, urgent"),
        ({"respond_by": "tomorrow"}, "written as 2099-05-01T12:00:00Z"),
        ({"retention": {"review_on": "tomorrow"}}, "written as 2099-05-01"),
        ({"sequence": "first"}, "see the pointer"),
    ],
)
def test_a_refused_value_comes_with_what_is_taken_there(changes: dict[str, object], told: str) -> None:
    """The values of a list, or the form of a date; else the pointer has to do."""
    with pytest.raises(Rejected) as refused:
        decode(json.dumps({"kind": "cooperation.request", **changes}).encode(), CooperationRequest)
    assert refused.value.hint == told


def test_text_that_is_not_json_is_refused_with_line_and_column() -> None:
    """As an editor counts them."""
    with pytest.raises(Rejected) as refused:
        decode(b'{"kind": "x",\n  purpose: 1}', CooperationRequest)
    assert refused.value.detail == "not JSON at line 2, column 3"
