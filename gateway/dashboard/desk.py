"""
Drill-down: one mailbox, one message. What an operator may see of either is who, which, where and when.

A message is found by its id, its envelope hash or its acceptance number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from gateway.dashboard.shown import shown_event
from gateway.dashboard.snapshot import Event
from gateway.errors import GatewayError, Rejected
from gateway.ids import EnvelopeHash, MessageId, format_id, parse_address, parse_hash, parse_id

if TYPE_CHECKING:
    from gateway.exchange import Exchange, Parts
    from gateway.ids import Address
    from gateway.ledger.look_facts import MessageRow, PlaceRow, QueuedRow

__all__ = ["Desk", "MailboxLook", "MessageLook", "Place", "Queued"]

MAX_ROWS: Final = 100  # of one page
_NUMBER_DIGITS: Final = 15


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


class Desk:
    """
    Answers what an operator looks up.

    Args:
        parts: Of this process.
        exchange: Whose sessions are open.
    """

    def __init__(self, parts: Parts, exchange: Exchange) -> None:
        self._parts = parts
        self._exchange = exchange

    async def mailbox(self, name: str) -> MailboxLook:
        """
        Look at a mailbox.

        Raises:
            Rejected: `bad-address`; or `not-found`, nobody here has or had that name.
            Unavailable: The ledger is away.
        """
        address = parse_address(name)
        rows = await self._parts.ledger.looks.mailbox(address, MAX_ROWS + 1)
        entry = self._parts.directory.known().entry(address)
        if entry is None and not rows:
            raise Rejected(code="not-found")
        return MailboxLook(
            address=address,
            name=entry.name if entry else "",
            country=entry.country if entry else "",
            status=entry.status.value if entry else "unknown",
            suspended=self._parts.orders.suspended(address),
            roles=entry.roles if entry else (),
            connected=address in self._exchange.connected,
            card_ends=self._card_ends(address),
            waiting=[_queued(row) for row in rows[:MAX_ROWS]],
            more=len(rows) > MAX_ROWS,
        )

    async def message(self, key: str) -> MessageLook:
        """
        Look at a message.

        Args:
            key: Its id, its envelope hash, or its acceptance number.

        Raises:
            Rejected: `malformed`, none of these; or `not-found`.
            Unavailable: The ledger is away.
        """
        looks = self._parts.ledger.looks
        row = await looks.message(_key(key))
        if row is None:
            raise Rejected(code="not-found")
        places = await looks.places(row.number, MAX_ROWS)
        trace = await looks.trace(row.number, MAX_ROWS)
        return _message(row, [_place(row.number, one) for one in places], [shown_event(one) for one in trace])

    def _card_ends(self, address: Address) -> int | None:
        try:
            directory = self._parts.directory.known().of(address)
        except GatewayError:
            return None
        card = directory.delivery_cards.get(address) if directory else None
        return max((record.not_after for record in card.records()), default=None) if card else None


def _key(text: str) -> MessageId | EnvelopeHash | int:
    if text.isascii() and text.isdigit() and len(text) <= _NUMBER_DIGITS:
        return int(text)
    return parse_hash(text) if len(text) == 64 else MessageId(parse_id(text))


def _queued(row: QueuedRow) -> Queued:
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


def _place(number: int, row: PlaceRow) -> Place:
    return Place(
        ref=f"{number}/{row.idx}",
        recipient=row.recipient,
        state=row.state,
        changed_at=row.changed_at,
        attempts=row.attempts,
        reason=row.reason,
    )


def _message(row: MessageRow, places: Sequence[Place], trace: Sequence[Event]) -> MessageLook:
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
