"""
Requests to the gateways of a home, which are tried in turn.

The address that answered last is asked first. A gateway that cannot be reached, or says that it cannot now, is passed over
for the next; a refusal (`Rejected`) is an answer and ends the round. Sizes are bounded, every wait has a limit, redirects,
cookies, proxies from the environment and compression are off. What is asked for is signed (RFC 9421); a submission carries
its own signatures, and its sender judges each refusal. Nothing that comes back is trusted here: callers verify signatures.
What an answer or a lost line means, `answers` says.
"""

from __future__ import annotations

import math
import os
import random
import ssl
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_address
from time import monotonic
from typing import Final, NamedTuple, TypeVar

import aiohttp
from yarl import URL

from gateway.client.line.answers import lost_line, read_bounded, read_problem, read_wait_s
from gateway.client.line.tls import SYSTEM_CA, client_context
from gateway.envelope.keys import Keyring
from gateway.errors import GatewayError, Rejected, Unavailable, Uncertain
from gateway.protocol import media
from gateway.protocol.refusal import FIELD, MAX_PROBLEM_BYTES
from gateway.protocol.request import NONCE_BYTES, HttpRequest, RequestSigner

__all__ = ["Answer", "Judge", "Transport", "require_safe"]

CONNECT_S: Final = 10.0
TOTAL_S: Final = 60.0  # a submission of 2 MiB on a bad line
HEARTBEAT_S: Final = 20.0  # a half-open session is found within twice this
LINES: Final = 2  # lost ones, after which a submission is tried a last time
CLOSE_S: Final = 5.0  # for the closing handshake of a session
MAX_ANSWER_BYTES: Final = 16 << 20

_LINE_ENDED: Final = (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, aiohttp.ClientConnectionResetError)

T = TypeVar("T")
Judge = Callable[[Rejected, bytes, str | None], GatewayError]  # what it says, the document, Problem-Signature -> what it is


class Answer(NamedTuple):
    """What a gateway said: never a problem, those are raised."""

    status: int
    body: bytes


class Transport:
    """
    One connection pool for all gateways of a home.

    Args:
        gateways: Base addresses (`https://host:port`), in order of preference; at least one.
        keyring: Signs requests with the `agent` key.
        clock: Unix seconds.
        tls: Whose certificates are trusted, and which is shown; None trusts the system's CAs.

    Raises:
        Rejected: `config`: an address that `require_safe` refuses.
    """

    def __init__(
        self, gateways: Sequence[str], keyring: Keyring, clock: Callable[[], float], tls: ssl.SSLContext | None = None
    ) -> None:
        for address in gateways:
            require_safe(address)
        self._gateways = [address.rstrip("/") for address in gateways]
        self._tls = tls or client_context(SYSTEM_CA)
        self._first = 0
        self._signer = RequestSigner(keyring)
        self._clock = clock
        self._share_at = -math.inf  # of `monotonic`: no submission goes out before
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    @property
    def gateways(self) -> tuple[str, ...]:
        """The addresses, in the order in which they would be tried now."""
        return (*self._gateways[self._first :], *self._gateways[: self._first])

    @property
    def share_wait_s(self) -> int | None:
        """Seconds until a submission may go out, because the own share is used up; None when one may go now."""
        left_s = self._share_at - monotonic()
        return math.ceil(left_s) if left_s > 0 else None

    async def get(self, path: str, *, limit_bytes: int = MAX_ANSWER_BYTES) -> bytes:
        """Return what stands at `path`; for errors see `ask`."""
        return (await self.ask("GET", path, limit_bytes=limit_bytes)).body

    async def ask(
        self, method: str, path: str, *, body: bytes = b"", kind: str = media.OCTETS, limit_bytes: int = MAX_ANSWER_BYTES
    ) -> Answer:
        """
        Send one signed request to the first gateway that answers.

        Raises:
            Rejected: A gateway refused it; nothing changed.
            Unavailable: No gateway took it.
            Uncertain: One took it and its answer did not come; the same request may be sent again.
        """

        async def request(base: str) -> Answer:
            headers = {"Content-Type": kind} if body else {}
            signed = self._sign(method, base + path, headers, body)
            return await self._exchange(method, base + path, signed, body, limit_bytes)

        return await self._in_turn(request)

    async def submit(self, body: bytes, kind: str, judge: Judge) -> Answer:
        """
        Send a submission, which carries its own signatures.

        A gateway that stops ends lines that stood, and behind the same address there may be another: what was under way on such
        a line is sent again at once.

        Args:
            body: Its bytes.
            kind: `media.SEALED` or `media.SIGNED`.
            judge: Says what a refusal is; if that is Unavailable or Uncertain, the next gateway is asked.

        Raises:
            Rejected: A gateway refused it, and will refuse the same bytes again.
            Unavailable: No gateway took it. `quota`: the own share is used up, and nothing is sent before `retry_after_s`.
            Uncertain: It may have been accepted; the same bytes get the same receipt.
        """
        if (wait_s := self.share_wait_s) is not None:
            raise _wait(wait_s)

        async def request(base: str) -> Answer:
            headers, limit_bytes = {"Content-Type": kind}, media.MAX_ACCEPTED_ANSWER_BYTES
            for _ in range(LINES):
                try:
                    return await self._exchange("POST", base + media.MESSAGES, headers, body, limit_bytes, judge)
                except aiohttp.ClientConnectorError:
                    raise
                except _LINE_ENDED:
                    continue
            return await self._exchange("POST", base + media.MESSAGES, headers, body, limit_bytes, judge)

        try:
            return await self._in_turn(request)
        except Unavailable as exc:
            if exc.code == "quota" and exc.retry_after_s is not None:
                # With jitter: the processes of one participant share what it has, and must not come back together.
                self._share_at = monotonic() + exc.retry_after_s * random.uniform(1.0, 1.5)  # noqa: S311  no secret
            raise

    async def open_session(self) -> aiohttp.ClientWebSocketResponse:
        """
        Open the inbox session at the first gateway that takes it.

        Raises:
            Rejected: A gateway refused the participant.
            Unavailable: No gateway took it.
        """

        async def connect(base: str) -> aiohttp.ClientWebSocketResponse:
            try:
                return await self._upgrade(base + media.INBOX)
            except aiohttp.WSServerHandshakeError as exc:
                # The library drops the problem document of a refused upgrade: a plain request is refused alike, and tells why.
                if 400 <= exc.status < 500:
                    await self._plain(base)
                raise

        return await self._in_turn(connect)

    def prefer_next(self) -> None:
        """Ask another gateway first from now on: the line to this one was lost."""
        self._first = (self._first + 1) % len(self._gateways)

    async def close(self) -> None:
        """Close every connection; nothing is asked after this."""
        self._closed = True
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _in_turn(self, attempt: Callable[[str], Awaitable[T]]) -> T:
        worst: GatewayError = Unavailable("no gateway is known")
        for offset in range(len(self._gateways)):
            index = (self._first + offset) % len(self._gateways)
            try:
                result = await attempt(self._gateways[index])
            except (Unavailable, Uncertain) as exc:
                if exc.code == "quota" and not isinstance(worst, Uncertain):
                    raise  # the share is this participant's: to take it elsewhere would be to take others'
                # What may have happened at one gateway outweighs what surely did not at another.
                worst = worst if isinstance(worst, Uncertain) else exc
            except (aiohttp.ClientError, TimeoutError, OSError) as exc:
                worst = worst if isinstance(worst, Uncertain) else lost_line(exc, self._gateways[index])
            else:
                self._first = index
                return result
        raise worst

    async def _upgrade(self, url: str) -> aiohttp.ClientWebSocketResponse:
        return await self._pool().ws_connect(
            URL(url, encoded=True),
            headers=self._sign("GET", url, {}, b""),
            heartbeat=HEARTBEAT_S,
            max_msg_size=media.MAX_GATEWAY_FRAME_BYTES,
            timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_S),
        )

    async def _plain(self, base: str) -> None:
        url = f"{base}{media.DIRECTORY}metadata/timestamp.json"
        await self._exchange("GET", url, self._sign("GET", url, {}, b""), b"", MAX_PROBLEM_BYTES)

    async def _exchange(
        self, method: str, url: str, headers: dict[str, str], body: bytes, limit_bytes: int, judge: Judge | None = None
    ) -> Answer:
        async with self._pool().request(method, URL(url, encoded=True), headers=headers, data=body or None) as response:
            ok = 200 <= response.status < 300
            found = await read_bounded(response, limit_bytes if ok else MAX_PROBLEM_BYTES)
            if ok:
                return Answer(response.status, found)
            error = read_problem(response.status, found, self._clock())
            error.retry_after_s = read_wait_s(response.headers.get("Retry-After", ""))
            if judge is None or not isinstance(error, Rejected):
                raise error
            fields = response.headers.getall(FIELD, ())
            raise judge(error, found, fields[0] if len(fields) == 1 else None)

    def _sign(self, method: str, url: str, headers: dict[str, str], body: bytes) -> dict[str, str]:
        return self._signer.sign(HttpRequest(method, url, headers, body), self._clock(), os.urandom(NONCE_BYTES))

    def _pool(self) -> aiohttp.ClientSession:
        if self._closed:
            raise Unavailable("the contact point was closed")
        if self._session is None:
            trace = aiohttp.TraceConfig()
            trace.on_request_redirect.append(_refuse_redirect)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=self._tls),
                trace_configs=[trace],
                timeout=aiohttp.ClientTimeout(total=TOTAL_S, connect=CONNECT_S),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"Accept-Encoding": "identity"},
                auto_decompress=False,
            )
        return self._session


def require_safe(address: str) -> None:
    """Refuse with `config` an address of a gateway that is not HTTPS, or HTTP on this machine."""
    try:
        url = URL(address)
        safe = url.host is not None and (url.scheme == "https" or (url.scheme == "http" and _is_loopback(url.host)))
    except ValueError:
        safe = False
    if not safe:
        raise Rejected(f"a gateway is reached by https://, by http:// on this machine alone: {address[:100]!r}", code="config")


def _is_loopback(host: str) -> bool:
    return host == "localhost" or ip_address(host).is_loopback


async def _refuse_redirect(*_: object) -> None:
    """Refuse for requests and sessions alike: what is signed for one address goes to no other."""
    raise Unavailable("a redirection, which no gateway makes")


def _wait(wait_s: int) -> Unavailable:
    error = Unavailable(f"the gateway takes no more of this participant for {wait_s} s", code="quota")
    error.retry_after_s = wait_s
    return error
