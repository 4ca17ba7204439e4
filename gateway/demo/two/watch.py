"""Somebody who sees everything that passes through a relay, and looks for what was said."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from gateway.demo.view import texts
from gateway.protocol import media

if TYPE_CHECKING:
    from gateway.relay.line import Line

__all__ = ["Watch"]

_A_SENTENCE: Final = 40  # characters: shorter texts are names, which headers and directories have too


class Watch:
    """Keeps the bytes of every request and answer of the relays."""

    def __init__(self) -> None:
        self.seen = bytearray()

    def line(self, line: Line) -> Line:
        """Return a line on which everything is seen."""
        return _Watched(line, self.seen)

    def found(self, contents: Iterable[object]) -> tuple[int, list[str]]:
        """Return how many sentences of contents (decoded JSON) were looked for, and those that were seen."""
        said = {text for content in contents for text in texts(content) if len(text) >= _A_SENTENCE and " " in text}
        return len(said), [text for text in sorted(said) if text.encode() in self.seen]


class _Watched:
    """A line, and a copy of what passes."""

    def __init__(self, line: Line, seen: bytearray) -> None:
        self._line = line
        self._seen = seen

    async def ask(self, method: str, path: str, body: bytes = b"", *, kind: str = media.MSGPACK) -> bytes:
        """Send one request; see `Line`."""
        answer = await self._line.ask(method, path, body, kind=kind)
        self._seen += body + answer
        return answer

    def prefer_next(self) -> None:
        """Ask another gateway first from now on."""
        self._line.prefer_next()

    async def close(self) -> None:
        """Close the line."""
        await self._line.close()
