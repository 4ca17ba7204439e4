"""
Cosignatures: a witness states when it saw a checkpoint that continues what it saw before.

The signed message is the text under two lines, `cosignature/v1` and the time; the signature carries the time in front of it.
A cosigner's key is used for nothing else: the message does not name the cosigner.
Spec: schemas/audit.md, "Cosignatures"; C2SP tlog-cosignature, the Ed25519 form.
"""

from __future__ import annotations

from gateway.envelope import contexts
from gateway.errors import Rejected
from gateway.tlog.checkpoint import parse_checkpoint
from gateway.tlog.note import COSIGNATURE_V1, TIMESTAMP_BYTES, Note, NoteSignature, Sign, VerifierKey, verified

__all__ = ["cosign", "cosigned_at"]


def cosign(text: str, key: VerifierKey, sign: Sign, at: int) -> NoteSignature:
    """
    Cosign the text of a checkpoint; the caller has checked that it continues what was cosigned before.

    Args:
        text: The text of the note, last newline included.
        key: The witness's, of algorithm `COSIGNATURE_V1`.
        sign: Signs with that key.
        at: Unix seconds, now.

    Raises:
        Rejected: `checkpoint-bad`, the text is no checkpoint; nothing was signed.
    """
    if key.algorithm != COSIGNATURE_V1:
        raise ValueError(f"key {key.name} does not cosign")
    parse_checkpoint(text)
    return NoteSignature(key.name, key.hash, at.to_bytes(TIMESTAMP_BYTES, "big") + sign(contexts.cosignature_message(at, text)))


def cosigned_at(note: Note, key: VerifierKey) -> int | None:
    """
    Tell when a witness cosigned, Unix seconds; None without a cosignature of this key, or with a bad one.

    With several of one key the newest counts: it says the most.
    """
    lines = [line for line in note.signatures if (line.name, line.hash) == (key.name, key.hash)]
    try:
        if key.algorithm != COSIGNATURE_V1 or not verified(note, [key]):
            return None
    except Rejected:
        return None
    return max(int.from_bytes(line.signature[:TIMESTAMP_BYTES], "big") for line in lines)
