"""
What somebody looked up: a mailbox or a message, as the page gets it in JSON.

Times, names and codes as in `snapshot`; there is no content and no signed byte here either.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from gateway.dashboard.snapshot import Event

__all__ = ["MailboxLook", "MessageLook", "Place", "Queued"]


class Queued(Struct, frozen=True, kw_only=True):
    """One delivery that its recipient has not answered; `attempts` sessions ended with it unanswered."""

    ref: str
    state: str
    urgent: bool
    kind: str
    message_id: str
    sender: str
    accepted_at: int
    expires: int
    attempts: int


class MailboxLook(Struct, frozen=True, kw_only=True):
    """
    A mailbox.

    Args:
        address: Whose it is.
        name: Of the organisation unit, in its own spelling; empty for one that the directory does not have.
        country: Its code.
        status: active, suspended, revoked, as the authority says; `unknown` for one that the directory does not have.
        suspended: Whether an operator of this gateway suspended it.
        roles: What it may do.
        connected: Whether its inbox session is open in this process.
        card_ends: When its delivery card's last key ends, Unix seconds; null without a card.
        waiting: At most 100 deliveries, in order of acceptance.
        more: Whether there are more.
    """

    address: str
    name: str
    country: str
    status: str
    suspended: bool
    roles: Sequence[str]
    connected: bool
    card_ends: int | None
    waiting: Sequence[Queued]
    more: bool


class Place(Struct, frozen=True, kw_only=True):
    """Where one delivery stands."""

    ref: str
    recipient: str
    state: str
    changed_at: int
    attempts: int
    reason: str | None


class MessageLook(Struct, frozen=True, kw_only=True):
    """
    A message and its trace; of each at most 100 rows.

    Args:
        number: Acceptance number.
        message_id: Drawn by its author.
        envelope_hash: 64 hex digits.
        conversation_id: Of its conversation.
        sender: Its author.
        kind: What it is.
        urgency: How it goes.
        origin: The network that it came from; null for this one.
        created: As its author claims.
        accepted_at: Here.
        expires: When what is undelivered ends.
        respond_by: When an answer is due; null without one.
        places: Where its deliveries stand.
        trace: What happened, in order.
    """

    number: int
    message_id: str
    envelope_hash: str
    conversation_id: str
    sender: str
    kind: str
    urgency: str
    origin: str | None
    created: int
    accepted_at: int
    expires: int
    respond_by: int | None
    places: Sequence[Place]
    trace: Sequence[Event]
