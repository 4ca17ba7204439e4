"""JSON of others is read with bounds, and never in two ways."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import Rejected
from gateway.interop.foreign import MAX_FOREIGN_BYTES, read_foreign


def test_null_and_fractions_are_read() -> None:
    """What our own content may not hold is common elsewhere; a fraction stays exact."""
    assert read_foreign(b'\xef\xbb\xbf{"a": null, "b": 1.825, "c": [1, true, "x"]}') == {
        "a": None,
        "b": Decimal("1.825"),
        "c": [1, True, "x"],
    }


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"", "content-json"),
        (b"{", "content-json"),
        (b"\xff", "content-json"),
        (b'{"a": 1, "\\u0061": 2}', "content-json"),
        (b"NaN", "content-json"),
        (b"[-Infinity]", "content-json"),
        (b"9007199254740992", "content-json"),
        (b"1e999999999", "content-json"),
        (b"1." + b"0" * 100, "content-json"),
        (b"1" * 5000, "content-json"),
        (b'"\\u0000"', "content-json"),
        (b'{"\\ud800": 1}', "content-json"),
        (b"[" * 70 + b"]" * 70, "content-json"),
        (b"[" * 100_000 + b"]" * 100_000, "content-json"),
        (b"[" + b"0," * 300_000 + b"0]", "content-json"),
        (b" " * (MAX_FOREIGN_BYTES + 1), "too-large"),
    ],
)
def test_what_is_too_much_or_ambiguous_is_refused(text: bytes, code: str) -> None:
    """Size, depth, numbers, names that stand twice: refused with a code, whatever the parser would say."""
    with pytest.raises(Rejected) as refused:
        read_foreign(text)
    assert refused.value.code == code


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """No bytes make the reader fail in another way than by a refusal."""
    try:
        value = read_foreign(data)
    except Rejected as exc:
        assert exc.code == "content-json"  # noqa: PT017
    else:
        assert not isinstance(value, float)
