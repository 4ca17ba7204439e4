"""
`gateway outstanding`: what this home asked of the holders of a message, and who has not answered.

Asked are its recalls, its corrections, its steps in the life of a notice, and the last day of what it sent, once that is over.
Shown is what somebody has not answered, and with `--all` all of it. An answer counts if its signed receipt verifies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli import output
from gateway.cli.homes import AsJson, GatewayUrls, HomeFolder, PassphraseFile, at_home, locate

if TYPE_CHECKING:
    from gateway.client import Demand, Holder

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("outstanding")(outstanding)


def outstanding(
    home: HomeFolder,
    *,
    everything: Annotated[bool, typer.Option("--all", help="What all have answered, too.")] = False,
    passphrase_file: PassphraseFile = None,
    gateway: GatewayUrls = None,
    as_json: AsJson = False,
) -> None:
    """Show who has not destroyed or corrected what this home asked to."""
    output.require_output("nothing was asked")
    place = locate(home, passphrase_file, gateway)
    found = at_home(place, lambda point: point.outstanding(everything=everything), "asking the gateway")
    if as_json:
        output.print_json([one.to_json() for one in found])
    elif found:
        columns = ("message", "because", "confirm by", "holder", "answer", "since")
        output.print_table("", columns, [row for one in found for row in _rows(one)])
    else:
        output.note("everybody has answered")


def _rows(one: Demand) -> list[tuple[str, ...]]:
    because = one.because if one.mode is None else f"{one.because}, {one.mode}"
    first = str(one.to_json()["message_id"]), because, output.date(one.confirm_by)
    return [
        (*first, holder.recipient, _answer(one, holder), "" if holder.at is None else output.date(holder.at))
        for holder in one.holders
    ]


def _answer(one: Demand, holder: Holder) -> str:
    """Say how a holder answered, and what is known of one that did not."""
    if holder.obeyed:
        return holder.answer or ""
    told = f"{'overdue' if one.overdue else 'none yet'}{f', so far {holder.answer}' if holder.answer else ''}"
    if not holder.told:
        told += ", not told: no key to seal to"
    what = "it" if one.because.by_opening else "the message"
    return told if holder.outcome is None else f"{told}; {what} was {holder.outcome}"
