"""
The line to the gateways of one network, as everything in the relay sees it.

`Line` is the port. What comes back is not trusted: it is parsed here, and proved by the gateway that it is brought to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol

from gateway.errors import GatewayError, Rejected, Unavailable, Uncertain
from gateway.protocol import media

if TYPE_CHECKING:
    from gateway.client.line.transport import Transport

__all__ = ["GatewayLine", "Line", "OtherSide", "there"]

ROUND_S: Final = 120.0  # for a request, whatever number of gateways is tried, and however steadily an answer trickles
MAX_ANSWER_BYTES: Final = 16 << 20


class Line(Protocol):
    """
    Asks a gateway of one network.

    A request may be repeated: each either changes nothing or is answered as the first time. No order between requests.
    """

    async def ask(self, method: str, path: str, body: bytes = b"", *, kind: str = media.MSGPACK) -> bytes:
        """
        Send one request and return the body of its answer, within `ROUND_S`.

        Args:
            method: GET or POST.
            path: With its query.
            body: Empty for none.
            kind: Media type of the body.

        Raises:
            Rejected: A gateway refused it; nothing changed.
            Unavailable: No gateway took it.
            Uncertain: One may have; the same request may be sent again.
        """

    def prefer_next(self) -> None:
        """Ask another gateway first from now on: this one gives answers that are none."""

    async def close(self) -> None:
        """Ask nothing more."""


class OtherSide(Unavailable):
    """
    The other network's gateway refused a request, or gave an answer that is none: this is its word, and ends nothing here.

    Args:
        told: What it said.
    """

    def __init__(self, told: GatewayError) -> None:
        super().__init__(f"the other gateway: {told}")
        self.told = told.code


class GatewayLine:
    """
    A line over HTTPS.

    Args:
        transport: Signs with the relay's agent key, and tries several addresses in turn.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def ask(self, method: str, path: str, body: bytes = b"", *, kind: str = media.MSGPACK) -> bytes:
        """Send one request; see `Line`."""
        try:
            async with asyncio.timeout(ROUND_S):
                answer = await self._transport.ask(method, path, body=body, kind=kind, limit_bytes=MAX_ANSWER_BYTES)
        except TimeoutError as exc:
            raise Uncertain(f"no answer within {ROUND_S:.0f} s") from exc
        return answer.body

    def prefer_next(self) -> None:
        """Ask another gateway first from now on."""
        self._transport.prefer_next()

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()


@contextmanager
def there(line: Line) -> Iterator[None]:
    """Turn a refusal of the other gateway, or an answer that is none, into `OtherSide`; and prefer another from now on."""
    try:
        yield
    except Rejected as exc:
        line.prefer_next()
        raise OtherSide(exc) from exc
