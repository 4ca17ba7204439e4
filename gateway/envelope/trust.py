"""
What the envelope asks of others: who has which key, who is a gateway, what a kind allows.

The directory and the registry answer; this package never looks for itself, so that every check is a function of its
arguments. A key record whose id does not fit its key, use and holder cannot be made.
Spec: schemas/envelope.md, "Keys".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self

from gateway.envelope.keys import PublicKey, Use, key_id
from gateway.errors import Rejected
from gateway.ids import Address, KeyId, Kind, Network

__all__ = ["Answers", "KeyRecord", "find_signer"]


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """
    A public key as the directory knows it.

    Attributes:
        not_before: First second of its use.
        not_after: First second after its use.
        revoked_at: Since when nothing it did counts, or None.

    Raises:
        Rejected: `bad-key`, the id is not the hash of use, key and address: a key under another's name.
    """

    address: Address
    use: Use
    key: bytes
    key_id: KeyId
    not_before: int
    not_after: int
    revoked_at: int | None = None

    def __post_init__(self) -> None:
        if self.key_id != key_id(self.use, self.key, self.address):
            raise Rejected(f"key id {self.key_id.hex()} is not of this {self.use} key of {self.address}", code="bad-key")

    @classmethod
    def of(cls, public: PublicKey, not_before: int, not_after: int, revoked_at: int | None = None) -> Self:
        """Make the record of a public key."""
        return cls(public.address, public.use, public.key, public.key_id, not_before, not_after, revoked_at)

    def good_for_signing(self, first: int, last: int) -> bool:
        """Tell whether a signature counts that was first accepted at `first`, and by my own network at `last`."""
        return self.not_before <= first < self.not_after and (self.revoked_at is None or last < self.revoked_at)

    def current(self, at: int) -> bool:
        """Tell whether the key may be sealed to at this time."""
        return self.good_for_signing(at, at)


class Answers(Protocol):
    """What directory and registry say; every answer is taken as true, so it must come from verified data."""

    def directory_version(self, network: Network) -> int:
        """Return the newest verified directory version of a network; 0 for a network that is not known."""

    def key(self, key_id: KeyId) -> KeyRecord | None:
        """Return the record of a key, closed and revoked ones too, or None."""

    def is_gateway(self, address: Address) -> bool:
        """Tell whether this participant has the role gateway."""

    def gateway_may_seal(self, kind: Kind) -> bool:
        """Tell whether a gateway may seal this kind; False for an unknown kind."""

    def needs_approval(self, kind: Kind) -> bool:
        """Tell whether this kind needs a second officer; True for an unknown kind."""


def find_signer(answers: Answers, signer: KeyId, holder: tuple[Address, Use], first: int, last: int) -> KeyRecord | None:
    """Return the key of this id if it belongs to the holder for this use and was good; else None."""
    record = answers.key(signer)
    if record is None or (record.address, record.use) != holder or record.key_id != signer:
        return None
    return record if record.good_for_signing(first, last) else None
