"""What operators see of the record: ids, states and times; no row here holds a byte that somebody sealed or signed."""

from __future__ import annotations

from typing import NamedTuple

from gateway.ids import Address, ConversationId, EnvelopeHash, Kind, MessageId

__all__ = ["HeldRow", "LateRow", "MailboxRow", "MessageRow", "PlaceRow", "QueuedRow", "SuspendedRow", "TraceRow"]


class MailboxRow(NamedTuple):
    """How many deliveries in one state wait for one recipient, and when the oldest of them was accepted."""

    recipient: Address
    state: str
    rows: int
    oldest: int


class HeldRow(NamedTuple):
    """A delivery that an operator has to decide about, since when, and the code of why."""

    number: int
    idx: int
    recipient: Address
    message_id: MessageId
    kind: Kind
    since: int
    expires: int
    reason: str | None


class LateRow(NamedTuple):
    """An answer that is owed: `pace` is at-risk or overdue."""

    number: int
    recipient: Address
    kind: Kind
    pace: str
    respond_by: int
    message_id: MessageId


class QueuedRow(NamedTuple):
    """One delivery in a mailbox: `attempts` sessions left it unanswered."""

    number: int
    idx: int
    state: str
    urgent: bool
    kind: Kind
    message_id: MessageId
    sender: Address
    accepted_at: int
    expires: int
    attempts: int


class MessageRow(NamedTuple):
    """A message's own facts; `origin` is the network that it came from, None where that is this one."""

    number: int
    message_id: MessageId
    envelope_hash: EnvelopeHash
    sender: Address
    kind: Kind
    urgency: str
    conversation_id: ConversationId
    created: int
    expires: int
    accepted_at: int
    respond_by: int | None
    origin: str | None


class PlaceRow(NamedTuple):
    """Where one delivery of a message stands, and since when."""

    idx: int
    recipient: Address
    state: str
    changed_at: int
    attempts: int
    reason: str | None


class SuspendedRow(NamedTuple):
    """Whom an operator of this gateway suspended, and when."""

    participant: Address
    at: int


class TraceRow(NamedTuple):
    """One event: its place in the history, its time and name, whom it is about, the code of why, whether it is a leaf."""

    seq: int
    at: int
    event: str
    subject: str
    reason: str | None
    number: int | None
    logged: bool
