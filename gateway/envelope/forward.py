"""
Forwards: what a relay carries to another network, and what the gateway there checks before it accepts.

The common part stands once, with the stanzas of that network and the proof of each addressee; the trees over all recipients are
not known there. `Forward` is parsing: forms are checked, nothing is proved. `check_forward` proves what the envelope can
show; that the acceptance stands in the audit log of its gateway is proved by `gateway.evidence.inclusion`.
Spec: schemas/relay.md, "Forward".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Final

from msgspec import Meta, Struct

from gateway.envelope import checks, contexts
from gateway.envelope.accept import DeliveryKeyOk, Row
from gateway.envelope.common import Envelope, require_directory
from gateway.envelope.form import Form, encode, first_element
from gateway.envelope.payload import SUITES
from gateway.envelope.receipt import Event, SignedReceipt, read_receipt, receipt_problem
from gateway.envelope.wire import (
    ACCEPTED,
    MAX_COMMON_BYTES,
    MAX_RECIPIENTS,
    MAX_SIBLINGS,
    MAX_SIGNED_RECEIPT_BYTES,
    MAX_STANZA_BYTES,
    STANZA,
    Bytes32,
    SignedReceiptForm,
    StanzaForm,
    Uint,
)
from gateway.errors import CannotOpen, Rejected
from gateway.ids import Network, network_of
from gateway.merkle import leaf_hash, verify_inclusion

if TYPE_CHECKING:
    from gateway.envelope.trust import Answers

__all__ = ["MAX_FORWARD_BYTES", "Forward", "Inclusion", "check_forward", "make_forward"]

VERSION: Final = "F1"
MAX_NOTE_BYTES: Final = 16 * 1024  # a checkpoint with the cosignatures of ten witnesses
MAX_LOG_SIBLINGS: Final = 53
MAX_FORWARD_BYTES: Final = (
    MAX_COMMON_BYTES
    + MAX_RECIPIENTS * (MAX_STANZA_BYTES + MAX_SIBLINGS * 34 + 12)
    + MAX_SIGNED_RECEIPT_BYTES
    + MAX_LOG_SIBLINGS * 34
    + MAX_NOTE_BYTES
    + 64
)


class Inclusion(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """
    Proof that the acceptance stands in the audit log of the gateway that signed it.

    Attributes:
        index: Place of its leaf, from 0.
        siblings: From the leaf up to the root of the checkpoint.
        note: A signed checkpoint of that log.
    """

    index: Uint
    siblings: Annotated[tuple[Bytes32, ...], Meta(max_length=MAX_LOG_SIBLINGS)]
    note: Annotated[bytes, Meta(min_length=1, max_length=MAX_NOTE_BYTES)]


class RowForm(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One recipient of the other network."""

    index: Uint
    stanza: bytes
    proof: Annotated[tuple[Bytes32, ...], Meta(max_length=MAX_SIBLINGS)]


class ForwardForm(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a relay carries."""

    version: str
    common: bytes
    rows: Annotated[list[RowForm], Meta(min_length=1, max_length=MAX_RECIPIENTS)]
    accepted: SignedReceiptForm
    inclusion: Inclusion


_FORWARD: Final = Form(ForwardForm, "forward", MAX_FORWARD_BYTES)


class Forward(Envelope):
    """
    A forward whose forms were checked.

    Args:
        data: Its bytes.

    Attributes:
        accepted: The receipt of the sender's network.
        inclusion: Where that stands in its log.
        stanzas: With their rows, in the order received.
        rows: As the ledger keeps them.

    Raises:
        Rejected: `unknown-version`, `unknown-suite`, `too-large`, `malformed` or `not-canonical`.
    """

    __slots__ = ("accepted", "inclusion", "rows", "stanzas")

    def __init__(self, data: bytes) -> None:
        version = first_element(data, "forward")
        if version != VERSION:
            raise Rejected(f"version {str(version)[:16]!r}, known here: {VERSION}", code="unknown-version")
        form = _FORWARD.decode(data)
        super().__init__(form.common, SUITES)
        self.accepted: SignedReceipt = read_receipt(form.accepted)
        self.inclusion = form.inclusion
        self.stanzas: list[StanzaForm] = [STANZA.decode(row.stanza) for row in form.rows]
        self.rows = [
            Row(row.index, stanza.recipient, row.stanza, row.proof) for row, stanza in zip(form.rows, self.stanzas, strict=True)
        ]

    @property
    def origin(self) -> Network:
        """The network of its sender."""
        return network_of(self.header.sender)


def make_forward(common: bytes, rows: Sequence[Row], accepted: bytes, inclusion: Inclusion) -> bytes:
    """
    Put together what a relay carries.

    Args:
        common: As received.
        rows: Those of one other network.
        accepted: Signed receipt of this network.
        inclusion: Where it stands in the log.
    """
    forms = [RowForm(row.index, row.stanza, tuple(row.proof)) for row in rows]
    return encode(ForwardForm(VERSION, common, forms, ACCEPTED.decode(accepted), inclusion))


def check_forward(forward: Forward, answers: Answers, now: int, delivery_key_ok: DeliveryKeyOk) -> None:
    """
    Prove what an envelope from another network can show; opening steps 2 to 5, for every recipient here.

    Args:
        forward: Parsed.
        answers: Of both networks.
        now: `last`, by the clock of this gateway; `first` is what the receipt says.
        delivery_key_ok: Asked at `first`: what was sealed before an outage stays good.

    Raises:
        Rejected: `directory-ahead`, `out-of-time`, `expired`, `sealer-not-allowed`, `approval-missing`,
            `recipient-repeated`, `addressees-differ` or `recipient-key`.
        CannotOpen: The acceptance or a signature is not what it must be.
    """
    require_directory(forward, answers)
    first = _check_accepted(forward, answers, now)
    span = first, now
    checks.check_times(forward.header, span)
    checks.check_sealer(forward.header, answers)
    checks.check_seal_signature(forward, answers, span)
    checks.check_approval(forward, answers, span)
    _check_rows(forward)
    for stanza in forward.stanzas:
        if not delivery_key_ok(stanza.recipient, stanza.key_id, first):
            raise Rejected(f"key {stanza.key_id.hex()} of {stanza.recipient}", code="recipient-key")


def _check_accepted(forward: Forward, answers: Answers, now: int) -> int:
    receipt = forward.accepted.receipt
    for reason, holds in (
        ("accepted-event", receipt.event is Event.ACCEPTED),
        ("accepted-subject", receipt.subject == forward.header.sender),
        ("accepted-hash", receipt.envelope_hash == forward.envelope_hash),
        ("accepted-signer", network_of(receipt.signer) == forward.origin),
    ):
        if not holds:
            raise CannotOpen(reason)
    if problem := receipt_problem(forward.accepted, answers, (receipt.at, now)):
        raise CannotOpen(f"accepted-{problem}")
    return receipt.at


def _check_rows(forward: Forward) -> None:
    header, rows = forward.header, forward.rows
    if len({row.recipient for row in rows}) != len(rows) or len({row.index for row in rows}) != len(rows):
        raise Rejected("a recipient or a place stands twice", code="recipient-repeated")
    for row, stanza in zip(rows, forward.stanzas, strict=True):
        leaf = leaf_hash(contexts.addressee_leaf(stanza.blind, stanza.recipient))
        if not verify_inclusion(row.index, header.recipients, leaf, row.proof, header.addressees):
            raise Rejected(f"{stanza.recipient} is not an addressee at {row.index}", code="addressees-differ")
