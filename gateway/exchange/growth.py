"""
How much a peer may make our audit log grow: what its directory says becomes leaves here, and a log forgets nothing.

A bucket of bytes for each network, that holds two of the largest directories and fills within a day. Whoever lets a whole
directory change again and again holds up his own network's news, and costs this one a disk no faster than that.
Spec: schemas/relay.md, "The directory of a peer".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.ids import Network

__all__ = ["MOST_BYTES", "Growth"]

MOST_BYTES: Final = 72 << 20  # twice 32 MiB of entries and cards, with what is around each
_REFILL_S: Final = 86_400


class Growth:
    """
    What each network has left.

    Args:
        clock: Unix seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._left: dict[Network, tuple[float, float]] = {}

    def take(self, network: Network, size_bytes: int) -> None:
        """Take so many bytes; raise Rejected `too-many` where they are not there yet, and nothing is taken."""
        now = self._clock()
        left, at = self._left.get(network, (float(MOST_BYTES), now))
        left = min(float(MOST_BYTES), left + max(0.0, now - at) * MOST_BYTES / _REFILL_S)
        if left < size_bytes:
            raise Rejected(f"{size_bytes} bytes of leaves about {network}, {int(left)} are left today", code="too-many")
        self._left[network] = left - size_bytes, now
