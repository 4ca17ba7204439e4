"""
How far a repository verifies of which only a part is at hand, and what is still to be fetched of it.

Each piece is read only where a signature that leads to the trusted root names it by hash, so a stranger's bytes cost one look
at a short timestamp. 1. roots, from the trusted one   2. the timestamp: signed, not expired   3. the snapshot that it names
4. the metadata that this names   5. the targets, by hash.
What the authority let expire is for who seals to judge: an authority that is away must stop no exchange (promise 8).
Spec: schemas/relay.md, "The directory of a peer".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tuf.api.exceptions import LengthOrHashMismatchError, RepositoryError, UnsignedMetadataError
from tuf.api.metadata import MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp

from gateway.directory.entries import MAX_ENTRIES
from gateway.directory.metadata import MetadataReader, check_distinct_delegations, parse, refusals, root_chain, target_name
from gateway.directory.roles import DIRECTORY_PATH, REVOCATIONS_PATH, TIMESTAMP_FILE, TufRole, metadata_file

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = ["ROOT_FILE", "Look", "look", "missing"]

MAX_TARGETS_BYTES: Final = 32 << 20  # 4,096 participants, two cards of 3 KiB each, and who is who
_MAX_METADATA_BYTES: Final = 4 << 20  # `cards` with 8,192 rows has some 1.6 MB
_MAX_TIMESTAMP_BYTES: Final = 16 << 10
_MAX_ROOT_BYTES: Final = 64 << 10
ROOT_FILE: Final = re.compile(r"metadata/[1-9][0-9]{0,9}\.root\.json")
_CARD: Final = re.compile(r"cards/[A-Z0-9-]{1,48}/(key|delivery)")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_NAMED: Final = (TufRole.TARGETS, TufRole.REVOCATIONS, TufRole.CARDS)  # by the snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """
    How far a repository verifies.

    Args:
        root: Version of the newest root at hand.
        numbering: Ids of the keys that number timestamp and snapshot.
        expires: When the timestamp expires, Unix seconds; 0 where none is at hand.
        metas: What timestamp and snapshot name, by role, as far as that is known.
        timestamp: Version of the timestamp; 0 where none is at hand.
        names: All files that the repository consists of, as far as that is known.
        missing: Those of them that are not at hand, in the order in which they are wanted; empty for a whole one.
    """

    root: int
    numbering: frozenset[str]
    expires: int = 0
    timestamp: int = 0
    metas: Mapping[TufRole, MetaFile] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    missing: tuple[str, ...] = ()

    @property
    def version(self) -> int:
        """Version of the snapshot: of the directory; 0 before one is named."""
        meta = self.metas.get(TufRole.SNAPSHOT)
        return 0 if meta is None else meta.version


def missing(files: Mapping[str, bytes], root: bytes, now: float) -> list[str]:
    """Name what is still to be fetched of a repository; arguments and errors as for `look`."""
    return list(look(files, root, now).missing)


def look(files: Mapping[str, bytes], root: bytes, now: float | None, fresh: Collection[str] = ()) -> Look:
    """
    Walk through a repository as far as it is at hand.

    Where a signature is not by the keys of the newest root, the next root is what is missing.

    Args:
        files: File name to bytes.
        root: The pinned root.
        now: Unix seconds, for the timestamp's expiry; None where its age is the caller's concern.
        fresh: Names that were brought just now: what is wrong with them is refused, not asked for again.

    Raises:
        Rejected: `directory-untrusted`, `directory-rollback` or `directory-expired`.
    """
    with refusals():
        _check_sizes(files, fresh)
        newest = root_chain(files, root)
        walk = _Walk(files, newest, fresh)
        walk.names += (metadata_file(TufRole.ROOT, number) for number in range(_version(root) + 1, newest.version + 1))
        try:
            targets = walk.under_root(now)
        except UnsignedMetadataError:
            walk.wanted, targets = [metadata_file(TufRole.ROOT, newest.version + 1)], None
        if targets is not None:
            walk.under_targets(targets)
        return walk.result()


class _Walk:
    """One walk from the newest root to the targets; stops where something is missing."""

    def __init__(self, files: Mapping[str, bytes], newest: Root, fresh: Collection[str]) -> None:
        self._files = files
        self._newest = newest
        self._fresh = fresh
        self._reader = MetadataReader(files, None)
        self._timestamp: Timestamp | None = None
        self._metas: dict[TufRole, MetaFile] = {}
        self.names: list[str] = []
        self.wanted: list[str] = []

    def under_root(self, now: float | None) -> Targets | None:
        """Walk through what keys of the root sign; None where something is missing. python-tuf's errors come out."""
        if TIMESTAMP_FILE not in self._files:
            self.wanted.append(TIMESTAMP_FILE)
            return None
        reader = MetadataReader(self._files, now)
        timestamp = reader.load(Timestamp, reader.file(TIMESTAMP_FILE), self._newest, TufRole.TIMESTAMP)
        self._timestamp = timestamp
        self.names.append(TIMESTAMP_FILE)
        if not self._named({TufRole.SNAPSHOT: timestamp.snapshot_meta}):
            return None
        snapshot = self._reader.named(Snapshot, timestamp.snapshot_meta, self._newest, TufRole.SNAPSHOT)
        if not self._named({role: snapshot.meta[f"{role}.json"] for role in _NAMED}):
            return None
        return self._reader.named(Targets, self._metas[TufRole.TARGETS], self._newest, TufRole.TARGETS)

    def under_targets(self, targets: Targets) -> None:
        """Walk through what `targets` delegates, and note the targets."""
        check_distinct_delegations(targets)
        revocations, cards = (self._reader.named(Targets, self._metas[role], targets, role) for role in _NAMED[1:])
        infos = [targets.targets[DIRECTORY_PATH], revocations.targets[REVOCATIONS_PATH], *_cards(cards)]
        _check_targets(infos)
        for info in infos:
            self._note(target_name(info), info)

    def result(self) -> Look:
        """Return what was found."""
        roles, timestamp = self._newest.roles, self._timestamp
        return Look(
            root=self._newest.version,
            numbering=frozenset(roles[TufRole.TIMESTAMP].keyids) | frozenset(roles[TufRole.SNAPSHOT].keyids),
            expires=0 if timestamp is None else int(timestamp.expires.timestamp()),
            timestamp=0 if timestamp is None else timestamp.version,
            metas=self._metas,
            names=frozenset(self.names),
            missing=tuple(self.wanted),
        )

    def _named(self, metas: Mapping[TufRole, MetaFile]) -> bool:
        """Note metadata that is named; say whether all of it is at hand."""
        self._metas.update(metas)
        for role, meta in metas.items():
            self._note(metadata_file(role, meta.version), meta)
        return not self.wanted

    def _note(self, name: str, info: MetaFile | TargetFile) -> None:
        """Note a file, and whether it is at hand; after a change of keys another one may have had its name."""
        self.names.append(name)
        if name not in self._files:
            self.wanted.append(name)
            return
        try:
            info.verify_length_and_hashes(self._files[name])
        except LengthOrHashMismatchError:
            if name in self._fresh:
                raise
            self.wanted.append(name)


def _version(root: bytes) -> int:
    return int(parse(Root, root).signed.version)


def _cards(cards: Targets) -> list[TargetFile]:
    return [info for path, info in cards.targets.items() if path.startswith("cards/")]


def _check_sizes(files: Mapping[str, bytes], fresh: Collection[str]) -> None:
    """Bound what is parsed before or right after its signature: what was held has passed here."""
    for name in fresh:
        limit = _MAX_ROOT_BYTES if ROOT_FILE.fullmatch(name) else _MAX_METADATA_BYTES
        if len(files[name]) > (_MAX_TIMESTAMP_BYTES if name == TIMESTAMP_FILE else limit):
            raise RepositoryError(f"{name[:80]} has {len(files[name])} bytes")


def _check_targets(infos: Collection[TargetFile]) -> None:
    """Bound what a peer lets us ask for and keep, and take no name that is no name of ours."""
    if len(infos) > 2 * MAX_ENTRIES + 2 or sum(info.length for info in infos) > MAX_TARGETS_BYTES:
        raise RepositoryError(f"{len(infos)} targets, or more than {MAX_TARGETS_BYTES} bytes")
    for info in infos:
        known = info.path in {DIRECTORY_PATH, REVOCATIONS_PATH} or _CARD.fullmatch(info.path)
        if not known or not _DIGEST.fullmatch(info.hashes["sha256"]):
            raise RepositoryError(f"not a target of a directory: {info.path[:80]!r}")
