"""
The key of a witness at rest: one Ed25519 seed under a passphrase.

The file is `[ "gateway-witness-key-1", name, salt:16, cost, sealed:bin ]`; its first four elements are additional data of what
is sealed, so that a key cannot be given another name: cosignatures of one key under two names would count as two witnesses.
Slow by intent: call it in a thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal

from msgspec import Meta, Struct

from gateway.envelope import primitives
from gateway.envelope.form import Form, encode
from gateway.envelope.keyfile import MODERATE, SALT_BYTES, Cost, SecretKey, derive_key, open_secret, seal_secret
from gateway.envelope.wire import Bytes16
from gateway.errors import Rejected
from gateway.tlog.note import COSIGNATURE_V1, VerifierKey

if TYPE_CHECKING:
    from gateway.envelope.primitives import Rng

__all__ = ["WitnessKey", "decrypt_witness_key", "encrypt_witness_key"]

SEED_BYTES: Final = 32
MAX_NAME: Final = 128  # characters; a schema-less URL
_MAGIC: Final = "gateway-witness-key-1"
_MAX_BYTES: Final = 1024


class _KeyFile(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    magic: Literal["gateway-witness-key-1"]
    name: Annotated[str, Meta(min_length=1, max_length=MAX_NAME)]
    salt: Bytes16
    cost: Cost
    sealed: bytes


_FILE: Final = Form(_KeyFile, "witness key file", _MAX_BYTES)


class WitnessKey:
    """
    A key that cosigns; its secret does not show.

    Args:
        name: What the witness is called in its cosignatures.
        seed: 32 secret bytes.

    Raises:
        Rejected: `bad-key`; no signature line can carry that name.
    """

    __slots__ = ("_secret", "_seed", "verifier")

    def __init__(self, name: str, seed: bytes) -> None:
        self._seed = SecretKey(seed)
        public, self._secret = primitives.signing_pair(self._seed)
        self.verifier = VerifierKey(name, COSIGNATURE_V1, public)  # its text is the vkey that others are given

    @classmethod
    def generate(cls, name: str, rng: Rng) -> WitnessKey:
        """Make a new key from 32 bytes of `rng`."""
        return cls(name, rng(SEED_BYTES))

    @property
    def name(self) -> str:
        """What the witness is called."""
        return self.verifier.name

    def sign(self, message: bytes) -> bytes:
        """Return the Ed25519 signature (64 bytes) of a message that `gateway.tlog` made."""
        return primitives.sign(self._secret, message)

    def unsafe_export(self) -> bytes:
        """Return the seed: for writing it encrypted, and for nothing else."""
        return self._seed.unsafe_bytes

    def __repr__(self) -> str:
        return f"WitnessKey({self.name})"


def encrypt_witness_key(key: WitnessKey, passphrase: bytes, rng: Rng, cost: Cost = MODERATE) -> bytes:
    """Return the file of a key."""
    salt = rng(SALT_BYTES)
    sealed = seal_secret(derive_key(passphrase, salt, cost), key.unsafe_export(), _context(key.name, salt, cost), rng)
    return encode(_KeyFile(_MAGIC, key.name, salt, cost, sealed))


def decrypt_witness_key(data: bytes, passphrase: bytes) -> WitnessKey:
    """
    Read what `encrypt_witness_key` wrote.

    Raises:
        Rejected: `passphrase`, it is wrong or the file is damaged; `malformed`, it is another file.
    """
    file = _FILE.decode(data)
    seed = open_secret(derive_key(passphrase, file.salt, file.cost), file.sealed, _context(file.name, file.salt, file.cost))
    if len(seed) != SEED_BYTES:
        raise Rejected("a witness key of another size", code="malformed")
    return WitnessKey(file.name, seed)


def _context(name: str, salt: bytes, cost: Cost) -> bytes:
    return encode((_MAGIC, name, salt, cost))
