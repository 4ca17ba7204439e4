"""
Recalling a message, and who has not answered yet.

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
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from gateway.client.keeping.named import find_named
from gateway.client.records import outcome_rows, outgoing, recall_rows
from gateway.client.records.outgoing import State
from gateway.client.ties.recalls_sent import answers_to, obeys
from gateway.client.writing.draft import draft_of
from gateway.envelope.common import read_core
from gateway.envelope.payload import SUITES
from gateway.errors import Rejected, Unavailable, Uncertain
from gateway.ids import Address, EnvelopeHash, MessageId, format_id
from gateway.message import Content, Handling, instant, parse_handling, read, spec
from gateway.message.system.recall import CONFIRM_WITHIN_S, Recall, RecallBody

if TYPE_CHECKING:
    from gateway.client.parts import Parts
    from gateway.client.records.arrivals import Arrived
    from gateway.client.records.outgoing import Outgoing
    from gateway.client.records.recall_rows import SentRecall
    from gateway.client.sending.send_receipt import SendReceipt
    from gateway.directory.view import Directory
    from gateway.envelope.header import Header

__all__ = ["EXPIRES_IN_S", "Holder", "Mode", "RecallStatus", "Wanted", "ask_outstanding", "recall"]

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


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """
    One who was sent the message.

    Args:
        recipient: Its address.
        answer: `deleted`, `use-stopped` or `never-had`, in a receipt that was verified; None before it answered.
        at: When it answered, Unix seconds.
        obeyed: Whether that answers this recall.
        outcome: How the message itself ended there, where this home knows: `rejected`, `refused`, `held`, `expired` or
            `recalled`.
        told: Whether the recall is addressed to it; it had no key to seal to otherwise.
    """

    recipient: Address
    answer: str | None = None
    at: int | None = None
    obeyed: bool = False
    outcome: str | None = None
    told: bool = True


class RecallStatus(msgspec.Struct, frozen=True, kw_only=True):
    """
    A recall that this home sent.

    Args:
        message_id: Of the recall.
        target: Envelope hash of what it recalls.
        mode: `stop-use` or `delete`.
        state: `kept` until a gateway has it, then `accepted`; `refused`.
        confirm_by: When every holder should have answered, Unix seconds.
        overdue: That is over, and somebody has not.
        holders: Everybody whom the message went to.
    """

    message_id: MessageId
    target: EnvelopeHash
    mode: str
    state: str
    confirm_by: int
    overdue: bool
    holders: tuple[Holder, ...]

    @property
    def waiting(self) -> tuple[Address, ...]:
        """Who has not answered."""
        return tuple(one.recipient for one in self.holders if not one.obeyed)

    def to_json(self) -> dict[str, Any]:
        """Return it for a JSON encoder, ids as text."""
        told = {name: getattr(self, name) for name in self.__struct_fields__}
        ids = {"message_id": format_id(self.message_id), "target": format_id(self.target)}
        return {**told, **ids, "waiting": self.waiting}


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


async def ask_outstanding(parts: Parts, *, everything: bool = False) -> list[RecallStatus]:
    """
    Return the recalls that somebody has not answered, the first to confirm first; what no gateway tells now is left out.

    Args:
        parts: Of the home.
        everything: Those that all have answered, too, and those that were refused.
    """
    try:
        await parts.directory.current()
    except (Unavailable, Uncertain) as exc:
        _log.warning("as this home knows it: %s", exc)
    else:
        await parts.outcomes.collect()
    found = [await _status(parts, one) for one in await parts.home.store.read(recall_rows.sent)]
    return [one for one in found if everything or (one.waiting and one.state != State.REFUSED)]


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


async def _status(parts: Parts, one: SentRecall) -> RecallStatus:
    row = await parts.home.store.read(partial(outgoing.find, message_id=one.message_id))
    assert row is not None  # it was noted in the commit that kept it
    told = frozenset(draft_of(parts.home, row).recipients)
    holders = await _holders(parts, one, told)
    late = one.confirm_by <= parts.clock() and not all(holder.obeyed for holder in holders)
    return RecallStatus(
        message_id=MessageId(one.message_id),
        target=EnvelopeHash(one.target),
        mode=one.mode,
        state=row.state,
        confirm_by=one.confirm_by,
        overdue=late,
        holders=holders,
    )


async def _holders(parts: Parts, one: SentRecall, told: frozenset[Address]) -> tuple[Holder, ...]:
    """Return whom the message went to: as this home addressed it, or as the recall of another's message does."""
    target, store = EnvelopeHash(one.target), parts.home.store
    own = await store.read(partial(outgoing.find_sent, envelope_hash=target))
    names = told - {await _sender(parts, target)} if own is None else frozenset(draft_of(parts.home, own).recipients)
    answers = await answers_to(parts.home, target, names)
    outcomes = await store.read(partial(outcome_rows.known, envelope_hash=target)) if own is not None else {}
    found = []
    for name in sorted(names):
        answer = answers.get(name)
        outcome = None if own is None else outcomes.get(parts.home.source(name, MessageId(own.message_id)))
        found.append(
            Holder(
                recipient=name,
                answer=None if answer is None else answer.reason,
                at=None if answer is None else answer.at,
                obeyed=obeys(one.mode, answer),
                outcome=None if outcome is None else outcome.event,
                told=name in told,
            )
        )
    return tuple(found)


async def _sender(parts: Parts, target: EnvelopeHash) -> Address | None:
    """Return who sent what arrived: he erases his own copy, and has no delivery to answer for."""
    found = await parts.home.store.read(partial(recall_rows.target, envelope_hash=target))
    told = None if found is None else parts.eraser.tombstone(found.row)
    return None if told is None else read_core(told.head.core, SUITES)[1].sender
