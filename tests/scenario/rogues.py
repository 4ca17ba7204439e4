"""Every kind of participant that must be refused; who may not do what stands beside the names."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gateway.directory.cards import (
    KEY_CARD_S,
    CardKey,
    DeliveryCard,
    DeliveryCardKey,
    KeyCard,
    sign_delivery_card,
    sign_key_card,
)
from gateway.directory.entries import KeyRevocation, RevocationReason, Status
from gateway.envelope import DeliveryKey, MemoryKeyring, Signature, SigningKey, Use
from gateway.ids import MessageId, new_uuid7
from tests.scenario.town import DAY, READER, SENDER, THIRD, Town, address
from tests.support.network import World, counter_rng, make_member, make_world

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.envelope import Sealed

__all__ = ["OneUse", "Rogues"]

SUSPENDED: Final = "NCB-XB"
REVOKED: Final = "NCB-XC"  # its agent, author and delivery keys are revoked
OUTDATED: Final = "NCB-XD"  # it has closed keys and one that begins tomorrow, beside good ones
CENTRE: Final = "GS-XE"  # sends no requests
UNCLEARED: Final = "NCB-XF"  # up to official-use-only
PICKY: Final = "NCB-XG"  # takes reports only
UNREADY: Final = "NCB-XH"  # has no delivery card yet
VISITORS: Final = tuple(f"UNIT-{letter}{digit}" for letter in "QR" for digit in range(10, 22))  # open a session each
_WINDOWS: Final = ((-20, -1), (1, 20))  # days of use, counted from today: over, and not yet


class OneUse(MemoryKeyring):
    """
    Signs everything with the key of one use, whatever is asked.

    Args:
        keyring: Of a participant.
        use: Of its keys.
    """

    def __init__(self, keyring: MemoryKeyring, use: Use) -> None:
        super().__init__(keyring.address, [], [])
        self._inner = keyring
        self._one = use

    def sign(self, use: Use, message: bytes) -> Signature:
        """Sign with the wrong key."""
        del use
        return self._inner.sign(self._one, message)


@dataclass(kw_only=True)
class Rogues(Town):
    """
    A network with good participants and bad ones.

    Args:
        names: See above.
        taken: What is accepted before anything bad comes; `taken_ids` are its ids.
        unseen: The same, and READER is none of its recipients.
    """

    names: Sequence[str] = (SENDER, READER, THIRD, SUSPENDED, REVOKED, CENTRE, UNCLEARED, PICKY, *VISITORS)
    strangers: World = field(init=False)
    taken: list[Sealed] = field(init=False)
    taken_ids: list[MessageId] = field(init=False)
    unseen: Sealed = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.strangers = make_world([SENDER, "NCB-XA"], self.now, network="other")
        self._spoil()
        self.taken_ids = [MessageId(new_uuid7(self.now * 1000, os.urandom(10))) for _ in range(4)]
        self.taken = [self.sealed([READER, THIRD], message_id=one) for one in self.taken_ids]
        self.unseen = self.sealed([THIRD, CENTRE])

    def _spoil(self) -> None:
        """Give everybody the standing that stands beside the names."""
        world = self.world
        world.change(SUSPENDED, status=Status.SUSPENDED)
        world.change(CENTRE, roles=("coordination",))
        world.change(UNCLEARED, clearance="official-use-only")
        world.change(PICKY, kinds_accepted=("information.report",))
        revoked = world.member(REVOKED)
        publics = [*(key.public for key in revoked.signing), *(key.public for key in revoked.delivery)]
        stolen = RevocationReason.STOLEN
        world.revoked = tuple(
            KeyRevocation(key_id=one.key_id.hex(), revoked_at=self.now - 60, reason=stolen) for one in publics
        )
        for name in (UNREADY, OUTDATED):
            world.members[address(name)] = make_member(name)
        world.publish()
        world.put_cards({f"cards/{UNREADY}/key": world.member(UNREADY).key_card(self.now), **self._outdated_cards()})

    def _outdated_cards(self) -> dict[str, bytes]:
        member = self.world.member(OUTDATED)
        start = self.now - 40 * DAY
        windows = [(use, first, last) for use in (Use.AGENT, Use.AUTHOR) for first, last in _WINDOWS]
        keys = [CardKey.of(key, start, start + KEY_CARD_S) for key in member.signing]
        for use, first, last in windows:
            keys.append(CardKey.of(self.odd_key(use, first), self.now + first * DAY, self.now + last * DAY))
        card = KeyCard(address=member.address, serial=1, issued=start, expires=start + KEY_CARD_S, keys=tuple(keys))
        delivery = [DeliveryCardKey(key=member.delivery[0].public.key, not_before=self.now - 300, not_after=self.now + DAY)]
        for first, last in _WINDOWS:
            key = self.odd_delivery_key(first).public.key
            delivery.append(DeliveryCardKey(key=key, not_before=self.now + first * DAY, not_after=self.now + last * DAY))
        listed = DeliveryCard(
            address=member.address,
            serial=1,
            issued=self.now,
            expires=self.now + DAY,
            keys=tuple(delivery),
            suites=(1,),
            reads=(),
        )
        folder = f"cards/{OUTDATED}"
        return {
            f"{folder}/key": sign_key_card(card, member.identity),
            f"{folder}/delivery": sign_delivery_card(listed, member.keyring),
        }

    def odd_key(self, use: Use, first_day: int) -> SigningKey:
        """Return a key of OUTDATED that is good from that day, counted from today, and not now."""
        return SigningKey.generate(address(OUTDATED), use, counter_rng(f"{use}/{first_day}"))

    def odd_delivery_key(self, first_day: int) -> DeliveryKey:
        """Return a delivery key of OUTDATED that is not good now."""
        return DeliveryKey.generate(address(OUTDATED), Use.DELIVERY, counter_rng(f"delivery/{first_day}"))

    def strange_keyring(self, name: str = SENDER) -> MemoryKeyring:
        """Return keys in a participant's name that nobody listed."""
        uses = (Use.AUTHOR, Use.AGENT, Use.APPROVAL)
        return MemoryKeyring(address(name), [SigningKey.generate(address(name), use, os.urandom) for use in uses], [])
