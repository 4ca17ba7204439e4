"""Bad cards: lower serials, others' keys, keys without possession, a past that was changed, signatures that do not count."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, Final

import msgspec

from gateway.directory.cards import CardKey, DeliveryCard, DeliveryCardKey, KeyCard, SignedCard, parse_card
from gateway.envelope import DeliveryKey, SigningKey, Use
from gateway.envelope.contexts import delivery_card_message, key_card_message
from gateway.protocol import media
from tests.scenario.bad import Bad
from tests.scenario.lines import plain, signed
from tests.scenario.rogues import Rogues
from tests.scenario.town import DAY, READER, THIRD, address

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.envelope import Keyring

__all__ = ["cards"]

_encode: Final = msgspec.msgpack.Encoder().encode
_change: Final = msgspec.structs.replace
_HOLDER: Final = THIRD
Card = KeyCard | DeliveryCard


class _Desk:
    """Signs cards of one participant, whatever they say, and asks for their publication."""

    def __init__(self, town: Rogues) -> None:
        self.town = town
        self.holder = town.member(_HOLDER)

    def delivery(self, *, keyring: Keyring | None = None, **changes: Any) -> bytes:
        """Sign the next delivery card with some fields changed."""
        card = parse_card(self.holder.delivery_card(int(time.time()), serial=2))[1]
        old = self.town.world.directory.delivery_cards[self.holder.address]
        data = _encode(_change(card, **{"keys": old.keys, **changes}))
        key_id, signature = (keyring or self.holder.keyring).sign(Use.AGENT, delivery_card_message(data))
        return _encode(SignedCard(card=data, key_id=key_id, signature=signature))

    def keys(self, *, key: SigningKey | None = None, **changes: Any) -> bytes:
        """Sign the next key card with some fields changed."""
        card = self.town.world.directory.key_cards[self.holder.address]
        data = _encode(_change(card, **{"serial": 2, "issued": int(time.time()), **changes}))
        identity = key or self.holder.identity
        return _encode(SignedCard(card=data, key_id=identity.key_id, signature=identity.sign(key_card_message(data))))

    @property
    def listed(self) -> tuple[CardKey, ...]:
        """The keys that stand on the holder's key card."""
        return self.town.world.directory.key_cards[self.holder.address].keys

    def challenged(self, card: bytes) -> bytes:
        """Ask for the challenges of a card."""
        return self._asked("POST", media.CHALLENGES, card)

    def published(self, card: bytes, answers: list[bytes] | None = None) -> bytes:
        """Ask for the publication of a card."""
        return self._asked("PUT", media.CARDS, _encode([card, answers or []]))

    def _asked(self, method: str, path: str, body: bytes) -> bytes:
        return plain(method, path, signed(self.holder.keyring, method, path, body=body, kind=media.MSGPACK), body)

    def asked(self, body: bytes) -> bytes:
        """Ask for the publication of anything."""
        return self._asked("PUT", media.CARDS, body)


def cards(town: Rogues) -> list[Bad]:
    """Return every class."""
    desk = _Desk(town)
    return [*_deliveries(desk), *_keys(desk), *_forms(desk)]


def _deliveries(desk: _Desk) -> list[Bad]:
    def bad(name: str, code: str, make: Callable[[], dict[str, Any]]) -> Bad:
        return Bad(f"delivery card: {name}", (code,), lambda _: desk.challenged(desk.delivery(**make())))

    now = desk.town.now
    old = desk.town.world.directory.delivery_cards[desk.holder.address].keys
    reads = parse_card(desk.holder.delivery_card(now))[1].reads  # type: ignore[union-attr]

    def with_key(key: bytes, **window: int) -> dict[str, Any]:
        times = {"not_before": now, "not_after": now + DAY, **window}
        return {"keys": (*old, DeliveryCardKey(key=key, **times))}

    def new() -> bytes:
        return DeliveryKey.generate(desk.holder.address, Use.DELIVERY, os.urandom).public.key

    stranger, other = desk.town.strange_keyring(_HOLDER), desk.town.member(READER)
    return [
        bad("the last serial", "card-serial", lambda: {"serial": 1, "expires": now + DAY}),
        bad("a lower serial", "card-serial", lambda: {"serial": 0}),
        bad("of another participant", "card-bad", lambda: {"address": address(READER)}),
        bad("signed by nobody listed", "card-bad", lambda: {"keyring": stranger}),
        bad("signed by another participant", "card-bad", lambda: {"keyring": other.keyring}),
        bad("another's delivery key", "key-taken", lambda: with_key(other.delivery[0].public.key)),
        bad("one key in two places", "key-taken", lambda: {"keys": (*old, old[0])}),
        bad("a key of small order", "bad-key", lambda: with_key(bytes(32))),
        bad("a key that was listed left out", "card-bad", lambda: {"keys": with_key(new())["keys"][1:]}),
        bad("a key's past changed", "card-bad", lambda: {"keys": (_change(old[0], not_before=old[0].not_before - 9),)}),
        bad("a key for too long", "card-bad", lambda: with_key(new(), not_after=now + 32 * DAY)),
        bad("valid for too long", "card-bad", lambda: {"expires": int(time.time()) + 61 * DAY}),
        bad("over", "out-of-time", lambda: {"issued": now - 200, "expires": now - 100}),
        bad("of tomorrow", "out-of-time", lambda: {"issued": now + DAY, "expires": now + 2 * DAY}),
        bad("a kind named twice", "card-bad", lambda: {"reads": (*reads, reads[0])}),
        Bad("delivery card: no answers", ("possession",), lambda _: desk.published(desk.delivery())),
        Bad("delivery card: wrong answers", ("possession",), lambda _: desk.published(desk.delivery(), [os.urandom(32)])),
        Bad(
            "delivery card: answers for more keys",
            ("possession",),
            lambda n: desk.published(desk.delivery(), [bytes(32)] * (2 + n % 60)),
        ),
    ]


def _keys(desk: _Desk) -> list[Bad]:
    def bad(name: str, code: str, make: Callable[[], dict[str, Any]]) -> Bad:
        return Bad(f"key card: {name}", (code,), lambda _: desk.published(desk.keys(**make())))

    now = desk.town.now
    other = desk.town.member(READER)

    def with_key(use: Use, key: SigningKey | None = None, **changes: Any) -> dict[str, Any]:
        made = key or SigningKey.generate(desk.holder.address, use, os.urandom)
        return {"keys": (*desk.listed, _change(CardKey.of(made, now, now + DAY), use=use, **changes))}

    def others() -> dict[str, Any]:
        seed = other.key(Use.AGENT).unsafe_export()
        return with_key(Use.AGENT, SigningKey.from_seed(desk.holder.address, Use.AGENT, seed))

    return [
        bad("the last serial", "card-serial", lambda: {"serial": 1}),
        bad("of another participant", "card-bad", lambda: {"address": address(READER)}),
        bad("signed by its own agent key", "card-bad", lambda: {"key": desk.holder.key(Use.AGENT)}),
        bad("signed by another's identity", "card-bad", lambda: {"key": other.identity}),
        bad("a key without possession", "possession", lambda: with_key(Use.AGENT, possession=os.urandom(64))),
        bad("another's key in its own name", "key-taken", others),
        bad("a use that only gateways have", "card-bad", lambda: with_key(Use.LOG)),
        bad("one key in two places", "key-taken", lambda: {"keys": (*desk.listed, desk.listed[0])}),
        bad("a key that was listed left out", "card-bad", lambda: {"keys": desk.listed[1:]}),
        bad("a key for too long", "card-bad", lambda: with_key(Use.AGENT, not_after=now + 401 * DAY)),
        bad("valid for too long", "card-bad", lambda: {"expires": now + 402 * DAY}),
        bad("of tomorrow", "out-of-time", lambda: {"issued": now + DAY, "expires": now + 2 * DAY}),
    ]


def _forms(desk: _Desk) -> list[Bad]:
    bodies = (b"\x90", b"\x80", b"\x92\xc4\x00\x90", b"\x91\xc4\x01x", b"\x93\xc4\x01x\x90\xc0", _encode([b"x", [b"x"] * 65]))
    return [
        Bad("card: random bytes", ("card-bad",), lambda number: desk.challenged(b"\xc1" + os.urandom(number % 2000))),
        Bad("card: bytes left over", ("card-bad",), lambda _: desk.challenged(desk.delivery() + b"\xc0")),
        Bad(
            "card: an end that is missing", ("card-bad",), lambda number: desk.challenged(desk.delivery()[: -1 - number % 300])
        ),
        Bad("card: a request that is none", ("malformed",), lambda number: desk.asked(bodies[number % 6])),
        Bad("card: a key card to be challenged", ("card-bad",), lambda _: desk.challenged(desk.keys())),
        Bad("card: too large", ("too-large",), lambda number: desk.challenged(bytes(media.MAX_CARD_BYTES + 1 + number)), 0.3),
    ]
