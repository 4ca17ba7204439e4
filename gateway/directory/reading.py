"""
Cards as the directory takes them: which verify, which are held back, and whose keys fall with their signer.

1. a key card is good under the identity key that the authority lists; when that key is revoked, so are all keys of the card
2. a delivery card is good under an agent key of that key card; when that agent key is revoked, the card is void: it is held
back, and its keys are known as revoked from the beginning, because a thief can date a card back.
A card is verified once: of thousands a new directory changes a few, and the others need no second look.
Spec: schemas/directory.md, "Reading", "Revocation".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from gateway.directory.cards import (
    CARD_USES,
    GATEWAY_USES,
    DeliveryCard,
    KeyCard,
    Reads,
    parse_card,
    verify_delivery_card,
    verify_key_card,
)
from gateway.directory.entries import MAX_ENTRIES
from gateway.directory.revoked import Revoked, worse
from gateway.envelope.keys import PublicKey, Use
from gateway.errors import Rejected
from gateway.ids import Address, KeyId

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.directory.entries import Entry
    from gateway.envelope.trust import KeyRecord

__all__ = ["CardReader", "records_of"]

_ALWAYS: Final = 0  # revoked since then: nothing that the key ever did counts
_REMEMBERED: Final = 4 * MAX_ENTRIES  # cards of each sort: of some large networks, with their next versions


@dataclass(slots=True)
class CardReader:
    """
    Reads the cards of one directory, entry by entry.

    Args:
        cards: Path to signed card.
        revoked: What the authority revoked; what follows from it is added here.
        key_cards: By address, those that verified.
        delivery_cards: By address, those that verified.
        void: By address, delivery cards whose agent key was revoked.
        held_back: Path of every other card, and the code.
    """

    cards: Mapping[str, bytes]
    revoked: dict[KeyId, Revoked]
    key_cards: dict[Address, KeyCard] = field(default_factory=dict)
    delivery_cards: dict[Address, DeliveryCard] = field(default_factory=dict)
    void: dict[Address, DeliveryCard] = field(default_factory=dict)
    held_back: dict[str, str] = field(default_factory=dict)

    def read(self, entry: Entry) -> None:
        """Read both cards of a participant; what does not verify is held back."""
        path = f"cards/{entry.participant}/key"
        try:
            if path in self.cards:
                self._read_key_card(self.cards[path], entry)
            path = f"cards/{entry.participant}/delivery"
            if path in self.cards and entry.address in self.key_cards:
                self._read_delivery_card(self.cards[path], Address(entry.address))
        except Rejected as exc:
            self.held_back[path] = exc.code

    def _read_key_card(self, data: bytes, entry: Entry) -> None:
        address = Address(entry.address)
        identity = PublicKey(address, Use.IDENTITY, bytes.fromhex(entry.identity))
        card = _key_card(data, identity, GATEWAY_USES if entry.is_gateway else CARD_USES)
        self.key_cards[address] = card
        self._follow(records_of(card), self.revoked.get(identity.key_id))

    def _read_delivery_card(self, data: bytes, address: Address) -> None:
        signer, card = _delivery_card(data, self.key_cards[address])
        agent = self.revoked.get(signer)
        if agent is None:
            self.delivery_cards[address] = card
            return
        self.void[address] = card
        self._follow(records_of(card), Revoked(_ALWAYS, agent.reason))
        raise Rejected(f"the agent key of the delivery card of {address} is revoked", code="card-bad")

    def _follow(self, records: Iterable[KeyRecord], signer: Revoked | None) -> None:
        """Revoke keys along with the key that vouched for them."""
        for record in records:
            together = worse(self.revoked.get(record.key_id), signer)
            if together is not None:
                self.revoked[record.key_id] = together


@lru_cache(2 * _REMEMBERED)
def records_of(card: KeyCard | DeliveryCard) -> tuple[KeyRecord, ...]:
    """Return the keys of a verified card as the envelope asks for them."""
    return tuple(card.records())


@lru_cache(_REMEMBERED)
def _key_card(data: bytes, identity: PublicKey, uses: frozenset[Use]) -> KeyCard:
    return verify_key_card(data, identity, uses)


@lru_cache(_REMEMBERED)
def _delivery_card(data: bytes, key_card: KeyCard) -> tuple[KeyId, DeliveryCard]:
    """Return who signed the card, and the card."""
    card = verify_delivery_card(data, key_card)
    return KeyId(parse_card(data)[0].key_id), replace(card, reads=_shared(card.reads))


@lru_cache(_REMEMBERED)
def _shared(reads: tuple[Reads, ...]) -> tuple[Reads, ...]:
    """Return the first of equal lists: most participants run the same software, and each list has a row for each kind."""
    return reads
