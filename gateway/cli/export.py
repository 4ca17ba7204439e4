"""
`gateway export FILE --to stix`: write what a message file says in the format of others.

The result goes to standard output or to `--out FILE`. What the other format cannot say is listed on standard error. A bundle
is clear text: it carries the marking, and nothing holds a reader to it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli import output

__all__ = ["register"]


class Format(StrEnum):
    """Formats that a message can be written in."""

    STIX = "stix"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("export")(export)


def export(
    file: Annotated[Path, typer.Argument(help="The message file, `-` for standard input.", show_default=False)],
    to: Annotated[Format, typer.Option("--to", help="Format to write.", show_default=False)],
    *,
    out: Annotated[Path | None, typer.Option("--out", help="New file to write instead of standard output.")] = None,
) -> None:
    """Write a message file in another format, and say what is lost."""
    from gateway.cli.files import read_file, write_result
    from gateway.interop import to_stix
    from gateway.message import read_message_file

    del to  # there is one so far
    _, content, _ = read_message_file(read_file(file))
    made = to_stix(content, datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    write_result(made.data, out)
    for one in made.lost:
        output.note(f"lost: {one}")
