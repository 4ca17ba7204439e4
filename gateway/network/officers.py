"""
The authority's officers: each has role keys of its own, encrypted under its own passphrase.

Two files an officer: `officer-1.root.keys` makes or changes the root and lies in a safe; `officer-1.keys` signs who is who and
revocations. After a rotation the names carry their generation, `officer-1.2.keys`. Two officers together publish, none alone
can; who knows two passphrases would be two officers, so they must differ.
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
from gateway.network.files import read_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from gateway.envelope.primitives import Rng

__all__ = ["Officer", "daily_file", "destroy_old", "holders_of", "officer_files", "open_officers", "refuse_shared", "root_file"]


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


def daily_file(number: int, generation: int = 1) -> str:
    """Name the file of an officer's keys for who is who and revocations."""
    return f"{_stem(number, generation)}.keys"


def root_file(number: int, generation: int = 1) -> str:
    """Name the file of an officer's root key."""
    return f"{_stem(number, generation)}.root.keys"


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


def officer_files(
    officer: Officer, passphrase: bytes, number: int, generation: int = 1, cost: Cost = MODERATE
) -> dict[str, bytes]:
    """Return the two encrypted files of an officer by name."""
    daily = [(TufRole.TARGETS, officer.targets), (TufRole.REVOCATIONS, officer.revocations)]
    files = {daily_file(number, generation): encrypt_role_keys(daily, passphrase, os.urandom, cost)}
    if officer.root is not None:
        root = [(TufRole.ROOT, officer.root)]
        files[root_file(number, generation)] = encrypt_role_keys(root, passphrase, os.urandom, cost)
    return files


def refuse_shared(passphrases: Sequence[bytes]) -> None:
    """Refuse fewer passphrases than officers who sign together, and one for two of them: who knows it would be both."""
    if len(passphrases) < AUTHORITY_THRESHOLD:
        told = f"{len(passphrases)} passphrase, {AUTHORITY_THRESHOLD} officers sign together"
        raise Rejected(told, code="passphrase", hint="give --passphrase-file once for each officer")
    if len(set(passphrases)) < len(passphrases):
        raise Rejected("two officers with one passphrase", code="passphrase", hint="each officer gives one of their own")


def open_officers(
    folder: Path, passphrases: Mapping[int, bytes], generations: Mapping[int, int], *, roots: bool = False
) -> dict[int, Officer]:
    """
    Open the keys of the officers who sign.

    Args:
        folder: Of the key files.
        passphrases: By officer, from 1; at least two.
        generations: Of the key files in force, by officer.
        roots: Whether the root keys are needed too.

    Raises:
        Rejected: `passphrase` (wrong, shared, or fewer than two), `home-missing` (a file is away), `config` (no such officer).
    """
    refuse_shared(list(passphrases.values()))
    officers = {}
    for number, passphrase in passphrases.items():
        if number not in generations:
            raise Rejected(f"no officer {number}", code="config", hint=f"officers are numbered 1 to {len(generations)}")
        keys = _open(folder / daily_file(number, generations[number]), number, passphrase)
        if roots:
            keys |= _open(folder / root_file(number, generations[number]), number, passphrase)
        officers[number] = Officer(
            root=keys.get(TufRole.ROOT), targets=keys[TufRole.TARGETS], revocations=keys[TufRole.REVOCATIONS]
        )
    return officers


def _open(path: Path, number: int, passphrase: bytes) -> dict[TufRole, RoleKey]:
    try:
        return dict(decrypt_role_keys(read_file(path), passphrase))
    except Rejected as exc:
        if exc.code == "home-missing":
            raise Rejected(exc.detail, code=exc.code, hint="bring the key file back from the safe") from exc
        if exc.code != "passphrase":
            raise
        told = f"passphrase {number} does not open the keys of officer {number}"
        raise Rejected(told, code="passphrase", hint="give them in the officers' order") from exc


def destroy_old(folder: Path, generations: Mapping[int, int]) -> None:
    """
    Delete the key files of earlier generations: two keys of an old threshold could make another history.

    Args:
        folder: Of the key files.
        generations: In force, by officer; what is above one belongs to a rotation that is not committed, and stays.
    """
    for number, generation in generations.items():
        for old in range(1, generation):
            for name in (root_file(number, old), daily_file(number, old)):
                (folder / name).unlink(missing_ok=True)


def _stem(number: int, generation: int) -> str:
    return f"officer-{number}" if generation == 1 else f"officer-{number}.{generation}"
