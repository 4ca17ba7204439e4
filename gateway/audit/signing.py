"""
Signing checkpoints: one note, a line of each log key that the gateway holds.

While log keys rotate there are two, and whoever knows one of them finds its line. Whether a checkpoint may be signed is
decided elsewhere (`log.py`).
Spec: schemas/audit.md, "Checkpoints"; C2SP signed-note.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from gateway.envelope import Use
from gateway.errors import Rejected
from gateway.tlog.checkpoint import Checkpoint, encode_checkpoint
from gateway.tlog.note import ED25519, Note, NoteSignature, VerifierKey, encode_note

if TYPE_CHECKING:
    from gateway.envelope import LogView, PublicKey
    from gateway.ids import Address

__all__ = ["LogKeyring", "NoteSigner", "log_key", "origin_of"]


class LogKeyring(Protocol):
    """What of a keyring signs checkpoints."""

    def sign_with_each(self, use: Use, message: bytes) -> list[tuple[PublicKey, bytes]]:
        """Sign with every key held for `use`, oldest first."""


def origin_of(address: Address) -> str:
    """Return the name of a gateway's log, which is the name of its keys as well."""
    return f"{address}/audit"


def log_key(key: PublicKey) -> VerifierKey:
    """Return what verifies notes that a gateway's log key has signed."""
    return VerifierKey(origin_of(key.address), ED25519, key.key)


class NoteSigner:
    """
    Makes the notes of one gateway's log.

    Args:
        address: The gateway's.
        keyring: Holds its log keys.
    """

    def __init__(self, address: Address, keyring: LogKeyring) -> None:
        self.origin = origin_of(address)
        self._keyring = keyring

    def sign(self, tree: LogView) -> bytes:
        """
        Return a signed checkpoint.

        Raises:
            Rejected: `bad-key`; there is no log key here.
        """
        text = encode_checkpoint(Checkpoint(self.origin, tree.size, tree.root))
        signed = self._keyring.sign_with_each(Use.LOG, text.encode())
        if not signed:
            raise Rejected(f"no log key for {self.origin}", code="bad-key")
        return encode_note(Note(text, tuple(_line(key, signature) for key, signature in signed)))


def _line(key: PublicKey, signature: bytes) -> NoteSignature:
    verifier = log_key(key)
    return NoteSignature(verifier.name, verifier.hash, signature)
