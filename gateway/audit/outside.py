"""
Asking services that the gateway does not trust and never waits for: witnesses and time-stamp services.

Every answer is bounded in size, every request in time; redirects, cookies, compression and proxies from the environment are
off. Nothing that comes back is believed here: callers verify signatures. `Backoff` spaces the requests to one that fails.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final, NamedTuple, Self

import aiohttp
from yarl import URL

from gateway.errors import Unavailable

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["Answer", "Backoff", "Outside"]

TOTAL_S: Final = 20.0  # for a whole request; a witness has a disk to wait for
CONNECT_S: Final = 5.0
LONGEST_PAUSE_S: Final = 900.0  # an outage of a night is found to be over within a quarter of an hour


class Answer(NamedTuple):
    """What came back, whatever its status."""

    status: int
    media: str
    body: bytes


class Outside:
    """
    A pool of connections to services outside; an async context manager.

    Args:
        total_s: For one request, from the first name look-up to the last byte of the answer.
    """

    def __init__(self, total_s: float = TOTAL_S) -> None:
        self._timeout = aiohttp.ClientTimeout(total=total_s, connect=min(CONNECT_S, total_s))
        self._session: aiohttp.ClientSession

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            timeout=self._timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=("User-Agent", "Accept-Encoding"),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def post(self, url: str, body: bytes, media: str, limit_bytes: int) -> Answer:
        """
        Send a body and return the answer.

        Raises:
            Unavailable: There was no answer of at most `limit_bytes` in time; who was asked may have taken the request.
        """
        try:
            request = self._session.post(URL(url), data=body, headers={"Content-Type": media}, allow_redirects=False)
            async with request as response:
                found = await response.content.read(limit_bytes + 1)
                while len(found) <= limit_bytes and (more := await response.content.read(limit_bytes + 1 - len(found))):
                    found += more
                if len(found) > limit_bytes:
                    raise Unavailable(f"an answer above {limit_bytes} bytes")
                return Answer(response.status, response.headers.get("Content-Type", ""), found)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as exc:
            raise Unavailable(f"no answer: {type(exc).__name__}") from exc


class Backoff:
    """
    The pauses between rounds with one service.

    Args:
        pause_s: When all is well.
        longest_s: After many failures.
    """

    def __init__(self, pause_s: float, longest_s: float = LONGEST_PAUSE_S) -> None:
        self._pause_s = pause_s
        self._longest_s = max(pause_s, longest_s)
        self._failures = 0

    def well(self) -> None:
        """Note a round that did its work."""
        self._failures = 0

    def failed(self) -> None:
        """Note a round that did not."""
        self._failures += 1

    @property
    def next_s(self) -> float:
        """Seconds to the next round: doubled with each failure, and spread, so that processes do not ask in step."""
        doubled = self._pause_s * 2.0 ** min(self._failures, 20)
        return min(doubled, self._longest_s) * random.uniform(0.9, 1.1)  # noqa: S311  spreads load, guards nothing
