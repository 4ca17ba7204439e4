"""
`gateway status ID`: what became of a message, for each recipient.

`proved` says that a signed receipt which names our own envelope stands behind the state; else it is the gateway's word alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli import names, output
from gateway.cli.homes import AsJson, GatewayUrls, HomeFolder, PassphraseFile, at_home, locate

if TYPE_CHECKING:
    from gateway.client import MessageStatus, RecipientStatus

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
    key = names.message_id(message_id, "`gateway send`")
    output.require_output("nothing was asked")
    place = locate(home, passphrase_file, gateway)
    found = at_home(place, lambda point: point.status(key), "asking the gateway")
    if as_json:
        output.print_json(found.to_json())
    else:
        _show(found)


def _show(found: MessageStatus) -> None:
    told = found.to_json()
    title = f"{told['message_id']}: {_state(found)}{_approved(found)}"
    if found.corrected_by is not None:
        title += f", corrected by {told['corrected_by']}"
    if not found.recipients:
        output.print_pairs([(title, "")])
        return
    columns = ("recipient", "state", "since", "reason", "proved", "sent anew as", "after its recall")
    output.print_table(title, columns, [_row(one) for one in found.recipients])


def _row(one: RecipientStatus) -> tuple[str, ...]:
    since, proved = _date(one.at), output.in_words("proved", one.proved)
    destroyed = "" if one.destroyed is None else f"{one.destroyed} {_date(one.destroyed_at)}"
    return one.recipient, one.state, since, one.reason or "", proved, one.anew or "", destroyed


def _state(found: MessageStatus) -> str:
    """Say where it stands, and whose word a refusal is."""
    decision = found.decision
    if found.state == "waiting":
        again = f", again because of {found.reason}" if found.reason else ""
        return f"waiting for a second officer{again} (gateway approve show)"
    if decision is not None and decision.refused is not None:
        return f"refused in this home on {output.date(decision.at)}, {found.reason}: {decision.refused}"
    if not found.reason:
        return str(found.state)
    if found.state == "refused":
        return f"refused ({f'signed by {found.refused_by}' if found.refused_by else 'signed by nobody'}), {found.reason}"
    return f"{found.state}, told {found.reason} (signed by nobody)"


def _approved(found: MessageStatus) -> str:
    """Say who approved it."""
    decision = found.decision
    if decision is None or decision.key_id is None:
        return ""
    name = f"{decision.officer}, " if decision.officer else ""
    return f", approved on {output.date(decision.at)} by {name}key {decision.to_json()['key_id']}"


def _date(at: int | None) -> str:
    return "" if at is None else output.date(at)
