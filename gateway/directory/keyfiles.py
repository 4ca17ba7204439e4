"""
Key files of the authority's officers and of gateways: role keys encrypted under a passphrase.

A role-key file is `[ "gateway-role-keys-1", salt:16, cost, sealed:bin ]`, what is sealed `[ [ role, seed:32 ], ... ]`; its
first three elements are additional data. A gateway's file, `gateway.keys`, is `[ "gateway-keys-2", envelope keys, role keys ]`,
each encrypted by itself under the same passphrase; of several keys for one use or role the last is the newest.
Slow by intent: call it in a thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from msgspec import Struct

from gateway.directory.repository import OnlineSigner
from gateway.directory.roles import ONLINE_ROLES, RoleKey, TufRole
from gateway.envelope.form import Form, encode
from gateway.envelope.keyfile import (
    MODERATE,
    SALT_BYTES,
    Cost,
    decrypt_keys,
    derive_key,
    encrypt_keys,
    open_secret,
    seal_secret,
)
from gateway.envelope.keys import MemoryKeyring, SigningKey
from gateway.envelope.wire import Bytes16, Bytes32
from gateway.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gateway.envelope.primitives import Rng
    from gateway.ids import Address

__all__ = [
    "GatewayKeys",
    "decrypt_gateway_keys",
    "decrypt_role_keys",
    "encrypt_gateway_keys",
    "encrypt_role_keys",
    "online_signer",
]

_ROLE_MAGIC: Final = "gateway-role-keys-1"
_GATEWAY_MAGIC: Final = "gateway-keys-2"
_MAX_BYTES: Final = 64 * 1024


class _RoleFile(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    magic: Literal["gateway-role-keys-1"]
    salt: Bytes16
    cost: Cost
    sealed: bytes


class _GatewayFile(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    magic: Literal["gateway-keys-2"]
    keys: bytes
    role_keys: bytes


class _StoredRoleKey(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    role: TufRole
    seed: Bytes32

    def __repr__(self) -> str:
        return f"_StoredRoleKey({self.role})"


_ROLE_FILE: Final = Form(_RoleFile, "role-key file", _MAX_BYTES)
_GATEWAY_FILE: Final = Form(_GatewayFile, "gateway key file", _MAX_BYTES)
_STORED: Final = Form(list[_StoredRoleKey], "role keys", _MAX_BYTES)


class GatewayKeys(NamedTuple):
    """
    What a gateway signs with.

    Attributes:
        address: Whose keys they are.
        keyring: Signs with the newest key of each use, whether or not the directory lists it yet.
        online: Signs the directory's online roles.
        signing: All signing keys, oldest first.
        roles: All role keys, oldest first.
    """

    address: Address
    keyring: MemoryKeyring
    online: OnlineSigner
    signing: tuple[SigningKey, ...]
    roles: tuple[tuple[TufRole, RoleKey], ...]


def online_signer(keys: Iterable[tuple[TufRole, RoleKey]]) -> OnlineSigner:
    """Make the signer of the gateway's three roles from keys in order, oldest first; `bad-key` where one is missing."""
    held: dict[TufRole, list[RoleKey]] = {}
    for role, key in keys:
        held.setdefault(role, []).insert(0, key)
    missing = [role for role in ONLINE_ROLES if role not in held]
    if missing:
        raise Rejected(f"no key for the role {missing[0]}", code="bad-key")
    return OnlineSigner(
        snapshot=held[TufRole.SNAPSHOT][0],
        timestamp=held[TufRole.TIMESTAMP][0],
        cards=held[TufRole.CARDS][0],
        older={role: keys[1:] for role, keys in held.items()},
    )


def encrypt_role_keys(keys: Iterable[tuple[TufRole, RoleKey]], passphrase: bytes, rng: Rng, cost: Cost = MODERATE) -> bytes:
    """Return a file that holds these role keys, in this order."""
    salt = rng(SALT_BYTES)
    stored = encode([_StoredRoleKey(role, key.unsafe_export()) for role, key in keys])
    sealed = seal_secret(derive_key(passphrase, salt, cost), stored, _context(salt, cost), rng)
    return encode(_RoleFile(_ROLE_MAGIC, salt, cost, sealed))


def decrypt_role_keys(data: bytes, passphrase: bytes) -> list[tuple[TufRole, RoleKey]]:
    """Read what `encrypt_role_keys` wrote; `passphrase` for a wrong one or damage, `malformed` for another file."""
    file = _ROLE_FILE.decode(data)
    stored = open_secret(derive_key(passphrase, file.salt, file.cost), file.sealed, _context(file.salt, file.cost))
    return [(key.role, RoleKey(key.seed)) for key in _STORED.decode(stored)]


def encrypt_gateway_keys(
    keys: Sequence[SigningKey],
    online: Sequence[tuple[TufRole, RoleKey]],
    passphrase: bytes,
    rng: Rng,
    cost: Cost = MODERATE,
) -> bytes:
    """Return `gateway.keys`: the gateway's signing keys and its role keys, each oldest first."""
    online_signer(online)
    parts = encrypt_keys(keys, passphrase, rng, cost), encrypt_role_keys(online, passphrase, rng, cost)
    return encode(_GatewayFile(_GATEWAY_MAGIC, *parts))


def decrypt_gateway_keys(data: bytes, passphrase: bytes) -> GatewayKeys:
    """Read `gateway.keys`; `passphrase` for a wrong one or damage, `malformed` for another file."""
    file = _GATEWAY_FILE.decode(data)
    keys = tuple(key for key in decrypt_keys(file.keys, passphrase) if isinstance(key, SigningKey))
    if not keys:
        raise Rejected("a gateway key file without keys", code="bad-key")
    address = keys[0].public.address
    roles = tuple(decrypt_role_keys(file.role_keys, passphrase))
    return GatewayKeys(address, MemoryKeyring(address, keys), online_signer(roles), keys, roles)


def _context(salt: bytes, cost: Cost) -> bytes:
    return encode((_ROLE_MAGIC, salt, cost))
