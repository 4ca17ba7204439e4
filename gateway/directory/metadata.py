"""
Metadata of The Update Framework: written, read and verified, as bytes.

`read_repository` verifies a whole repository that is at hand, from a root that the caller trusts: it is how a gateway reads
its own files and how a home reads its last good copy. It knows no network and remembers nothing, so it cannot see a
rollback: `gateway.trust` (python-tuf's client) and `gateway.directory.repository` compare versions.
Spec: schemas/directory.md, "Reading".
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from tuf.api.exceptions import BadVersionNumberError, DownloadLengthMismatchError, ExpiredMetadataError, RepositoryError
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp

from gateway.directory.roles import (
    AUTHORITY_ROLES,
    AUTHORITY_THRESHOLD,
    DIRECTORY_PATH,
    REVOCATIONS_PATH,
    TIMESTAMP_FILE,
    RoleKey,
    TufRole,
    metadata_file,
    target_file,
)
from gateway.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tuf.api.metadata import Key, Role

__all__ = [
    "Contents",
    "MetadataReader",
    "check_distinct_delegations",
    "parse",
    "read_repository",
    "refusals",
    "root_chain",
    "sign_metadata",
    "target_info",
    "target_name",
    "utc",
]

S = TypeVar("S", Root, Timestamp, Snapshot, Targets)  # what `Metadata` is generic over


@dataclass(frozen=True, slots=True)
class Contents:
    """
    What a verified repository says.

    Args:
        version: Version of the snapshot: the directory version that envelopes name.
        who: `directory.json`.
        cards: Path (`cards/NCB-QM/key`) to the card's bytes.
        revocations: `revocations.json`.
        snapshot_sha256: Of the snapshot's bytes: two views of one version show here.
    """

    version: int
    who: bytes
    cards: Mapping[str, bytes]
    revocations: bytes
    snapshot_sha256: bytes


@contextmanager
def refusals() -> Iterator[None]:
    """Translate what python-tuf raises into the codes of the error table."""
    try:
        yield
    except ExpiredMetadataError as exc:
        raise Rejected(str(exc).lower(), code="directory-expired") from exc
    except BadVersionNumberError as exc:
        raise Rejected(str(exc).lower(), code="directory-rollback") from exc
    except (RepositoryError, DownloadLengthMismatchError, ValueError, KeyError, TypeError) as exc:
        raise Rejected(str(exc).lower()[:300], code="directory-untrusted") from exc


def utc(at: float) -> datetime:
    """Return Unix seconds as the UTC time that TUF writes (whole seconds)."""
    return datetime.fromtimestamp(int(at), tz=UTC)


def sign_metadata(signed: S, keys: Sequence[RoleKey]) -> bytes:
    """Serialize one piece of metadata with a signature of each key."""
    metadata = Metadata(signed)
    for key in keys:
        metadata.sign(key.signer, append=True)
    return metadata.to_bytes()


def parse(kind: type[S], data: bytes) -> Metadata[S]:
    """Read metadata of the expected kind without verifying it; `directory-untrusted` for any other bytes."""
    with refusals():
        metadata = Metadata[S].from_bytes(data)
        if not isinstance(metadata.signed, kind):
            raise RepositoryError(f"expected {kind.type}, got {metadata.signed.type}")
        return metadata


def target_info(path: str, data: bytes) -> TargetFile:
    """Describe a target by length and SHA-256."""
    return TargetFile(len(data), {"sha256": hashlib.sha256(data).hexdigest()}, path)


def target_name(info: TargetFile) -> str:
    """Name the file in which a target of this description lies."""
    return target_file(info.path, info.hashes["sha256"])


def root_chain(files: Mapping[str, bytes], root: bytes) -> Root:
    """
    Walk from the trusted root to the newest one at hand, each signed by itself and by the one before.

    Args:
        files: File name to bytes.
        root: The root that was given at enrolment or stands in the configuration.
    """
    with refusals():
        current = _verified_root(parse(Root, root), None)
        while (data := files.get(metadata_file(TufRole.ROOT, current.version + 1))) is not None:
            current = _verified_root(parse(Root, data), current)
        return current


def read_repository(files: Mapping[str, bytes], root: bytes, now: float | None) -> Contents:
    """
    Verify everything that is at hand and return what it says.

    Args:
        files: File name to bytes: metadata and targets.
        root: The root that the caller trusts.
        now: Unix seconds for the expiry checks; None where age is the caller's concern (a home's last good copy).

    Raises:
        Rejected: `directory-untrusted`, `directory-rollback` or `directory-expired`.
    """
    reader = MetadataReader(files, now)
    with refusals():
        # 1. the newest root, by both its own and its predecessor's threshold
        trusted = reader.fresh(root_chain(files, root))
        # 2. the timestamp names the snapshot, the snapshot names everything else: no mixing of old and new files
        timestamp = reader.load(Timestamp, reader.file(TIMESTAMP_FILE), trusted, TufRole.TIMESTAMP)
        snapshot = reader.named(Snapshot, timestamp.snapshot_meta, trusted, TufRole.SNAPSHOT)
        # 3. targets under the root, the two delegated roles under targets
        targets = reader.named(Targets, _meta(snapshot, TufRole.TARGETS), trusted, TufRole.TARGETS)
        check_distinct_delegations(targets)
        revocations = reader.named(Targets, _meta(snapshot, TufRole.REVOCATIONS), targets, TufRole.REVOCATIONS)
        cards = reader.named(Targets, _meta(snapshot, TufRole.CARDS), targets, TufRole.CARDS)
        # 4. the targets themselves, by length and hash
        return Contents(
            version=snapshot.version,
            who=reader.target(targets.targets[DIRECTORY_PATH]),
            cards={path: reader.target(info) for path, info in cards.targets.items() if path.startswith("cards/")},
            revocations=reader.target(revocations.targets[REVOCATIONS_PATH]),
            snapshot_sha256=hashlib.sha256(reader.file(metadata_file(TufRole.SNAPSHOT, snapshot.version))).digest(),
        )


@dataclass(frozen=True, slots=True)
class MetadataReader:
    """
    Reads files by name and believes nothing that the delegating role did not sign for.

    Args:
        files: File name to bytes.
        now: Unix seconds for the expiry checks, or None. Every call raises python-tuf's errors; see `refusals`.
    """

    files: Mapping[str, bytes]
    now: float | None

    def file(self, name: str) -> bytes:
        """Return a file's bytes."""
        try:
            return self.files[name]
        except KeyError as exc:
            raise RepositoryError(f"{name} is missing") from exc

    def fresh(self, signed: S) -> S:
        """Refuse what has expired."""
        if self.now is not None and signed.is_expired(utc(self.now)):
            raise ExpiredMetadataError(f"{signed.type} expired at {signed.expires:%Y-%m-%dT%H:%M:%SZ}")
        return signed

    def load(self, kind: type[S], data: bytes, delegator: Root | Targets, role: TufRole) -> S:
        """Read metadata that enough keys of `role` signed."""
        metadata = parse(kind, data)
        delegator.verify_delegate(role, metadata.signed_bytes, metadata.signatures)
        return self.fresh(metadata.signed)

    def named(self, kind: type[S], meta: MetaFile, delegator: Root | Targets, role: TufRole) -> S:
        """Read the metadata that a snapshot or timestamp names by version and hash."""
        data = self.file(metadata_file(role, meta.version))
        meta.verify_length_and_hashes(data)
        signed = self.load(kind, data, delegator, role)
        if signed.version != meta.version:
            raise BadVersionNumberError(f"{role} has version {signed.version}, expected {meta.version}")
        return signed

    def target(self, info: TargetFile) -> bytes:
        """Return a target by length and hash."""
        data = self.file(target_name(info))
        info.verify_length_and_hashes(data)
        return data


def _meta(snapshot: Snapshot, role: TufRole) -> MetaFile:
    try:
        return snapshot.meta[f"{role}.json"]
    except KeyError as exc:
        raise RepositoryError(f"the snapshot does not name {role}") from exc


def _verified_root(metadata: Metadata[Root], previous: Root | None) -> Root:
    root = metadata.signed
    if previous is not None:
        previous.verify_delegate(TufRole.ROOT, metadata.signed_bytes, metadata.signatures)
        if root.version != previous.version + 1:
            raise BadVersionNumberError(f"root has version {root.version}, expected {previous.version + 1}")
    root.verify_delegate(TufRole.ROOT, metadata.signed_bytes, metadata.signatures)
    for name, role in root.roles.items():
        _check_keys(name, role, root.keys)
    return root


def check_distinct_delegations(targets: Targets) -> None:
    """Refuse a delegated role with one key under two ids, or a threshold that one officer meets."""
    delegations = targets.delegations
    if delegations is None or delegations.roles is None:
        raise RepositoryError("targets delegates nothing")
    for name, role in delegations.roles.items():
        _check_keys(name, role, delegations.keys)


def _check_keys(name: str, role: Role, keys: Mapping[str, Key]) -> None:
    """Refuse one key under two key ids: TUF does not tie a key id to its key, so it would meet a threshold of two alone."""
    publics = {bytes.fromhex(keys[key_id].keyval["public"]) for key_id in role.keyids}
    if len(publics) != len(role.keyids):
        raise RepositoryError(f"role {name} lists one key twice")
    if name in AUTHORITY_ROLES and role.threshold < AUTHORITY_THRESHOLD:
        raise RepositoryError(f"role {name} has a threshold of {role.threshold}, below {AUTHORITY_THRESHOLD}")
