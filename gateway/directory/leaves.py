"""
What a directory version adds to the audit log: readable leaves, so that a split view and a hidden revocation show.

Pure. In this order: each root, entry, peer, revocation and card that is new or has changed, and each peer that is removed; then
the version itself with its number and hashes. Entries, peers and revocations are the bytes that stand in `directory.json` and
`revocations.json`; a holder of the directory makes the same leaf again with the functions here.
Of a peer's directory that is taken here stands what evidence needs: who is known to us, key cards, stolen keys, the version.
Spec: schemas/directory.md, "In the audit log"; schemas/audit.md, "Leaves".
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec
from tuf.api.metadata import Targets

from gateway.directory.entries import RevocationReason, decode_revocations, decode_who
from gateway.directory.metadata import parse, target_name
from gateway.directory.repository import newest_version
from gateway.directory.roles import DIRECTORY_PATH, REVOCATIONS_PATH, TufRole, metadata_file
from gateway.errors import Rejected
from gateway.tlog.leaves import (
    CardLeaf,
    EntryLeaf,
    FarLeaf,
    PeerLeaf,
    PeerRemovedLeaf,
    RevocationLeaf,
    RootLeaf,
    VersionLeaf,
    encode_leaf,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tuf.api.metadata import TargetFile

    from gateway.directory.entries import Entry, KeyRevocation
    from gateway.directory.peers import Peer
    from gateway.ids import Network

__all__ = [
    "card_leaf",
    "directory_leaves",
    "entry_leaf",
    "far_leaf",
    "far_leaves",
    "peer_leaf",
    "peer_removed_leaf",
    "revocation_leaf",
    "version_leaf",
]


def entry_leaf(entry: Entry) -> bytes:
    """Return the leaf of a directory entry."""
    return encode_leaf(EntryLeaf(msgspec.json.encode(entry)))


def revocation_leaf(revocation: KeyRevocation) -> bytes:
    """Return the leaf of a revocation."""
    return encode_leaf(RevocationLeaf(msgspec.json.encode(revocation)))


def peer_leaf(peer: Peer) -> bytes:
    """Return the leaf of a peer: whoever reads the log sees whom this network trusts, and for what."""
    return encode_leaf(PeerLeaf(msgspec.json.encode(peer)))


def peer_removed_leaf(peer: Peer) -> bytes:
    """Return the leaf that says that a peer, as it stood last, is none any more."""
    return encode_leaf(PeerRemovedLeaf(peer.network, sha256(msgspec.json.encode(peer)).digest()))


def version_leaf(number: int, snapshot: bytes, who: bytes, revocations: bytes) -> bytes:
    """Return the leaf of a version: its number, SHA-256 of its snapshot, `directory.json` and `revocations.json`."""
    return encode_leaf(VersionLeaf(number, snapshot, sha256(who).digest(), sha256(revocations).digest()))


def far_leaf(network: Network, leaf: bytes) -> bytes:
    """Return the leaf that says what a peer's directory says."""
    return encode_leaf(FarLeaf(network, leaf))


def card_leaf(path: str, card: bytes) -> bytes:
    """Return the leaf of a card, by its path in the directory."""
    return encode_leaf(CardLeaf(path, card))


def directory_leaves(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> list[bytes]:
    """
    Return the leaves of a publication.

    Args:
        old: All files before, by name; empty when nothing is in the log yet.
        new: All files afterwards.

    Returns:
        Nothing when the version stays the same: a fresh timestamp says nothing new.

    Raises:
        Rejected: `too-large`, a leaf above 65,535 bytes; `directory-untrusted`, the files are not those of a directory.
    """
    number, snapshot = _snapshot(new)
    if snapshot is None or snapshot == old.get(metadata_file(TufRole.SNAPSHOT, number)):
        return []
    who, revocations = _who(new), _revocations(new)
    return [
        *_new_roots(old, new),
        *_added(map(entry_leaf, _entries(_who(old))), map(entry_leaf, _entries(who))),
        *_changed_peers(_peers(_who(old)), _peers(who)),
        *_added(map(revocation_leaf, _rows(_revocations(old))), map(revocation_leaf, _rows(revocations))),
        *_new_cards(old, new),
        version_leaf(number, sha256(snapshot).digest(), who, revocations),
    ]


def far_leaves(network: Network, us: Network, old: Mapping[str, bytes], new: Mapping[str, bytes]) -> list[bytes]:
    """
    Return the leaves of a peer's version that was verified here: entries, revocations and cards that changed, then the version.

    Args:
        network: The peer.
        us: This network: who is not known to it stands in no leaf of its log.
        old: The files of the version before, by name, and of no other; empty for the first.
        new: Those of this one; both verified.

    Returns:
        Nothing when the version stays the same.

    Raises:
        Rejected: `too-large`, as for `directory_leaves`.
    """
    number, snapshot = _snapshot(new)
    if snapshot is None or snapshot == _snapshot(old)[1]:
        return []
    version = version_leaf(number, sha256(snapshot).digest(), _who(new), _revocations(new))
    return [far_leaf(network, leaf) for leaf in (*_added(_proving(old, us), _proving(new, us)), version)]


def _proving(files: Mapping[str, bytes], us: Network) -> list[bytes]:
    """Return all that evidence may need of a peer's directory, but for its version."""
    entries = [entry for entry in _entries(_who(files)) if entry.is_known_to(us)]
    known = {f"cards/{entry.participant}/key" for entry in entries}
    stolen = [row for row in _rows(_revocations(files)) if row.reason is RevocationReason.STOLEN]
    cards = [(path, info) for path, info in sorted(_targets(files, TufRole.CARDS).items()) if path in known]
    leaves = [card_leaf(path, _file(files, info)) for path, info in cards]
    return [*map(entry_leaf, entries), *map(revocation_leaf, stolen), *leaves]


def _snapshot(files: Mapping[str, bytes]) -> tuple[int, bytes | None]:
    number = newest_version(files, TufRole.SNAPSHOT)
    return number, files.get(metadata_file(TufRole.SNAPSHOT, number))


def _added(old: Iterable[bytes], new: Iterable[bytes]) -> list[bytes]:
    known = set(old)
    return [leaf for leaf in new if leaf not in known]


def _changed_peers(old: tuple[Peer, ...], new: tuple[Peer, ...]) -> list[bytes]:
    named = {peer.network for peer in new}
    removed = [peer_removed_leaf(peer) for peer in old if peer.network not in named]
    return [*_added(map(peer_leaf, old), map(peer_leaf, new)), *removed]


def _new_roots(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> list[bytes]:
    """Return the roots that are new; a chain may bring several."""
    versions = range(1, newest_version(new, TufRole.ROOT) + 1)
    named = [(version, metadata_file(TufRole.ROOT, version)) for version in versions]
    news = [(version, new[name]) for version, name in named if name in new and name not in old]
    return [encode_leaf(RootLeaf(version, sha256(data).digest())) for version, data in news]


def _new_cards(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> list[bytes]:
    """Return the cards that are new; told by their hashes, since thousands stand there and one has changed."""
    known = {target_name(info) for info in _targets(old, TufRole.CARDS).values()}
    cards = sorted(_targets(new, TufRole.CARDS).items())
    return [card_leaf(path, _file(new, info)) for path, info in cards if target_name(info) not in known]


def _who(files: Mapping[str, bytes]) -> bytes:
    return _target(files, TufRole.TARGETS, DIRECTORY_PATH)


def _revocations(files: Mapping[str, bytes]) -> bytes:
    return _target(files, TufRole.REVOCATIONS, REVOCATIONS_PATH)


def _entries(who: bytes) -> tuple[Entry, ...]:
    return decode_who(who).entries if who else ()


def _peers(who: bytes) -> tuple[Peer, ...]:
    return decode_who(who).peers if who else ()


def _rows(revocations: bytes) -> tuple[KeyRevocation, ...]:
    return decode_revocations(revocations).keys if revocations else ()


def _targets(files: Mapping[str, bytes], role: TufRole) -> dict[str, TargetFile]:
    data = files.get(metadata_file(role, newest_version(files, role)))
    return {} if data is None else parse(Targets, data).signed.targets


def _target(files: Mapping[str, bytes], role: TufRole, path: str) -> bytes:
    """Return a target's bytes; nothing where these files have none yet."""
    info = _targets(files, role).get(path)
    return b"" if info is None else _file(files, info)


def _file(files: Mapping[str, bytes], info: TargetFile) -> bytes:
    name = target_name(info)
    if name not in files:
        raise Rejected(f"{name} is missing", code="directory-untrusted")
    return files[name]
