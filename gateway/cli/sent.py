"""
`gateway sent FIRST LAST`: what this home sent, by acceptance number; asks nobody.

For the day on which a gateway came back from a backup: its operator says between which numbers it knows nothing any more.
"""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli import output
from gateway.cli.homes import AsJson, HomeFolder, PassphraseFile, at_home, locate

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("sent")(sent)


def sent(
    first: Annotated[int, typer.Argument(metavar="FIRST", help="Acceptance number.", min=1, show_default=False)],
    last: Annotated[int, typer.Argument(metavar="LAST", help="Acceptance number.", min=1, show_default=False)],
    home: HomeFolder,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Show what this home sent that was accepted with a number from FIRST to LAST."""
    output.require_output("nothing was looked up")
    found = at_home(locate(home, passphrase_file), lambda point: point.sent(first, last))
    if as_json:
        output.print_json([one.to_json() for one in found])
    elif found:
        columns = ("number", "message", "written", "kind", "recipients")
        rows = [(str(one.number), str(one.to_json()["message_id"]), output.date(one.created)) for one in found]
        more = [(one.kind, ", ".join(one.recipients)) for one in found]
        output.print_table("", columns, [(*row, *rest) for row, rest in zip(rows, more, strict=True)])
    else:
        output.note("nothing that this home sent has such a number")
