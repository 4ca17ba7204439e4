"""
`gateway status ID`: what became of a message, for each recipient.

`proved` says that a signed receipt which names our own envelope stands behind the state; else it is the gateway's word alone.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli import output
from gateway.cli.homes import AsJson, GatewayUrls, HomeFolder, PassphraseFile, opened, run

if TYPE_CHECKING:
    from gateway.client import MessageStatus

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("status")(status)


def status(
    message_id: Annotated[str, typer.Argument(metavar="ID", help="As `gateway send` printed it.", show_default=False)],
    home: HomeFolder,
    passphrase_file: PassphraseFile = None,
    gateway: GatewayUrls = None,
    as_json: AsJson = False,
) -> None:
    """Show what became of a message that this home sent."""
    found = run(lambda: _ask(message_id, (home, passphrase_file, gateway)))
    if found is None:
        raise typer.Exit(output.Exit.INTERRUPTED)
    if as_json:
        output.print_json(found.to_json())
    else:
        _show(found)


async def _ask(message_id: str, where: tuple[Any, ...]) -> MessageStatus:
    async with opened(*where) as contact_point:
        return await contact_point.status(message_id)


def _show(found: MessageStatus) -> None:
    told = found.to_json()
    title = f"{told['message_id']}: {found.state}" + (f", {found.reason}" if found.reason else "")
    rows = [
        (one.recipient, one.state, _time(one.at), one.reason or "", "yes" if one.proved else "no") for one in found.recipients
    ]
    output.print_table(title, ("recipient", "state", "since", "reason", "proved"), rows)


def _time(at: int | None) -> str:
    return "" if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
