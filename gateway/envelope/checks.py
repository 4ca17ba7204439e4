"""
Opening steps 3, 4 and 7, which the gateway makes as well when it accepts.

`first` is when the sender's network accepted the envelope, `last` when mine did; a gateway that is asked to accept uses its
own clock for both. Step 3 has codes of its own; what fails in 4 and 7 is `cannot-open` to the outside.
Spec: schemas/envelope.md, "Time" and "Opening".
"""

from __future__ import annotations

from hashlib import sha512
from typing import Final

from gateway.envelope import contexts, primitives
from gateway.envelope.common import Envelope
from gateway.envelope.header import Header
from gateway.envelope.keys import Signature, Use
from gateway.envelope.trust import Answers, find_signer
from gateway.errors import CannotOpen, Rejected
from gateway.ids import network_of

__all__ = [
    "CLOCK_SKEW_S",
    "MAX_LIFE_S",
    "MAX_WAIT_S",
    "check_approval",
    "check_author",
    "check_seal_signature",
    "check_sealer",
    "check_times",
]

CLOCK_SKEW_S: Final = 300  # clocks of partners drift by minutes, not more
MAX_WAIT_S: Final = 7 * 86_400  # what waited longer before its first submission is written and signed anew
MAX_LIFE_S: Final = 90 * 86_400  # delivery keys are destroyed a day after the last message to them has expired

Span = tuple[int, int]  # first, last


def check_times(header: Header, span: Span) -> None:
    """
    Step 3: times.

    Raises:
        Rejected: `expired` when it was accepted too late, `out-of-time` for every other contradiction.
    """
    first, last = span
    if header.expires <= last:
        raise Rejected(f"expired at {header.expires}, accepted at {last}", code="expired")
    if not first - MAX_WAIT_S <= header.created <= first + CLOCK_SKEW_S:
        raise Rejected(f"created at {header.created}, first accepted at {first}", code="out-of-time")
    if header.expires > header.created + MAX_LIFE_S:
        raise Rejected(f"lives {header.expires - header.created} s, at most {MAX_LIFE_S}", code="out-of-time")
    if first > last + CLOCK_SKEW_S:
        raise Rejected(f"first accepted at {first}, here at {last}", code="out-of-time")


def check_sealer(header: Header, answers: Answers) -> None:
    """Step 3: the sealer is the sender, or a gateway of its network where the kind allows it; else `sealer-not-allowed`."""
    if header.sealer == header.sender:
        return
    same_network = network_of(header.sealer) == network_of(header.sender)
    if not (same_network and answers.is_gateway(header.sealer) and answers.gateway_may_seal(header.kind)):
        raise Rejected(f"{header.sealer} may not seal {header.kind} for {header.sender}", code="sealer-not-allowed")


def check_seal_signature(envelope: Envelope, answers: Answers, span: Span) -> None:
    """Step 4: the seal key belongs to the sealer, is of use agent and was good; the signature is its own."""
    record = find_signer(answers, envelope.seal.key_id, (envelope.header.sealer, Use.AGENT), *span)
    if record is None:
        raise CannotOpen("seal-key")
    if not primitives.verify(record.key, contexts.seal_message(envelope.envelope_hash), envelope.seal.signature):
        raise CannotOpen("seal-signature")


def check_approval(envelope: Envelope, answers: Answers, span: Span) -> None:
    """
    Step 4: a second officer of the sender approved where the kind needs it; an approval that nobody asked for must be good too.

    Raises:
        Rejected: `approval-missing`.
        CannotOpen: `approval-key` or `approval-signature`.
    """
    approval = envelope.approval
    if approval is None:
        if answers.needs_approval(envelope.header.kind):
            raise Rejected(f"{envelope.header.kind} needs an approval", code="approval-missing")
        return
    record = find_signer(answers, approval.key_id, (envelope.header.sender, Use.APPROVAL), *span)
    if record is None:
        raise CannotOpen("approval-key")
    if not primitives.verify(record.key, contexts.approval_message(envelope.envelope_hash), approval.signature):
        raise CannotOpen("approval-signature")


def check_author(header: tuple[Header, bytes], content: bytes, author: Signature, answers: Answers, span: Span) -> None:
    """Step 7: the author key belongs to the sender, is of use author and was good; the signature is over header and content."""
    fields, header_bytes = header
    record = find_signer(answers, author.key_id, (fields.sender, Use.AUTHOR), *span)
    if record is None:
        raise CannotOpen("author-key")
    message = contexts.content_message(contexts.header_hash(header_bytes), sha512(content).digest())
    if not primitives.verify(record.key, message, author.signature):
        raise CannotOpen("author-signature")
