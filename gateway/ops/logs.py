"""
Logs: one canonical JSON line for a request, a delivery, a hop of a relay, an operator's order, or a change of the machinery.

On a terminal the same is written for people: time, level, event, then its keys, in ASCII, so that nothing moves a cursor.
Only keys of `KEYS` reach the line; anything else is dropped, so that content, keys and tokens cannot leak by a slip.
Tracebacks name files and lines, never variables, nor the text of a foreign error: it may quote its input.
Nothing is bound to a task: a connection's task outlives its requests, and ids would stand in the next one's lines.
Pure packages do not log: they return or raise.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import logging
import re
import sys
import time
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

import msgspec
import structlog

from gateway.errors import GatewayError

if TYPE_CHECKING:
    from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

__all__ = ["KEYS", "adopt_libraries", "configure", "logger"]

KEYS: Final = frozenset({
    # what happened, when, how grave
    "event", "at", "level", "code", "detail", "exception",
    # a request
    "method", "route", "status", "duration_ms", "bytes_in",
    # who and what: names and ids, never keys
    "address", "asker", "message_id", "envelope_hash", "number", "recipients", "kind",
    # a delivery, a task, the machinery
    "outcome", "count", "task", "mailbox", "wait_s", "version", "path",
    "line", "host", "port", "network",
    # what an operator ordered, in his own words
    "verb", "target", "reason", "key_id", "leaf",
    # the audit log
    "origin", "size", "witness",
})  # fmt: skip

_encode: Final = msgspec.json.Encoder(enc_hook=repr).encode
_MAX_FRAMES: Final = 12
_WORD: Final = re.compile(r"[!-!#-~]+")  # one word, without quotes


def configure(level: str = "info", file: BinaryIO | None = None, *, console: bool | None = None) -> None:
    """
    Set the one form of all logs of this process.

    Args:
        level: Lines below it cost one comparison.
        file: Where lines go, unbuffered or flushed by the caller; None is standard error.
        console: Whether lines are for people; None looks whether they go to a terminal.
    """
    file = file if file is not None else cast("BinaryIO", sys.stderr.buffer)
    structlog.configure(
        processors=[_console if (file.isatty() if console is None else console) else _line],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=_Lines(file),
        cache_logger_on_first_use=True,
    )


def logger() -> FilteringBoundLogger:
    """Return the logger; ask once for each module or object, at construction."""
    return cast("FilteringBoundLogger", structlog.get_logger())


def adopt_libraries() -> None:
    """
    Write warnings of libraries and of the event loop as lines of ours, without their texts: these may quote what was sent.

    For a process that is a gateway: it takes the place of what else handles the standard library's logs.
    """
    logging.basicConfig(handlers=[_Libraries(logging.WARNING)], force=True)


class _Libraries(logging.Handler):
    """Turns a record of the standard library into a line that says who complained, where, and about which error."""

    def emit(self, record: logging.LogRecord) -> None:
        exc = record.exc_info[1] if record.exc_info else None
        write = logger().error if record.levelno >= logging.ERROR else logger().warning
        write("library", task=record.name, path=f"{record.pathname}:{record.lineno}", exc_info=exc)


class _Lines:
    """
    Writes the lines of one turn of the event loop together, and errors at once.

    A write for each line costs a group of accepted messages more than their signatures. There is one stream, so it is its
    own factory.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._lines: list[bytes] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        atexit.register(self.flush)

    def __call__(self, *_args: object) -> _Lines:
        return self

    def later(self, line: bytes) -> None:
        """Write a line at the end of this turn; at once where no loop runs."""
        self._lines.append(line)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.flush()
            return
        if self._loop is not loop:
            self._loop = loop
            loop.call_soon(self.flush)

    def now(self, line: bytes) -> None:
        """Write a line and what waits before it."""
        self._lines.append(line)
        self.flush()

    msg = debug = info = warning = warn = later
    error = exception = critical = fatal = now

    def flush(self) -> None:
        """Write what waits; what a full disk does not take is lost, and stops no request."""
        lines, self._lines, self._loop = self._lines, [], None
        if lines and not self._file.closed:
            with suppress(OSError):
                self._file.write(b"\n".join(lines) + b"\n")
                self._file.flush()


def _line(_logger: WrappedLogger, method: str, event: EventDict) -> bytes:
    """Make the line: one step, because a message is one line."""
    return _encode(_allowed(method, event))


def _console(_logger: WrappedLogger, method: str, event: EventDict) -> bytes:
    """Make the line for a terminal; an error's places follow it, each on a line of its own."""
    told = _allowed(method, event)
    at = time.strftime("%H:%M:%S", time.localtime(told.pop("at")))
    chain = told.pop("exception", [])
    first = f"{at} {told.pop('level'):8}{_plain(told.pop('event', ''))}"
    lines = [" ".join([first, *(f"{key}={_plain(value)}" for key, value in told.items())])]
    for one in chain:
        lines.append(f"    {one['type']}: {_plain(one['text'])}")
        lines += [f"      {where}" for where in one["where"]]
    return "\n".join(lines).encode()


def _plain(value: object) -> str:
    """Return a value as one word of ASCII, quoted where it is none."""
    text = value if isinstance(value, str) else _encode(value).decode()
    return text if _WORD.fullmatch(text) else json.dumps(text)


def _allowed(method: str, event: EventDict) -> dict[str, Any]:
    """Return what may stand in a line."""
    event["at"] = round(time.time(), 3)
    event["level"] = "error" if method == "exception" else method
    info = event.get("exc_info")
    exc = info if isinstance(info, BaseException) else sys.exception() if info else None
    if exc is not None:
        event["exception"] = _chain(exc)
    return {key: value for key, value in event.items() if key in KEYS}


def _chain(exc: BaseException | None) -> list[dict[str, object]]:
    """Return each error of the chain, newest first, with its last frames."""
    chain: list[dict[str, object]] = []
    while exc is not None:
        frames = traceback.extract_tb(exc.__traceback__)[-_MAX_FRAMES:]
        told = str(exc) if isinstance(exc, GatewayError) else ""  # our own texts never quote content
        where = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        chain.append({"type": type(exc).__qualname__, "text": told, "where": where})
        exc = exc.__cause__ or exc.__context__
    return chain
