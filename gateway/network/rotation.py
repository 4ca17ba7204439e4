"""
Rotation of the keys under everything: an officer's, or the online keys of the gateway.

A new root is signed by the old threshold and by the new one, so homes that were away walk from root to root. New key files are
written first; then a publication that old and new keys sign, good under either root; then root and state in one moment, then
what the new keys sign alone: wherever the machine stops, the keys in force are on the disk, what stands in `publication/`
verifies, and `publish` finishes the rest. Spec: schemas/directory.md, "Rotation".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from gateway.directory.metadata import root_chain
from gateway.directory.publication import OnlinePublic, RoleHolders, make_root
from gateway.directory.roles import TufRole, metadata_file
from gateway.envelope.keyfile import MODERATE, Cost
from gateway.errors import Rejected
from gateway.network.authority import publish_signed
from gateway.network.files import read_file, replace_file
from gateway.network.founding import invited
from gateway.network.officers import Officer, officer_files, open_officers, refuse_shared
from gateway.network.request import OnlineHex, decode_request, verify_request
from gateway.network.standing import entry_of
from gateway.network.state import INVITATION_FILE, AuthorityFolder, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

__all__ = ["Successor", "rotate_officer", "rotate_online"]

_FIRST_OFFICER: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Successor:
    """
    Who gets new keys.

    Args:
        officer: Its number, from 1; the same person or another.
        passphrase: For the new keys; no other officer's.
        cost: What a guess at it costs.
    """

    officer: int
    passphrase: bytes
    cost: Cost = MODERATE


def rotate_officer(path: Path, successor: Successor, passphrases: Mapping[int, bytes], now: float) -> Path:
    """
    Give one officer new keys and publish under them.

    Args:
        path: The authority's folder; the root keys of those who sign must be back from the safe.
        successor: Whose keys change.
        passphrases: By officer, of those who sign; at least two, the officer that changes among them or not.
        now: Unix seconds.

    Returns:
        The folder to carry to the gateway.

    Raises:
        Rejected: `passphrase`, `home-missing` (a root key is not here), `config` (no such officer, or too few could sign
            afterwards); nothing changed.
    """
    folder = AuthorityFolder(path)
    generations = folder.state.officers()
    number = successor.officer
    if number not in generations:
        raise Rejected(f"no officer {number}", code="config", hint=f"officers are numbered 1 to {len(generations)}")
    others = [passphrase for one, passphrase in passphrases.items() if one != number]
    refuse_shared([*others, successor.passphrase])
    signers = open_officers(folder.officers, passphrases, generations, roots=True)
    new = Officer.generate()
    after = {**signers, number: new}
    for name, data in officer_files(new, successor.passphrase, number, generations[number] + 1, successor.cost).items():
        replace_file(folder.officers / name, data)
    holders = _with_officer(folder.state.holders(), number, new)
    state = folder.state.rotated(holders, {**generations, number: generations[number] + 1})
    publish_signed(folder, [*signers.values(), new], now, holders)
    _put_in_force(folder, state, [*signers.values(), new], now)
    return publish_signed(folder, list(after.values()), now)


def rotate_online(path: Path, request: bytes, passphrases: Mapping[int, bytes], now: float) -> Path:
    """
    Let new online keys of a gateway sign snapshot, timestamp and cards, and publish.

    Args:
        path: The authority's folder; the root keys of those who sign must be back from the safe.
        request: `request.json` of `gateway gateway-keys rotate --online`; compare its fingerprint first.
        passphrases: By officer, of those who sign; at least two.
        now: Unix seconds.

    Raises:
        Rejected: `config` (not a gateway of this network, or nothing new), `key-taken`, `passphrase`, `home-missing`, or what
            is wrong with the request; nothing changed.
    """
    folder = AuthorityFolder(path)
    paper = decode_request(request)
    verify_request(paper, now)
    entry = entry_of(folder.draft(), paper.participant)
    if not isinstance(paper.online, OnlineHex) or paper.identity != entry.identity or paper.address != entry.address:
        raise Rejected(
            f"not a request of the gateway {entry.address}", code="config", hint="gateway gateway-keys rotate --online"
        )
    holders = msgspec.structs.replace(folder.state.holders(), online=paper.online.public())
    _refuse_known(folder.state.holders(), paper.online.public())
    signers = open_officers(folder.officers, passphrases, folder.state.officers(), roots=True)
    _put_in_force(folder, folder.state.rotated(holders, folder.state.officers()), signers.values(), now)
    return publish_signed(folder, list(signers.values()), now)


def _put_in_force(folder: AuthorityFolder, state: State, signers: Iterable[Officer], now: float) -> None:
    """Sign the next root, see that homes will follow to it, and commit."""
    keys = [officer.root for officer in signers if officer.root is not None]
    root = make_root(state.root_version, state.holders(), keys, now)
    name = metadata_file(TufRole.ROOT, state.root_version)
    # Thresholds of the old and the new root, and no key in two places: what a home would refuse is not put in force.
    root_chain({**folder.roots(), name: root}, folder.root())
    invitation = invited(read_file(folder.path / INVITATION_FILE), root)
    folder.commit(state, root)
    replace_file(folder.path / INVITATION_FILE, invitation)


def _with_officer(holders: RoleHolders, number: int, new: Officer) -> RoleHolders:
    assert new.root is not None  # it was made a moment ago
    place = number - _FIRST_OFFICER
    return msgspec.structs.replace(
        holders,
        root=_at(holders.root, place, new.root.public),
        targets=_at(holders.targets, place, new.targets.public),
        revocations=_at(holders.revocations, place, new.revocations.public),
    )


def _at(keys: tuple[bytes, ...], place: int, key: bytes) -> tuple[bytes, ...]:
    return (*keys[:place], key, *keys[place + 1 :])


def _refuse_known(holders: RoleHolders, online: OnlinePublic) -> None:
    """Refuse online keys that hold a role already: one key, one role."""
    new = [online.snapshot, online.timestamp, online.cards]
    old = {holders.online.snapshot, holders.online.timestamp, holders.online.cards}
    officers = {*holders.root, *holders.targets, *holders.revocations}
    if len(set(new)) < len(new) or officers & set(new) or (old & set(new)):
        raise Rejected("an online key of the request holds a role already", code="key-taken")
