"""How rows of the ledger become what the page shows: bytes become ids in their one spelling, and nothing is added."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from gateway.dashboard.looked import MessageLook, Place, Queued
from gateway.dashboard.snapshot import Deadline, Event, Held, Late, Mailbox, Suspended
from gateway.ids import format_id

if TYPE_CHECKING:
    from gateway.ids import Address, Kind
    from gateway.ledger.look_facts import HeldRow, LateRow, MailboxRow, MessageRow, PlaceRow, QueuedRow, SuspendedRow, TraceRow

__all__ = [
    "shown_deadlines",
    "shown_event",
    "shown_held",
    "shown_late",
    "shown_mailboxes",
    "shown_message",
    "shown_place",
    "shown_queued",
    "shown_suspended",
]


def shown_mailboxes(rows: Sequence[MailboxRow], connected: Collection[Address], now: int) -> list[Mailbox]:
    """Return one line for each recipient for whom something waits, longest first, then those who are connected."""
    by_recipient: dict[Address, dict[str, MailboxRow]] = {address: {} for address in connected}
    for row in rows:
        by_recipient.setdefault(row.recipient, {})[row.state] = row
    found = [
        Mailbox(
            address=recipient,
            accepted=states["accepted"].rows if "accepted" in states else 0,
            queued=states["queued"].rows if "queued" in states else 0,
            oldest_s=max(0, now - min((row.oldest for row in states.values()), default=now)),
            connected=recipient in connected,
        )
        for recipient, states in by_recipient.items()
    ]
    return sorted(found, key=lambda box: (not box.accepted + box.queued, -box.oldest_s, box.address))


def shown_held(row: HeldRow) -> Held:
    """Return a held delivery."""
    return Held(
        ref=f"{row.number}/{row.idx}",
        recipient=row.recipient,
        message_id=format_id(row.message_id),
        kind=row.kind,
        since=row.since,
        expires=row.expires,
        reason=row.reason,
    )


def shown_late(row: LateRow) -> Late:
    """Return an answer that is at risk or overdue."""
    return Late(
        number=row.number,
        message_id=format_id(row.message_id),
        recipient=row.recipient,
        kind=row.kind,
        pace=row.pace,
        respond_by=row.respond_by,
    )


def shown_suspended(row: SuspendedRow) -> Suspended:
    """Return a suspension."""
    return Suspended(address=row.participant, since=row.at)


def shown_deadlines(answers: Mapping[tuple[Kind, str], int]) -> list[Deadline]:
    """Return one line for each kind."""
    return [
        Deadline(
            kind=kind,
            due=answers.get((kind, "due"), 0),
            at_risk=answers.get((kind, "at-risk"), 0),
            overdue=answers.get((kind, "overdue"), 0),
        )
        for kind in sorted({kind for kind, _ in answers})
    ]


def shown_event(row: TraceRow) -> Event:
    """Return an event."""
    return Event(
        seq=row.seq, at=row.at, event=row.event, subject=row.subject, reason=row.reason, number=row.number, logged=row.logged
    )


def shown_queued(row: QueuedRow) -> Queued:
    """Return a delivery that its recipient has not answered."""
    return Queued(
        ref=f"{row.number}/{row.idx}",
        state=row.state,
        urgent=row.urgent,
        kind=row.kind,
        message_id=format_id(row.message_id),
        sender=row.sender,
        accepted_at=row.accepted_at,
        expires=row.expires,
        attempts=row.attempts,
    )


def shown_place(number: int, row: PlaceRow) -> Place:
    """Return where a delivery of a message stands."""
    return Place(
        ref=f"{number}/{row.idx}",
        recipient=row.recipient,
        state=row.state,
        changed_at=row.changed_at,
        attempts=row.attempts,
        reason=row.reason,
    )


def shown_message(row: MessageRow, places: Sequence[Place], trace: Sequence[Event]) -> MessageLook:
    """Return a message with where its deliveries stand, and its trace."""
    return MessageLook(
        number=row.number,
        message_id=format_id(row.message_id),
        envelope_hash=row.envelope_hash.hex(),
        conversation_id=format_id(row.conversation_id),
        sender=row.sender,
        kind=row.kind,
        urgency=row.urgency,
        origin=row.origin,
        created=row.created,
        accepted_at=row.accepted_at,
        expires=row.expires,
        respond_by=row.respond_by,
        places=places,
        trace=trace,
    )
