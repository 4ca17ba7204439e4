"""
Accepting: what a gateway checks before it answers 202, and how it cuts a submission into deliveries.

Opening steps 1, 3 and 4 with the gateway's clock for both times, then both trees over all stanzas. One decoding of each layer;
the bytes received are kept, and what is handed out is cut from them.
`examine` proves nothing: `check_seal` proves who sealed it, `check_submission` everything that the gateway can know.
Spec: schemas/envelope.md, "Accepting".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from gateway.envelope import checks
from gateway.envelope.common import VERSION, Envelope, require_directory
from gateway.envelope.form import encode
from gateway.envelope.payload import SUITES
from gateway.envelope.seal import addressee_leaves, check_addressee_leaves
from gateway.envelope.trust import Answers
from gateway.envelope.wire import HEAD, STANZA, SUBMISSION, CommonForm, HeadForm
from gateway.errors import Corrupt, Rejected
from gateway.ids import Address, KeyId
from gateway.merkle import all_inclusion_proofs, tree_hash

__all__ = [
    "DeliveryKeyOk",
    "Examined",
    "Row",
    "Stanza",
    "check_seal",
    "check_submission",
    "common_of",
    "examine",
    "head",
    "make_delivery",
    "rows",
]

DeliveryKeyOk = Callable[[Address, KeyId, int], bool]  # was this a delivery key of that recipient, current at that time?


class Stanza(NamedTuple):
    """One recipient's stanza, and its bytes."""

    recipient: Address
    blind: bytes
    key_id: KeyId
    raw: bytes


class Row(NamedTuple):
    """What a delivery has beside the common part; `proof` are the siblings of its addressee."""

    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody asks of a row
    recipient: Address
    stanza: bytes
    proof: tuple[bytes, ...]


class Examined(Envelope):
    """
    A submission whose forms were checked.

    Raises:
        Rejected: As `Envelope`, and for the stanzas `too-large`, `malformed` or `not-canonical`.
    """

    __slots__ = ("_leaves", "proved_at", "stanzas")

    def __init__(self, body: bytes) -> None:
        submission = SUBMISSION.decode(body)
        super().__init__(submission.common, SUITES)
        self.stanzas = [_stanza(raw) for raw in submission.stanzas]
        self._leaves: list[bytes] | None = None
        self.proved_at: int | None = None  # when the seal was proved: a second proof at the same second is not needed

    def addressee_leaves(self) -> list[bytes]:
        """Return the leaf hashes of the tree over the addressees: the check and the proofs are made of the same."""
        if self._leaves is None:
            self._leaves = addressee_leaves((one.recipient, one.blind) for one in self.stanzas)
        return self._leaves


def _stanza(raw: bytes) -> Stanza:
    form = STANZA.decode(raw)
    return Stanza(form.recipient, form.blind, form.key_id, raw)


def examine(body: bytes) -> Examined:
    """Opening step 1: forms and sizes of a submission; raise Rejected with the code of what is wrong."""
    return Examined(body)


def check_seal(examined: Examined, answers: Answers, now: int) -> None:
    """
    Prove who sealed it; only then may an answer depend on what the gateway knows of the sender.

    Raises:
        CannotOpen: `seal-key` or `seal-signature`.
    """
    if examined.proved_at != now:
        checks.check_seal_signature(examined, answers, (now, now))
        examined.proved_at = now


def check_submission(examined: Examined, answers: Answers, now: int, delivery_key_ok: DeliveryKeyOk) -> None:
    """
    Make every check of "Accepting"; nothing is left for the gateway to prove after it.

    Raises:
        Rejected: `directory-ahead`, `out-of-time`, `expired`, `sealer-not-allowed`, `approval-missing`,
            `recipient-repeated`, `addressees-differ` or `recipient-key`.
        CannotOpen: A signature is not what it must be.
    """
    require_directory(examined, answers)
    checks.check_times(examined.header, (now, now))
    checks.check_sealer(examined.header, answers)
    check_seal(examined, answers, now)
    checks.check_approval(examined, answers, (now, now))
    check_addressee_leaves(examined.header, [one.recipient for one in examined.stanzas], examined.addressee_leaves())
    if tree_hash([one.raw for one in examined.stanzas]) != examined.stanzas_root:
        raise Rejected("not the stanzas that the sealer signed", code="addressees-differ")
    for one in examined.stanzas:
        if not delivery_key_ok(one.recipient, one.key_id, now):
            raise Rejected(f"key {one.key_id.hex()} of {one.recipient}", code="recipient-key")


def rows(examined: Examined) -> list[Row]:
    """Cut a checked submission into one row for each recipient, in the order of the tree."""
    _, proofs = all_inclusion_proofs(examined.addressee_leaves())
    return [Row(i, one.recipient, one.raw, proof) for i, (one, proof) in enumerate(zip(examined.stanzas, proofs, strict=True))]


def head(envelope: Envelope) -> bytes:
    """Return what outlives the body: it shows what the envelope hash stands for, and with the body `common` is rebuilt."""
    form = HeadForm(
        envelope.core_bytes,
        envelope.stanzas_root,
        envelope.commit,
        envelope.body_hash,
        envelope.seal,
        envelope.approval,
    )
    return encode(form)


def common_of(head_bytes: bytes, body: bytes) -> bytes:
    """
    Rebuild the common part from a head and its body.

    The hash of the body is not compared: the recipient does that, and would find any damage.

    Raises:
        Corrupt: The head is not one that `head` made.
    """
    try:
        form = HEAD.decode(head_bytes)
    except Rejected as exc:
        raise Corrupt(f"stored head: {exc.detail}") from exc
    return encode(CommonForm(VERSION, form.core, form.stanzas, form.commit, body, form.seal, form.approval))


def make_delivery(common: bytes, index: int, stanza: bytes, proof: Sequence[bytes], accepted: Sequence[bytes]) -> bytes:
    """
    Put together what one recipient gets.

    Args:
        common: As received, or as `common_of` rebuilt it.
        index: Place of the recipient in the tree.
        stanza: As received.
        proof: Siblings of the addressee, from the leaf upwards.
        accepted: Signed receipts: of the sender's network, and for relayed mail of the recipient's network too.
    """
    # `Raw` splices the signed receipts as they are: they are arrays of their own, and were checked when they were made.
    return encode((common, index, stanza, proof, [msgspec.Raw(receipt) for receipt in accepted]))
