"""
What the authority signs offline: root, who is who, revocations.

A publication is a set of files by name: `metadata/N.root.json`, `metadata/N.targets.json`, `metadata/N.revocations.json`,
the two targets, and the key cards of new participants under their paths. It is carried to the gateway by any means;
every home verifies it from its own root. The functions take keys and time and return bytes.
Spec: schemas/directory.md, "Publication".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from tuf.api.metadata import DelegatedRole, Delegations, Role, Root, Targets

from gateway.directory.metadata import sign_metadata, target_info, target_name, utc
from gateway.directory.roles import (
    AUTHORITY_THRESHOLD,
    CARD_PATHS,
    DIRECTORY_PATH,
    LIFETIME_S,
    ONLINE_ROLES,
    REVOCATIONS_PATH,
    RoleKey,
    TufRole,
    metadata_file,
    tuf_key,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuf.api.metadata import Key

__all__ = ["OnlinePublic", "RoleHolders", "make_revocations_files", "make_root", "make_targets_files"]

_ONLINE_THRESHOLD: Final = 1
_TOP_LEVEL: Final = (TufRole.ROOT, TufRole.TARGETS, TufRole.SNAPSHOT, TufRole.TIMESTAMP)
_DELEGATED: Final = {TufRole.REVOCATIONS: [REVOCATIONS_PATH], TufRole.CARDS: [CARD_PATHS]}


class OnlinePublic(msgspec.Struct, frozen=True, kw_only=True):
    """The gateway's public keys, 32 bytes each, for the roles that it signs."""

    snapshot: bytes
    timestamp: bytes
    cards: bytes


class RoleHolders(msgspec.Struct, frozen=True, kw_only=True):
    """
    Who holds which role: public keys of 32 bytes.

    Args:
        root: The officers' root keys.
        targets: The officers' keys for who is who.
        revocations: The officers' keys for revocations.
        online: The gateway's keys.
    """

    root: tuple[bytes, ...]
    targets: tuple[bytes, ...]
    revocations: tuple[bytes, ...]
    online: OnlinePublic

    def of(self, role: TufRole) -> tuple[bytes, ...]:
        """Return the keys of one role."""
        return (getattr(self.online, role),) if role in ONLINE_ROLES else getattr(self, role)


def make_root(version: int, holders: RoleHolders, signers: Sequence[RoleKey], now: float) -> bytes:
    """
    Write and sign a root.

    Args:
        version: 1, or one above the last.
        holders: All keys; `AUTHORITY_THRESHOLD` of the officers' sign.
        signers: Root keys, at least the threshold; for a later version also enough of the one before.
        now: Unix seconds; the root expires `LIFETIME_S` later.
    """
    roles = {str(role): Role([], _threshold(role)) for role in _TOP_LEVEL}
    root = Root(version=version, expires=utc(now + LIFETIME_S[TufRole.ROOT]), roles=roles, consistent_snapshot=True)
    for role in _TOP_LEVEL:
        for public in holders.of(role):
            root.add_key(tuf_key(public), role)
    return sign_metadata(root, signers)


def make_targets_files(
    version: int, who: bytes, holders: RoleHolders, signers: Sequence[RoleKey], now: float
) -> dict[str, bytes]:
    """Write `directory.json` and the targets role that signs it and delegates revocations and cards."""
    info = target_info(DIRECTORY_PATH, who)
    targets = Targets(
        version=version,
        expires=utc(now + LIFETIME_S[TufRole.TARGETS]),
        targets={DIRECTORY_PATH: info},
        delegations=_delegations(holders),
    )
    return {metadata_file(TufRole.TARGETS, version): sign_metadata(targets, signers), target_name(info): who}


def make_revocations_files(version: int, revocations: bytes, signers: Sequence[RoleKey], now: float) -> dict[str, bytes]:
    """Write `revocations.json` and the role that signs it; it is due again within 72 h."""
    info = target_info(REVOCATIONS_PATH, revocations)
    role = Targets(version=version, expires=utc(now + LIFETIME_S[TufRole.REVOCATIONS]), targets={REVOCATIONS_PATH: info})
    return {metadata_file(TufRole.REVOCATIONS, version): sign_metadata(role, signers), target_name(info): revocations}


def _threshold(role: TufRole) -> int:
    return _ONLINE_THRESHOLD if role in ONLINE_ROLES else AUTHORITY_THRESHOLD


def _delegations(holders: RoleHolders) -> Delegations:
    keys: dict[str, Key] = {}
    roles: dict[str, DelegatedRole] = {}
    for role, paths in _DELEGATED.items():
        members = {key.keyid: key for key in map(tuf_key, holders.of(role))}
        keys.update(members)
        roles[role] = DelegatedRole(role, list(members), _threshold(role), terminating=True, paths=paths)
    return Delegations(keys, roles)
