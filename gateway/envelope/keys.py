"""
Keys: one use a key, named by an id that binds use, key and holder.

Public keys of wrong size, small order or a second spelling are refused where they are made. Secrets are used through `sign`
and `unwrap` only; what holds one shows its key id in repr and str, and is never pickled or copied by value.
Spec: schemas/envelope.md, "Keys".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Final, NamedTuple, NoReturn, Protocol, Self

from msgspec import Meta

from gateway.envelope import contexts, primitives
from gateway.envelope.primitives import Rng, SecretKey
from gateway.errors import CannotOpen, Rejected
from gateway.ids import Address, KeyId

__all__ = [
    "KEY_ID_BYTES",
    "DeliveryKey",
    "Keyring",
    "MemoryKeyring",
    "PublicKey",
    "Signature",
    "SigningKey",
    "Use",
    "key_id",
]

KEY_ID_BYTES: Final = 16
SEED_BYTES: Final = 32


class Use(StrEnum):
    """What a key is for; `delivery-1` is the X25519 key of suite 1, all others are Ed25519."""

    IDENTITY = "identity"
    AUTHOR = "author"
    AGENT = "agent"
    APPROVAL = "approval"
    DELIVERY = "delivery-1"
    LOG = "log"
    OPERATOR = "operator"


class Signature(NamedTuple):
    """A signature and the id of the key that made it; on the wire `[ key_id:16, signature:64 ]`."""

    key_id: Annotated[KeyId, Meta(min_length=KEY_ID_BYTES, max_length=KEY_ID_BYTES)]
    signature: Annotated[bytes, Meta(min_length=64, max_length=64)]


def key_id(use: Use, public_key: bytes, address: Address) -> KeyId:
    """Return the id of a key in one use by one participant."""
    return KeyId(sha256(contexts.key_id_input(use, public_key, address)).digest()[:KEY_ID_BYTES])


@dataclass(frozen=True, slots=True)
class PublicKey:
    """
    A participant's public key for one use.

    Raises:
        Rejected: `bad-key`, wrong size, small or mixed order, or not the canonical spelling.
    """

    address: Address
    use: Use
    key: bytes
    key_id: KeyId = field(init=False)

    def __post_init__(self) -> None:
        good = primitives.is_good_x25519 if self.use is Use.DELIVERY else primitives.is_good_ed25519
        if not good(self.key):
            raise Rejected(f"not a good {self.use} key for {self.address}: {len(self.key)} bytes", code="bad-key")
        object.__setattr__(self, "key_id", key_id(self.use, self.key, self.address))


class _HeldKey:
    """What both kinds of secret key share: a seed, its public key, and silence about the seed."""

    __slots__ = ("_seed", "public")

    def __init__(self, public: PublicKey, seed: SecretKey) -> None:
        self.public = public
        self._seed = seed

    @classmethod
    def generate(cls, address: Address, use: Use, rng: Rng) -> Self:
        """Make a new key from 32 bytes of `rng`."""
        return cls.from_seed(address, use, rng(SEED_BYTES))

    @classmethod
    def from_seed(cls, address: Address, use: Use, seed: bytes) -> Self:
        """Make the key of a 32-byte seed (Ed25519 seed, or X25519 secret)."""
        raise NotImplementedError

    @property
    def key_id(self) -> KeyId:
        """The id of the public key."""
        return self.public.key_id

    def unsafe_export(self) -> bytes:
        """Return the 32 secret bytes: for writing them encrypted, and for nothing else."""
        return self._seed.unsafe_bytes

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.public.address} {self.public.use} {self.key_id.hex()})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret key is not pickled")


class SigningKey(_HeldKey):
    """An Ed25519 key of any use but delivery."""

    __slots__ = ("_secret",)

    def __init__(self, public: PublicKey, seed: SecretKey, secret: SecretKey) -> None:
        super().__init__(public, seed)
        self._secret = secret

    @classmethod
    def from_seed(cls, address: Address, use: Use, seed: bytes) -> Self:
        """Make the key of a 32-byte Ed25519 seed."""
        held = _seed_of(seed)
        if use is Use.DELIVERY:
            raise Rejected(f"a {use} key does not sign", code="bad-key")
        public, secret = primitives.signing_pair(held)
        return cls(PublicKey(address, use, public), held, secret)

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message that `contexts` made."""
        return primitives.sign(self._secret, message)


class DeliveryKey(_HeldKey):
    """An X25519 key that deliveries are sealed to."""

    __slots__ = ()

    @classmethod
    def from_seed(cls, address: Address, use: Use, seed: bytes) -> Self:
        """Make the key of a 32-byte X25519 secret."""
        held = _seed_of(seed)
        if use is not Use.DELIVERY:
            raise Rejected(f"a key for {use} is not sealed to", code="bad-key")
        return cls(PublicKey(address, use, primitives.box_public(held)), held)

    def unwrap(self, wrap: bytes, nonce: bytes, epk: bytes) -> bytes:
        """
        Open one wrap.

        Raises:
            CannotOpen: `wrap`, whatever was wrong with it.
        """
        opened = primitives.unbox(wrap, nonce, epk, self._seed)
        if opened is None:
            raise CannotOpen("wrap")
        return opened.unsafe_bytes


class Keyring(Protocol):
    """
    The only way to a participant's secrets: a file now, a token later.

    Both calls may block for as long as a token takes, and neither returns a secret that outlives one envelope.
    """

    def sign(self, use: Use, message: bytes) -> Signature:
        """Sign with the newest key for `use`; raise Rejected `bad-key` where there is none."""

    def unwrap(self, key_id: KeyId, wrap: bytes, nonce: bytes, epk: bytes) -> bytes:
        """Open one wrap; raise CannotOpen `key-gone` for a key that is not held, `wrap` for one that does not open."""


class MemoryKeyring:
    """A keyring over keys in memory; of several keys for one use the last one given signs."""

    def __init__(self, address: Address, signing: Iterable[SigningKey], delivery: Iterable[DeliveryKey] = ()) -> None:
        self.address = address
        self._signing: dict[Use, list[SigningKey]] = {}
        for key in signing:
            self._signing.setdefault(key.public.use, []).append(key)
        self._delivery = {key.key_id: key for key in delivery}
        if any(key.address != address for key in self.public_keys()):
            raise Rejected(f"a key of another participant than {address}", code="bad-key")

    def sign(self, use: Use, message: bytes) -> Signature:
        """Sign with the key for `use`; raise Rejected `bad-key` where there is none."""
        held = self._signing.get(use)
        if not held:
            raise Rejected(f"no {use} key of {self.address} here", code="bad-key")
        return Signature(held[-1].key_id, held[-1].sign(message))

    def sign_with_each(self, use: Use, message: bytes) -> list[tuple[PublicKey, bytes]]:
        """Sign with every key for `use`, in the order in which they were given; nothing where there is none."""
        return [(key.public, key.sign(message)) for key in self._signing.get(use, ())]

    def unwrap(self, key_id: KeyId, wrap: bytes, nonce: bytes, epk: bytes) -> bytes:
        """Open one wrap with the key that its stanza names."""
        key = self._delivery.get(key_id)
        if key is None:
            raise CannotOpen("key-gone")
        return key.unwrap(wrap, nonce, epk)

    def public_keys(self) -> list[PublicKey]:
        """Return the public halves: use by use the signing keys, oldest first, then every delivery key."""
        signing = [key.public for held in self._signing.values() for key in held]
        return signing + [key.public for key in self._delivery.values()]

    def __repr__(self) -> str:
        return f"MemoryKeyring({self.address}, {len(self._signing)} signing, {len(self._delivery)} delivery)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a keyring is not pickled")


def _seed_of(seed: bytes) -> SecretKey:
    if len(seed) != SEED_BYTES:
        raise Rejected(f"a seed of {len(seed)} bytes, not {SEED_BYTES}", code="bad-key")
    return SecretKey(seed)
