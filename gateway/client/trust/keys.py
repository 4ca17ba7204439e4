"""
The life of a home's keys: new ones made, put into the directory, taken up, and old ones destroyed.

Signing keys: 1. new keys and their card, signed by the identity key, are kept in one commit  2. a gateway publishes the card
3. the directory shows it: in one commit the new keys sign from here on and the old ones are destroyed. Whatever kills the
process, the next contact goes on where it stopped, and nothing signs with a new key before 3. A delivery key is destroyed 91
days after it stopped being sealed to, and only while a gateway agrees with the clock of this machine. An approval key is its
officer's: the card lists it, the home never has it, and one that an older version made here goes with the next card.
Spec: schemas/directory.md, "Life of keys".
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from typing import Final

import msgspec

from gateway.client.home.held_keys import KeyState, erase
from gateway.client.home.home import Home
from gateway.client.line.transport import Transport
from gateway.client.trust.directory import HomeDirectory
from gateway.directory.cards import CARD_USES, KEY_CARD_S, CardKey, KeyCard, parse_card, sign_key_card
from gateway.envelope.keys import MemoryKeyring, SigningKey, Use
from gateway.envelope.trust import KeyRecord
from gateway.errors import Corrupt, GatewayError, Rejected, Unavailable
from gateway.ids import KeyId, format_id
from gateway.protocol import media

__all__ = ["DESTROY_AFTER_S", "ROTATED", "KeyKeeper"]

DESTROY_AFTER_S: Final = 91 * 86_400  # a message lives 90 days after it is written; one more for clocks
CLOCK_SURE_S: Final = 86_400.0  # a directory that is confirmed by this clock lives a day: so far at most the clock is ahead
BACKDATED_S: Final = 300  # the gateway's clock may be behind ours
ROTATED: Final = tuple(sorted(CARD_USES - {Use.APPROVAL}))
_FINAL: Final = frozenset({"card-bad", "card-serial", "key-taken", "possession", "bad-key", "out-of-time"})
_log: Final = logging.getLogger(__name__)


class KeyKeeper:
    """
    Rotates a home's signing keys and destroys what is over.

    Args:
        home: Has the keys.
        transport: To publish with.
        directory: Tells what is published.
        clock: Unix seconds.
    """

    def __init__(self, home: Home, transport: Transport, directory: HomeDirectory, clock: Callable[[], float]) -> None:
        self._home = home
        self._transport = transport
        self._directory = directory
        self._clock = clock

    async def settle(self) -> None:
        """Go on with a rotation that was begun, and destroy what is due; what cannot be done now is done another time."""
        try:
            await self._finish()
            await self._destroy()
        except Corrupt:
            raise
        except GatewayError as exc:
            _log.warning("the keys of this home wait: %s", exc)

    async def rotate(self, uses: Sequence[Use], identity: SigningKey, *, lost: bool) -> None:
        """
        Make new signing keys, and let them sign as soon as a gateway has published them.

        Args:
            uses: Which of `ROTATED`.
            identity: Signs the new key card; not kept.
            lost: Others may have the present keys: they are closed now. Else their past and their end stay what they are.

        Raises:
            Rejected: `bad-request`, an approval key is its officer's; `bad-key`, not this participant's identity key;
                `card-bad`, the directory has no card to follow; `conflict`, an earlier rotation waits for a gateway; or a
                gateway refused the card. Nothing was changed.
            Unavailable: The new keys are kept, and are taken up at the next contact with a gateway.
        """
        if not set(uses) <= set(ROTATED):
            hint = "gateway keys officer FILE --identity IDENTITY.KEY"
            raise Rejected("an approval key lives in a file of its officer's own", code="bad-request", hint=hint)
        await self._finish()
        await self._directory.refresh()
        keys = [SigningKey.generate(self._home.address, use, os.urandom) for use in dict.fromkeys(uses)]
        closes = {record.key_id for record in self._shown() if lost and record.use in uses}
        await self._put(keys, keys, identity, closes)

    async def add_officer(self, key: SigningKey, identity: SigningKey, closes: Collection[KeyId] = ()) -> None:
        """
        Let the key card list the approval key of a second officer; the key stays in the officer's file.

        Args:
            key: In its file already; one that the card lists is left as it is, so that it is safe to do this twice.
            identity: Signs the new key card; not kept.
            closes: Approval keys of the card that approve nothing from now on.

        Raises:
            Rejected: `bad-key`, not an approval key of this participant, or one that this home held; `not-found`, the card
                has no such key to close; else as `rotate`. Nothing was changed.
            Unavailable: The card is kept, and is published at the next contact with a gateway.
        """
        public, held = key.public, {row.key_id for row in await self._home.store.read(self._home.shelf.rows)}
        if (public.address, public.use) != (self._home.address, Use.APPROVAL) or key.key_id in held:
            raise Rejected(f"not the approval key of an officer of {self._home.address}", code="bad-key")
        await self._finish()
        await self._directory.refresh()
        listed = {record.key_id for record in self._shown() if record.use is Use.APPROVAL}
        if unknown := set(closes) - listed:
            raise Rejected(f"no approval key {format_id(min(unknown))} on the card", code="not-found", hint="gateway keys list")
        new = [key] if key.key_id not in listed else []
        if new or closes:
            await self._put([], new, identity, closes)

    async def _put(
        self, ours: Sequence[SigningKey], new: Sequence[SigningKey], identity: SigningKey, closes: Collection[KeyId]
    ) -> None:
        """Step 1 with the keys of `new` that are this home's own, then 2 and 3."""
        shelf, store, now = self._home.shelf, self._home.store, int(self._clock())
        rows = await store.read(shelf.rows)
        closed = {*closes, *(row.key_id for row in rows if row.use is Use.APPROVAL)}
        card = sign_key_card(self._next_card(new, identity, now, closed), identity)
        if not await store.write(lambda connection: shelf.put_waiting(connection, ours, card, now)):
            raise Rejected("an earlier rotation waits for a gateway", code="conflict", hint="connect: gateway inbox")
        await self._finish()

    def _shown(self) -> list[KeyRecord]:
        """Return the keys of the card in the directory."""
        card = self._directory.last().key_cards.get(self._home.address)
        return [] if card is None else card.records()

    def _next_card(self, keys: Iterable[SigningKey], identity: SigningKey, now: int, closes: Collection[KeyId]) -> KeyCard:
        directory, me = self._directory.last(), self._home.address
        entry, shown = directory.entry(me), directory.key_cards.get(me)
        if entry is None or (identity.public.address, identity.public.key.hex()) != (me, entry.identity):
            raise Rejected(f"not the identity key of {me} that the directory lists", code="bad-key")
        if shown is None:
            raise Rejected(f"the directory has no key card of {me} to follow", code="card-bad", hint="enrol again")
        start, listed = now - BACKDATED_S, zip(shown.keys, shown.records(), strict=True)
        return KeyCard(
            address=me,
            serial=max(now, shown.serial + 1),
            issued=start,
            expires=start + KEY_CARD_S,
            keys=(
                *(_closed(one, now) if record.key_id in closes else one for one, record in listed),
                *(CardKey.of(key, start, start + KEY_CARD_S) for key in keys),
            ),
        )

    async def _finish(self) -> None:
        """Steps 2 and 3."""
        card = await self._home.store.read(self._home.shelf.waiting_card)
        if card is None:
            return
        if not self._listed(card):
            await self._publish(card)
            await self._see()
        if not self._listed(card):
            raise Unavailable("the new key card is not in the directory yet")
        now = int(self._clock())
        await self._home.store.write(lambda connection: self._home.shelf.take_up(connection, card, now))
        await self._home.reload_keys()
        await self._erase()

    async def _publish(self, card: bytes) -> None:
        body = msgspec.msgpack.encode([card, []])
        try:
            await self._transport.ask("PUT", media.CARDS, body=body, kind=media.MSGPACK)
        except Rejected as exc:
            if exc.code == "signature-bad":
                return  # it may stand there already, and close the agent key that signs requests until it is seen
            if exc.code not in _FINAL:
                raise
            # Another process may have published it, and one of another home a later one.
            await self._see()
            if self._listed(card):
                return
            await self._give_up(card)
            raise Rejected(f"the new key card is refused: {exc.detail}", code=exc.code, hint="rotate once more") from exc

    async def _see(self) -> None:
        """Refresh the directory; with the waiting agent key where the present one was closed by the new card."""
        try:
            await self._directory.refresh()
        except Rejected as exc:
            waiting = await self._home.store.read(self._home.shelf.waiting)
            if exc.code != "signature-bad" or not any(key.public.use is Use.AGENT for key in waiting):
                raise
            # A line of its own: nothing else signs with a key before the directory has it.
            keyring = MemoryKeyring(self._home.address, waiting)
            transport = Transport(self._transport.gateways, keyring, self._clock, self._home.tls_context)
            try:
                await HomeDirectory(self._home, transport, self._clock).refresh()
            finally:
                await transport.close()
            await self._directory.reread()

    async def _give_up(self, card: bytes) -> None:
        now = int(self._clock())
        await self._home.store.write(lambda connection: self._home.shelf.give_up(connection, card, now))
        await self._erase()

    def _listed(self, card: bytes) -> bool:
        """Tell whether the directory has all keys of a card."""
        directory, parsed = self._directory.last(), parse_card(card)[1]
        return all(directory.key(record.key_id) is not None for record in parsed.records())

    async def _destroy(self) -> None:
        if self._directory.age_s > CLOCK_SURE_S:
            return
        now, shelf = int(self._clock()), self._home.shelf
        rows = await self._home.store.read(shelf.rows)
        before = now - DESTROY_AFTER_S
        if any(row.state is KeyState.HELD and row.stops is not None and row.stops < before for row in rows):
            count = await self._home.store.write(lambda connection: shelf.destroy_stopped(connection, before, now))
            _log.info("%d delivery keys destroyed", count)
            await self._home.reload_keys()
        await self._erase()

    async def _erase(self) -> None:
        with suppress(Unavailable):  # another process of this home holds the file: next time
            await self._home.store.read(erase)


def _closed(key: CardKey, at: int) -> CardKey:
    """Close a key with the present second unless it was closed before: a delivery card may have been signed in it."""
    return msgspec.structs.replace(key, not_after=max(key.not_before, min(key.not_after, at + 1)))
