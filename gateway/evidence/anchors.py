"""
What a verifier trusts before it looks at a bundle.

Without a key of the log a bundle can only be consistent in itself: whoever made it may have made the log too. What is named
here must be there: a bundle that a named witness did not cosign, or that has no time-stamp where roots of a service are given,
is refused. A verified directory, where there is one, says more: who is listed, and which keys were revoked since.
Spec: schemas/audit.md, "Evidence bundle".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.envelope.keys import Use
from gateway.errors import Rejected
from gateway.ids import Address, KeyId, Network
from gateway.tlog.note import COSIGNATURE_V1, ED25519, VerifierKey, parse_vkey

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from gateway.directory.revoked import Revoked
    from gateway.directory.view import Directory

__all__ = ["Anchors", "gateway_of", "log_keys", "origin_of", "read_log_key", "read_witness_key"]

_AUDIT: Final = "/audit"


@dataclass(frozen=True, slots=True)
class Anchors:
    """
    What is trusted.

    Args:
        logs: Keys of the log, Ed25519; none: nothing is anchored.
        witnesses: Keys of witnesses, cosignature/v1; each must have cosigned.
        time_stamps: Roots of time-stamp services; none: a token is not looked at.
        directory: A verified directory of the network of the log, or of a peer of it; its log keys, and those of its peers
            that are at hand, count as `logs`.
    """

    logs: Sequence[VerifierKey] = ()
    witnesses: Sequence[VerifierKey] = ()
    time_stamps: Sequence[Certificate] = ()
    directory: Directory | None = None

    def keys_of(self, origin: str) -> list[VerifierKey]:
        """Return the trusted keys of one log."""
        listed = [] if self.directory is None else log_keys(self.directory, gateway_of(origin))
        return list(dict.fromkeys(key for key in (*self.logs, *listed) if key.name == origin))

    def revoked_in(self, networks: Sequence[Network]) -> Mapping[KeyId, Revoked]:
        """Return what the directory knows as revoked in networks; nothing without a directory."""
        known = self.directory
        if known is None:
            return {}
        held = [known if network == known.network else known.peers.get(network) for network in networks]
        return {key: revoked for one in held if one is not None for key, revoked in one.revoked.items()}

    @property
    def anchored(self) -> bool:
        """Tell whether any log is trusted."""
        return bool(self.logs) or self.directory is not None


def origin_of(gateway: Address) -> str:
    """Return the origin of a gateway's log, which is the name of its keys too."""
    return f"{gateway}{_AUDIT}"


def gateway_of(origin: str) -> Address:
    """Return whose log this is; an origin of another form gives an address that nobody has."""
    return Address(origin.removesuffix(_AUDIT) if origin.endswith(_AUDIT) else "")


def log_keys(directory: Directory, gateway: Address, now: float | None = None) -> list[VerifierKey]:
    """
    Return the keys that sign a gateway's checkpoints; revoked ones never.

    Args:
        directory: Verified.
        gateway: Whose log it is.
        now: Unix seconds: those that are good then, for a checkpoint that is shown now. None: closed ones too, for one that
            was kept.
    """
    if not directory.is_gateway(gateway):
        return []
    records = [record for record in directory.keys_of(gateway, Use.LOG) if record.revoked_at is None]
    if now is not None:
        records = [record for record in records if record.current(int(now))]
    return [VerifierKey(origin_of(gateway), ED25519, record.key) for record in records]


def read_log_key(text: str) -> VerifierKey:
    """Read the verifier key of a log as `gateway audit key` prints it; raise Rejected `bad-key`."""
    return _read(text, ED25519, "a log")


def read_witness_key(text: str) -> VerifierKey:
    """Read the verifier key of a witness; raise Rejected `bad-key`."""
    return _read(text, COSIGNATURE_V1, "a witness")


def _read(text: str, algorithm: int, whose: str) -> VerifierKey:
    key = parse_vkey(text.strip())
    if key.algorithm != algorithm:
        raise Rejected(f"{key.name[:80]!r} is no key of {whose}", code="bad-key")
    return key
