"""
The home's own delivery card: made by the software itself, at first contact and before the last one ends.

A new key and the card that lists it are kept before they are published, so that nothing is ever sealed to a key that was lost.
A card that was made while the clock was far ahead is followed by another once the clock is right. Closed keys stay listed.
Possession is proved by opening a challenge for each key.
Spec: schemas/directory.md, "Delivery card".
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import msgspec

from gateway.client.directory import HomeDirectory
from gateway.client.home import Home
from gateway.client.transport import Transport
from gateway.directory.cards import (
    DELIVERY_CARD_S,
    DELIVERY_KEY_S,
    DeliveryCard,
    DeliveryCardKey,
    Reads,
    parse_card,
    sign_delivery_card,
)
from gateway.directory.possession import decode_challenges, solve
from gateway.envelope.keys import DeliveryKey, Use
from gateway.envelope.payload import SUITES
from gateway.errors import Rejected, Unavailable, Uncertain
from gateway.message.registry import KINDS
from gateway.protocol import media

__all__ = ["RENEW_BEFORE_S", "CardKeeper"]

RENEW_BEFORE_S: Final = 10 * 86_400  # a home may be switched off for a week and come back with a good card
BACKDATED_S: Final = 300  # the gateway's clock may be behind ours


class CardKeeper:
    """
    Keeps the home's delivery card published.

    Args:
        home: Has the keys and the last card.
        transport: To publish with.
        directory: Tells what is published.
        clock: Unix seconds.
    """

    def __init__(self, home: Home, transport: Transport, directory: HomeDirectory, clock: Callable[[], float]) -> None:
        self._home = home
        self._transport = transport
        self._directory = directory
        self._clock = clock
        self._good_until = 0.0

    async def ensure(self) -> None:
        """
        Publish a card if there is none, if the one there is ends soon, or if the last one never reached a gateway.

        Raises:
            Unavailable: No gateway took it; the card is kept and goes out next time.
            Rejected: The gateway refused it.
        """
        now = self._clock()
        if now < self._good_until:
            return
        card = await self._home.card()
        if card is None or _ends_at(card) - now < RENEW_BEFORE_S or _card(card).issued > now + BACKDATED_S:
            card = await self._make(card, int(now))
        if not self._published(card):
            await self._publish(card)
        self._good_until = _ends_at(card) - RENEW_BEFORE_S

    async def _make(self, old: bytes | None, now: int) -> bytes:
        key = DeliveryKey.generate(self._home.address, Use.DELIVERY, os.urandom)
        start = now - BACKDATED_S
        listed = DeliveryCardKey(key=key.public.key, not_before=start, not_after=start + DELIVERY_KEY_S)
        before = _card(old) if old is not None else None
        card = DeliveryCard(
            address=self._home.address,
            serial=max(now, before.serial + 1 if before else 0),
            issued=now,
            expires=now + DELIVERY_CARD_S,
            keys=(*(before.keys if before else ()), listed),
            suites=tuple(SUITES),
            reads=tuple(Reads(kind=kind, versions=tuple(spec.readable)) for kind, spec in sorted(KINDS.items())),
        )
        signed = sign_delivery_card(card, self._home.keyring)
        if await self._home.add_delivery_key(key, signed, old):
            return signed
        made_elsewhere = await self._home.card()
        assert made_elsewhere is not None  # another process of this home was faster
        return made_elsewhere

    def _published(self, card: bytes) -> bool:
        """Tell whether the directory lists the newest key of this card."""
        newest = _card(card).records()[-1]
        record = self._directory.last().key(newest.key_id)
        return record is not None

    async def _publish(self, card: bytes) -> None:
        answer = await self._transport.ask("POST", media.CHALLENGES, body=card, kind=media.OCTETS)
        proofs = solve(card, decode_challenges(answer.body), self._home.keyring)
        body = msgspec.msgpack.encode([card, proofs])
        try:
            await self._transport.ask("PUT", media.CARDS, body=body, kind=media.MSGPACK)
        except Rejected as exc:
            # Another process of this home published the same card, or a later one, a moment ago.
            if exc.code != "card-serial":
                raise
        # Only so that the next process of this home sees that it is published.
        with suppress(Rejected, Unavailable, Uncertain):
            await self._directory.refresh()


def _card(data: bytes) -> DeliveryCard:
    _, card = parse_card(data)
    assert isinstance(card, DeliveryCard)
    return card


def _ends_at(data: bytes) -> int:
    card = _card(data)
    return min(card.expires, card.keys[-1].not_after)
