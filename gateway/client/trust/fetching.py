"""
The files of a directory, fetched for a library that is synchronous: from its thread, through the event loop's connections.

One's own directory and those of peers stand under paths of their own and are fetched alike. Nothing is trusted here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from gateway.errors import Unavailable
from gateway.protocol import media

if TYPE_CHECKING:
    from gateway.client.line.transport import Transport
    from gateway.ids import Network

__all__ = ["Files"]

FETCH_S: Final = 120.0  # for one request, whatever number of gateways is tried in turn
BUNDLE_PATHS: Final = 256  # in one request: cards are a few KiB each
PEERS: Final = "/v1/peers/"  # "NETWORK/metadata/..." and "NETWORK/targets/..." follow
PEER_BUNDLE: Final = "/v1/peers/bundle/"  # the network follows
_bundle: Final = msgspec.msgpack.Decoder(list[tuple[str, bytes]])

T = TypeVar("T")


class Files:
    """
    One directory, as the gateways of a home serve it.

    Args:
        transport: To the gateways.
        loop: Runs the connections; never the thread that fetches.
        network: A peer; None for the home's own.
    """

    def __init__(self, transport: Transport, loop: asyncio.AbstractEventLoop, network: Network | None = None) -> None:
        self._transport = transport
        self._loop = loop
        self._prefix = media.DIRECTORY if network is None else f"{PEERS}{network}/"
        self._bundles = media.DIRECTORY_BUNDLE if network is None else f"{PEER_BUNDLE}{network}"

    def one(self, path: str) -> bytes:
        """Return a file (`metadata/timestamp.json`); Rejected `not-found`, or Unavailable."""
        return self._wait(self._transport.get(self._prefix + path))

    def many(self, paths: Sequence[str]) -> Mapping[str, bytes]:
        """Return targets, as far as a gateway has them."""
        found: dict[str, bytes] = {}
        for start in range(0, len(paths), BUNDLE_PATHS):
            body = msgspec.json.encode(paths[start : start + BUNDLE_PATHS])
            answer = self._wait(self._transport.ask("POST", self._bundles, body=body, kind=media.JSON))
            try:
                found.update(_bundle.decode(answer.body))
            except (msgspec.MsgspecError, UnicodeDecodeError) as exc:
                raise Unavailable("a bundle of the directory that cannot be read") from exc
        return found

    def _wait(self, fetching: Coroutine[object, object, T]) -> T:
        """Fetch on the event loop, from the refreshing thread; if the loop goes away this ends too."""
        asked = asyncio.run_coroutine_threadsafe(fetching, self._loop)
        try:
            return asked.result(FETCH_S)
        except TimeoutError:
            asked.cancel()
            raise Unavailable(f"no gateway had the directory within {FETCH_S:.0f} s") from None
