"""
Where things stand in a JSON text: from a JSON pointer to a line and an excerpt, for an author who mends a file.

Only for text that a JSON parser took. Names that stand twice have the place of the last. Pointers are cut as
`gateway.message.pointers` cuts them, so what stands below a name that is too long has no place of its own: the nearest
place above it is given.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final, NamedTuple

from gateway.message.pointers import MAX_POINTER

__all__ = ["Positions", "Span"]

_TOKEN: Final = re.compile(r'([{\[])|([}\]])|(,)|("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[^\s{}\[\],:"]+', re.DOTALL)


class Span(NamedTuple):
    """First character of a value and the one after its last."""

    start: int
    end: int


@dataclass(slots=True)
class _Open:
    """An object or array that is being read; its pointer is None when it is too long to be told."""

    pointer: str | None
    start: int
    is_list: bool
    step: str = "0"

    @property
    def inner(self) -> str | None:
        """Pointer of the value that comes next."""
        if self.pointer is None:
            return None
        pointer = f"{self.pointer}/{self.step.replace('~', '~0').replace('/', '~1')}"
        return pointer if len(pointer) <= MAX_POINTER else None

    def follow(self) -> None:
        """Go to the next element, after a comma."""
        if self.is_list:
            self.step = str(int(self.step) + 1)


class Positions:
    """The place of every value of a text that is JSON."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._spans = _spans(text)

    def span(self, pointer: str) -> Span:
        """Return where a value stands; for one that is not there, the object or array that should hold it."""
        while pointer not in self._spans and pointer:
            pointer = pointer.rpartition("/")[0]
        return self._spans.get(pointer, Span(0, len(self._text)))

    def line(self, pointer: str) -> int:
        """Return the line of a value, counted from 1."""
        return self._text.count("\n", 0, self.span(pointer).start) + 1

    def excerpt(self, pointer: str, length: int) -> str:
        """Return the beginning of a value as it stands in the text, or "" where there is none."""
        found = self._spans.get(pointer)
        return "" if found is None else self._text[found.start : min(found.end, found.start + length)]


def _spans(text: str) -> dict[str, Span]:
    found: dict[str, Span] = {}
    around: list[_Open] = []
    for token in _TOKEN.finditer(text):
        opens, closes, comma, string, colon = token.groups()
        inner = around[-1].inner if around else ""
        if opens:
            around.append(_Open(inner, token.start(), is_list=opens == "["))
        elif closes:
            closed = around.pop()
            if closed.pointer is not None:
                found[closed.pointer] = Span(closed.start, token.end())
        elif comma:
            around[-1].follow()
        elif colon:
            around[-1].step = json.loads(string)
        elif inner is not None:
            found[inner] = Span(*token.span())
    return found
