"""
`gateway new KIND`: write a message file to edit, with every required member of the kind.

The file goes to standard output, or to `--out FILE`. What a person must write, what may be added, and what `gateway validate`
still finds is told on standard error. `--choose /body/colour=yellow` picks a code or the form of a union, `--all` puts in the
optional members too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from gateway.cli import output

__all__ = ["register"]

MAX_TOLD: Final = 60  # pointers in one list


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("new")(new)


def new(
    kind: Annotated[str, typer.Argument(help="A kind of the catalogue, e.g. cooperation.request.", show_default=False)],
    *,
    choose: Annotated[
        list[str] | None,
        typer.Option("--choose", metavar="POINTER=CODE", help="A code or form to begin with; may be repeated."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Put in the optional members too.")] = False,
    out: Annotated[Path | None, typer.Option("--out", help="New file to write instead of standard output.")] = None,
) -> None:
    """Write a message file to edit."""
    from gateway.cli.files import write_result
    from gateway.message import find_faults, skeleton, spec

    made = skeleton(spec(kind), dict(map(_choice, choose or ())), everything=everything)
    write_result(made.data, out)
    _tell("write", made.edit)
    _tell("check", made.check)
    _tell("optional", made.optional)
    for one in find_faults(made.data).faults:
        output.note(f"edit: {one.pointer}: {one.rule}; {one.remedy}")


def _choice(text: str) -> tuple[str, str]:
    from gateway.errors import Rejected

    pointer, equals, code = text.partition("=")
    if not equals or not pointer.startswith("/"):
        raise Rejected("not POINTER=CODE", code="bad-request", hint="for example --choose /urgency=flash")
    return pointer, code


def _tell(what: str, pointers: list[str]) -> None:
    if pointers:
        more = f" and {len(pointers) - MAX_TOLD} more" if len(pointers) > MAX_TOLD else ""
        output.note(f"{what}: {', '.join(pointers[:MAX_TOLD])}{more}")
