"""
What ends, and when it is time to say so: metadata of each role, a gateway's own keys, participants' cards.

Everything here is early: what has ended is refused elsewhere. What software renews by itself is told only once it is later
than that software should have let it become. Spec: schemas/directory.md, "Warnings".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tuf.api.metadata import Snapshot, Targets, Timestamp

from gateway.directory.metadata import parse, root_chain
from gateway.directory.repository import newest_version
from gateway.directory.roles import LIFETIME_S, TIMESTAMP_FILE, TufRole, metadata_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.directory.cards import DeliveryCard
    from gateway.directory.view import Directory
    from gateway.envelope.keys import Use
    from gateway.ids import Address

__all__ = [
    "DELIVERY_CARD_WARN_S",
    "KEY_WARN_S",
    "METADATA_WARN_S",
    "card_ends",
    "cards_ending",
    "key_ends",
    "metadata_ends",
    "metadata_late",
]

_DAY_S: Final = 86_400
KEY_WARN_S: Final = 30 * _DAY_S  # signing keys and key cards: somebody has to fetch an identity key from a safe
DELIVERY_CARD_WARN_S: Final = 7 * _DAY_S  # the software renews them 10 days before: who is later was away, or is broken
METADATA_WARN_S: Final[Mapping[TufRole, int]] = {
    TufRole.ROOT: 90 * _DAY_S,  # a ceremony with both officers and the keys of the safe
    TufRole.TARGETS: 25 * _DAY_S,
    TufRole.REVOCATIONS: 1 * _DAY_S,
    # The gateway signs these again at half their life; a quarter left means that it does not.
    TufRole.CARDS: LIFETIME_S[TufRole.CARDS] // 4,
    TufRole.SNAPSHOT: LIFETIME_S[TufRole.SNAPSHOT] // 4,
    TufRole.TIMESTAMP: LIFETIME_S[TufRole.TIMESTAMP] // 4,
}


def metadata_ends(files: Mapping[str, bytes], root: bytes) -> dict[TufRole, int]:
    """
    Return when the newest metadata of each role expires, in Unix seconds.

    Args:
        files: A repository that was verified.
        root: What its roots are followed from.
    """
    ends = {TufRole.ROOT: root_chain(files, root).expires}
    for role in (TufRole.TARGETS, TufRole.REVOCATIONS, TufRole.CARDS):
        ends[role] = parse(Targets, files[metadata_file(role, newest_version(files, role))]).signed.expires
    name = metadata_file(TufRole.SNAPSHOT, newest_version(files, TufRole.SNAPSHOT))
    ends[TufRole.SNAPSHOT] = parse(Snapshot, files[name]).signed.expires
    ends[TufRole.TIMESTAMP] = parse(Timestamp, files[TIMESTAMP_FILE]).signed.expires
    return {role: int(at.timestamp()) for role, at in ends.items()}


def metadata_late(role: TufRole, expires: int, now: float) -> bool:
    """Say whether it is time to warn that the metadata of a role expires."""
    return expires - now < METADATA_WARN_S[role]


def key_ends(directory: Directory, address: Address) -> dict[Use, int]:
    """Return when the last key of each use ends that a participant's key card lists; revoked ones end nothing."""
    card = directory.key_cards.get(address)
    ends: dict[Use, int] = {}
    for record in card.records() if card else ():
        if record.key_id not in directory.revoked:
            ends[record.use] = max(record.not_after, ends.get(record.use, 0))
    return ends


def cards_ending(directory: Directory, now: float) -> dict[str, int]:
    """Count active participants, gateways too, whose key card or whose delivery card ends soon or has ended."""
    keys, deliveries = _active_ends(directory)
    return {
        "key": sum(end - now < KEY_WARN_S for end in keys),
        "delivery": sum(end - now < DELIVERY_CARD_WARN_S for end in deliveries),
    }


def card_ends(directory: Directory) -> dict[str, int]:
    """Return when the first key card and the first delivery card of an active participant ends; nothing where there is none."""
    ends = dict(zip(("key", "delivery"), _active_ends(directory), strict=True))
    return {card: min(all_of_them) for card, all_of_them in ends.items() if all_of_them}


def _active_ends(directory: Directory) -> tuple[list[int], list[int]]:
    """Return the ends of key cards and of delivery cards of active participants."""
    active = [address for address, entry in directory.entries.items() if entry.active]
    keys = [directory.key_cards[address].expires for address in active if address in directory.key_cards]
    cards = [directory.delivery_cards[address] for address in active if address in directory.delivery_cards]
    return keys, [_delivery_end(card) for card in cards]


def _delivery_end(card: DeliveryCard) -> int:
    """Return from when nobody seals to any key of this card."""
    return max(record.not_after for record in card.records())
