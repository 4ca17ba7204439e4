"""What relays ask of a gateway, at one place: at home by `Forwarding`, at the other side by `Relayed`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.exchange.forwarding import Forwarding
    from gateway.exchange.relayed import Relayed, Reply
    from gateway.ids import Network
    from gateway.ledger import Lease

__all__ = ["RelayDesk"]


class RelayDesk:
    """
    Implements what the HTTP interface asks for relays (`gateway.api.ports.RelayPort`); who asks is proved there.

    Args:
        forwarding: Serves this network's relays.
        relayed: Takes what others bring.
    """

    def __init__(self, forwarding: Forwarding, relayed: Relayed) -> None:
        self._forwarding = forwarding
        self._relayed = relayed

    async def lease(self, network: Network, holder: str, epoch: int | None, *, release: bool = False) -> Lease:
        """Let one relay process be the active one; see `Forwarding.lease`."""
        return await self._forwarding.lease(network, holder, epoch, release=release)

    async def forwards(self, network: Network, epoch: int, wait_s: float) -> Sequence[tuple[int, bytes]]:
        """Return what waits for a network; see `Forwarding.forwards`."""
        return await self._forwarding.forwards(network, epoch, wait_s)

    async def answered(
        self, network: Network, epoch: int, answers: Sequence[tuple[int, str, Sequence[bytes]]]
    ) -> Sequence[str]:
        """Take what the other gateway answered; see `Forwarding.answered`."""
        return await self._forwarding.answered(network, epoch, answers)

    async def receipts_from(self, network: Network, epoch: int, after: int, receipts: Sequence[bytes]) -> Sequence[str]:
        """Record receipts of another network; see `Forwarding.receipts_from`."""
        return await self._forwarding.receipts_from(network, epoch, after, receipts)

    async def take(self, forwards: Sequence[bytes], carrier: Network | None) -> Sequence[Reply]:
        """Take forwards of another network; see `Relayed.take`."""
        return await self._relayed.take(forwards, carrier)

    async def receipts_for(self, network: Network, after: int, wait_s: float) -> Sequence[tuple[int, bytes]]:
        """Return receipts about a network's envelopes; see `Relayed.receipts_for`."""
        return await self._relayed.receipts_for(network, after, wait_s)
