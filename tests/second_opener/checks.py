"""
What a gateway and a recipient check alike: times, sealer, seal, approval and author, and the directory that they ask.

Rules: `times` are first and last; a gateway that accepts uses its own clock for both. Steps are those of "Opening".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from tests.second_opener.forms import Envelope, Header, Signed
from tests.second_opener.pack import RefusedError
from tests.second_opener.primitives import ed25519_holds, sha256, sha512

DAY = 24 * 3600
SKEW = 300


class Kind(NamedTuple):
    """What the registry says of a kind; of an unknown one what stands here."""

    gateway_may_seal: bool = False
    needs_approval: bool = True


class Record(NamedTuple):
    """One key in the directory."""

    address: str
    use: str
    key: bytes
    not_before: int
    not_after: int
    revoked_at: int | None


@dataclass(frozen=True)
class Me:
    """All that a recipient knows when it opens; a gateway has no secrets."""

    address: str
    secrets: list[bytes]
    suites: list[int]
    now: int
    directory_versions: dict[str, int]
    gateways: set[str]
    kinds: dict[str, Kind]
    records: list[Record]
    by_id: dict[bytes, list[Record]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for record in self.records:
            self.by_id.setdefault(key_id(record.use, record.key, record.address), []).append(record)

    def kind(self, name: str) -> Kind:
        """Return what the registry says of a kind."""
        return self.kinds.get(name, Kind())

    def good(self, wanted: bytes, address: str, use: str, first: int, last: int) -> Record | None:
        """Return the record of a signing key that was good for a use at two times."""
        for record in self.by_id.get(wanted, []):
            mine = record.address == address and record.use == use
            alive = record.not_before <= first < record.not_after
            if mine and alive and (record.revoked_at is None or last < record.revoked_at):
                return record
        return None


class Hashes(NamedTuple):
    """What an envelope is known by."""

    a: bytes
    h: bytes
    envelope: bytes


def labelled(label: str, *parts: bytes) -> bytes:
    """Return the input of a hash or signature."""
    return b"".join([label.encode(), b"\x00", *parts])


def key_id(use: str, key: bytes, address: str) -> bytes:
    """Return the name of a key, which binds its use and its owner."""
    return sha256(labelled(f"env1/key/{use}", key, address.encode()))[:16]


def network(address: str) -> str:
    """Return the network of an address."""
    return address.partition("@")[2]


def need(condition: object, code: str, reason: str = "") -> None:
    """Refuse what does not hold."""
    if not condition:
        raise RefusedError(code, reason)


def cannot(condition: object, reason: str) -> None:
    """Refuse with a reason that stays local."""
    need(condition, "cannot-open", reason)


def hashes_of(envelope: Envelope) -> Hashes:
    """Return A, H and the hash of the envelope."""
    common = envelope.common
    h = sha256(labelled("env1/core", common.core))
    return Hashes(
        sha256(labelled("env1/header", envelope.core.header)),
        h,
        sha256(labelled("env1/envelope", h, common.stanzas, common.commit, sha256(common.body))),
    )


def check_directory(envelope: Envelope, me: Me) -> None:
    """Step 1: it was sealed with a directory that I have."""
    known = me.directory_versions.get(network(envelope.header.sealer), 0)
    need(envelope.core.directory_version <= known, "directory-ahead")


def check_times(header: Header, times: tuple[int, int]) -> None:
    """Step 3: the envelope was accepted in its time."""
    first, last = times
    need(last < header.expires, "expired")
    need(first - 7 * DAY <= header.created <= first + SKEW, "out-of-time")
    need(header.expires <= header.created + 90 * DAY, "out-of-time")
    need(first <= last + SKEW, "out-of-time")


def check_sealer(header: Header, me: Me) -> None:
    """Step 3: the sealer is the sender, or a gateway that may seal for it."""
    by_gateway = (
        header.sealer in me.gateways
        and network(header.sealer) == network(header.sender)
        and me.kind(header.kind).gateway_may_seal
    )
    need(header.sealer == header.sender or by_gateway, "sealer-not-allowed")


def check_seal(envelope: Envelope, envelope_hash: bytes, times: tuple[int, int], me: Me) -> None:
    """Step 4: the sealer sealed it."""
    header, common = envelope.header, envelope.common
    key = signing_key(common.seal, header.sealer, "agent", times, me, "seal-key")
    cannot(ed25519_holds(key, common.seal.signature, labelled("env1/seal", envelope_hash)), "seal-signature")


def approval_missing(envelope: Envelope, me: Me) -> bool:
    """Step 4: a second officer is needed, and none approved."""
    return envelope.common.approval is None and me.kind(envelope.header.kind).needs_approval


def check_approval(envelope: Envelope, envelope_hash: bytes, times: tuple[int, int], me: Me) -> None:
    """Step 4: where a second officer approved, it was one of the sender."""
    header, common = envelope.header, envelope.common
    if common.approval is None:
        return
    key = signing_key(common.approval, header.sender, "approval", times, me, "approval-key")
    message = labelled("env1/approval", envelope_hash)
    cannot(ed25519_holds(key, common.approval.signature, message), "approval-signature")


def signing_key(signed: Signed, address: str, use: str, times: tuple[int, int], me: Me, reason: str) -> bytes:
    """Return the key that signed, which must have been good."""
    record = me.good(signed.key_id, address, use, *times)
    if record is None:
        raise RefusedError("cannot-open", reason)
    return record.key


def check_author(author: Signed, content: bytes, header: Header, a: bytes, times: tuple[int, int], me: Me) -> None:
    """Step 7: the sender wrote this content under this header."""
    key = signing_key(author, header.sender, "author", times, me, "author-key")
    message = labelled("env1/content", a, sha512(content))
    cannot(ed25519_holds(key, author.signature, message), "author-signature")
