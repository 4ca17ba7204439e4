"""
`gateway recalls`: the recalls that this home sent, and who has not answered.

Shown are those that somebody has not answered, and with `--all` every one. An answer counts if its signed receipt verifies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli import output
from gateway.cli.homes import AsJson, GatewayUrls, HomeFolder, PassphraseFile, at_home, locate

if TYPE_CHECKING:
    from gateway.client import Holder, RecallStatus

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("recalls")(recalls)


def recalls(
    home: HomeFolder,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Those that all have answered, too.")] = False,
    passphrase_file: PassphraseFile = None,
    gateway: GatewayUrls = None,
    as_json: AsJson = False,
) -> None:
    """Show who has not answered the recalls of this home."""
    output.require_output("nothing was asked")
    place = locate(home, passphrase_file, gateway)
    found = at_home(place, lambda point: point.outstanding(everything=everything), "asking the gateway")
    if as_json:
        output.print_json([one.to_json() for one in found])
    elif found:
        columns = ("recall", "mode", "confirm by", "holder", "answer", "since")
        output.print_table("", columns, [row for one in found for row in _rows(one)])
    else:
        output.note("everybody has answered")


def _rows(one: RecallStatus) -> list[tuple[str, ...]]:
    first = str(one.to_json()["message_id"]), one.mode, output.date(one.confirm_by)
    return [
        (*first, holder.recipient, _answer(one, holder), "" if holder.at is None else output.date(holder.at))
        for holder in one.holders
    ]


def _answer(one: RecallStatus, holder: Holder) -> str:
    """Say how a holder answered, and what is known of one that did not."""
    if holder.obeyed:
        return holder.answer or ""
    told = f"{'overdue' if one.overdue else 'none yet'}{f', so far {holder.answer}' if holder.answer else ''}"
    if not holder.told:
        told += ", not told: no key to seal to"
    return told if holder.outcome is None else f"{told}; the message was {holder.outcome}"
