"""
Open a delivery: steps 1 to 7 of the text, in its order, with what the text says a recipient must know.

Rules: nothing is released before the end. The first failure counts. Steps 1 and 3 refuse with codes of their own,
the others with cannot-open and a local reason; key-gone is both. Records of the directory are asked by key_id.
"""

from __future__ import annotations

import hmac
from typing import NamedTuple

from tests.second_opener.checks import (
    SKEW,
    Hashes,
    Me,
    approval_missing,
    cannot,
    check_approval,
    check_author,
    check_directory,
    check_seal,
    check_sealer,
    check_times,
    hashes_of,
    key_id,
    labelled,
    need,
    network,
)
from tests.second_opener.forms import Delivery, Header, Inner, Receipt, Stanza, read_delivery, read_inner
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
    envelope, header = delivery.envelope, delivery.envelope.header
    check_directory(envelope, me)
    hashes = hashes_of(envelope)
    check_accepted(delivery, hashes.envelope, me)
    times = delivery.accepted[0].at, delivery.accepted[-1].at
    need(times[1] <= me.now + SKEW, "clock-skew")
    check_times(header, times)
    check_sealer(header, me)
    check_seal(envelope, hashes.envelope, times, me)
    cannot(not approval_missing(envelope, me), "approval-missing")
    check_approval(envelope, hashes.envelope, times, me)
    check_place(delivery, me)
    inner = decrypt(delivery, hashes, me)
    check_author(inner.author, inner.content, header, hashes.a, times, me)
    acceptance = delivery.accepted[-1].acceptance
    return Opened(header, hashes.envelope, delivery.place, acceptance, *times, inner.author.key_id, inner.content)


def check_accepted(delivery: Delivery, envelope_hash: bytes, me: Me) -> None:
    """Step 2: the gateways of the sender's network and of mine accepted this envelope."""
    sender = delivery.envelope.header.sender
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


def check_place(delivery: Delivery, me: Me) -> None:
    """Step 5: the envelope is addressed to me."""
    header, stanza = delivery.envelope.header, delivery.stanza
    cannot(stanza.recipient == me.address, "stanza-recipient")
    leaf = labelled("env1/addressee", stanza.blind, stanza.recipient.encode())
    there = proof_leads_to(header.addressees, leaf, delivery.place, header.recipients, delivery.siblings)
    cannot(there, "addressee-proof")


def decrypt(delivery: Delivery, hashes: Hashes, me: Me) -> Inner:
    """Step 6: unwrap the content key, and open the body with what it gives."""
    (common, core, _), stanza = delivery.envelope, delivery.stanza
    nonce = sha512(labelled("env1/wrap", hashes.h, stanza.key_id))[:24]
    cek = box_open(stanza.wrap, nonce, core.epk, my_secret(stanza, me))
    if cek is None:
        raise RefusedError("cannot-open", "wrap")
    info = labelled("env1/payload", bytes([core.suite]))
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
