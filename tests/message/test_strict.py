"""Strict JSON: what is refused, where it points, and that the fast tests never clear what the careful reading refuses."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Rejected
from gateway.message.careful import find_fault
from gateway.message.strict import LIMITS, Limits, check_strict

MIB = 1 << 20
REFUSED = {
    "a byte order mark": (b"\xef\xbb\xbf{}", ""),
    "bytes that are not UTF-8": (b'{"a":"\xff"}', ""),
    "an overlong encoding": (b'"\xc0\xaf"', ""),
    "a surrogate in UTF-8": (b'"\xed\xa0\x80"', ""),
    "nothing": (b"", ""),
    "only space": (b"  ", ""),
    "trailing bytes": (b"{} {}", ""),
    "a trailing comma": (b"[1,]", ""),
    "a comment": (b"{} // no", ""),
    "single quotes": (b"{'a':1}", ""),
    "a leading zero": (b"[01]", ""),
    "a raw control character": (b'["\x01"]', ""),
    "a raw U+0000": (b'["\x00"]', ""),
    "U+0000 as an escape": (b'{"a":["x\\u0000"]}', "/a/0"),
    "U+0000 in a name": (b'{"a":{"\\u0000":1}}', "/a/\0"),
    "a lone high surrogate": (b'{"a":"\\ud83d"}', "/a"),
    "a lone low surrogate": (b'{"a":"\\uDE00"}', "/a"),
    "a name twice": (b'{"a":[{"b":1,"b":1}]}', "/a/0/b"),
    "a name twice, once escaped": (b'{"a/~":1,"\\u0061/~":2}', "/a~1~0"),
    "an integer above 2^53-1": (b'{"a":9007199254740992}', "/a"),
    "an integer below -(2^53-1)": (b'{"a":-9007199254740992}', "/a"),
    "an integer of 5,000 digits": (b'{"a":' + b"9" * 5_000 + b"}", "/a"),
    "a fraction": (b'{"a":[1,1.0]}', "/a/1"),
    "an exponent": (b'{"a":1e2}', "/a"),
    "an infinite coordinate": (b'{"coordinates":[1e999]}', "/coordinates/0"),
    "a long infinite coordinate": (b'{"coordinates":[' + b"9" * 400 + b".0]}", "/coordinates/0"),
    "a fraction under a name that ends like coordinates": (b'{"x\\"coordinates":[1.5]}', '/x"coordinates/0'),
    "a fraction below coordinates": (b'{"coordinates":[{"x":1.5}]}', "/coordinates/0/x"),
    "not a number": (b'{"a":NaN}', "/a"),
    "infinity": (b'{"a":-Infinity}', "/a"),
    "null": (b'{"a":[null]}', "/a/0"),
    "33 levels": (b"[" * 33 + b"]" * 33, "/0" * 32),
    "33 levels behind brackets in strings": (b'["]]]","{\\"",' + b"[" * 32 + b"]" * 32 + b"]", "/2" + "/0" * 31),
    "thousands of levels": (b"[" * 9_000 + b"]" * 9_000, ""),
    "levels that never end": (b"[" * 9_000, ""),
}
ACCEPTED = {
    "32 levels": b"[" * 32 + b"]" * 32,
    "brackets in strings": b'["' + b"[{" * 100 + b'"]',
    "the largest integers": b"[9007199254740991,-9007199254740991]",
    "coordinates": b'{"geometry":{"type":"Point","coordinates":[1.5,-2.25e1]}}',
    "the word null in a text": b'{"a":"null and void"}',
    "a backslash before u0000": b'["\\\\u0000"]',
    "a pair of surrogates": b'["\\ud83d\\ude00"]',
    "an emoji": '["😀"]'.encode(),
    "quotes and backslashes": b'["\\"\\\\",{"\\\\":"\\\\\\""}]',
    "space around": b" \r\n\t[ 1 , 2 ] \n",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_two_readers_could_read_in_two_ways_is_refused_with_its_place(name: str) -> None:
    """Each ambiguity of JSON is refused as content-json, and the pointer shows where it stands."""
    data, pointer = REFUSED[name]
    with pytest.raises(Rejected) as refused:
        check_strict(data)
    assert (refused.value.code, refused.value.pointer) == ("content-json", pointer)


@pytest.mark.parametrize("name", ACCEPTED)
def test_ordinary_json_passes(name: str) -> None:
    """What only looks dangerous is taken."""
    check_strict(ACCEPTED[name])
    assert find_fault(ACCEPTED[name].decode(), LIMITS.max_depth) is None


def test_too_many_bytes_and_values_are_refused() -> None:
    """Size and number of values are bounded, and a text full of commas is not mistaken for many values."""
    with pytest.raises(Rejected, match="too-large"):
        check_strict(b'"' + b"x" * MIB + b'"')
    with pytest.raises(Rejected, match="more than 3 values"):
        check_strict(b"[1,2,3,4]", Limits(max_values=3))
    check_strict(b'[",,,,[[[[","]]{{",3]', Limits(max_values=3))
    check_strict(b'"' + b",[" * 100_000 + b'"')


HOSTILE = {
    "tiny names": b"{" + b",".join(b'"%x":1' % n for n in range(32_000)) + b"}",
    "tiny names and null": b"{" + b",".join(b'"%x":1' % n for n in range(32_000)) + b',"n":null}',
    "a million names": (b"{" + b",".join(b'"%x":1' % n for n in range(90_000)))[:MIB],
    "deep": b"[" * (MIB // 2) + b"]" * (MIB // 2),
    "deep objects": b'{"":' * (MIB // 6),
    "empty objects": b"[" + b"{}," * (MIB // 4) + b"{}]",
    "tiny strings": b"[" + b'"",' * (MIB // 4) + b'""]',
    "strings of brackets": b"[" + b'"]",' * (MIB // 5) + b'""]',
    "one long integer": b"[" + b"9" * (MIB - 2) + b"]",
    "one long fraction": b"[0." + b"9" * (MIB - 4) + b"]",
    "many coordinates": b'{"coordinates":[' + b"1.5," * 32_000 + b"1]}",
    "many names coordinates": b'{"coordinates":[' + b'{"coordinates":[1.5]},' * 10_000 + b"1]}",
    "escapes": b'"' + b"\\u0041" * (MIB // 7) + b'"',
    "surrogates": b'"' + b"\\ud83d\\ude00" * (MIB // 13) + b'\\ud83d"',
    "quotes": b'"' * MIB,
    "backslashes": b'"' + b"\\" * (MIB - 2) + b'"',
    "space": b" " * MIB,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_content_is_judged_like_any_other(name: str) -> None:
    """One mebibyte made to be slow is read or refused with a code; how fast, the bench tells."""
    try:
        check_strict(HOSTILE[name])
    except Rejected as exc:
        assert exc.code == "content-json"  # noqa: PT017 - some of them are fine
    else:
        assert json.loads(HOSTILE[name]) is not None


json_values = st.recursive(
    st.booleans() | st.none() | st.integers() | st.floats() | st.text(st.characters(), max_size=6),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4) | st.just("coordinates"), inner, max_size=4)
    ),
    max_leaves=20,
)


def verdict_of_the_careful(data: bytes) -> bool:
    """Say whether the careful reading alone takes a text."""
    try:
        return find_fault(data.decode(), LIMITS.max_depth) is None
    except UnicodeDecodeError:
        return False


def verdict(data: bytes) -> bool:
    """Say whether strict JSON takes a text."""
    try:
        check_strict(data)
    except Rejected:
        return False
    return True


@given(json_values, st.booleans())
def test_fast_and_careful_reading_agree_on_json(value: object, ascii_only: object) -> None:
    """The fast tests clear exactly what the careful reading clears."""
    data = json.dumps(value, ensure_ascii=bool(ascii_only)).encode("utf-8", "surrogatepass")
    assert verdict(data) == verdict_of_the_careful(data)


@given(st.lists(st.sampled_from([*'[]{}",:\\', '"a":', "1", "1.5", '"coordinates":[', "null", '""']), max_size=14).map("".join))
def test_fast_and_careful_reading_agree_on_what_is_nearly_json(text: str) -> None:
    """Broken brackets, quotes and escapes lead both readings to the same verdict."""
    assert verdict(text.encode()) == verdict_of_the_careful(text.encode())
