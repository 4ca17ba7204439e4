"""
What stays of an envelope when its sealed bytes are gone: enough to compute its hash, and to show who sealed it.

An author's home keeps it with the receipt of the gateway, so that the message can be proved for as long as the home exists.
A gateway that seals clear text does not tell its seal: its `accepted` says the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gateway.envelope.common import Envelope
from gateway.envelope.keys import Signature
from gateway.envelope.payload import SUITES
from gateway.envelope.wire import SUBMISSION
from gateway.errors import Corrupt

if TYPE_CHECKING:
    from gateway.envelope.clear import SealedAnswer

__all__ = ["Head", "decode_head", "encode_head", "head_of_answer", "head_of_common", "head_of_submission"]


class Head(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What the envelope hash is made of, and who signed it; fields as in the envelope."""

    core: bytes
    stanzas: bytes
    commit: bytes
    body_hash: bytes
    seal: Signature | None
    approval: Signature | None


def head_of_common(common: bytes) -> Head:
    """Return the head of what all recipients share; raise Rejected as `Envelope` does."""
    envelope = Envelope(common, SUITES)
    return Head(
        envelope.core_bytes,
        envelope.stanzas_root,
        envelope.commit,
        envelope.body_hash,
        envelope.seal,
        envelope.approval,
    )


def head_of_submission(submission: bytes) -> Head:
    """Return the head of what this home sealed and sent."""
    return head_of_common(SUBMISSION.decode(submission).common)


def head_of_answer(answer: SealedAnswer) -> Head:
    """Return the head of what a gateway sealed for this home."""
    form = answer.form
    return Head(form.core, form.stanzas, form.commit, form.body_hash, None, None)


def encode_head(head: Head) -> bytes:
    """Write a head for the home."""
    return msgspec.msgpack.encode(head)


def decode_head(data: bytes) -> Head:
    """Read a head of the home; Corrupt where it is none."""
    try:
        return msgspec.msgpack.decode(data, type=Head)
    except msgspec.MsgspecError as exc:
        raise Corrupt("a head in the home has another form") from exc
