"""
What the HTTP interface asks of the gateway behind it about other networks: mail across the border, and their directories.

The same holds as for `ports`: who asks was proved, all bytes are checked by whoever gets them, and every error is of the error
tree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.ids import Network

__all__ = ["LeasePort", "PeersPort", "RelayPort", "TakenPort"]


class LeasePort(Protocol):
    """Who carries mail to another network."""

    @property
    def epoch(self) -> int:
        """Stands in every request of the holder; a higher one replaces it."""

    @property
    def until(self) -> int:
        """When another may take over, Unix seconds."""

    @property
    def after(self) -> int:
        """Position of the last receipt from there that is recorded here."""


class RelayPort(Protocol):
    """
    What relays and bridges bring and fetch. Who may ask was proved; a network that is no peer is Rejected `peer-unknown`.

    Every call may be repeated: the same again is answered as the first time. A call that waits ends with nothing to hand out.
    """

    async def lease(self, network: Network, holder: str, epoch: int | None, *, release: bool = False) -> LeasePort:
        """
        Make one of several relay processes the active one for 15 s, or keep it so; with `release` let another one be it.

        Raises:
            Rejected: `session-replaced`, another holder is active.
        """

    async def forwards(self, network: Network, epoch: int, wait_s: float) -> Sequence[tuple[int, bytes]]:
        """Return numbers and forwards that wait, urgent first: at most 64 and 4 MiB; `session-replaced` for an older epoch."""

    async def answered(
        self, network: Network, epoch: int, answers: Sequence[tuple[int, str, Sequence[bytes]]]
    ) -> Sequence[str]:
        """Take what the other network answered to forwards; return "" or a code for each."""

    async def take(self, forwards: Sequence[bytes], carrier: Network | None) -> Sequence[tuple[str, Sequence[bytes]]]:
        """
        Take forwards of another network.

        Args:
            forwards: At most 64.
            carrier: The network whose relay brings them; None for a bridge of this one.

        Returns:
            For each a code, or "" and signed receipts.
        """

    async def receipts_for(self, network: Network, after: int, wait_s: float) -> Sequence[tuple[int, bytes]]:
        """Return at most 512 receipts about mail from a network, with their positions, beyond one of them."""

    async def receipts_from(self, network: Network, epoch: int, after: int, receipts: Sequence[bytes]) -> Sequence[str]:
        """Record receipts about mail to a network, up to its position `after`; return "" or a code for each."""


class TakenPort(Protocol):
    """What files of a peer's directory came to."""

    @property
    def version(self) -> int:
        """Of the directory in use now."""

    @property
    def root(self) -> int:
        """Version of the newest root at hand."""

    @property
    def missing(self) -> Sequence[str]:
        """Names that are still to be brought."""


class PeersPort(Protocol):
    """The directories of peers."""

    def stale(self, network: Network, now: float) -> bool:
        """Say whether a peer's directory is too old to accept anything by."""

    def files(self, network: Network, names: Sequence[str]) -> Mapping[str, bytes]:
        """Return those files of a peer's directory that are there; `peer-unknown` for another network."""

    async def take(self, network: Network, brought: Mapping[str, bytes]) -> TakenPort:
        """Take in files from anybody: they prove themselves, or are refused with a code and change nothing."""
