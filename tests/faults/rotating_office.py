"""
A process that does nothing but rotate and publish as a network's authority, until it kills itself at a call to the disk.

The calls are `os.fsync`, `path.replace` and `path.unlink`. It writes `draft WHO REVOCATIONS` (SHA-256 each) to its own file
before that is published. Run by `rotation_kills` from a fork server, because it dies so often.
"""

from __future__ import annotations

import os
import random
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from gateway.directory.entries import RevocationReason
from gateway.directory.keyfiles import online_signer
from gateway.directory.roles import ONLINE_ROLES, RoleKey, TufRole
from gateway.network import Authority, Revoke, Successor, decode_request, encode_paper, rotate_officer, rotate_online
from gateway.network.request import OnlineHex
from gateway.network.state import AuthorityFolder
from tests.faults.victim import Doom
from tests.support.authority import CHEAP, NOW

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["OfficeLife", "live_office", "officer_passphrase", "officer_passphrases", "online_keys"]


class OfficeLife(NamedTuple):
    """What the life of an authority is told."""

    folder: Path
    request: bytes
    promises: Path
    death: str
    seed: int
    last: bool = False  # only publishes, and ends


def live_office(life: OfficeLife) -> None:
    """Change, rotate and publish until the end."""
    chance, doom = random.Random(life.seed), Doom(life.death)
    os.fsync = _fatal("os.fsync", os.fsync, doom)
    for name in ("replace", "unlink"):
        setattr(Path, name, _fatal(f"path.{name}", getattr(Path, name), doom))
    while True:
        authority = Authority(life.folder)
        if not life.last:
            authority.set_group(f"units-{chance.randbytes(6).hex()}", ["GW-ICN"])
            authority.revoke("GW-ICN", Revoke(reason=RevocationReason.CEASED, at=NOW, keys=(chance.randbytes(16).hex(),)), NOW)
        _promise_draft(life)
        what = 1.0 if life.last else chance.random()
        if what < 0.3:
            _rotate_officer(life.folder, chance.choice([1, 2]))
        elif what < 0.5:
            _rotate_online(life)
        else:
            authority.publish(officer_passphrases(life.folder), NOW)
        if life.last:
            return


def officer_passphrases(folder: Path) -> dict[int, bytes]:
    """Return the passphrases of the key files in force."""
    officers = AuthorityFolder(folder).state.officers()
    return {number: officer_passphrase(number, generation) for number, generation in officers.items()}


def online_keys(root_version: int) -> list[tuple[TufRole, RoleKey]]:
    """Return the online role keys that come with a root."""
    return [(role, RoleKey(sha256(f"{role} of root {root_version}".encode()).digest())) for role in ONLINE_ROLES]


def officer_passphrase(number: int, generation: int) -> bytes:
    """Return the passphrase of an officer's key files; each generation has its own."""
    return f"officer {number}, generation {generation}".encode()


def _rotate_officer(folder: Path, number: int) -> None:
    generation = AuthorityFolder(folder).state.officers()[number] + 1
    successor = Successor(officer=number, passphrase=officer_passphrase(number, generation), cost=CHEAP)
    rotate_officer(folder, successor, officer_passphrases(folder), NOW)


def _rotate_online(life: OfficeLife) -> None:
    online = OnlineHex.of(online_signer(online_keys(AuthorityFolder(life.folder).state.root_version + 1)).public)
    request = encode_paper(msgspec.structs.replace(decode_request(life.request), online=online))
    rotate_online(life.folder, request, officer_passphrases(life.folder), NOW)


def _promise_draft(life: OfficeLife) -> None:
    """Say what is published next, before it is."""
    drafted = AuthorityFolder.drafted(AuthorityFolder(life.folder).draft())
    hashes = [sha256(drafted[name]).hexdigest() for name in ("directory.json", "revocations.json")]
    with life.promises.open("a") as promises:
        promises.write(f"draft {' '.join(hashes)}\n")


def _fatal(call: str, work: Callable[..., Any], doom: Doom) -> Callable[..., Any]:
    def wrapped(*told: Any, **named: Any) -> Any:
        doom.at(call, "before")
        done = work(*told, **named)
        doom.at(call, "after")
        return done

    return wrapped
