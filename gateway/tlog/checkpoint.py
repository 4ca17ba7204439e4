"""
Checkpoints: origin, size and root of a log, as the text of a signed note.

A checkpoint counts when a key of the log has signed it: an Ed25519 key whose name is the origin. Cosignatures of witnesses
stand beside that signature and are looked at apart (`cosignature.py`). Sizes stay below 2^53, as everywhere on this wire.
Spec: schemas/audit.md, "Checkpoints"; C2SP tlog-checkpoint.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.errors import Rejected
from gateway.merkle import EMPTY_ROOT, HASH_BYTES
from gateway.tlog.note import ED25519, Note, VerifierKey, decode_base64, encode_base64, parse_note, verified

__all__ = [
    "MAX_SIZE",
    "Checkpoint",
    "encode_checkpoint",
    "open_checkpoint",
    "parse_checkpoint",
    "parse_size",
    "verify_checkpoint",
]

MAX_SIZE: Final = 2**53 - 1  # leaves; what every language holds exactly

_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,15}")
_LINE: Final = re.compile(r"[^\x00-\x1f]+")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """
    One state of a log.

    Args:
        origin: Name of the log, `GW-ICN@icn/audit`.
        size: Number of leaves.
        root: Root of RFC 6962 over them, 32 bytes.
        extensions: Further lines; ours has none, and nothing is read from those of others.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()


def encode_checkpoint(checkpoint: Checkpoint) -> str:
    """
    Write the text of the note.

    Raises:
        Rejected: `checkpoint-bad`, a field that no reader would accept.
    """
    lines = (checkpoint.origin, str(checkpoint.size), encode_base64(checkpoint.root), *checkpoint.extensions)
    text = "".join(f"{line}\n" for line in lines)
    if parse_checkpoint(text) != checkpoint:
        raise _bad("a line break within a line")
    return text


def parse_checkpoint(text: str) -> Checkpoint:
    """
    Read the text of a note as a checkpoint.

    Raises:
        Rejected: `checkpoint-bad`, another form.
    """
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop():
        raise _bad(f"{len(lines)} lines, at least 3, each with its newline")
    if not all(_LINE.fullmatch(line) for line in lines):
        raise _bad("an empty line, or a control character")
    origin, size, root, *extensions = lines
    checkpoint = Checkpoint(origin, parse_size(size), decode_base64(root), tuple(extensions))
    if len(checkpoint.root) != HASH_BYTES:
        raise _bad(f"a root of {len(checkpoint.root)} bytes")
    if not checkpoint.size and checkpoint.root != EMPTY_ROOT:
        raise _bad("an empty tree with another root than SHA-256 of nothing")
    return checkpoint


def open_checkpoint(data: bytes, log_keys: Sequence[VerifierKey]) -> Checkpoint:
    """
    Read a signed note as a checkpoint of one of the logs that `log_keys` belong to.

    Args:
        data: The note, with or without cosignatures.
        log_keys: Keys that count, of one log or several; only those whose name is the origin are looked at.

    Raises:
        Rejected: `too-large`, or `checkpoint-bad`: another form, no good signature of the log, or a bad one.
    """
    return verify_checkpoint(parse_note(data), log_keys)


def verify_checkpoint(note: Note, log_keys: Sequence[VerifierKey]) -> Checkpoint:
    """Do as `open_checkpoint` with a note that was read already."""
    checkpoint = parse_checkpoint(note.text)
    keys = [key for key in log_keys if key.algorithm == ED25519 and key.name == checkpoint.origin]
    if not verified(note, keys):
        raise _bad(f"{checkpoint.origin[:80]!r} has no good signature of that log")
    return checkpoint


def parse_size(text: str) -> int:
    """Read a tree size: decimal, no leading zero, at most `MAX_SIZE`; else raise `checkpoint-bad`."""
    if not _SIZE.fullmatch(text) or int(text) > MAX_SIZE:
        raise _bad(f"not a size of a tree: {text[:32]!r}")
    return int(text)


def _bad(detail: str) -> Rejected:
    return Rejected(f"checkpoint: {detail}", code="checkpoint-bad")
