"""
An audit log in memory: a tree of any size, signed as far as a test says, with the same answers as the real one.

`grow` adds entries and signs a checkpoint; `commit` adds entries that no checkpoint covers yet. The keys are real, so notes
verify. Leaves are the numbers from 0, unless a test gives its own.
"""

from __future__ import annotations

from gateway.audit.reader import InclusionProof
from gateway.envelope.keys import SigningKey, Use
from gateway.ids import Address
from gateway.ledger.facts import CheckpointRow
from gateway.merkle import consistency_proof, inclusion_proof, leaf_hash, root_of
from gateway.tlog.checkpoint import Checkpoint, encode_checkpoint
from gateway.tlog.note import ED25519, Note, VerifierKey, encode_note, sign_note
from gateway.tlog.tiles import TILE_WIDTH, Tile, encode_bundle

__all__ = ["ORIGIN", "FakeLog"]

GATEWAY = Address("GW-ICN@icn")
ORIGIN = f"{GATEWAY}/audit"


class FakeLog:
    """
    One log; `fork` gives another with the same key.

    Args:
        seed: Of its key.
        origin: Its name.
    """

    def __init__(self, seed: bytes = bytes(range(32)), origin: str = ORIGIN) -> None:
        self._seed = seed
        self._origin = origin
        self._key = SigningKey.from_seed(GATEWAY, Use.LOG, seed)
        self.verifier = VerifierKey(origin, ED25519, self._key.public.key)
        self.leaves: list[bytes] = []
        self.rows: list[CheckpointRow] = []
        self.now = 1_900_000_000

    @property
    def newest(self) -> CheckpointRow:
        """The newest signed checkpoint."""
        return self.rows[-1]

    def commit(self, count: int, word: bytes = b"leaf ") -> None:
        """Add entries that no checkpoint covers yet."""
        size = len(self.leaves)
        self.leaves += [word + str(number).encode() for number in range(size, size + count)]

    def grow(self, count: int, word: bytes = b"leaf ") -> CheckpointRow:
        """Add entries and sign a checkpoint over all."""
        self.commit(count, word)
        size, root = len(self.leaves), root_of(self._hashes())
        text = encode_checkpoint(Checkpoint(self._origin, size, root))
        note = encode_note(Note(text, (sign_note(text, self.verifier, self._key.sign),)))
        self.rows.append(CheckpointRow(size, root, self.now, note, b"", None))
        return self.newest

    def fork(self, size: int) -> FakeLog:
        """Return a log with the same key and the same first leaves."""
        other = FakeLog(self._seed, self._origin)
        other.leaves = self.leaves[:size]
        return other

    async def newest_checkpoint(self) -> CheckpointRow | None:
        """Return the newest signed row."""
        return self.rows[-1] if self.rows else None

    async def last_stamped(self) -> CheckpointRow | None:
        """Return the newest row with a token."""
        return next((row for row in reversed(self.rows) if row.token is not None), None)

    async def consistency(self, old: int, size: int) -> list[bytes] | None:
        """Return the proof of growth."""
        return consistency_proof(old, self._hashes()[:size]) if 0 < old <= size <= self._signed() else None

    async def add_cosignatures(self, size: int, lines: bytes) -> bool:
        """Keep lines."""
        self.rows = [row._replace(cosignatures=row.cosignatures + lines) if row.size == size else row for row in self.rows]
        return True

    async def set_token(self, size: int, token: bytes) -> bool:
        """Keep a time-stamp."""
        self.rows = [row._replace(token=token) if row.size == size else row for row in self.rows]
        return True

    async def checkpoint(self) -> bytes | None:
        """Return the newest note."""
        return (self.newest.note or b"") + self.newest.cosignatures if self.rows else None

    async def tile(self, tile: Tile) -> bytes | None:
        """Return hashes of a tile that is covered."""
        span = TILE_WIDTH**tile.level
        count = self._signed() // span
        first, end = tile.index * TILE_WIDTH, tile.index * TILE_WIDTH + tile.width
        if end > count:
            return None
        hashes = [leaf_hash(leaf) for leaf in self.leaves[first * span : end * span]]
        return b"".join(root_of(hashes[at : at + span]) for at in range(0, len(hashes), span))

    async def entries(self, tile: Tile) -> bytes | None:
        """Return entries of a tile that is covered."""
        first = tile.index * TILE_WIDTH
        return encode_bundle(self.leaves[first : first + tile.width]) if first + tile.width <= self._signed() else None

    async def proof(self, leaf: bytes, size: int | None = None) -> InclusionProof | None:
        """Return the proof of a leaf that is covered."""
        within = self._signed() if size is None else size
        hashes = self._hashes()[:within]
        if within > self._signed() or leaf not in hashes:
            return None
        index = hashes.index(leaf)
        return InclusionProof(index, within, inclusion_proof(index, hashes))

    async def stamped(self, index: int) -> CheckpointRow | None:
        """Return the oldest checkpoint with a token that holds a leaf."""
        return next((row for row in self.rows if row.token is not None and row.size > index), None)

    def _hashes(self) -> list[bytes]:
        return [leaf_hash(entry) for entry in self.leaves]

    def _signed(self) -> int:
        return self.rows[-1].size if self.rows else 0
