"""
Places: how many connections may be open at a listener, in all and from one source.

A source is an IPv4 address, or the /64 of an IPv6 address: whoever has one address of that has them all. A place is taken
before anything is done for a connection, and given back when its line is gone. Nothing is kept of a source that has no place.
This module knows no socket.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Place", "Places", "source_of"]

_HALF: Final = 8  # bytes of an IPv6 address that a site is given; it makes up the rest


def source_of(host: str) -> bytes:
    """
    Return what an address is counted as.

    Args:
        host: As the system shows it: IPv4, IPv6 with or without a zone, or IPv4 within IPv6. Anything else is one source.
    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return b""
    if isinstance(address, ipaddress.IPv4Address):
        return address.packed
    mapped = address.ipv4_mapped
    return address.packed[:_HALF] if mapped is None else mapped.packed


class Place:
    """The place of one connection, until it leaves."""

    __slots__ = ("_places", "source")

    def __init__(self, places: Places, source: bytes) -> None:
        self._places: Places | None = places
        self.source = source

    def leave(self) -> None:
        """Give the place back; a second time does nothing."""
        places, self._places = self._places, None
        if places is not None:
            places.given_back(self.source)


class Places:
    """
    The places of one listener.

    Args:
        most: In all.
        most_each: Of one source; None does not count them.
        turned_away: Told of each connection that gets none, with the bound that it met: `all` or `source`.
    """

    def __init__(self, most: int, most_each: int | None, turned_away: Callable[[str], object]) -> None:
        self._most = most
        self._most_each = most_each
        self._turned_away = turned_away
        self._by_source: Counter[bytes] = Counter()
        self.taken = 0

    def take(self, host: str) -> Place | None:
        """Take a place for a connection from an address; None where it is one too many."""
        if self.taken >= self._most:
            self._turned_away("all")
            return None
        source = source_of(host)
        if self._most_each is not None and self._by_source[source] >= self._most_each:
            self._turned_away("source")
            return None
        self.taken += 1
        self._by_source[source] += 1
        return Place(self, source)

    def given_back(self, source: bytes) -> None:
        """Note that a place is free again; called by `Place.leave` alone."""
        self.taken -= 1
        self._by_source[source] -= 1
        if not self._by_source[source]:
            del self._by_source[source]
