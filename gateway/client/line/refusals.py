"""
Refusals of what this home submits: whose word they are, and what follows.

What a gateway of the network signed is final, and kept as evidence. Any other refusal may come from a stranger on the line, who
may have passed the message on all the same: it ends nothing, unless this home can see by itself that it is true. The message
stays kept, the next gateway is asked, and the same bytes go out again until they are accepted, refused in writing, or expired.
Spec: schemas/api.md, "Signed problems".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from gateway.envelope.accept import examine
from gateway.envelope.checks import CLOCK_SKEW_S, MAX_WAIT_S
from gateway.envelope.clear import examine_clear
from gateway.errors import GatewayError, Rejected, Unavailable, Uncertain
from gateway.ids import Address
from gateway.protocol import media
from gateway.protocol.refusal import verify_problem

if TYPE_CHECKING:
    from gateway.directory.view import Directory
    from gateway.envelope.header import Header
    from gateway.envelope.trust import Answers

__all__ = ["Evidence", "SignedRefusal", "Submission", "UnsignedRefusal", "clock_hint", "judge", "may_be_mended"]

_MENDED: Final = frozenset({"recipient-key", "directory-ahead", "out-of-time"})  # by writing the message anew


class Evidence(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """
    A refusal that a gateway signed, as it is kept beside the submission.

    Args:
        gateway: Who signed it.
        problem: The document, as it came.
        field: The value of `Problem-Signature`.
        received_at: When it came, Unix seconds.
    """

    gateway: Address
    problem: bytes
    field: str
    received_at: int


class SignedRefusal(Rejected):
    """A refusal in writing: final."""

    def __init__(self, told: Rejected, evidence: Evidence) -> None:
        super().__init__(told.detail, code=told.code, pointer=told.pointer, hint=told.hint)
        self.evidence = evidence


class UnsignedRefusal(Uncertain):
    """A refusal that no gateway signed: what became of the message is not known."""

    def __init__(self, told: Rejected) -> None:
        super().__init__(f"refused as {told.code}, which no gateway signed: {told.detail}")
        self.told = told.code


class Submission(NamedTuple):
    """
    What was sent, and what this home knows to judge the answer by.

    Args:
        body: The bytes that were sent.
        kind: Their media type.
        header: The message's.
        directory: This home's copy.
        answers: The same, as the envelope asks it.
        now: Unix seconds.
    """

    body: bytes
    kind: str
    header: Header
    directory: Directory
    answers: Answers
    now: int


def judge(submission: Submission, told: Rejected, problem: bytes, field: str | None) -> GatewayError:
    """
    Decide what a refusal is.

    Args:
        submission: See `Submission`.
        told: What the document says.
        problem: The document, as it came.
        field: The value of `Problem-Signature`; None where there is none.

    Returns:
        A `SignedRefusal`; or `told` itself, where this home sees that it is true; or `Unavailable`, where a gateway signed
        that the times do not fit and this home's clock is what is wrong; or else an `UnsignedRefusal`.
    """
    network, now = submission.directory.network, submission.now
    try:
        found = verify_problem(
            field or "",
            request_body=submission.body,
            problem=problem,
            answers=submission.answers,
            network=network,
            received_at=now,
        )
    except Rejected:
        return told if _seen_here(told.code, submission) else UnsignedRefusal(told)
    hint = clock_hint(found.server_time, now)
    if told.code == "out-of-time" and hint is not None:
        # Written anew it would have the same wrong time: it waits for the clock.
        return Unavailable(f"the times do not fit: {hint}", hint=hint)
    return SignedRefusal(told, Evidence(found.gateway, problem, field or "", now))


def may_be_mended(refusal: Rejected) -> bool:
    """Tell whether the message can be written, signed and sealed anew instead of ending; unsigned, only what was seen here."""
    return refusal.code in _MENDED or (refusal.code == "cannot-open" and not isinstance(refusal, SignedRefusal))


def clock_hint(server_time: int | None, now: float) -> str | None:
    """Tell how far off this machine's clock is; None where that is not known, or within what everybody allows."""
    off_s = 0 if server_time is None else round(now - server_time)
    if abs(off_s) < CLOCK_SKEW_S:
        return None
    return f"this machine's clock is {abs(off_s)} s {'ahead of' if off_s > 0 else 'behind'} the gateway's: set it"


def _seen_here(code: str, submission: Submission) -> bool:
    """Tell whether the home's own clock and directory say the same: then nobody needs to be believed."""
    header, now = submission.header, submission.now
    if code == "expired":
        return header.expires <= now
    if code == "out-of-time":
        return header.created + MAX_WAIT_S < now
    sealed, body = submission.kind == media.SEALED, submission.body
    if code == "cannot-open":  # the key that signed it was changed while the message waited
        record = submission.directory.key(examine(body).seal.key_id if sealed else examine_clear(body).author.key_id)
        return record is None or not record.current(now)
    if code == "recipient-key" and sealed:
        ok = submission.directory.delivery_key_ok
        return not all(ok(one.recipient, one.key_id, now) for one in examine(body).stanzas)
    return False
