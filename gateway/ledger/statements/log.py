"""
The audit log's own tables: its state, tiles, the place of each leaf, checkpoints.

The log grows by compare-and-set on size and root, all in one transaction; a checkpoint is signed only where its row is
committed, unsigned and of that root. Nothing here computes a hash of the tree: who appends does, who reads verifies.
Pages are bounded, so that a log of any length costs no memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from gateway.errors import Corrupt
from gateway.ledger.facts import Advance, CheckpointRow, LogLook, LogProofs, LogState, NeededTiles, TileKey
from gateway.ledger.prepared import Insert, Statement, Transaction, given, place, single
from gateway.ledger.tables import Int8, checkpoint, event, log_leaf, log_state, log_tile
from gateway.merkle import leaf_hash

__all__ = [
    "add_cosignatures",
    "advance",
    "checkpoint_of",
    "entries",
    "find",
    "last_stamped",
    "look",
    "newest_checkpoint",
    "proofs",
    "prune_checkpoints",
    "set_token",
    "sign_checkpoint",
    "stamped",
    "state",
    "tiles",
]

NAME_BYTES: Final = 8  # of a leaf hash: enough to find it, the whole is compared afterwards

_SIZE: Final = sa.bindparam("size", type_=Int8)
_LIMIT: Final = sa.bindparam("limit", type_=Int8)
_ONE: Final[sa.ColumnElement[int]] = sa.literal_column("1")
_NONE: Final[sa.ColumnElement[int]] = sa.literal_column("0")

_STATE: Final = single(sa.select(log_state.c.size, log_state.c.root, log_state.c.seq, log_state.c.at))
_GROW: Final = single(
    sa.update(log_state).values({name: sa.bindparam(f"new_{name}", type_=log_state.c[name].type) for name in LogState._fields}),
    *(f"new_{name}" for name in LogState._fields),
)
_PENDING: Final = single(
    sa.select(event.c.seq, event.c.leaf)
    .where(event.c.seq > sa.bindparam("after", type_=Int8))
    .order_by(event.c.seq)
    .limit(_LIMIT)
    .offset(_NONE),
    "after",
    "limit",
)
_LEAF: Final = Insert(log_leaf, log_leaf.c.keys())
_ENTRIES: Final = single(
    sa.select(event.c.leaf)
    .select_from(log_leaf)
    .join(event, event.c.seq == log_leaf.c.seq)
    .where(log_leaf.c.idx >= sa.bindparam("first", type_=Int8))
    .order_by(log_leaf.c.idx)
    .limit(_LIMIT)
    .offset(_NONE),
    "first",
    "limit",
)
_NAMED: Final = single(
    sa.select(log_leaf.c.idx, event.c.leaf)
    .select_from(log_leaf)
    .join(event, event.c.seq == log_leaf.c.seq)
    .where(log_leaf.c.name == sa.bindparam("name", type_=Int8)),
    "name",
)
_ALL_NAMED: Final = Statement(
    lambda rows: sa.select(log_leaf.c.idx, event.c.leaf)
    .select_from(log_leaf)
    .join(event, event.c.seq == log_leaf.c.seq)
    .where(log_leaf.c.name.in_([place(log_leaf.c.name, row) for row in range(rows)])),
    ("name",),
)


def _tiles(rows: int) -> sa.Select[tuple[int, int, bytes]]:
    asked = given(rows, level=sa.Integer(), idx=Int8)
    at = sa.and_(log_tile.c.level == asked.c.level, log_tile.c.idx == asked.c.idx)
    return sa.select(log_tile.c.level, log_tile.c.idx, log_tile.c.data).select_from(asked).join(log_tile, at)


def _old_tiles(rows: int) -> sa.Delete:
    keys = [sa.and_(*(column == place(column, row) for column in (log_tile.c.level, log_tile.c.idx))) for row in range(rows)]
    return sa.delete(log_tile).where(sa.or_(*keys))


_TILES: Final = Statement(_tiles, ("level", "idx"))
_OLD_TILES: Final = Statement(_old_tiles, ("level", "idx"))
_TILE: Final = Insert(log_tile, log_tile.c.keys())

_ROW: Final = sa.select(*checkpoint.c)
_DOWN: Final = _ROW.order_by(checkpoint.c.size.desc()).limit(_ONE).offset(_NONE)
_NEWEST: Final = single(_DOWN)
_SIGNED: Final = single(_DOWN.where(checkpoint.c.note.is_not(None)))
_LAST_STAMPED: Final = single(_DOWN.where(checkpoint.c.token.is_not(None)))
_STAMPED: Final = single(
    _ROW.where(checkpoint.c.token.is_not(None), checkpoint.c.size > _SIZE)
    .order_by(checkpoint.c.size)
    .limit(_ONE)
    .offset(_NONE),
    "size",
)
_OF_SIZE: Final = single(_ROW.where(checkpoint.c.size == _SIZE), "size")
_CHECKPOINT: Final = single(
    sa.insert(checkpoint).values({column.name: sa.bindparam(column.name, type_=column.type) for column in checkpoint.c}),
    *checkpoint.c.keys(),
)
_SIGN: Final = single(
    sa.update(checkpoint)
    .values(note=sa.bindparam("text", type_=sa.LargeBinary()))
    .where(checkpoint.c.size == _SIZE, checkpoint.c.root == sa.bindparam("is_root", type_=sa.LargeBinary()))
    .where(checkpoint.c.note.is_(None)),
    "text",
    "size",
    "is_root",
)
_COSIGN: Final = single(
    sa.update(checkpoint).values(cosignatures=sa.bindparam("lines", type_=sa.LargeBinary())).where(checkpoint.c.size == _SIZE),
    "lines",
    "size",
)
_STAMP: Final = single(
    sa.update(checkpoint).values(token=sa.bindparam("stamp", type_=sa.LargeBinary())).where(checkpoint.c.size == _SIZE),
    "stamp",
    "size",
)
_PRUNE: Final = single(
    sa.delete(checkpoint).where(
        checkpoint.c.token.is_(None),
        checkpoint.c.size
        < sa.select(checkpoint.c.size)
        .order_by(checkpoint.c.size.desc())
        .limit(_ONE)
        .offset(sa.bindparam("keep", type_=Int8))
        .scalar_subquery(),
    ),
    "keep",
)


def state(transaction: Transaction) -> LogState:
    """Return where the log stands."""
    rows = transaction.run(_STATE)
    if len(rows) != 1:
        raise Corrupt(f"the ledger has {len(rows)} rows in log_state, not one")
    return LogState(*rows[0])


def look(transaction: Transaction, limit: int) -> LogLook:
    """Return the state, the newest checkpoints, and at most `limit` events that follow."""
    now = state(transaction)
    pending = [(seq, leaf) for seq, leaf in transaction.run(_PENDING, now.seq, limit)]
    return LogLook(now, _one(transaction, _NEWEST), newest_checkpoint(transaction), pending)


def advance(transaction: Transaction, batch: Sequence[Advance]) -> list[bool]:
    """Let the log grow from exactly the state that was expected; False when it is another one."""
    return [_advance(transaction, one) for one in batch]


def tiles(transaction: Transaction, keys: Sequence[TileKey]) -> dict[TileKey, bytes]:
    """Return those tiles that are there."""
    return {(level, idx): data for level, idx, data in transaction.look(_TILES, sorted(set(keys)))}


def entries(transaction: Transaction, first: int, count: int) -> list[bytes]:
    """Return the data of leaves, in order, as far as there are so many."""
    return [leaf for (leaf,) in transaction.run(_ENTRIES, first, count)]


def find(transaction: Transaction, wanted: bytes) -> int | None:
    """Return the first place of a leaf hash."""
    rows = transaction.run(_NAMED, _name(wanted))
    return min((idx for idx, leaf in rows if leaf is not None and leaf_hash(leaf) == wanted), default=None)


def _find_all(transaction: Transaction, wanted: Sequence[bytes]) -> dict[bytes, int]:
    """Return the first place of each leaf hash that is there."""
    rows = transaction.look(_ALL_NAMED, sorted({(_name(whole),) for whole in wanted}))
    places: dict[bytes, int] = {}
    for idx, leaf in sorted(rows, reverse=True):
        if leaf is not None:
            places[leaf_hash(leaf)] = idx
    return {whole: places[whole] for whole in wanted if whole in places}


def proofs(transaction: Transaction, wanted: Sequence[bytes], needs: NeededTiles) -> LogProofs | None:
    """Return what proves leaves under the newest signed checkpoint; None before the first."""
    row = newest_checkpoint(transaction)
    if row is None:
        return None
    places = {whole: idx for whole, idx in _find_all(transaction, wanted).items() if idx < row.size}
    return LogProofs(row, places, tiles(transaction, list(needs(list(places.values()), row.size))))


def newest_checkpoint(transaction: Transaction) -> CheckpointRow | None:
    """Return the largest checkpoint that is signed."""
    return _one(transaction, _SIGNED)


def checkpoint_of(transaction: Transaction, size: int) -> CheckpointRow | None:
    """Return the checkpoint of a size."""
    return _one(transaction, _OF_SIZE, size)


def stamped(transaction: Transaction, index: int) -> CheckpointRow | None:
    """Return the first time-stamped checkpoint that holds a leaf."""
    return _one(transaction, _STAMPED, index)


def last_stamped(transaction: Transaction) -> CheckpointRow | None:
    """Return the last checkpoint that has a time-stamp."""
    return _one(transaction, _LAST_STAMPED)


def sign_checkpoint(transaction: Transaction, batch: Sequence[tuple[int, bytes, bytes]]) -> list[bool]:
    """Keep the note of a committed row of that size and root, if it has none, or this one already."""
    return [_sign(transaction, size, root, note) for size, root, note in batch]


def add_cosignatures(transaction: Transaction, batch: Sequence[tuple[int, bytes]]) -> list[bool]:
    """Add signature lines that a signed checkpoint does not have yet; False where there is no such checkpoint."""
    return [_cosign(transaction, size, lines) for size, lines in batch]


def set_token(transaction: Transaction, batch: Sequence[tuple[int, bytes]]) -> list[bool]:
    """Keep a time-stamp; False where there is no such checkpoint, or it has one."""
    return [_stamp(transaction, size, token) for size, token in batch]


def prune_checkpoints(transaction: Transaction, batch: Sequence[int]) -> list[int]:
    """Delete all but the newest `keep` checkpoints and those with a time-stamp; return how many."""
    return [transaction.change(_PRUNE, keep) for keep in batch]


def _name(whole: bytes) -> int:
    return int.from_bytes(whole[:NAME_BYTES], "big", signed=True)


def _one(transaction: Transaction, statement: Statement, *fixed: int) -> CheckpointRow | None:
    rows = transaction.run(statement, *fixed)
    return CheckpointRow(*rows[0]) if rows else None


def _advance(transaction: Transaction, one: Advance) -> bool:
    now = state(transaction)
    if (now.size, now.root) != (one.expected_size, one.expected_root) or now.seq > one.seq:
        # The same again is answered like the first time: the commit was not confirmed, or another process did the same.
        return (now.size, now.root, now.seq) == (one.size, one.root, one.seq)
    transaction.change(_GROW, one.size, one.root, one.seq, transaction.now)
    if one.leaves:
        transaction.write(_LEAF, [(idx, seq, _name(whole)) for idx, (seq, whole) in enumerate(one.leaves, now.size)])
        transaction.write(_OLD_TILES, list(one.tiles))
        transaction.write(_TILE, [(*key, data) for key, data in one.tiles.items()])
        transaction.change(_CHECKPOINT, one.size, one.root, transaction.now, None, b"", None)
    return True


def _sign(transaction: Transaction, size: int, root: bytes, note: bytes) -> bool:
    if transaction.change(_SIGN, note, size, root):
        return True
    row = checkpoint_of(transaction, size)
    return row is not None and (row.root, row.note) == (root, note)


def _cosign(transaction: Transaction, size: int, lines: bytes) -> bool:
    row = checkpoint_of(transaction, size)
    if row is None or row.note is None:
        return False
    known = row.cosignatures.splitlines(keepends=True)
    news = [line for line in lines.splitlines(keepends=True) if line not in known]
    if news:
        transaction.change(_COSIGN, b"".join([*known, *news]), size)
    return True


def _stamp(transaction: Transaction, size: int, token: bytes) -> bool:
    row = checkpoint_of(transaction, size)
    if row is None or row.note is None or row.token not in {None, token}:
        return False
    transaction.change(_STAMP, token, size)
    return True
