"""
Roles of The Update Framework: who signs which metadata, for how long, and under which file name.

The authority's officers sign root, targets and revocations offline, two of them each time. The gateway signs snapshot,
timestamp and cards with keys of its own: it can hold back what it was given, never introduce anybody.
A role key signs TUF metadata and nothing else. Spec: schemas/directory.md, "Roles".
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, NoReturn

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from securesystemslib.signer import CryptoSigner, SSlibKey

from gateway.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import Callable

    from securesystemslib.signer import Signature as TufSignature

__all__ = [
    "AUTHORITY_ROLES",
    "AUTHORITY_THRESHOLD",
    "CARD_PATHS",
    "DIRECTORY_PATH",
    "LIFETIME_S",
    "ONLINE_ROLES",
    "REVOCATIONS_PATH",
    "TIMESTAMP_FILE",
    "RoleKey",
    "TufRole",
    "metadata_file",
    "target_file",
    "tuf_key",
]

_DAY_S: Final = 86_400


class TufRole(StrEnum):
    """The four roles of every TUF repository, and our two delegated ones."""

    ROOT = "root"
    TARGETS = "targets"
    SNAPSHOT = "snapshot"
    TIMESTAMP = "timestamp"
    REVOCATIONS = "revocations"
    CARDS = "cards"


AUTHORITY_ROLES: Final = (TufRole.ROOT, TufRole.TARGETS, TufRole.REVOCATIONS)
ONLINE_ROLES: Final = (TufRole.SNAPSHOT, TufRole.TIMESTAMP, TufRole.CARDS)
AUTHORITY_THRESHOLD: Final = 2  # no officer can publish alone

LIFETIME_S: Final[dict[TufRole, int]] = {
    TufRole.ROOT: 730 * _DAY_S,  # a new root needs both officers and the keys from the safe
    TufRole.TARGETS: 100 * _DAY_S,  # the authority looks at its list at least every quarter
    TufRole.REVOCATIONS: 3 * _DAY_S,  # 72 h: for so long at most a gateway can hide that a key was revoked
    TufRole.CARDS: 7 * _DAY_S,
    TufRole.SNAPSHOT: 7 * _DAY_S,
    TufRole.TIMESTAMP: 1 * _DAY_S,  # for so long at most a line in the middle can freeze a home
}

DIRECTORY_PATH: Final = "directory.json"
REVOCATIONS_PATH: Final = "revocations.json"
CARD_PATHS: Final = "cards/*/*"  # cards/NCB-QM/key, cards/NCB-QM/delivery
TIMESTAMP_FILE: Final = "metadata/timestamp.json"


def metadata_file(role: str, version: int) -> str:
    """Name the file of a role's metadata; the timestamp alone has no version in its name."""
    return TIMESTAMP_FILE if role == TufRole.TIMESTAMP else f"metadata/{version}.{role}.json"


def target_file(path: str, digest: str) -> str:
    """Name the file of a target: its SHA-256 in hex stands before its last part, so it never changes once written."""
    folder, slash, name = path.rpartition("/")
    return f"targets/{folder}{slash}{digest}.{name}"


def tuf_key(public: bytes) -> SSlibKey:
    """Return an Ed25519 public key as TUF writes it; `bad-key` for other sizes."""
    try:
        return SSlibKey.from_crypto(Ed25519PublicKey.from_public_bytes(public))
    except (ValueError, UnsupportedAlgorithm) as exc:
        raise Rejected(f"a role key has {len(public)} bytes, not 32", code="bad-key") from exc


class RoleKey:
    """
    A key that signs TUF metadata. Its `repr` shows the key id alone, and it cannot be pickled.

    Args:
        seed: 32 secret bytes.
    """

    __slots__ = ("_seed", "_signer")

    def __init__(self, seed: bytes) -> None:
        if len(seed) != 32:
            raise Rejected(f"a role key has a seed of {len(seed)} bytes, not 32", code="bad-key")
        self._seed = seed
        self._signer = CryptoSigner(Ed25519PrivateKey.from_private_bytes(seed))

    @classmethod
    def generate(cls, rng: Callable[[int], bytes]) -> RoleKey:
        """Make a new key from a secure generator."""
        return cls(rng(32))

    @property
    def public(self) -> bytes:
        """The public key, 32 bytes."""
        return bytes.fromhex(self._signer.public_key.keyval["public"])

    def sign(self, payload: bytes) -> TufSignature:
        """Sign the canonical bytes of one piece of metadata."""
        return self._signer.sign(payload)

    @property
    def signer(self) -> CryptoSigner:
        """What python-tuf signs with."""
        return self._signer

    def unsafe_export(self) -> bytes:
        """Return the seed, for the encrypted key file alone."""
        return self._seed

    def __repr__(self) -> str:
        return f"RoleKey({self._signer.public_key.keyid[:16]})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a role key is not pickled")
