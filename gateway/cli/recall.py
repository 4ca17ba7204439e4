"""
`gateway recall MESSAGE --reason TEXT`: recall a message from everybody whom it went to.

By default its holders stop using it; with `--delete` they delete it, and so does this home with its own copy of the content.
Their software obeys by itself and answers signed: `gateway outstanding` shows who has not. Exit codes are those of
`gateway send`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from gateway.cli import output
from gateway.cli.homes import AsJson, GatewayUrls, HomeFolder, PassphraseFile, at_home, locate
from gateway.cli.send import end_with

if TYPE_CHECKING:
    from gateway.client.sent.recalling import Mode

__all__ = ["MessageName", "register"]

HOUR_S: Final = 3_600
MessageName = Annotated[
    str,
    typer.Argument(metavar="MESSAGE", help="Message id or envelope hash, as other commands print them.", show_default=False),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("recall")(recall)


def recall(
    message: MessageName,
    *,
    home: HomeFolder,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; its holders read it.", show_default=False)],
    delete: Annotated[bool, typer.Option("--delete", help="Have it deleted, here too; else it is not used any more.")] = False,
    within_hours: Annotated[
        int, typer.Option("--within-hours", min=1, max=72, help="When every holder must have answered.")
    ] = 72,
    passphrase_file: PassphraseFile = None,
    gateway: GatewayUrls = None,
    as_json: AsJson = False,
) -> None:
    """Recall a message that this home sent; the coordination centre also some of others."""
    from gateway.client.keeping.named import parse_name

    parse_name(message)
    output.require_output("nothing was recalled")
    place = locate(home, passphrase_file, gateway)
    mode: Mode = "delete" if delete else "stop-use"
    within_s = within_hours * HOUR_S
    receipt = at_home(place, lambda point: point.recall(message, reason, mode=mode, confirm_within_s=within_s), "recalling")
    end_with(receipt, as_json=as_json)
