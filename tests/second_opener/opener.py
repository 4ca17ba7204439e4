"""
Open a delivery: steps 1 to 7 of the text, in its order, with what the text says a recipient must know.

Rules: nothing is released before the end. The first failure counts. Steps 1 and 3 refuse with codes of their own,
the others with cannot-open and a local reason; key-gone is both. Records of the directory are asked by key_id.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.second_opener.forms import Delivery, Header, Inner, Receipt, Signed, Stanza, read_delivery, read_inner
from tests.second_opener.pack import RefusedError
from tests.second_opener.primitives import (
    box_open,
    ed25519_holds,
    hkdf,
    padded,
    proof_leads_to,
    sha256,
    sha512,
    x25519_public,
    xchacha_open,
)

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
    """All that a recipient knows when it opens."""

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


class Opened(NamedTuple):
    """A message, and what its delivery proves about it."""

    header: Header
    envelope_hash: bytes
    place: int
    acceptance: int | None
    first: int
    last: int
    author_key_id: bytes
    content: bytes


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


def open_delivery(data: bytes, me: Me) -> Opened:
    """
    Open a delivery.

    Args:
        data: The bytes as they were received.
        me: What the recipient knows.

    Returns:
        The message.

    Raises:
        RefusedError: Anything is not as it must be.
    """
    delivery = read_delivery(data, me.suites)
    header = delivery.header
    known = me.directory_versions.get(network(header.sealer), 0)
    need(delivery.core.directory_version <= known, "directory-ahead")
    hashes = hashes_of(delivery)
    check_accepted(delivery, hashes.envelope, me)
    first, last = delivery.accepted[0].at, delivery.accepted[-1].at
    check_times(header, first, last, me.now)
    check_sealer(header, me)
    check_seal(delivery, hashes.envelope, me)
    check_place(delivery, me)
    inner = decrypt(delivery, hashes, me)
    check_author(inner, header, hashes.a, (first, last), me)
    acceptance = delivery.accepted[-1].acceptance
    return Opened(header, hashes.envelope, delivery.place, acceptance, first, last, inner.author.key_id, inner.content)


def hashes_of(delivery: Delivery) -> Hashes:
    """Return A, H and the hash of the envelope."""
    common = delivery.common
    h = sha256(labelled("env1/core", common.core))
    return Hashes(
        sha256(labelled("env1/header", delivery.core.header)),
        h,
        sha256(labelled("env1/envelope", h, common.stanzas, common.commit, sha256(common.body))),
    )


def check_accepted(delivery: Delivery, envelope_hash: bytes, me: Me) -> None:
    """Step 2: the gateways of the sender's network and of mine accepted this envelope."""
    sender = delivery.header.sender
    networks = list(dict.fromkeys([network(sender), network(me.address)]))
    cannot(len(delivery.accepted) == len(networks), "accepted-count")
    last = delivery.accepted[-1].at
    for receipt, expected in zip(delivery.accepted, networks, strict=True):
        cannot(receipt.event == "accepted", "accepted-event")
        cannot(receipt.subject == sender, "accepted-subject")
        cannot(receipt.envelope_hash == envelope_hash, "accepted-hash")
        cannot(network(receipt.signer) == expected and receipt.signer in me.gateways, "accepted-signer")
        check_receipt_signature(receipt, last, me)


def check_receipt_signature(receipt: Receipt, last: int, me: Me) -> None:
    """The signer's key was good and signed the receipt."""
    record = me.good(receipt.signed.key_id, receipt.signer, "agent", receipt.at, last)
    if record is None:
        raise RefusedError("cannot-open", "accepted-key")
    message = labelled("env1/receipt", sha256(receipt.raw))
    cannot(ed25519_holds(record.key, receipt.signed.signature, message), "accepted-signature")


def check_times(header: Header, first: int, last: int, now: int) -> None:
    """Step 3: the envelope was accepted in its time."""
    need(last <= now + SKEW, "clock-skew")
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


def check_seal(delivery: Delivery, envelope_hash: bytes, me: Me) -> None:
    """Step 4: the sealer sealed it, and a second officer approved it where one is needed."""
    header, common = delivery.header, delivery.common
    times = delivery.accepted[0].at, delivery.accepted[-1].at
    key = signing_key(common.seal, header.sealer, "agent", times, me, "seal-key")
    cannot(ed25519_holds(key, common.seal.signature, labelled("env1/seal", envelope_hash)), "seal-signature")
    if common.approval is None:
        cannot(not me.kind(header.kind).needs_approval, "approval-missing")
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


def check_place(delivery: Delivery, me: Me) -> None:
    """Step 5: the envelope is addressed to me."""
    header, stanza = delivery.header, delivery.stanza
    cannot(stanza.recipient == me.address, "stanza-recipient")
    leaf = labelled("env1/addressee", stanza.blind, stanza.recipient.encode())
    there = proof_leads_to(header.addressees, leaf, delivery.place, header.recipients, delivery.siblings)
    cannot(there, "addressee-proof")


def decrypt(delivery: Delivery, hashes: Hashes, me: Me) -> Inner:
    """Step 6: unwrap the content key, and open the body with what it gives."""
    common, stanza = delivery.common, delivery.stanza
    nonce = sha512(labelled("env1/wrap", hashes.h, stanza.key_id))[:24]
    cek = box_open(stanza.wrap, nonce, delivery.core.epk, my_secret(stanza, me))
    if cek is None:
        raise RefusedError("cannot-open", "wrap")
    info = labelled("env1/payload", bytes([delivery.core.suite]))
    derived = hkdf(cek, hashes.h, info, 64)
    cannot(hmac.compare_digest(derived[32:], common.commit), "commit")
    aad = labelled("env1/aad", hashes.h, common.stanzas, common.commit)
    padded_inner = xchacha_open(common.body, derived[:32], bytes(24), aad)
    if padded_inner is None:
        raise RefusedError("cannot-open", "body")
    return read_inner(without_padding(padded_inner))


def my_secret(stanza: Stanza, me: Me) -> bytes:
    """Return the secret to which the stanza is sealed."""
    for secret in me.secrets:
        if key_id("delivery-1", x25519_public(secret), me.address) == stanza.key_id:
            return secret
    listed = me.by_id.get(stanza.key_id, [])
    need(not any(r.address == me.address and r.use == "delivery-1" for r in listed), "key-gone")
    raise RefusedError("cannot-open", "stanza-key")


def without_padding(padded_inner: bytes) -> bytes:
    """Return what stands before the byte 80 and the zeros."""
    marked = padded_inner.rstrip(b"\x00")
    cannot(marked[-1:] == b"\x80", "padding")
    cannot(len(padded_inner) == padded(len(marked)), "padding")
    return marked[:-1]


def check_author(inner: Inner, header: Header, a: bytes, times: tuple[int, int], me: Me) -> None:
    """Step 7: the sender wrote this content under this header."""
    key = signing_key(inner.author, header.sender, "author", times, me, "author-key")
    message = labelled("env1/content", a, sha512(inner.content))
    cannot(ed25519_holds(key, inner.author.signature, message), "author-signature")
