"""
Who has not answered what this home asked of the holders of a message: to destroy it, to correct it, to end it.

Asked are a recall, a correction, a step in the life of a notice, and the last day that a content names
(`retention.delete_after`).
Only signed receipts that verified are answers; what a recipient never had, or refused, it has not to destroy at a last day.
Spec: schemas/messages.md, "Recall, correction and last day".
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from gateway.client.records import asked_rows, outcome_rows, outgoing, recall_rows
from gateway.client.records.asked_rows import Because
from gateway.client.records.outgoing import State
from gateway.client.ties.asking import answers_to, obeys
from gateway.client.writing.draft import draft_of
from gateway.envelope.common import read_core
from gateway.envelope.payload import SUITES
from gateway.envelope.receipt import Event
from gateway.errors import Unavailable, Uncertain
from gateway.ids import Address, EnvelopeHash, MessageId, format_id
from gateway.message.system.recall import CONFIRM_WITHIN_S

if TYPE_CHECKING:
    from gateway.client.parts import Parts
    from gateway.client.records.asked_rows import Answer, Asked
    from gateway.client.records.outcome_rows import Told
    from gateway.client.records.outgoing import Outgoing

__all__ = ["Demand", "Holder", "ask_outstanding"]

_UNDER_WAY: Final = frozenset({State.KEPT, State.ACCEPTED})
_NOTHING_LEFT: Final = frozenset({Event.REJECTED, Event.REFUSED, Event.EXPIRED, Event.RECALLED})  # or never handed over
_log: Final = logging.getLogger(__name__)


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """
    One who was sent the message.

    Args:
        recipient: Its address.
        answer: In a receipt that was verified: `deleted`, `use-stopped`, `never-had` or `expired`; `opened` where a correction
            or a step of a notice is asked about; None before it answered.
        at: When it answered, Unix seconds.
        obeyed: Whether nothing more is expected of it.
        outcome: How it ended there, where this home knows: `rejected`, `refused`, `held`, `expired` or `recalled`; the
            correction or step where one is asked about, else the message.
        told: Whether it is asked at all; it had no key to seal to otherwise.
    """

    recipient: Address
    answer: str | None = None
    at: int | None = None
    obeyed: bool = False
    outcome: str | None = None
    told: bool = True


class Demand(msgspec.Struct, frozen=True, kw_only=True):
    """
    Something that this home asked of the holders of a message.

    Args:
        message_id: Of the recall, correction or step; at a last day, of the message itself.
        because: `recall`, `correction`, `lifecycle` (a step in the life of a notice), or `expiry` (its last day).
        target: Envelope hash of the message that they have.
        mode: Of a recall, `stop-use` or `delete`.
        state: Of what asks: `kept` until a gateway has it, then `accepted`; `waiting` for a second officer; `refused`.
        confirm_by: When every holder should have answered, Unix seconds.
        overdue: That is over, and somebody has not.
        holders: Everybody whom the message went to, and who is asked.
    """

    message_id: MessageId
    because: Because
    target: EnvelopeHash
    mode: str | None
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


class _Known(NamedTuple):
    """What this home knows of those who have a message."""

    asking: Outgoing
    own: Outgoing | None  # the message itself, where this home sent it
    told: frozenset[Address]


async def ask_outstanding(parts: Parts, *, everything: bool = False) -> list[Demand]:
    """
    Return what somebody has not answered, the first to confirm first; what no gateway tells now is left out.

    Args:
        parts: Of the home.
        everything: What all have answered, too, and what was refused or waits for an officer; no last day that is to come.
    """
    try:
        await parts.directory.current()
    except (Unavailable, Uncertain) as exc:
        _log.warning("as this home knows it: %s", exc)
    else:
        await parts.outcomes.collect()
    await parts.retention.schedule()
    rows = await parts.home.store.read(partial(asked_rows.asked, everything=everything))
    begun = [one for one in rows if one.because is not Because.EXPIRY or parts.clock() >= one.confirm_by - CONFIRM_WITHIN_S]
    found = [(one, await _demand(parts, one)) for one in begun]
    over = [one for one, demand in found if not demand.waiting]
    if over and not everything:
        await parts.home.store.write(partial(asked_rows.answered, ones=over))
    return [demand for _, demand in found if everything or (demand.waiting and demand.state in _UNDER_WAY)]


async def _demand(parts: Parts, one: Asked) -> Demand:
    store = parts.home.store
    row = await store.read(partial(outgoing.find, message_id=one.message_id))
    assert row is not None  # it was noted in the commit that kept it
    own = await store.read(partial(outgoing.find_sent, envelope_hash=one.target))
    holders = await _holders(parts, one, _Known(row, own, frozenset(draft_of(parts.home, row).recipients)))
    return Demand(
        message_id=MessageId(one.message_id),
        because=one.because,
        target=EnvelopeHash(one.target),
        mode=one.mode,
        state=row.state,
        confirm_by=one.confirm_by,
        overdue=one.confirm_by <= parts.clock() and not all(holder.obeyed for holder in holders),
        holders=holders,
    )


async def _holders(parts: Parts, one: Asked, known: _Known) -> tuple[Holder, ...]:
    """Return whom the message went to: as this home addressed it, or as what is asked about another's message is."""
    row = known.asking if one.because.by_opening else known.own
    about = EnvelopeHash(one.target if row is None else row.envelope_hash)
    event = Event.OPENED if one.because.by_opening else Event.DESTROYED
    names = await _names(parts, one, known)
    answers = await answers_to(parts.home, about, names, event)
    outcomes = {} if row is None else await parts.home.store.read(partial(outcome_rows.known, envelope_hash=about))
    ends = {} if row is None else {name: outcomes.get(parts.home.source(name, MessageId(row.message_id))) for name in names}
    return tuple(_holder(one, name, answers.get(name), ends.get(name), told=name in known.told) for name in sorted(names))


async def _names(parts: Parts, one: Asked, known: _Known) -> frozenset[Address]:
    if known.own is not None:
        had = frozenset(draft_of(parts.home, known.own).recipients)
        return had | known.told if one.because.by_opening else had
    return known.told if one.because.by_opening else known.told - {await _sender(parts, EnvelopeHash(one.target))}


def _holder(one: Asked, name: Address, answer: Answer | None, end: Told | None, *, told: bool) -> Holder:
    nothing_left = one.because is Because.EXPIRY and end is not None and end.event in _NOTHING_LEFT
    return Holder(
        recipient=name,
        answer=None if answer is None else answer.reason or answer.event,
        at=None if answer is None else answer.at,
        obeyed=obeys(one, answer) or nothing_left,
        outcome=None if end is None else end.event,
        told=told,
    )


async def _sender(parts: Parts, target: EnvelopeHash) -> Address | None:
    """Return who sent what arrived: he erases his own copy, and has no delivery to answer for."""
    found = await parts.home.store.read(partial(recall_rows.target, envelope_hash=target))
    told = None if found is None else parts.eraser.tombstone(found.row)
    return None if told is None else read_core(told.head.core, SUITES)[1].sender
