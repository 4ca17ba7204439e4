"""
Recalling a message from everybody who has it.

The recall goes to everybody whom the message went to, in its conversation, before what is not urgent. Who cannot be sealed to
now, because he has not connected for a month, is left out and stays outstanding: without a key for one, nobody would be told.
What was sent anew in the place of the message is recalled with it. The coordination centre recalls what others sent: from those
whom the content lists, its sender, and itself, so that its own home obeys like any other.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from gateway.client.keeping.named import find_named
from gateway.client.records import outcome_rows, outgoing
from gateway.client.records.outgoing import State
from gateway.client.writing.draft import draft_of
from gateway.envelope.common import read_core
from gateway.envelope.payload import SUITES
from gateway.errors import Rejected, Unavailable, Uncertain
from gateway.ids import Address, EnvelopeHash, MessageId
from gateway.message import Content, Handling, instant, parse_handling, read, spec
from gateway.message.system.recall import CONFIRM_WITHIN_S, Recall, RecallBody

if TYPE_CHECKING:
    from gateway.client.parts import Parts
    from gateway.client.records.arrivals import Arrived
    from gateway.client.records.outgoing import Outgoing
    from gateway.client.sending.send_receipt import SendReceipt
    from gateway.directory.view import Directory
    from gateway.envelope.header import Header

__all__ = ["EXPIRES_IN_S", "Mode", "Wanted", "recall"]

Mode = Literal["stop-use", "delete"]
EXPIRES_IN_S: Final = 90 * 86_400  # as long as anything may wait for a holder who is away
_PURPOSE: Final = "RPD10-c"  # of a recall whose target does not say any more what it was for
_log: Final = logging.getLogger(__name__)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """
    What is asked of every holder.

    Args:
        reason: In words; they read it.
        mode: `stop-use`, or `delete`.
        confirm_within_s: By when they must have answered, at most 72 hours.
    """

    reason: str
    mode: Mode = "stop-use"
    confirm_within_s: int = CONFIRM_WITHIN_S


async def recall(parts: Parts, name: MessageId | EnvelopeHash | str, wanted: Wanted) -> SendReceipt:
    """
    Recall a message from everybody whom it went to.

    Args:
        parts: Of the home.
        name: Message id or envelope hash; of what this home sent, or what arrived and the coordination centre may recall.
        wanted: See `Wanted`.

    Returns:
        Of the recall itself; where the message was sent anew to somebody, that has a recall of its own.

    Raises:
        Rejected: `not-found`; `conflict`: no gateway accepted it yet; `kind-not-allowed`: it is another's and not for this
            participant to recall; `recipient-unknown`: nobody of those whom it went to can be sealed to; or as `send`.
        Unavailable: There is no directory yet: no gateway was ever reached.
    """
    found = await find_named(parts.home, parts.directory, parts.eraser, name)
    if found.sent is None:
        assert found.arrived is not None  # a name stands for one of the two
        return await _of_another(parts, found.arrived, wanted)
    if found.sent.state is not State.ACCEPTED:
        raise Rejected(f"it is {found.sent.state}: no gateway accepted it, and nobody has it", code="conflict")
    for row in await _sent_anew(parts, found.sent):
        await _own(parts, row, wanted)
    return await _own(parts, found.sent, wanted)


async def _own(parts: Parts, row: Outgoing, wanted: Wanted) -> SendReceipt:
    draft = draft_of(parts.home, row)
    content = read(draft.header.kind, draft.header.schema_version, draft.content) if draft.content else None
    return await _send(parts, draft.header, EnvelopeHash(row.envelope_hash), content, draft.recipients, wanted)


async def _of_another(parts: Parts, row: Arrived, wanted: Wanted) -> SendReceipt:
    told = parts.eraser.tombstone(row)
    if told is None:
        raise Rejected("what arrived has not the form of a delivery", code="cannot-open")
    header, name = read_core(told.head.core, SUITES)[1], EnvelopeHash(row.envelope_hash)
    if not parts.recalls.may_recall(parts.home.address, header):
        raise Rejected(f"{header.sender} alone recalls its {header.kind}", code="kind-not-allowed")
    ancestor = await parts.lineage.find(name)
    if ancestor is None:
        raise Rejected("this home refused it, and does not know whom it went to", code="not-found")
    if not ancestor.content.disclosed_recipients:
        _log.warning(
            "%s lists nobody: its recall goes to %s and this home, and other holders are not told", name.hex(), header.sender
        )
    recipients = {*ancestor.content.disclosed_recipients, header.sender, parts.home.address}
    return await _send(parts, header, name, ancestor.content, [Address(one) for one in sorted(recipients)], wanted)


async def _send(
    parts: Parts,
    header: Header,
    name: EnvelopeHash,
    content: Content | None,
    recipients: Iterable[Address],
    wanted: Wanted,
) -> SendReceipt:
    now = int(parts.clock())
    handling, purpose = (_marking(header), (_PURPOSE,)) if content is None else (content.handling, content.purpose)
    body = RecallBody(
        target=name.hex(), reason=wanted.reason, mode=wanted.mode, confirm_by=instant(now + wanted.confirm_within_s)
    )
    made = Recall(handling=handling, purpose=purpose, body=body)
    return await parts.outbox.send(
        made,
        await _reachable(parts, recipients),
        {
            "conversation_id": header.conversation_id,
            "urgency": "urgent",
            "expires_in_s": EXPIRES_IN_S,
            "inherit": True,
        },
    )


async def _reachable(parts: Parts, recipients: Iterable[Address]) -> list[Address]:
    """Leave out who cannot be sealed to now, and say so."""
    names, directory = list(recipients), await parts.directory.for_sealing()
    if _without_key(parts, directory, names):
        with suppress(Rejected, Unavailable, Uncertain):  # the copy at hand counts then
            directory = await parts.directory.refresh()
    left_out = _without_key(parts, directory, names)
    for one in left_out:
        _log.warning("%s is not told of the recall: it has no current delivery key; recall it again later", one)
    return [one for one in names if one not in left_out]


def _without_key(parts: Parts, directory: Directory, names: Iterable[Address]) -> list[Address]:
    now = parts.clock()
    return [one for one in names if directory.delivery_key(one, now) is None or not parts.directory.is_fresh(one)]


def _marking(header: Header) -> Handling:
    """Return a marking for the recall of content that is gone: as strict as the header says."""
    tlp, confidentiality = parse_handling(header.handling)
    default = spec(Recall.kind).default_handling  # red would name officers, whom nobody knows any more
    return msgspec.structs.replace(default, tlp="amber+strict" if tlp == "red" else tlp, confidentiality=confidentiality)


async def _sent_anew(parts: Parts, row: Outgoing) -> list[Outgoing]:
    """Return what was sent in the place of a message, and in the place of that."""
    known = await parts.home.store.read(partial(outcome_rows.known, envelope_hash=row.envelope_hash))
    found: list[Outgoing] = []
    for told in known.values():
        if told.anew is None:
            continue
        anew = await parts.home.store.read(partial(outgoing.find, message_id=told.anew))
        if anew is not None and anew.envelope_hash and anew.state in {State.ACCEPTED, State.KEPT}:
            found += [anew, *await _sent_anew(parts, anew)]
    return found
