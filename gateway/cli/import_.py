"""
`gateway import FILE --from stix|interpol-json`: make a draft of an information report from what others wrote.

The draft goes to standard output or to `--out FILE`; what did not fit, and what a person must decide, is listed on standard
error. Nothing is fetched, trusted or sent: `gateway validate` says what is missing before it can be.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli import output

__all__ = ["register"]


class Format(StrEnum):
    """Formats that a draft can be made from."""

    STIX = "stix"
    INTERPOL_JSON = "interpol-json"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("import")(import_)


def import_(
    file: Annotated[Path, typer.Argument(help="The file, `-` for standard input.", show_default=False)],
    from_: Annotated[Format, typer.Option("--from", help="Format of the file.", show_default=False)],
    *,
    out: Annotated[Path | None, typer.Option("--out", help="New file to write instead of standard output.")] = None,
) -> None:
    """Make a draft from another format, and say what did not fit."""
    from gateway.cli.files import read_file, write_result
    from gateway.interop import from_interpol, from_stix
    from gateway.interop.foreign import MAX_FOREIGN_BYTES
    from gateway.message import find_faults

    data = read_file(file, MAX_FOREIGN_BYTES + 1)
    made = from_stix(data) if from_ is Format.STIX else from_interpol(data)
    write_result(made.data, out)
    for one in made.warnings:
        output.note(f"note: {one}")
    for fault in find_faults(made.data).faults:
        output.note(f"edit: {fault.pointer}: {fault.rule}; {fault.remedy}")
