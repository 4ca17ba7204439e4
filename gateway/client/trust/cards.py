"""
The home's own delivery card: made by the software itself, at first contact and ten days before the last one ends.

A new key and its card are kept before they are published: nothing is ever sealed to a key that was lost. The old key stays
open until its own end, so mail on its way opens with either; closed keys stay listed. A home from an old backup, or made anew
with the old signing keys, goes on where the directory stands: a serial above, every listed key still listed, those that it
does not hold closed, and a new key. Possession is proved by opening a challenge for each key.
Spec: schemas/directory.md, "Delivery card", "Life of keys".
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final

import msgspec

from gateway.client.home.home import Home
from gateway.client.line.transport import Transport
from gateway.client.trust.directory import HomeDirectory
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
from gateway.envelope.keys import DeliveryKey, Use, key_id
from gateway.envelope.payload import SUITES
from gateway.errors import Rejected, Unavailable, Uncertain
from gateway.ids import KeyId, participant_of
from gateway.message.registry import KINDS
from gateway.protocol import media

__all__ = ["RENEW_BEFORE_S", "CardKeeper", "card_ends_at"]

RENEW_BEFORE_S: Final = 10 * 86_400  # a home may be switched off for a week and come back with a good card
BACKDATED_S: Final = 300  # the gateway's clock may be behind ours
CLOSED_S: Final = 150  # a key is closed so long ago: half of what clocks may differ, either way
AGAIN_S: Final = 300  # between two times that a card is published again to a gateway that lost cards
KEYS_A_DAY: Final = 8  # a card lists 256 for ever: two copies of a home must not use them up against each other
_log: Final = logging.getLogger(__name__)


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
        self._path = f"cards/{participant_of(home.address)}/delivery"
        self._good_until = 0.0
        self._good_serial = 0
        self._again_at = 0.0

    async def ensure(self) -> None:
        """
        Publish a card if there is none, if the one there is ends soon, or if the directory shows another than ours.

        Raises:
            Unavailable: No gateway took it; the card is kept and goes out next time.
            Rejected: The gateway refused it, or `home-copied`.
        """
        now = self._clock()
        if self._directory.refused == "card-serial" and not 0 < self._again_at - now <= AGAIN_S:
            self._again_at = now + AGAIN_S
            await self._publish_again(int(now))
        shown = self._shown()
        settled = shown.serial <= self._good_serial if shown is not None else self._path not in self._directory.last().held_back
        if now < self._good_until and settled:
            return
        card = await self._home.card()
        await self._home.reload_keys()  # another process of this home may have made the card
        if card is None or self._is_over(card, now):
            card = await self._make(card, int(now))
        if not self._published(card) and not await self._publish(card):
            # The gateway has a later one than our copy of the directory, which is new now.
            card = await self._make(card, int(now))
            await self._publish(card)
        self._good_until = card_ends_at(card) - RENEW_BEFORE_S
        self._good_serial = _card(card).serial

    async def rotate(self, *, lost: bool) -> None:
        """
        Publish a new delivery key now.

        Args:
            lost: Others may have the present keys: they are closed at once; what was accepted before still opens.

        Raises:
            Unavailable: No gateway took it; the card is kept and goes out next time.
            Rejected: The gateway refused it, or `home-copied`.
        """
        card = await self._make(await self._home.card(), int(self._clock()), close=lost)
        await self._publish(card)

    async def _publish_again(self, now: int) -> None:
        """
        Publish the last card to a gateway that offers older cards than it gave out: it came back from a backup.

        Whose card it lost cannot be seen here, so each home brings its own; one that is there already is answered as the
        first time. Until the last one came by, homes go on with the copy that they have.
        """
        card = await self._home.card()
        if card is None:
            return
        try:
            await self._publish(card)
        except Rejected as exc:
            _log.warning("the delivery card is not taken again: %s", exc.code)
            with suppress(Rejected):
                await self._publish(await self._make(card, now))

    def _is_over(self, card: bytes, now: float) -> bool:
        parsed, shown = _card(card), self._shown()
        newest = parsed.records()[-1].key_id
        signer = self._directory.last().key(KeyId(parse_card(card)[0].key_id))
        return (
            card_ends_at(card) - now < RENEW_BEFORE_S
            or parsed.issued > now + BACKDATED_S  # made while the clock was far ahead
            or (shown is not None and shown.serial > parsed.serial)  # made by a life of this home that was lost
            or not self._home.keyring.holds(newest)
            or (not self._published(card) and signer is not None and not signer.current(int(now)))
            or (not self._published(card) and _closes_late(parsed, shown, now))
        )

    async def _make(self, old: bytes | None, now: int, *, close: bool = False) -> bytes:
        """Sign the next card, with a new key unless the last new one was never published, and keep both."""
        before = [card for card in (None if old is None else _card(old), self._shown()) if card is not None]
        listed = tuple(self._listed(None if old is None else _card(old), now, close=close))
        fresh = None
        if close or old is None or not self._unused(old, now):
            fresh = DeliveryKey.generate(self._home.address, Use.DELIVERY, os.urandom)
            listed = (*listed, _window(fresh, now))
        if sum(one.not_before > now - 86_400 for one in listed) > KEYS_A_DAY:
            raise Rejected(f"more than {KEYS_A_DAY} delivery keys in a day", code="home-copied")
        card = DeliveryCard(
            address=self._home.address,
            serial=max(now, *(one.serial + 1 for one in before), 0),
            issued=now,
            expires=now + DELIVERY_CARD_S,
            keys=listed,
            suites=tuple(SUITES),
            reads=tuple(Reads(kind=kind, versions=tuple(spec.readable)) for kind, spec in sorted(KINDS.items())),
        )
        signed = sign_delivery_card(card, self._home.keyring)
        lost = {*self._not_held(card), *await self._void()} - ({fresh.key_id} if fresh is not None else set())
        if await self._home.add_delivery_key(fresh, signed, old, lost):
            return signed
        made_elsewhere = await self._home.card()
        assert made_elsewhere is not None  # another process of this home was faster
        return made_elsewhere

    def _unused(self, card: bytes, now: int) -> bool:
        """Tell whether the newest key of a card was never published and is as good as a new one."""
        newest = _card(card).records()[-1]
        good = newest.not_before <= now < newest.not_after - RENEW_BEFORE_S and self._home.keyring.holds(newest.key_id)
        return good and not self._published(card)

    def _listed(self, own: DeliveryCard | None, now: int, *, close: bool) -> Iterator[DeliveryCardKey]:
        """Yield every key that was ever listed, the home's newest last; what cannot be opened here is closed."""
        mine = {one.key: one for one in own.keys} if own is not None else {}
        shown = self._shown()
        theirs = {one.key: one for one in shown.keys} if shown is not None else {}
        for key in (*(key for key in theirs if key not in mine), *mine):
            one = theirs.get(key) or mine[key]
            held = self._home.keyring.holds(key_id(Use.DELIVERY, key, self._home.address))
            closed = key in mine and mine[key].not_after < one.not_after  # by a card that was never published
            end = max(one.not_before, now - CLOSED_S)
            yield msgspec.structs.replace(one, not_after=end) if end < one.not_after and (close or closed or not held) else one

    async def _void(self) -> list[KeyId]:
        """
        Return the keys of a published card that counts no more, because its agent key was revoked.

        They are not listed again: a thief may have made them. No signature is needed to remember that they are not here.
        """
        if self._path not in self._directory.last().held_back:
            return []
        data = await asyncio.to_thread(self._directory.card, self._path)
        try:
            card = None if data is None else parse_card(data)[1]
        except Rejected:
            return []
        if not isinstance(card, DeliveryCard) or card.address != self._home.address:
            return []
        return self._not_held(card)

    def _not_held(self, card: DeliveryCard) -> list[KeyId]:
        return [record.key_id for record in card.records() if not self._home.keyring.holds(record.key_id)]

    def _shown(self) -> DeliveryCard | None:
        return self._directory.last().delivery_cards.get(self._home.address)

    def _published(self, card: bytes) -> bool:
        """Tell whether the directory lists the newest key of this card."""
        newest = _card(card).records()[-1]
        return self._directory.last().key(newest.key_id) is not None

    async def _publish(self, card: bytes) -> bool:
        """Publish a card; False if the directory has a later one of another making."""
        try:
            answer = await self._transport.ask("POST", media.CHALLENGES, body=card, kind=media.OCTETS)
            proofs = solve(card, decode_challenges(answer.body), self._home.keyring)
            body = msgspec.msgpack.encode([card, proofs])
            await self._transport.ask("PUT", media.CARDS, body=body, kind=media.MSGPACK)
        except Rejected as exc:
            if exc.code != "card-serial":
                raise
            await self._directory.refresh()
            return self._published(card)  # another process of this home published the same card a moment ago
        # Only so that the next process of this home sees that it is published.
        with suppress(Rejected, Unavailable, Uncertain):
            await self._directory.refresh()
        return True


def card_ends_at(data: bytes) -> int:
    """Return when a delivery card of this home ends, or its newest key, whichever is earlier; Unix seconds."""
    card = _card(data)
    return min(card.expires, card.keys[-1].not_after)


def _window(key: DeliveryKey, now: int) -> DeliveryCardKey:
    start = now - BACKDATED_S
    return DeliveryCardKey(key=key.public.key, not_before=start, not_after=start + DELIVERY_KEY_S)


def _closes_late(card: DeliveryCard, shown: DeliveryCard | None, now: float) -> bool:
    """Tell whether a card that waited closes a key at a time that no gateway takes any more."""
    ends = {one.key: one.not_after for one in shown.keys} if shown is not None else {}
    return any(one.not_after != ends.get(one.key, one.not_after) and one.not_after < now - CLOSED_S for one in card.keys)


def _card(data: bytes) -> DeliveryCard:
    _, card = parse_card(data)
    assert isinstance(card, DeliveryCard)
    return card
