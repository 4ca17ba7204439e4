"""
What the authority's revocations mean for keys: since when, why, and for which keys further down.

Rows are never removed. Of several rows about one key the earliest time counts, and `stolen` if any says so. Who vouches for
others takes them along: a revoked identity key revokes the keys of the card that it signed, a revoked agent key those of the
delivery card that it signed, at its own time and for its own reason. Spec: schemas/directory.md, "Revocation".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.directory.entries import RevocationReason, decode_revocations
from gateway.envelope.trust import KeyRecord
from gateway.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.directory.entries import KeyRevocation
    from gateway.ids import KeyId, Network

__all__ = ["Revoked", "read_revocations", "summed", "with_revocation", "worse"]


@dataclass(frozen=True, slots=True)
class Revoked:
    """
    That a key is revoked.

    Args:
        at: Unix seconds; from then on nothing that it does counts.
        reason: See `RevocationReason`.
    """

    at: int
    reason: RevocationReason


def read_revocations(data: bytes | None, network: Network) -> dict[KeyId, Revoked]:
    """Read `revocations.json`, None for nothing; `network-differs` or `directory-untrusted` where it cannot be used."""
    if data is None:
        return {}
    revocations = decode_revocations(data)
    if revocations.network != network:
        raise Rejected(f"revocations of {revocations.network}, expected {network}", code="network-differs")
    return summed(revocations.keys)


def summed(rows: Iterable[KeyRevocation]) -> dict[KeyId, Revoked]:
    """Return one answer for each key."""
    found: dict[KeyId, Revoked] = {}
    for row in rows:
        revoked = worse(found.get(row.id), Revoked(row.revoked_at, row.reason))
        assert revoked is not None  # one of the two is
        found[row.id] = revoked
    return found


def worse(one: Revoked | None, other: Revoked | None) -> Revoked | None:
    """Return what two revocations of one key mean together; None is no revocation."""
    if one is None or other is None:
        return one or other
    earlier = min(one, other, key=lambda revoked: revoked.at)
    stolen = RevocationReason.STOLEN in (one.reason, other.reason)
    return Revoked(earlier.at, RevocationReason.STOLEN if stolen else earlier.reason)


def with_revocation(record: KeyRecord, revoked: Mapping[KeyId, Revoked]) -> KeyRecord:
    """Return the record of a key as it stands after the revocations."""
    found = revoked.get(record.key_id)
    if found is None:
        return record
    return KeyRecord(record.address, record.use, record.key, record.key_id, record.not_before, record.not_after, found.at)
