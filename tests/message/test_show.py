"""What messages show on a terminal cannot act on it."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from gateway.message import outline, visible


def test_what_would_act_is_made_visible() -> None:
    """ANSI sequences, controls, bidirectional marks and hidden characters are spelt out; scripts stay as they are."""
    assert visible("\x1b[2J\x07") == "<U+001B>[2J<U+0007>"
    assert visible("abc\u202ecba") == "abc<U+202E>cba"
    assert visible("a\u200bb\ufeff\u2028") == "a<U+200B>b<U+FEFF><U+2028>"
    assert visible("\ud800\U000e0041\x9b") == "<U+D800><U+E0041><U+009B>"
    assert visible("ЖДЯ مالك 鷺 é") == "ЖДЯ مالك 鷺 é"


def test_line_feeds_stay_only_where_lines_are_shown() -> None:
    """A text of several lines may keep them; a name may not."""
    assert visible("a\nb\r") == "a<U+000A>b<U+000D>"
    assert visible("a\nb\r", multiline=True) == "a\nb<U+000D>"


@given(st.text(st.characters(), max_size=40))
def test_nothing_that_acts_is_left(text: str) -> None:
    """Whatever is sent, no control, format or surrogate character reaches the terminal."""
    assert all(unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} for char in visible(text))


def test_an_outline_names_each_value() -> None:
    """Decoded JSON is laid out a line for each value, with hostile names made visible too."""
    assert outline({"a": [{"b": "x\x1b"}, 2], "\u202e": True}) == ["a[0].b: x<U+001B>", "a[1]: 2", "<U+202E>: yes"]


def test_truth_is_told_in_words() -> None:
    """As a person reads it."""
    assert outline({"present": True, "body": {"needed": False}}) == ["present: yes", "body.needed: no"]
