"""
What the command line prints: tables for people, one JSON document a line for scripts, errors with what to do next.

Results go to standard output, all else to standard error, so that a pipe carries results only.
Text that came in a message or from another machine passes through `safe` before it meets a terminal.
Exit codes: 0 done, 1 refused, 2 wrong usage, 3 not now or not known (kept where it can be), 4 damaged, 130 interrupted.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, Final

import msgspec

from gateway.errors import Branch, GatewayError

if TYPE_CHECKING:
    from gateway.client import Delivery

__all__ = ["Exit", "error", "exit_code", "note", "print_delivery", "print_json", "print_table", "safe"]


class Exit(IntEnum):
    """What the command's exit code says."""

    OK = 0
    REJECTED = 1
    USAGE = 2
    UNAVAILABLE = 3
    CORRUPT = 4
    INTERRUPTED = 130


_BY_BRANCH: Final = {
    Branch.REJECTED: Exit.REJECTED,
    Branch.UNAVAILABLE: Exit.UNAVAILABLE,
    Branch.UNCERTAIN: Exit.UNAVAILABLE,
    Branch.CORRUPT: Exit.CORRUPT,
}


def exit_code(exc: GatewayError) -> Exit:
    """Return the exit code for an error: its branch decides."""
    return _BY_BRANCH[exc.row.branch]


def error(exc: GatewayError, *, as_json: bool) -> None:
    """Say on standard error what went wrong and what to do."""
    if as_json:
        found = {"error": exc.code, "detail": exc.detail, "pointer": exc.pointer, "hint": exc.row.hint}
        print(msgspec.json.encode(found).decode(), file=sys.stderr)
        return
    print(f"error: {safe(str(exc))}", file=sys.stderr)
    print(f"hint:  {exc.row.hint}", file=sys.stderr)


def note(text: str) -> None:
    """Say something beside the result, on standard error."""
    print(safe(text), file=sys.stderr)


def print_json(value: object) -> None:
    """Print one JSON document on a line of its own, at once: a reader of the pipe waits for it."""
    # Content stands in it as its author wrote it, line ends between its members included.
    print(msgspec.json.format(msgspec.json.encode(value), indent=-1).decode(), flush=True)


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table; every cell is made safe."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        # `Text` and not a string: square brackets in a message are no markup.
        table.add_row(*(Text(safe(cell)) for cell in row))
    Console(highlight=False).print(table)


def print_delivery(delivery: Delivery, *, as_json: bool) -> None:
    """Print what arrived: the header in a table, the content line by line."""
    told = delivery.to_json()
    if as_json:
        print_json(told)
        return
    from gateway.message import outline

    content = msgspec.json.decode(told.pop("content"))
    print_table("", ("", ""), [(name, str(value)) for name, value in told.items() if value is not None])
    for line in outline(content):
        print(f"  {line}")
    print(flush=True)


def safe(text: str) -> str:
    """Make control, ANSI and bidirectional characters visible; line ends too, since a cell or a line is one line."""
    from gateway.message.show import visible

    return visible(text)
