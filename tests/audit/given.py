"""A log to test with: a ledger that is filled with messages, the gateway's log key, and a whole tree to compare with."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING, Final

from gateway.audit.log import AuditLog
from gateway.audit.signing import log_key, origin_of
from gateway.envelope import LogView, MemoryKeyring, SigningKey, Use
from gateway.ids import Address
from gateway.merkle import root_of
from gateway.tlog.checkpoint import Checkpoint, open_checkpoint
from gateway.tlog.frontier import leaf_hashes
from tests.ledger.samples import sample

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gateway.ledger import Ledger

__all__ = ["GATEWAY", "KEY", "KEYRING", "ORIGIN", "VERIFIER", "all_leaves", "fill", "log_over", "newest", "say", "tree_of"]

GATEWAY: Final = Address("GW-ICN@icn")
ORIGIN: Final = origin_of(GATEWAY)
KEY: Final = SigningKey.from_seed(GATEWAY, Use.LOG, bytes(31) + b"\x01")
KEYRING: Final = MemoryKeyring(GATEWAY, [KEY])
VERIFIER: Final = log_key(KEY.public)


def log_over(
    ledger: Ledger,
    folder: Path,
    *,
    name: str = "audit-memory",
    patience_s: float = 0,
    clock: Callable[[], float] = time.time,
) -> AuditLog:
    """Make the log of one process; `name` is the file of its memory."""
    return AuditLog(ledger, KEYRING, GATEWAY, clock, memory=folder / name, patience_s=patience_s)


async def fill(ledger: Ledger, count: int, *, first: int = 0) -> None:
    """Put so many readable leaves into the ledger, each like no other; much faster than messages."""
    leaves = [hashlib.sha256(b"leaf %d" % number).digest() for number in range(first, first + count)]
    await ledger.directory.publish(await ledger.directory.version(), {}, leaves)


async def say(ledger: Ledger, count: int) -> None:
    """Accept so many messages."""
    for _ in range(count):
        await ledger.accept(sample())


async def all_leaves(ledger: Ledger) -> list[bytes]:
    """Return the data of every leaf, from the events themselves."""
    found: list[bytes] = []
    after = 0
    while page := await ledger.events(after, 10_000):
        found += [one.leaf for one in page if one.leaf is not None]
        after = page[-1].seq
    return found


async def tree_of(ledger: Ledger, size: int | None = None) -> LogView:
    """Return the tree over the first `size` leaves, or over all, computed from nothing but the events."""
    leaves = (await all_leaves(ledger))[:size]
    return LogView(len(leaves), root_of(leaf_hashes(leaves)))


async def newest(log: AuditLog) -> Checkpoint:
    """Return the newest signed checkpoint, verified."""
    note = await log.reader.checkpoint()
    assert note is not None, "nothing is signed yet"
    return open_checkpoint(note, [VERIFIER])
