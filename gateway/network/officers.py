"""
The authority's officers: each has role keys of its own, encrypted under its own passphrase.

Two files an officer: `officer-1.root.keys` makes or changes the root and lies in a safe; `officer-1.keys` signs who is who and
revocations. Two officers together publish, none alone can.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.directory.keyfiles import decrypt_role_keys, encrypt_role_keys
from gateway.directory.publication import OnlinePublic, RoleHolders
from gateway.directory.roles import AUTHORITY_THRESHOLD, RoleKey, TufRole
from gateway.envelope.keyfile import MODERATE, Cost
from gateway.errors import Rejected
from gateway.network.files import read_file, write_new

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gateway.envelope.primitives import Rng

__all__ = ["Officer", "holders_of", "open_officers", "refuse_shared", "write_officers"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Officer:
    """One officer's keys; the root key is absent while it lies in the safe."""

    root: RoleKey | None
    targets: RoleKey
    revocations: RoleKey

    @classmethod
    def generate(cls, rng: Rng = os.urandom) -> Officer:
        """Make the keys of a new officer."""
        return cls(root=RoleKey.generate(rng), targets=RoleKey.generate(rng), revocations=RoleKey.generate(rng))


def holders_of(officers: Sequence[Officer], online: OnlinePublic) -> RoleHolders:
    """Say who holds which role; every officer must have its root key here."""
    roots = [officer.root for officer in officers if officer.root is not None]
    if len(roots) != len(officers) or len(officers) < AUTHORITY_THRESHOLD:
        raise Rejected(f"{len(roots)} root keys here, at least {AUTHORITY_THRESHOLD} are needed", code="bad-key")
    return RoleHolders(
        root=tuple(key.public for key in roots),
        targets=tuple(officer.targets.public for officer in officers),
        revocations=tuple(officer.revocations.public for officer in officers),
        online=online,
    )


def write_officers(folder: Path, officers: Sequence[Officer], passphrases: Sequence[bytes], cost: Cost = MODERATE) -> None:
    """Write two encrypted files for each officer; `home-exists` where one is there."""
    if len(passphrases) != len(officers):
        raise Rejected(f"{len(passphrases)} passphrases for {len(officers)} officers", code="passphrase")
    files: dict[str, bytes] = {}
    for number, (officer, passphrase) in enumerate(zip(officers, passphrases, strict=True), start=1):
        daily = {TufRole.TARGETS: officer.targets, TufRole.REVOCATIONS: officer.revocations}
        files[f"officer-{number}.keys"] = encrypt_role_keys(daily.items(), passphrase, os.urandom, cost)
        if officer.root is not None:
            root = {TufRole.ROOT: officer.root}
            files[f"officer-{number}.root.keys"] = encrypt_role_keys(root.items(), passphrase, os.urandom, cost)
    write_new(folder, files)


def refuse_shared(passphrases: Sequence[bytes]) -> None:
    """Refuse fewer passphrases than officers who sign together, and one for two of them: who knows it would be both."""
    if len(passphrases) < AUTHORITY_THRESHOLD:
        told = f"{len(passphrases)} passphrase, {AUTHORITY_THRESHOLD} officers sign together"
        raise Rejected(told, code="passphrase", hint="give --passphrase-file once for each officer")
    if len(set(passphrases)) < len(passphrases):
        raise Rejected("two officers with one passphrase", code="passphrase", hint="each officer gives one of their own")


def open_officers(folder: Path, passphrases: Sequence[bytes]) -> list[Officer]:
    """
    Open the daily keys of officers 1, 2, ... with their passphrases.

    Raises:
        Rejected: `passphrase` (wrong, shared, or fewer than two), `home-missing`.
    """
    refuse_shared(passphrases)
    officers = []
    for number, passphrase in enumerate(passphrases, start=1):
        try:
            keys = dict(decrypt_role_keys(read_file(folder / f"officer-{number}.keys"), passphrase))
        except Rejected as exc:
            if exc.code != "passphrase":
                raise
            told = f"passphrase {number} does not open the keys of officer {number}"
            raise Rejected(told, code="passphrase", hint="give them in the officers' order") from exc
        officers.append(Officer(root=None, targets=keys[TufRole.TARGETS], revocations=keys[TufRole.REVOCATIONS]))
    return officers
