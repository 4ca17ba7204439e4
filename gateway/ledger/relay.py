"""
What the ledger knows of other networks: what waits for them, what they answered, and what came from them.

Writes name the epoch of the relay; who was replaced changes nothing more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.ledger.statements import conveying, relayed, relaying

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping, Sequence

    from gateway.ids import Address, EnvelopeHash, Network
    from gateway.ledger.facts import (
        Answer,
        Lease,
        LogProofs,
        NeededTiles,
        Outbound,
        Record,
        Ref,
        Refusal,
        SeenTree,
        SignEnd,
        SignHeld,
    )
    from gateway.ledger.readers import Readers
    from gateway.ledger.writer import Writer

__all__ = ["Relay"]


class Relay:
    """Other networks, as part of a `Ledger`: calls fail like its own, and write with `session-replaced` for an old epoch."""

    def __init__(self, readers: Readers, writer: Writer) -> None:
        self._read = readers.run
        self._writer = writer

    # --- home: what goes there -----------------------------------------------------------------------------------

    async def lease(self, network: Network, holder: str, epoch: int | None, keep_s: int) -> Lease:
        """
        Let one relay process be the active one.

        Args:
            network: Where it carries to.
            holder: Names the process.
            epoch: What it was given last; None at its start.
            keep_s: For so many seconds from now; 0 gives up what it has.

        Raises:
            Rejected: `session-replaced`; another holder is active, or there is nothing to give up.
        """
        return await self._writer.submit(relaying.lease, (network, holder, epoch, keep_s))

    async def lane(self, network: Network) -> Lease | None:
        """Return who carries to a network; None before the first."""
        return await self._read(relaying.lane_of, network)

    async def outbound(
        self, network: Network, limit_messages: int, limit_bytes: int, needs: NeededTiles
    ) -> tuple[list[Outbound], LogProofs | None]:
        """
        Return what waits for a network, and what proves its receipts in the log, of one state of the ledger.

        Args:
            network: The other one.
            limit_messages: At most so many: urgent first, then in order of acceptance.
            limit_bytes: The first message always comes.
            needs: Says which tiles; called in a thread.
        """
        return await self._read(relaying.outbound, network, limit_messages, limit_bytes, needs)

    async def hand_out(self, network: Network, epoch: int, refs: Sequence[Ref]) -> set[Ref]:
        """
        Note that a relay takes rows: from now on they may be there, and only an answer ends them.

        Returns:
            Those that it may have; others ended meanwhile.
        """
        return await self._writer.submit(relaying.hand_out, (network, epoch, refs))

    async def answer(self, network: Network, epoch: int, answers: Sequence[Answer], sign: SignHeld) -> list[str]:
        """
        Enter what the other gateway said, verified.

        Args:
            network: The other one.
            epoch: Of the relay.
            answers: One for each message.
            sign: Makes the `held` receipt of a problem, inside the commit.

        Returns:
            For each: empty, or `not-found` where there is no such message for that network.
        """
        return await self._writer.submit(relaying.answer, (network, epoch, answers, sign))

    async def bring_home(self, network: Network, epoch: int, after: int, records: Sequence[Record]) -> list[str]:
        """Record verified receipts of another network, as `Ledger.record`, and how far its relay has read there."""
        return await self._writer.submit(relaying.bring_home, (network, epoch, after, records))

    async def give_up(self, expired_by: int, limit: int, sign: SignEnd) -> int:
        """End at most `limit` rows that were handed out, expired at a time or before, and were never answered."""
        return await self._writer.submit(conveying.give_up, (expired_by, limit, sign))

    async def counts(self) -> Mapping[Network, tuple[int, int]]:
        """Return by network how many rows wait, and when the oldest of them was accepted."""
        return await self._read(relaying.outbound_counts)

    # --- what comes from there -----------------------------------------------------------------------------------

    async def first_answers(self, hashes: Sequence[EnvelopeHash]) -> Mapping[EnvelopeHash, Sequence[bytes]]:
        """Return the signed receipts with which those of these envelopes were answered that came before."""
        return await self._read(relayed.first_answers, hashes)

    async def refuse(self, refusal: Refusal) -> Sequence[bytes]:
        """Keep a refusal with the leaves of its receipts; return the first answer, which may be another one."""
        return await self._writer.submit(relayed.refuse, refusal)

    async def forget_refusals(self, now: int) -> int:
        """Erase what is kept until a time or before; return how many receipts."""
        return await self._writer.submit(relayed.forget_refusals, now)

    async def seen(self, gateway: Address) -> SeenTree | None:
        """Return the largest tree that was seen of the log of another network's gateway."""
        return await self._read(relayed.seen, gateway)

    def saw(self, gateway: Address, tree: SeenTree) -> asyncio.Future[None]:
        """Remember a tree if it is the largest; what is handed over next is often in the same commit."""
        return self._writer.submit(relayed.saw, (gateway, tree))

    async def waiting_bytes(self, network: Network) -> int:
        """Return the sealed bytes from a network that wait here."""
        return await self._read(relayed.waiting_bytes, network)
