"""
`gateway doctor CONFIG`: look at a whole installation and say what to mend, one line for each check.

Works beside a running gateway, as its user and on its machine. The exit code is 0 when nothing failed, 1 when something did;
warnings do not count. `--json` prints one document for each check.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


def doctor(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="The gateway's TOML file.", show_default=False)],
    *,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check a whole installation and say what to mend."""
    from msgspec import to_builtins

    from gateway.cli import output
    from gateway.config import load
    from gateway.doctor import Level, examine, worst

    findings = asyncio.run(examine(load(config), config))
    for one in findings:
        if json:
            output.print_json({"mend": "", **to_builtins(one)})
        else:
            mend = f"; {one.mend}" if one.mend else ""
            print(output.safe(f"{one.level:<4} {one.check}: {one.seen}{mend}"))
    if worst(findings) is Level.FAIL:
        raise typer.Exit(output.Exit.REJECTED)
