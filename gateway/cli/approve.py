"""
`gateway approve list|show|sign|refuse`: what waits in a home for a second officer.

`show` prints what would be signed, and names it by its draft; `sign` seals that draft and no other. Without `--draft` it shows
the message and asks, on a terminal. The officer's key comes from the officer's own file, its passphrase from a file, a
credential or a prompt. Exit codes: 0 when a gateway accepted it, 3 when it is kept or waits once more, 1 when it is refused.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from gateway.cli import names, output
from gateway.cli.homes import AsJson, GatewayUrls, HomeFolder, PassphraseFile, Place, at_home, locate
from gateway.cli.officer import OfficerPassphraseFile, open_key, read_officer_passphrase
from gateway.cli.send import end_with
from gateway.errors import Rejected

if TYPE_CHECKING:  # loaded when the command runs: `gateway --help` stays fast
    from gateway.client import Waiting
    from gateway.ids import MessageId

__all__ = ["register"]

MAX_TOLD = 3  # recipients in one cell
MessageIdText = Annotated[str, typer.Argument(metavar="ID", help="As `gateway send` printed it.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    approve = typer.Typer(
        name="approve", help="List, show, sign or refuse what waits for a second officer.", no_args_is_help=True
    )
    approve.command("list")(list_)
    approve.command("show")(show)
    approve.command("sign")(sign)
    approve.command("refuse")(refuse)
    app.add_typer(approve)


def list_(home: HomeFolder, passphrase_file: PassphraseFile = None, as_json: AsJson = False) -> None:
    """List what waits, oldest first; asks no gateway."""
    place = locate(home, passphrase_file)
    found = at_home(place, lambda point: point.approvals())
    if as_json:
        output.print_json([one.to_json() for one in found])
    elif found:
        columns = ("message", "kind", "to", "author", "written", "ends", "waits again for")
        output.print_table("", columns, [_row(one) for one in found])
    else:
        output.note("nothing waits")


def show(message_id: MessageIdText, home: HomeFolder, passphrase_file: PassphraseFile = None, as_json: AsJson = False) -> None:
    """Show a message that waits, and the draft that names it; asks no gateway."""
    key = names.message_id(message_id, "`gateway approve list`")
    output.require_output("nothing was shown")
    place = locate(home, passphrase_file)
    _print(at_home(place, lambda point: point.approval(key)), as_json=as_json)


def sign(
    message_id: MessageIdText,
    *,
    home: HomeFolder,
    officer_key: Annotated[Path, typer.Option("--officer-key", help="The officer's key file.", show_default=False)],
    officer: Annotated[
        str | None, typer.Option("--officer", help="The officer's name, where the content names its author's.")
    ] = None,
    draft: Annotated[
        str | None,
        typer.Option("--draft", metavar="DRAFT", help="As `gateway approve show` printed it. Default: show and ask."),
    ] = None,
    passphrase_file: PassphraseFile = None,
    officer_passphrase_file: OfficerPassphraseFile = None,
    gateway: GatewayUrls = None,
    as_json: AsJson = False,
) -> None:
    """Approve a message: it is sealed, signed with the officer's key too, and sent."""
    from gateway.envelope.keys import Use

    key = names.message_id(message_id, "`gateway approve list`")
    if draft is None and not sys.stdin.isatty():
        hint = "give --draft, as gateway approve show prints it, or run it on a terminal"
        raise Rejected("it is not said what is approved", code="bad-request", hint=hint)
    output.require_output("nothing was approved")
    place = locate(home, passphrase_file, gateway)
    secret = read_officer_passphrase(officer_passphrase_file, place.passphrase, confirm=False)
    with output.working(f"opening {officer_key}"):
        signing = open_key(officer_key, secret, Use.APPROVAL)
    wanted = _asked(key, place) if draft is None else draft
    receipt = at_home(place, lambda point: point.approve(key, signing, officer=officer, draft=wanted), "sending")
    end_with(receipt, as_json=as_json)


def refuse(
    message_id: MessageIdText,
    home: HomeFolder,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; stays in the home.", show_default=False)],
    passphrase_file: PassphraseFile = None,
) -> None:
    """End a message that waits: it is never sent; asks no gateway."""
    key = names.message_id(message_id, "`gateway approve list`")
    place = locate(home, passphrase_file)
    at_home(place, lambda point: point.refuse_approval(key, reason))
    output.note(f"{message_id} is refused, and is not sent")


def _asked(key: MessageId, place: Place) -> str:
    """Show the message to whoever holds the officer's key, and return its draft if that one agrees."""
    found = at_home(place, lambda point: point.approval(key))
    _print(found, as_json=False)
    if not typer.confirm("Approve this message?", err=True):
        output.note("not approved: it waits")
        raise typer.Exit(output.Exit.REJECTED)
    return found.draft


def _print(found: Waiting, *, as_json: bool) -> None:
    told = found.to_json()
    if as_json:
        output.print_json(told)
        return
    content = msgspec.json.decode(told.pop("content"))
    output.print_pairs((name, output.in_words(name, value)) for name, value in told.items() if value is not None)
    output.print_lines(found.content.unread_fields, content)


def _row(one: Waiting) -> list[str]:
    to = one.recipients
    whom = ", ".join(to) if len(to) <= MAX_TOLD else f"{len(to)} recipients"
    id_ = str(one.to_json()["message_id"])
    return [id_, one.kind, whom, one.officer or "", output.date(one.created), output.date(one.expires), one.told or ""]
