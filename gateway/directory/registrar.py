"""
Whether a new card is taken into the directory: asked by a gateway before it publishes, by the authority before it enrols.

A card is taken when it verifies and is not over, its serial is above the last one, every key that was ever listed stands on
it with a past that did not change, and no key of it stands anywhere else. It may have been signed some time ago: an identity
key is offline, and a home may have had no gateway.
Possession of delivery keys is asked separately (`gateway.directory.possession`).
Spec: schemas/directory.md, "Publishing a card".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.directory.cards import (
    CARD_USES,
    GATEWAY_USES,
    CardKey,
    DeliveryCard,
    DeliveryCardKey,
    KeyCard,
    card_path,
    parse_card,
    verify_delivery_card,
    verify_key_card,
)
from gateway.envelope.keys import PublicKey, Use
from gateway.errors import Rejected
from gateway.ids import KeyId

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.directory.view import Directory
    from gateway.ids import Address

__all__ = ["accept_card", "check_not_taken"]

_SKEW_S: Final = 300  # as for requests


def accept_card(directory: Directory, sender: Address, data: bytes, now: float) -> str:
    """
    Decide on a card that a participant wants to publish.

    Args:
        directory: The current one.
        sender: Who asks; a card is published by its holder alone.
        data: The signed card.
        now: Unix seconds.

    Returns:
        The path under which it is published.

    Raises:
        Rejected: `sender-unknown`, `card-bad`, `possession`, `card-serial`, `key-taken` or `out-of-time`; nothing changed.
    """
    entry = directory.active(sender)
    if entry is None:
        raise Rejected(f"{sender} is not an active participant", code="sender-unknown")
    card = parse_card(data)[1]
    if card.address != sender:
        raise Rejected(f"{sender} publishes a card of {card.address}", code="card-bad")
    if not card.issued - _SKEW_S <= now < card.expires:
        raise Rejected(f"a card issued at {card.issued} that expires at {card.expires}, now {int(now)}", code="out-of-time")
    if isinstance(card, KeyCard):
        identity = PublicKey(sender, Use.IDENTITY, bytes.fromhex(entry.identity))
        if identity.key_id in directory.revoked:
            raise Rejected(f"the identity key of {sender} is revoked: it signs no more cards", code="card-bad")
        verify_key_card(data, identity, GATEWAY_USES if entry.is_gateway else CARD_USES)
        _check_successor(directory.key_cards.get(sender), card, now)
    else:
        _check_delivery(directory, sender, data, now)
        _check_successor(directory.delivery_cards.get(sender), card, now)
    check_not_taken(directory, card)
    return card_path(card)


def check_not_taken(directory: Directory, card: KeyCard | DeliveryCard) -> None:
    """Refuse a card with a key that anybody has, or that its holder has for another use."""
    taken = {bytes.fromhex(entry.identity) for entry in directory.entries.values()}
    of_card = {record.key_id for record in card.records()}
    taken.update(record.key for record in directory.all_keys() if record.key_id not in of_card)
    if any(key.key in taken for key in card.keys):
        raise Rejected(f"a key of the card of {card.address} stands elsewhere in the directory", code="key-taken")


def _check_delivery(directory: Directory, sender: Address, data: bytes, now: float) -> None:
    key_card = directory.key_cards.get(sender)
    if key_card is None:
        raise Rejected(f"{sender} has no key card yet", code="card-bad")
    verify_delivery_card(data, key_card, directory.revoked)
    # Its agent key must be good today too: who has a closed key could date a card back.
    agent = directory.key(KeyId(parse_card(data)[0].key_id))
    if agent is None or not agent.current(int(now)):
        raise Rejected(f"the delivery card of {sender} is signed by an agent key that is closed", code="card-bad")


def _check_successor(old: KeyCard | DeliveryCard | None, new: KeyCard | DeliveryCard, now: float) -> None:
    if old is None:
        return
    if new.serial <= old.serial:
        raise Rejected(f"serial {new.serial}, the last one was {old.serial}", code="card-serial")
    listed = _windows(new)
    for identity, (not_before, not_after) in _windows(old).items():
        if identity not in listed:
            raise Rejected("a key that was listed is missing: closed keys stay listed", code="card-bad")
        # A key may be closed early, from now on; what it did before that stays good.
        begin, end = listed[identity]
        if begin != not_before or (end != not_after and end < now - _SKEW_S):
            raise Rejected("a key that was listed has other times: its past cannot be changed", code="card-bad")


def _windows(card: KeyCard | DeliveryCard) -> Mapping[bytes, tuple[int, int]]:
    keys: tuple[CardKey, ...] | tuple[DeliveryCardKey, ...] = card.keys
    return {key.key: (key.not_before, key.not_after) for key in keys}
