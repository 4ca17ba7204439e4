"""What the tests of the log's formats share: keys that are the same each time, trees, and tiles in a dictionary."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from gateway.envelope.primitives import SecretKey, sign, signing_pair
from gateway.tlog.checkpoint import Checkpoint, encode_checkpoint
from gateway.tlog.frontier import Appender, leaf_hashes
from gateway.tlog.note import COSIGNATURE_V1, ED25519, Note, NoteSignature, Sign, VerifierKey, encode_note, sign_note
from gateway.tlog.tiles import Tile

__all__ = ["ORIGIN", "WITNESS", "Shelf", "hashes", "log_key", "note_of", "signer", "signing_pair_of", "witness_key"]

ORIGIN = "GW-ICN@icn/audit"
WITNESS = "witness.example/ncb-qm"


def signing_pair_of(name: str) -> tuple[bytes, SecretKey]:
    """Return an Ed25519 pair that belongs to a name."""
    return signing_pair(SecretKey(sha256(name.encode()).digest()))


def signer(name: str) -> Sign:
    """Return what signs with the key of a name."""
    _, secret = signing_pair_of(name)
    return lambda message: sign(secret, message)


def log_key(name: str = ORIGIN) -> VerifierKey:
    """Return the Ed25519 key of a log."""
    return VerifierKey(name, ED25519, signing_pair_of(name)[0])


def witness_key(name: str = WITNESS) -> VerifierKey:
    """Return the cosigning key of a witness."""
    return VerifierKey(name, COSIGNATURE_V1, signing_pair_of(name)[0])


def note_of(checkpoint: Checkpoint, *more: Callable[[str], NoteSignature]) -> bytes:
    """Return a checkpoint signed by its log, and by whoever else is named."""
    text = encode_checkpoint(checkpoint)
    own = sign_note(text, log_key(checkpoint.origin), signer(checkpoint.origin))
    return encode_note(Note(text, (own, *(sign_more(text) for sign_more in more))))


def hashes(count: int, seed: str = "leaf") -> list[bytes]:
    """Return the hashes of so many different leaves."""
    return leaf_hashes(f"{seed} {number}".encode() for number in range(count))


class Shelf:
    """Hash tiles of a tree, and how often each was read."""

    def __init__(self, leaves: list[bytes]) -> None:
        self.tiles = Appender(0, self.read).append(leaves)
        self.reads: list[Tile] = []

    def read(self, tile: Tile) -> bytes:
        """Give a tile, as wide as it is by now."""
        self.reads.append(tile)
        return self.tiles[tile.level, tile.index]
