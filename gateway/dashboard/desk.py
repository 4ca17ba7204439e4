"""
Drill-down: one mailbox, one message. What an operator may see of either is who, which, where and when.

A message is found by its id, its envelope hash or its acceptance number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.dashboard.looked import MailboxLook, MessageLook
from gateway.dashboard.shown import shown_event, shown_message, shown_place, shown_queued
from gateway.errors import GatewayError, Rejected
from gateway.ids import EnvelopeHash, MessageId, parse_address, parse_hash, parse_id

if TYPE_CHECKING:
    from gateway.exchange import Exchange, Parts
    from gateway.ids import Address

__all__ = ["Desk"]

MAX_ROWS: Final = 100  # of one page
_NUMBER_DIGITS: Final = 15


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
            waiting=[shown_queued(row) for row in rows[:MAX_ROWS]],
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
        return shown_message(row, [shown_place(row.number, one) for one in places], [shown_event(one) for one in trace])

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
