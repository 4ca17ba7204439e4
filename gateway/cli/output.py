"""
What the command line prints: tables for people, one JSON document a line for scripts, errors with what to do next.

Results go to standard output, all else to standard error, so that a pipe carries results only.
Text that came in a message or from another machine passes through `safe` before it meets a terminal.
Exit codes: 0 done, 1 refused, 2 wrong usage, 3 not now or not known (kept where it can be), 4 damaged, 130 interrupted.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from enum import IntEnum
from typing import TYPE_CHECKING, BinaryIO, Final

import msgspec

from gateway.errors import Branch, GatewayError, Rejected, Unavailable

if TYPE_CHECKING:
    from gateway.client import Delivery

__all__ = [
    "Exit",
    "date",
    "error",
    "escape_what_the_terminal_lacks",
    "exit_code",
    "in_words",
    "note",
    "print_delivery",
    "print_json",
    "print_lines",
    "print_pairs",
    "print_table",
    "print_text",
    "require_output",
    "safe",
    "working",
]


class Exit(IntEnum):
    """What the command's exit code says."""

    OK = 0
    REJECTED = 1
    USAGE = 2
    UNAVAILABLE = 3
    CORRUPT = 4
    INTERRUPTED = 130


_TIMES: Final = frozenset({"accepted_at", "created", "expires", "respond_by"})
_BY_BRANCH: Final = {
    Branch.REJECTED: Exit.REJECTED,
    Branch.UNAVAILABLE: Exit.UNAVAILABLE,
    Branch.UNCERTAIN: Exit.UNAVAILABLE,
    Branch.CORRUPT: Exit.CORRUPT,
}


def exit_code(exc: GatewayError) -> Exit:
    """Return the exit code for an error: its branch decides."""
    return _BY_BRANCH[exc.row.branch]


def require_output(consequence: str) -> None:
    """Refuse to begin what would be done and never be shown: standard output is closed."""
    if sys.stdout is None:
        raise Rejected(f"no standard output: {consequence}", code="bad-request", hint="give it a terminal, a pipe or a file")


def escape_what_the_terminal_lacks() -> None:
    """Write characters that the terminal's encoding does not have as escapes; names come in every script."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def error(exc: GatewayError, *, as_json: bool) -> None:
    """Say on standard error what went wrong and what to do."""
    if as_json:
        found = {"error": exc.code, "detail": exc.detail, "pointer": exc.pointer, "hint": exc.hint}
        _say(msgspec.json.encode(found).decode())
        return
    _say(f"error: {safe(str(exc))}")
    _say(f"hint:  {safe(exc.hint)}")


def note(text: str) -> None:
    """Say something beside the result, on standard error."""
    _say(safe(text))


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show on the terminal what takes a moment, as long as it does; nothing where standard error is no terminal."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.live import Live
    from rich.spinner import Spinner
    from rich.text import Text

    spinner = Spinner("dots", Text(safe(what)))
    # Results go to standard output as ever; notes are shown above the line that moves.
    with Live(spinner, console=Console(stderr=True), transient=True, redirect_stdout=False):
        yield


def print_json(value: object) -> None:
    """Print one JSON document on a line of its own, at once: a reader of the pipe waits for it."""
    # Content stands in it as its author wrote it, line ends between its members included.
    line = msgspec.json.format(msgspec.json.encode(value), indent=-1) + b"\n"
    stream = getattr(sys.stdout, "buffer", None)
    # JSON is UTF-8, whatever the terminal's encoding is.
    if stream is None:
        _write(line.decode())
    else:
        _write_bytes(stream, line)


def print_text(data: bytes) -> None:
    """Print a JSON text with its line ends; on a terminal, what acts there is made visible, in a pipe nothing is changed."""
    from gateway.message.show import visible

    stream = getattr(sys.stdout, "buffer", None)
    if stream is None or sys.stdout.isatty():
        _write(visible(data.decode(), multiline=True))
    else:
        _write_bytes(stream, data)


def print_pairs(pairs: Iterable[tuple[str, str]]) -> None:
    """Print names and values, one a line and never folded: ids and hashes are copied whole."""
    rows = list(pairs)
    width = max((len(name) for name, _ in rows), default=0)
    _write("".join(f"{safe(name):<{width}}  {safe(value)}".rstrip() + "\n" for name, value in rows))


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table; every cell is made safe."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        # `Text` and not a string: square brackets in a message are no markup.
        table.add_row(*(Text(safe(cell)) for cell in row))
    console = Console(highlight=False)
    with console.capture() as captured:
        console.print(table)
    _write((f"{safe(title)}\n" if title else "") + captured.get())


def print_delivery(delivery: Delivery, *, as_json: bool) -> None:
    """Print what arrived: the header by name, what was not read, then the content line by line."""
    told = delivery.to_json()
    if as_json:
        print_json(told)
        return
    content = msgspec.json.decode(told.pop("content"))
    unread = told.pop("unread")
    del told["same_as"]
    print_pairs((name, in_words(name, value)) for name, value in told.items() if value is not None)
    print_pairs(("same as", str(twin)) for twin in delivery.same_as)
    print_lines(unread, content)


def print_lines(unread: Iterable[str], content: object) -> None:
    """Print what was not read of a content, then all of it line by line."""
    from gateway.message import outline

    lines = [f"  unread, unknown to this version: {safe(pointer)}" for pointer in unread]
    _write("\n".join([*lines, *(f"  {line}" for line in outline(content)), "", ""]))


def in_words(name: str, value: object) -> str:
    """Write a value of a result for people: yes and no, and times as dates."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and name in _TIMES:
        return date(value)
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def date(at: int) -> str:
    """Write Unix seconds as a date in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def safe(text: str) -> str:
    """Make control, ANSI and bidirectional characters visible; line ends too, since a cell or a line is one line."""
    from gateway.message.show import visible

    return visible(text)


def _say(line: str) -> None:
    # `print` takes a closed standard error for standard output, where results alone belong.
    if sys.stderr is not None:
        with suppress(OSError):
            print(line, file=sys.stderr, flush=True)


def _write(text: str) -> None:
    try:
        print(text, end="", flush=True)
    except OSError as exc:
        raise _unwritten(exc) from exc


def _write_bytes(stream: BinaryIO, data: bytes) -> None:
    try:
        stream.write(data)
        stream.flush()
    except OSError as exc:
        raise _unwritten(exc) from exc


def _unwritten(exc: OSError) -> Unavailable:
    """Translate a failed write; what is left in the buffer goes nowhere, or Python would fail once more when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    return Unavailable(f"cannot write: {exc.strerror}", hint="see where standard output goes")
