"""
`gateway validate FILE`: every fault of a message file, where it stands, what is wanted there, how to mend it.

Strict JSON and the schema are told in full, then the rules between fields; what could not be checked yet is said. Nothing is
signed or sent, and no home is needed. The exit code is 0 for a file without fault, 1 for one with. JSON (`--json`) holds no
value of the file; the table shows the beginning of each, made visible.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli import output
from gateway.cli.homes import AsJson

if TYPE_CHECKING:
    from gateway.message import Fault, Findings

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("validate")(validate)


def validate(
    file: Annotated[Path, typer.Argument(help="The message file, `-` for standard input.", show_default=False)],
    *,
    allow_unread: Annotated[
        bool, typer.Option("--allow-unread", help="Take members that no reader of this version knows.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Explain every fault of a message file."""
    from gateway.cli.files import read_file
    from gateway.message import find_faults

    found = find_faults(read_file(file), allow_unread=allow_unread)
    if as_json:
        output.print_json({"faults": [_as_json(one) for one in found.faults], "unchecked": found.unchecked})
    else:
        _show(found)
    if found.faults:
        raise typer.Exit(output.Exit.REJECTED)


def _show(found: Findings) -> None:
    for one in found.faults:
        line = "-" if one.line is None else f"line {one.line}"
        pairs = [(line, f"{one.pointer or '(the whole file)'}  [{one.code}]"), ("  wanted", one.rule), ("  remedy", one.remedy)]
        output.print_pairs([*pairs, *([("  stands", one.excerpt)] if one.excerpt else [])])
    many = len(found.faults)
    output.note("no fault" if not many else f"{many} fault{'s' if many > 1 else ''}")
    if found.unchecked:
        output.note(found.unchecked)


def _as_json(one: Fault) -> dict[str, object]:
    # A name in the file may hold what UTF-8 cannot say.
    pointer = one.pointer.encode("utf-8", "backslashreplace").decode()
    return {"code": one.code, "pointer": pointer, "rule": one.rule, "remedy": one.remedy, "line": one.line}
