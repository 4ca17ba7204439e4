"""
Opening a delivery: steps 1 to 7 of the specification, in order, fail closed.

Nothing is released before the last step. What fails in 2 and in 4 to 7 is `cannot-open` to the outside, and its exact reason
stays local; the reasons are those of schemas/envelope.md.
The caller does 8 (kind, schema, expiry, repeats of header fields) and 9 (seen before?): `Opened.content` is signed by its
author, and not yet read.
Spec: schemas/envelope.md, "Opening".
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from gateway.envelope import checks, contexts, payload, primitives
from gateway.envelope.common import Envelope, require_directory
from gateway.envelope.header import Header
from gateway.envelope.keys import Keyring, Signature, Use
from gateway.envelope.payload import SUITES
from gateway.envelope.primitives import SecretKey
from gateway.envelope.receipt import Event, SignedReceipt, read_receipt, receipt_problem
from gateway.envelope.trust import Answers
from gateway.envelope.wire import DELIVERY, STANZA, DeliveryForm, StanzaForm
from gateway.errors import CannotOpen, Rejected
from gateway.ids import Address, EnvelopeHash, KeyId, UnixTime, network_of
from gateway.merkle import leaf_hash, verify_inclusion

__all__ = ["Opened", "open_delivery"]

AHEAD_S: Final = checks.CLOCK_SKEW_S


@dataclass(frozen=True, slots=True)
class Opened:
    """
    A delivery that was opened; content and delivery never show in its repr.

    Attributes:
        content: As the author signed it; not yet checked against its kind.
        number: The acceptance number of my network; histories are ordered by it.
        first: When the sender's network accepted it.
        last: When mine did.
        index: My place among the addressees.
        delivery: The bytes received.
        approved_by: The key of the second officer of the sender who approved it; None where nobody did.
    """

    header: Header
    header_bytes: bytes = field(repr=False)
    content: bytes = field(repr=False)
    envelope_hash: EnvelopeHash
    number: int
    first: UnixTime
    last: UnixTime
    author: Signature = field(repr=False)
    index: int
    delivery: bytes = field(repr=False)
    approved_by: KeyId | None = None


@dataclass(frozen=True, slots=True)
class _Read:
    """What step 1 made of the bytes."""

    form: DeliveryForm = field(repr=False)
    envelope: Envelope
    stanza: StanzaForm
    accepted: list[SignedReceipt]


def open_delivery(
    data: bytes, *, me: Address, keyring: Keyring, answers: Answers, now: int, suites: Collection[int] = SUITES
) -> Opened:
    """
    Open a delivery.

    Args:
        data: What the gateway handed over.
        me: My address.
        keyring: Holds my delivery keys.
        answers: Verified directory and registry.
        now: Unix seconds; an acceptance more than 300 s ahead of it means that one of the clocks is wrong.
        suites: What my delivery card lists.

    Raises:
        Rejected: Step 1 (`malformed`, `not-canonical`, `too-large`, `unknown-version`, `unknown-suite`, `directory-ahead`:
            refresh and try again) or 3 (`out-of-time`, `expired`, `clock-skew`: hold it, `sealer-not-allowed`).
        CannotOpen: Steps 2 and 4 to 7.
    """
    # 1. Sizes and forms.
    read = _read(data, suites)
    require_directory(read.envelope, answers)
    # 2. Accepted by the gateways of the sender's network and mine.
    span = _check_accepted(read, me, answers)
    # 3. Times, and who may seal.
    _check_clock(span, now)
    checks.check_times(read.envelope.header, span)
    checks.check_sealer(read.envelope.header, answers)
    # 4. The seal, and the approval where the kind needs one.
    checks.check_seal_signature(read.envelope, answers, span)
    _check_approval(read.envelope, answers, span)
    # 5. Addressed to me, by the author.
    _check_stanza(read, me)
    # 6. Unwrap, compare the commitment, decrypt.
    author, content = _decrypt(read, me, keyring, answers)
    # 7. The author.
    checks.check_author((read.envelope.header, read.envelope.header_bytes), content, author, answers, span)
    return _opened(read, span, author, content, data)


def _read(data: bytes, suites: Collection[int]) -> _Read:
    form = DELIVERY.decode(data)
    envelope = Envelope(form.common, suites)
    stanza = STANZA.decode(form.stanza)
    return _Read(form, envelope, stanza, [read_receipt(receipt) for receipt in form.accepted])


def _check_accepted(read: _Read, me: Address, answers: Answers) -> tuple[int, int]:
    """Step 2; return first and last."""
    envelope, accepted = read.envelope, read.accepted
    networks = [network_of(envelope.header.sender)]
    if network_of(me) != networks[0]:
        networks.append(network_of(me))
    if len(accepted) != len(networks):
        raise CannotOpen("accepted-count")
    span = accepted[0].receipt.at, accepted[-1].receipt.at
    for signed, network in zip(accepted, networks, strict=True):
        receipt = signed.receipt
        if receipt.event is not Event.ACCEPTED:
            raise CannotOpen("accepted-event")
        if receipt.subject != envelope.header.sender:
            raise CannotOpen("accepted-subject")
        if receipt.envelope_hash != envelope.envelope_hash:
            raise CannotOpen("accepted-hash")
        if network_of(receipt.signer) != network:
            raise CannotOpen("accepted-signer")
        if problem := receipt_problem(signed, answers, (receipt.at, span[1])):
            raise CannotOpen(f"accepted-{problem}")
    return span


def _check_clock(span: tuple[int, int], now: int) -> None:
    """Step 3: an acceptance in my future means that a clock is wrong, and tells nothing about the message."""
    if span[1] > now + AHEAD_S:
        raise Rejected(f"accepted at {span[1]}, my clock says {now}", code="clock-skew")


def _check_approval(envelope: Envelope, answers: Answers, span: tuple[int, int]) -> None:
    """Step 4: for a recipient a missing approval is no advice to the sender, but an envelope that does not open."""
    try:
        checks.check_approval(envelope, answers, span)
    except CannotOpen:
        raise
    except Rejected as exc:
        raise CannotOpen(exc.code) from None


def _check_stanza(read: _Read, me: Address) -> None:
    """Step 5, but for my key id: only the keyring knows that, in step 6."""
    if read.stanza.recipient != me:
        raise CannotOpen("stanza-recipient")
    header = read.envelope.header
    leaf = leaf_hash(contexts.addressee_leaf(read.stanza.blind, me))
    if not verify_inclusion(read.form.index, header.recipients, leaf, read.form.proof, header.addressees):
        raise CannotOpen("addressee-proof")


def _decrypt(read: _Read, me: Address, keyring: Keyring, answers: Answers) -> tuple[Signature, bytes]:
    """Step 6."""
    envelope = read.envelope
    cek = _unwrap(read, me, keyring, answers)
    key, commit = payload.derive(cek, envelope.core_hash, envelope.core.suite)
    if not primitives.equal(commit, envelope.commit):
        raise CannotOpen("commit")
    aad = contexts.aad(envelope.core_hash, envelope.stanzas_root, envelope.commit)
    return payload.open_body(key, aad, envelope.body)


def _unwrap(read: _Read, me: Address, keyring: Keyring, answers: Answers) -> SecretKey:
    stanza = read.stanza
    nonce = contexts.wrap_nonce(contexts.wrap_nonce_prefix(read.envelope.core_hash), stanza.key_id)
    try:
        return SecretKey(keyring.unwrap(stanza.key_id, stanza.wrap, nonce, read.envelope.core.epk))
    except CannotOpen as exc:
        # `key-gone` is told to the author, so it is said only of a key that was mine, never of one that a broker made up.
        if exc.reason == "key-gone" and not _was_mine(stanza.key_id, me, answers):
            raise CannotOpen("stanza-key") from None
        raise


def _was_mine(key_id: KeyId, me: Address, answers: Answers) -> bool:
    record = answers.key(key_id)
    return record is not None and record.address == me and record.use is Use.DELIVERY


def _opened(read: _Read, span: tuple[int, int], author: Signature, content: bytes, data: bytes) -> Opened:
    number = read.accepted[-1].receipt.number
    assert number is not None  # `read_receipt` refuses an `accepted` without one
    return Opened(
        header=read.envelope.header,
        header_bytes=read.envelope.header_bytes,
        content=content,
        envelope_hash=read.envelope.envelope_hash,
        number=number,
        first=UnixTime(span[0]),
        last=UnixTime(span[1]),
        author=author,
        index=read.form.index,
        delivery=data,
        approved_by=None if read.envelope.approval is None else read.envelope.approval.key_id,
    )
