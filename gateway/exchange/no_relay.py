"""A gateway that carries nothing to or from other networks: every network is no peer."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from gateway.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.ids import Network

__all__ = ["NoRelay"]


class NoRelay:
    """Answers `peer-unknown` to all that relays ask; see `gateway.api.ports.RelayPort`."""

    async def lease(self, network: Network, holder: str, epoch: int | None, *, release: bool = False) -> NoReturn:
        """Refuse."""
        del holder, epoch, release
        raise _refused(network)

    async def forwards(self, network: Network, epoch: int, wait_s: float) -> NoReturn:
        """Refuse."""
        del epoch, wait_s
        raise _refused(network)

    async def answered(self, network: Network, epoch: int, answers: Sequence[tuple[int, str, Sequence[bytes]]]) -> NoReturn:
        """Refuse."""
        del epoch, answers
        raise _refused(network)

    async def take(self, forwards: Sequence[bytes], carrier: Network | None) -> NoReturn:
        """Refuse."""
        del forwards
        raise _refused(carrier)

    async def receipts_for(self, network: Network, after: int, wait_s: float) -> NoReturn:
        """Refuse."""
        del after, wait_s
        raise _refused(network)

    async def receipts_from(self, network: Network, epoch: int, after: int, receipts: Sequence[bytes]) -> NoReturn:
        """Refuse."""
        del epoch, after, receipts
        raise _refused(network)


def _refused(network: Network | None) -> Rejected:
    return Rejected(f"nothing is carried to or from {network or 'other networks'} here", code="peer-unknown")
