"""
Re-enrolment: a revoked participant comes back under its own id, with a new identity key.

Its new key card lists every key of the old one, closed, so that what was accepted before still verifies; the possession proofs
of those are the old ones, for a key signs its own id alone. The old keys stay revoked. A gateway puts the new card in the place
of the old one only when the authority signed for the new identity key. Spec: schemas/directory.md, "Re-enrolment".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.directory.cards import CARD_USES, GATEWAY_USES, KeyCard, parse_card, verify_key_card
from gateway.envelope.keys import PublicKey, Use
from gateway.errors import Rejected
from gateway.ids import Address, KeyId

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.directory.entries import Entry, WhoIsWho

__all__ = ["check_reenrolled", "closed_keys", "identity_of", "replaced_cards"]


def identity_of(entry: Entry) -> PublicKey:
    """Return the identity key that the authority lists for a participant."""
    return PublicKey(Address(entry.address), Use.IDENTITY, bytes.fromhex(entry.identity))


def closed_keys(card: KeyCard) -> list[KeyId]:
    """Return the ids of those keys of a card that were over when it was issued."""
    return [record.key_id for key, record in zip(card.keys, card.records(), strict=True) if key.not_after <= card.issued]


def check_reenrolled(old: KeyCard, new: KeyCard) -> None:
    """
    Refuse a card of a re-enrolment that loses or reopens a key of the old one.

    Raises:
        Rejected: `card-serial` or `card-bad`.
    """
    if new.serial <= old.serial:
        raise Rejected(f"serial {new.serial}, the last one was {old.serial}", code="card-serial")
    listed = {(key.use, key.key): key for key in new.keys}
    for key in old.keys:
        found = listed.get((key.use, key.key))
        if found is None or found.not_before != key.not_before:
            raise Rejected(f"a {key.use} key of before is missing: closed keys stay listed", code="card-bad")
        if found.not_after > min(key.not_after, new.issued):
            raise Rejected(f"a {key.use} key of before is open: after a revocation all are closed", code="card-bad")


def replaced_cards(who: WhoIsWho, present: Mapping[str, bytes], brought: Mapping[str, bytes]) -> dict[str, bytes]:
    """
    Return the key cards of a publication that take the place of published ones.

    Args:
        who: As the authority signed it.
        present: Path to published card.
        brought: Path to the card in the publication. One that is not good is left out: its participant has no keys until
            the authority mends it, and the revocations beside it are in force all the same.
    """
    entries = {f"cards/{entry.participant}/key": entry for entry in who.entries}
    both = brought.keys() & present.keys() & entries.keys()
    return {path: brought[path] for path in sorted(both) if _replaces(entries[path], present[path], brought[path])}


def _replaces(entry: Entry, present: bytes, brought: bytes) -> bool:
    identity = identity_of(entry)
    try:
        signed, old = parse_card(present)
        if signed.key_id == identity.key_id:
            return False  # later cards are published by their holder
        new = verify_key_card(brought, identity, GATEWAY_USES if entry.is_gateway else CARD_USES)
        if isinstance(old, KeyCard):
            check_reenrolled(old, new)
    except Rejected:
        return False
    return True
