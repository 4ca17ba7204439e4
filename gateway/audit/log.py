"""
The audit log of one gateway, as one of its processes has it.

In this order, each step only after the one before: 1. leaves, tiles and an unsigned checkpoint are committed together
2. the size and root are remembered outside the ledger   3. the checkpoint is signed and kept, if its row still stands so.
Several processes do this to one log: compare-and-set keeps them apart, and a turn only saves work. A log that is smaller than
what was signed, or another one, is halted: this process signs nothing any more, and the exchange goes on.
Spec: schemas/audit.md, "Sequencing" and "Signing".
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from gateway.audit.memory import Memory
from gateway.audit.reader import LogReader
from gateway.audit.sequencer import PAGE, Sequencer
from gateway.audit.signing import LogKeyring, NoteSigner
from gateway.envelope import LogView
from gateway.errors import Corrupt
from gateway.ops.logs import logger

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from gateway.ids import Address
    from gateway.ledger import Ledger, LogLook, LogState

__all__ = ["KEEP_CHECKPOINTS", "PATIENCE_S", "AuditLog"]

PATIENCE_S: Final = 2.0  # a process that has let the log grow so lately goes on with it; then any other may
ROUNDS: Final = 64  # pages in one call: after a long outage others get their turn at the ledger
KEEP_CHECKPOINTS: Final = 10_000  # beside the time-stamped ones: about three hours under full load
_PRUNE_EVERY: Final = 1000  # signatures


class AuditLog:
    """
    The audit log.

    Args:
        ledger: Holds it; trusted to be available, and nothing else.
        keyring: Has the gateway's log keys.
        address: The gateway's.
        clock: Unix seconds.
        memory: File outside the ledger that remembers what was signed last.
        patience_s: See `PATIENCE_S`; 0 where no other process works on this ledger.

    Attributes:
        reader: Gives out tiles, entries, proofs and checkpoints.
    """

    def __init__(
        self,
        ledger: Ledger,
        keyring: LogKeyring,
        address: Address,
        clock: Callable[[], float] = time.time,
        *,
        memory: Path,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._table = ledger.log
        self._signer = NoteSigner(address, keyring)
        self._memory = Memory(memory, self._signer.origin)
        self._clock = clock
        self._patience_s = patience_s
        self._sequencer = Sequencer(ledger.log)
        self.reader = LogReader(ledger.log)
        self._log = logger()
        self._busy = asyncio.Lock()
        self._started = False
        self._signed: LogView | None = None
        self._mine = -1  # the size to which this process let the log grow last
        self._signatures = 0
        self._halted: Corrupt | None = None

    @property
    def origin(self) -> str:
        """The name of the log."""
        return self._signer.origin

    @property
    def halted(self) -> bool:
        """Whether this process signs nothing any more."""
        return self._halted is not None

    @property
    def leads(self) -> bool:
        """Whether this process let the log grow last, as far as it knows; true where it is alone."""
        tree = self._sequencer.tree
        return not self._patience_s or (tree is not None and tree.size == self._mine)

    def view(self) -> LogView | None:
        """Return the newest checkpoint known to be committed and signed; None before the first. For any thread."""
        return self._signed

    async def start(self) -> None:
        """
        Hash the tail again and hold the log against the memory; what does not fit halts it.

        Raises:
            Unavailable: Ledger or memory cannot be read; nothing is signed before they were.
        """
        async with self._busy:
            await self._guarded(self._start)

    async def advance(self) -> None:
        """
        Give waiting leaves their places, commit, sign; or take over what another process did.

        Raises:
            Unavailable: Ledger or memory is away; what is committed stays, and is signed the next time.
            Uncertain: It may be committed; the next call finds out.
            Rejected: `bad-key`; there is no log key.
        """
        async with self._busy:
            await self._guarded(self._start)
            await self._guarded(self._advance)

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> None:
        """Work, unless the log is halted; halt it when what stands contradicts what was signed."""
        if self._halted is not None:
            return
        try:
            await work()
        except Corrupt as exc:
            self._halted = exc
            self._log.error("log-forked", code=exc.code, detail=exc.detail)

    async def _start(self) -> None:
        if self._started:
            return
        known = await asyncio.to_thread(self._memory.read)
        if known is not None:
            await self._sequencer.require(known)
        await self._follow(await self._table.look(0))
        self._started = True

    async def _advance(self) -> None:
        look = await self._grow()
        tree = self._sequencer.tree
        if tree is None or not tree.size or not self._is_my_turn(look.state):
            return
        if self._signed is None or self._signed.size < tree.size:
            await self._sign(tree)

    async def _grow(self) -> LogLook:
        """Append page after page, as long as it is our turn; return the last look."""
        look = await self._table.look(PAGE if self.leads else 0)
        for _ in range(ROUNDS):
            await self._follow(look)
            if not self._is_my_turn(look.state):
                break
            if not self.leads:  # until now another process did it, and what waits was not read
                look = await self._table.look(PAGE)
                await self._follow(look)
            if not look.pending:
                break
            if await self._sequencer.grow(look):
                tree = self._sequencer.tree
                self._mine = tree.size if tree else -1
                if len(look.pending) < PAGE:
                    break
            look = await self._table.look(PAGE)
        return look

    async def _follow(self, look: LogLook) -> None:
        """Take over tree and signatures, or find that they contradict what was signed."""
        await self._sequencer.follow(look.state)
        if look.signed is not None:
            signed = LogView(look.signed.size, look.signed.root)
            await self._sequencer.require(signed)
            self._adopt(signed)

    def _is_my_turn(self, state: LogState) -> bool:
        """Whoever let the log grow last goes on; others step in when that was some time ago. Being wrong costs work only."""
        tree = self._sequencer.tree
        sizes = {state.size, tree.size if tree else state.size}
        return self._mine in sizes or not 0 <= self._clock() - state.at < self._patience_s

    async def _sign(self, tree: LogView) -> None:
        """Remember, then sign; a row that another process has signed meanwhile is found at the next look."""
        await asyncio.to_thread(self._memory.write, tree)
        await self._sequencer.require(tree)
        if await self._table.sign_checkpoint(tree.size, tree.root, self._signer.sign(tree)):
            self._adopt(tree)
        self._signatures += 1
        if self._signatures % _PRUNE_EVERY == 0:
            await self._table.prune_checkpoints(KEEP_CHECKPOINTS)

    def _adopt(self, signed: LogView) -> None:
        if self._signed is None or self._signed.size < signed.size:
            self._signed = signed
            self.reader.signed(signed.size)
