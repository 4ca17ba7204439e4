"""
Auditing on demand: what `gateway audit` does for a participant.

`verify` proves the newest checkpoint against the kept one, then hashes the whole log again and holds the home's directory
against its leaves. `follow` proves what the log grows by. Spec: schemas/audit.md, "Monitoring".
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing

import msgspec

from gateway.client.home.home import Home
from gateway.client.log.directory_check import DirectoryCheck
from gateway.client.log.evidence import Evidence
from gateway.client.log.monitor import LAG_S, Monitor
from gateway.client.log.promises import Promises, accepted_receipts
from gateway.client.log.views import Kept
from gateway.client.log.walk import NOTHING, walk
from gateway.client.trust.directory import HomeDirectory
from gateway.envelope.receipt import LogView
from gateway.errors import Corrupt, Rejected, Unavailable, Uncertain
from gateway.evidence.anchors import log_keys
from gateway.tlog.cosignature import cosigned_at
from gateway.tlog.leaves import Leaf, ReadableLeaf, ReceiptLeaf
from gateway.tlog.note import VerifierKey, parse_note

__all__ = ["Auditor", "Grown", "LogReport"]


class LogReport(msgspec.Struct, frozen=True, kw_only=True):
    """
    What was verified.

    Args:
        origin: Name of the log.
        size: Leaves in its newest checkpoint.
        root: Over them, hex.
        known: Leaves in the checkpoint that this home kept before; None for the first.
        cosigned: Witness to when it cosigned, Unix seconds.
        entries: How many were hashed again; 0 for a quick look.
        readable: How many of them are about the directory.
        directory: The version that this home uses.
        in_log: Whether that version stands in the log, with all its parts; None where that was not looked at.
        receipts: How many accepted receipts of this home have their leaf; None where that was not looked at.
    """

    origin: str
    size: int
    root: str
    known: int | None
    cosigned: dict[str, int]
    entries: int = 0
    readable: int = 0
    directory: int | None = None
    in_log: bool | None = None
    receipts: int | None = None


class Grown(msgspec.Struct, frozen=True):
    """A new checkpoint, and the readable leaves that came with it, by index."""

    origin: str
    size: int
    root: bytes
    leaves: list[tuple[int, ReadableLeaf]]


class Auditor:
    """
    Audits the log for one open home.

    Args:
        home: Whose receipts must have their leaves.
        monitor: Of the home.
        directory: That the home uses.
        clock: Unix seconds.
    """

    def __init__(self, home: Home, monitor: Monitor, directory: HomeDirectory, clock: Callable[[], float]) -> None:
        self._home = home
        self._clock = clock
        self._monitor = monitor
        self._directory = directory

    async def keys(self) -> list[VerifierKey]:
        """Return the keys that sign for the logs of this network's gateways."""
        directory = await self._directory.current()
        return [key for gateway in directory.gateways() for key in log_keys(directory, gateway)]

    async def evidence(self) -> list[Evidence]:
        """Return what this home has found against its log."""
        return await self._monitor.evidence.all()

    async def verify(
        self, *, quick: bool = False, witnesses: Sequence[VerifierKey] = (), tell: Callable[[str], None] = lambda _: None
    ) -> LogReport:
        """
        Verify the log.

        Args:
            quick: Only the newest checkpoint, against the one that this home kept.
            witnesses: Must have cosigned it.
            tell: Gets a sentence about what is done next, where it takes long.

        Raises:
            Corrupt: `log-forked`: it is not the continuation of what this home saw, or not what its checkpoint says, or an
                accepted receipt has no leaf a day later; or this home found that earlier.
            Rejected: `directory-split`: the home's directory is not the log's. `checkpoint-bad`: the checkpoint is not
                signed by its log. `checkpoint-untrusted`: a witness did not cosign it.
            Unavailable: A gateway cannot be asked; nothing is known.
        """
        before = self._monitor.view
        kept = await self._checked(tell)
        report = LogReport(
            origin=kept.origin,
            size=kept.size,
            root=kept.root.hex(),
            known=None if before is None else before.size,
            cosigned=_cosigned(kept.note, witnesses),
        )
        if not quick:
            report = await self._read(kept, report)
        if found := await self.evidence():
            raise Corrupt(f"{found[0].why}; evidence {found[0].name}", code="log-forked")
        return report

    async def follow(self, every_s: float) -> AsyncGenerator[Grown, None]:
        """
        Give the newest checkpoint, then each new one with the directory leaves that it covers, for ever.

        A gateway that is away is waited for; raises as `verify` otherwise.

        Args:
            every_s: Between two looks.
        """
        last = await self._checked(lambda _: None)
        yield Grown(last.origin, last.size, last.root, [])
        while True:
            await asyncio.sleep(every_s)
            try:
                kept = await self._monitor.check()
                if kept.size == last.size:
                    continue
                leaves = await self._grown(last, kept)
            except (Unavailable, Uncertain):
                continue
            yield Grown(kept.origin, kept.size, kept.root, leaves)
            last = kept

    async def _checked(self, tell: Callable[[str], None]) -> Kept:
        """Check the newest checkpoint; one that is behind once more, so that the verdict is sure."""
        kept = await self._monitor.check()
        if self._monitor.behind:
            tell(f"the gateway shows less than it did; it is asked again in {LAG_S:g} s")
            await asyncio.sleep(LAG_S + 1)
            kept = await self._monitor.check()
        return kept

    async def _read(self, kept: Kept, report: LogReport) -> LogReport:
        """Hash the whole log again; hold the directory and the receipts of this home against it."""
        check = await self._directory_check()
        promises = Promises(await self._home.store.read(accepted_receipts), self._clock())
        readable = 0
        async for _, leaf in self._leaves(NOTHING, kept, check):
            if isinstance(leaf, ReceiptLeaf):
                promises.take(leaf.hash)
            else:
                readable += 1
        check.end()
        await self._judge(check)
        if (broken := promises.broken(kept.note)) is not None:
            await self._monitor.evidence.keep(broken)
        return msgspec.structs.replace(
            report,
            entries=kept.size,
            readable=readable,
            directory=check.version,
            in_log=check.seen,
            receipts=promises.kept,
        )

    async def _grown(self, last: Kept, kept: Kept) -> list[tuple[int, ReadableLeaf]]:
        check = await self._directory_check()
        leaves = [found async for found in self._leaves(LogView(last.size, last.root), kept, check)]
        await self._judge(check)
        return [(index, leaf) for index, leaf in leaves if not isinstance(leaf, ReceiptLeaf)]

    async def _leaves(self, start: LogView, end: Kept, check: DirectoryCheck) -> AsyncIterator[tuple[int, Leaf]]:
        """Walk from one view to a checkpoint; give each leaf with its index."""
        async with aclosing(walk(self._monitor.tiles, start, LogView(end.size, end.root))) as runs:
            async for first, entries in runs:
                for index, data in enumerate(entries, first):
                    yield index, check.take(index, data)

    async def _directory_check(self) -> DirectoryCheck:
        await self._directory.current()
        return DirectoryCheck(await asyncio.to_thread(self._directory.files))

    async def _judge(self, check: DirectoryCheck) -> None:
        if check.found is not None:
            await self._monitor.evidence.keep(check.found)
            raise Rejected(check.found.why, code=check.found.code)


def _cosigned(note: bytes, witnesses: Sequence[VerifierKey]) -> dict[str, int]:
    """Return when each witness cosigned; refuse where one did not."""
    found = {}
    for witness in witnesses:
        at = cosigned_at(parse_note(note), witness)
        if at is None:
            raise Rejected(f"{witness.name} did not cosign the newest checkpoint", code="checkpoint-untrusted")
        found[witness.name] = at
    return found
