"""
What a log asks of a witness, and how the witness judges it.

The request is an old size, the proof from it, and the signed checkpoint. `judge` knows no clock and no store: the caller looks
up what it cosigned last for this origin, and must remember the new state durably, by compare-and-set, before it cosigns.
Spec: schemas/audit.md, "Witnesses"; C2SP tlog-witness.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from gateway.errors import Rejected
from gateway.merkle import EMPTY_ROOT, HASH_BYTES, verify_consistency
from gateway.tlog.checkpoint import Checkpoint, parse_checkpoint, parse_size, verify_checkpoint
from gateway.tlog.note import MAX_NOTE_BYTES, Note, VerifierKey, decode_base64, encode_base64, parse_note

__all__ = [
    "MAX_PROOF_LINES",
    "MAX_REQUEST_BYTES",
    "SIZE_MEDIA_TYPE",
    "AddCheckpoint",
    "Verdict",
    "decode_add_checkpoint",
    "encode_add_checkpoint",
    "judge",
]

MAX_PROOF_LINES: Final = 63
SIZE_MEDIA_TYPE: Final = "text/x.tlog.size"  # of the answer 409
_MAX_HEAD_BYTES: Final = 21 + MAX_PROOF_LINES * 45 + 1
MAX_REQUEST_BYTES: Final = _MAX_HEAD_BYTES + MAX_NOTE_BYTES


@dataclass(frozen=True)
class AddCheckpoint:
    """
    The request `add-checkpoint`.

    Args:
        old_size: Size that the witness cosigned last, as far as the log knows; 0 for never.
        proof: Consistency proof from there to the checkpoint; empty from 0.
        note: The signed checkpoint.
    """

    old_size: int
    proof: tuple[bytes, ...]
    note: bytes

    @cached_property
    def parsed(self) -> Note:
        """The note, read but not verified."""
        return parse_note(self.note)

    @cached_property
    def checkpoint(self) -> Checkpoint:
        """What the note says, not verified: its origin tells what to look up."""
        return parse_checkpoint(self.parsed.text)


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    How the witness answers.

    Args:
        status: HTTP status; 200 says that the checkpoint may be cosigned once `remember` is stored.
        remember: Size and root to store in place of `known`; None unless 200.
        body: Body of the answer 409, of media type `SIZE_MEDIA_TYPE`; empty otherwise.
        forked: True when the log has signed two trees that contradict each other: keep both notes as evidence.
        reason: For the log, lower case.
    """

    status: int
    remember: tuple[int, bytes] | None = None
    body: bytes = b""
    forked: bool = False
    reason: str = ""


def encode_add_checkpoint(request: AddCheckpoint) -> bytes:
    """
    Write the body of the request.

    Raises:
        Rejected: As `decode_add_checkpoint`.
    """
    lines = [f"old {request.old_size}", *map(encode_base64, request.proof), ""]
    data = "".join(f"{line}\n" for line in lines).encode() + request.note
    decode_add_checkpoint(data)
    return data


def decode_add_checkpoint(data: bytes) -> AddCheckpoint:
    """
    Read the body of the request, note and checkpoint included; nothing is verified.

    Raises:
        Rejected: `too-large`, or `checkpoint-bad` for any other form; the witness answers 400.
    """
    if len(data) > MAX_REQUEST_BYTES:
        raise Rejected(f"request of {len(data)} bytes, at most {MAX_REQUEST_BYTES}", code="too-large")
    head, border, note = data.partition(b"\n\n")
    if not border or not head.isascii():
        raise _bad("no empty line before the checkpoint")
    first, *proof = head.decode().split("\n")
    if not first.startswith("old ") or len(proof) > MAX_PROOF_LINES:
        raise _bad(f"no old size, or {len(proof)} lines of proof, at most {MAX_PROOF_LINES}")
    parse_checkpoint(parse_note(note).text)
    return AddCheckpoint(parse_size(first.removeprefix("old ")), tuple(_read_hash(line) for line in proof), note)


def judge(request: AddCheckpoint, known: tuple[int, bytes] | None, log_keys: Sequence[VerifierKey]) -> Verdict:
    """
    Decide about a checkpoint, in the order of C2SP tlog-witness.

    Args:
        request: As decoded; what cannot be decoded is answered with 400.
        known: Size and root that were cosigned last for the origin of `request.checkpoint`; None for never.
        log_keys: Keys of all logs that this witness serves.
    """
    checkpoint = request.checkpoint
    if not any(key.name == checkpoint.origin for key in log_keys):
        return Verdict(404, reason="unknown origin")
    try:
        verify_checkpoint(request.parsed, log_keys)
    except Rejected as exc:
        return Verdict(403, reason=exc.detail)
    if request.old_size > checkpoint.size:
        return Verdict(400, reason=f"old size {request.old_size} above size {checkpoint.size}")
    return _judge_growth(request, *(known or (0, EMPTY_ROOT)))


def _judge_growth(request: AddCheckpoint, size: int, root: bytes) -> Verdict:
    checkpoint = request.checkpoint
    conflict = f"{size}\n".encode()
    if request.old_size != size:
        return Verdict(409, body=conflict, reason=f"old size {request.old_size}, cosigned last: {size}")
    if checkpoint.size == size and checkpoint.root != root:
        return Verdict(409, body=conflict, forked=True, reason=f"two roots for size {size}")
    if size and not verify_consistency(size, checkpoint.size, root, checkpoint.root, request.proof):
        return Verdict(422, reason=f"no proof of growth from {size} to {checkpoint.size}")
    if not size and request.proof:
        return Verdict(422, reason="a proof from the empty tree")
    return Verdict(200, remember=(checkpoint.size, checkpoint.root))


def _read_hash(line: str) -> bytes:
    node = decode_base64(line)
    if len(node) != HASH_BYTES:
        raise _bad(f"a line of proof with {len(node)} bytes")
    return node


def _bad(detail: str) -> Rejected:
    return Rejected(f"add-checkpoint: {detail}", code="checkpoint-bad")
