"""
A process that does nothing but let the audit log grow, until it kills itself at a call through its port.

It writes to its own file what it promised: `kept LEAF` when the ledger has an event, `signed SIZE ROOT` when it would put that
view into a receipt, `halted` when it signs nothing any more. Run by `log_kills` from a fork server, because it dies so often.
"""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gateway.audit.log import AuditLog
from gateway.envelope import LogView, MemoryKeyring, SigningKey, Use
from gateway.ids import Address
from gateway.ledger import Ledger
from gateway.ops.logs import configure
from tests.faults.victim import Deadly, Doom

if TYPE_CHECKING:
    from io import TextIOWrapper

__all__ = ["Life", "live"]

GATEWAY: Final = Address("GW-ICN@icn")
LEAF_BYTES: Final = 32
MOST_AT_ONCE: Final = 40  # leaves between two steps: some steps fill a tile


class Life(NamedTuple):
    """What one life is told; it crosses a process border."""

    url: str
    memory: Path
    promises: Path
    death: str
    seed: int
    last: bool = False  # ends by itself when everything is under a signature


def live(life: Life) -> None:
    """Grow until the end."""
    configure("critical")
    asyncio.run(_grow(life))


async def _grow(life: Life) -> None:
    keyring = MemoryKeyring(GATEWAY, [SigningKey.from_seed(GATEWAY, Use.LOG, bytes(31) + b"\x01")])
    chance = random.Random(life.seed)
    ledger = await Ledger.open(life.url, migrate=True)
    port: Any = SimpleNamespace(log=Deadly(ledger.log, "log", Doom(life.death)))
    with life.promises.open("a", buffering=1) as promises:
        log = AuditLog(port, keyring, GATEWAY, memory=life.memory, patience_s=0.05)
        await log.start()
        told: LogView | None = None
        while True:
            await _write(ledger, chance.randint(1, MOST_AT_ONCE), promises)
            await log.advance()
            view = log.view()
            if view is not None and view != told:
                promises.write(f"signed {view.size} {view.root.hex()}\n")
                told = view
            if log.halted:
                promises.write("halted\n")
            if life.last and told is not None and told.size == (await ledger.log.state()).size:
                await ledger.close()
                return


async def _write(ledger: Ledger, count: int, promises: TextIOWrapper) -> None:
    """Add so many events with a leaf; two processes may do this to one ledger."""
    leaves = [os.urandom(LEAF_BYTES) for _ in range(count)]
    await asyncio.gather(*(ledger.record_action(leaf, "a leaf of the campaign") for leaf in leaves))
    promises.write("".join(f"kept {leaf.hex()}\n" for leaf in leaves))
