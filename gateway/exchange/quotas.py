"""
The share of a peer: messages in an hour, and sealed bytes that wait here (rule `border-quota`).

Messages are counted by this process, as a bucket that fills over an hour; a refusal costs as many as it has recipients, because
each of them costs a signature and a leaf. Bytes are counted by the ledger, now and then, and added to in between.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gateway.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.directory.peers import Peer
    from gateway.ids import Network
    from gateway.ledger import Ledger

__all__ = ["Quotas"]

HOUR_S: Final = 3600
ASK_S: Final = 2.0  # between two counts of the ledger; longer where a count takes long
_SPARING: Final = 20  # times as long as it took


@dataclass(slots=True)
class _Share:
    """What one network has left."""

    tokens: float
    at: float
    waiting_bytes: int = 0
    ask_at: float = 0.0
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)


class Quotas:
    """
    Counts what comes from peers.

    Args:
        ledger: Knows what waits.
        ticks: Seconds that never go back.
    """

    def __init__(self, ledger: Ledger, ticks: Callable[[], float]) -> None:
        self._ledger = ledger
        self._ticks = ticks
        self._shares: dict[Network, _Share] = {}

    async def take(self, network: Network, peer: Peer, size_bytes: int) -> None:
        """Take a message; raise Rejected `too-many` when the share is used up, and nothing is taken."""
        share = self._share(network, peer)
        await self._count(network, share)
        if share.waiting_bytes + size_bytes > peer.waiting_bytes:
            raise Rejected(f"{share.waiting_bytes} bytes of {network} wait here (rule border-quota)", code="too-many")
        self.charge(network, peer, 1)
        share.waiting_bytes += size_bytes

    def charge(self, network: Network, peer: Peer, count: int) -> None:
        """Take so many messages of the hour, at most all of them; raise Rejected `too-many`."""
        share = self._share(network, peer)
        if share.tokens < min(count, peer.per_hour):
            raise Rejected(f"{peer.per_hour} messages of {network} in an hour (rule border-quota)", code="too-many")
        share.tokens -= min(count, peer.per_hour)

    def _share(self, network: Network, peer: Peer) -> _Share:
        now = self._ticks()
        share = self._shares.setdefault(network, _Share(float(peer.per_hour), now))
        share.tokens = min(float(peer.per_hour), share.tokens + (now - share.at) * peer.per_hour / HOUR_S)
        share.at = now
        return share

    async def _count(self, network: Network, share: _Share) -> None:
        async with share.asking:
            now = self._ticks()
            if now < share.ask_at:
                return
            share.waiting_bytes = await self._ledger.relay.waiting_bytes(network)
            share.ask_at = self._ticks() + max(ASK_S, _SPARING * (self._ticks() - now))
