"""
A gateway's HTTP interface on loopback over a fake exchange, and two ways to speak to it.

`ask` is a well-behaved client that signs as the profile says; `raw` writes bytes to the socket and reads what comes, for
clients that behave badly. The clock stands still until a test moves it.
"""

from __future__ import annotations

import asyncio
import gc
import io
import os
import ssl
from contextlib import asynccontextmanager, suppress
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

import aiohttp
import msgspec
from yarl import URL

from gateway.api.app import HttpApi, Parts
from gateway.api.limits import HttpLimits
from gateway.ops.health import Health, Probe
from gateway.ops.metrics import Metrics
from gateway.protocol.request import NONCE_BYTES, HttpRequest, sign_request
from gateway.resources import schemas_path
from tests.support.fake_exchange import FakeExchange
from tests.support.fake_log import FakeLog
from tests.support.fake_relay import FakePeers, FakeRelay
from tests.support.waiting import SOON_S

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from gateway.envelope.keys import Keyring

__all__ = ["NOW", "QUICK", "Answer", "Client", "Stage", "connected", "parse_answer", "staged"]

NOW = 1_900_000_000
QUICK = HttpLimits(
    idle_time_s=1.0, body_time_s=1.0, request_time_s=1.5, linger_s=0.5, standing_s=0.05, send_time_s=1.0, heartbeat_s=10.0
)


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def problem(self) -> dict[str, Any]:
        """The problem document; fails when it is none."""
        assert self.headers["content-type"] == "application/problem+json", (self.status, self.body)
        found: dict[str, Any] = msgspec.json.decode(self.body)
        assert found["status"] == self.status
        assert found["type"] == f"urn:gateway:problem:{found['code']}"
        return found

    @property
    def code(self) -> str:
        """The code of the problem."""
        return str(self.problem["code"])


class Client:
    """
    Speaks to one interface.

    Args:
        port: Returns where it listens.
        clock: Unix seconds, for signatures.
    """

    def __init__(self, port: Callable[[], int], clock: Callable[[], float]) -> None:
        self._port = port
        self._clock = clock
        self.scheme = "http"
        self.session: aiohttp.ClientSession

    @property
    def base(self) -> str:
        """The address that clients use."""
        return f"{self.scheme}://127.0.0.1:{self._port()}"

    def signed(
        self, method: str, path: str, keyring: Keyring, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> dict[str, str]:
        """Return headers that sign a request now."""
        request = HttpRequest(method, self.base + path, headers or {}, body)
        return sign_request(request, keyring, self._clock(), os.urandom(NONCE_BYTES))

    async def ask(
        self,
        method: str,
        path: str,
        keyring: Keyring | None = None,
        *,
        body: bytes = b"",
        media: str | None = None,
        **headers: str,
    ) -> Answer:
        """Send a request as a good client does, signed where a keyring is given."""
        fields = {"Content-Type": media} if media else {}
        fields.update({name.replace("_", "-"): value for name, value in headers.items()})
        if keyring is not None:
            fields = self.signed(method, path, keyring, body, fields)
        return await self.send(method, path, fields, body)

    async def send(self, method: str, path: str, headers: dict[str, str], body: Any = b"") -> Answer:
        """Send a request with exactly these headers."""
        url = URL(self.base + path, encoded=True)
        data = io.BytesIO(body) if isinstance(body, bytes) and body else body or None
        async with self.session.request(method, url, headers=headers, data=data, skip_auto_headers=["Content-Type"]) as got:
            return Answer(got.status, {name.lower(): value for name, value in got.headers.items()}, await got.read())

    async def raw(self, *parts: bytes, pause_s: float = 0.0) -> bytes:
        """Write bytes as they are and return all that comes back until the gateway closes; fail if it does not."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port())
        received = asyncio.create_task(_all_of(reader))
        with suppress(ConnectionError):
            for part in parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(pause_s)
        try:
            return await received
        finally:
            writer.close()


class Stage(Client):
    """One interface over a fake exchange, with its clients."""

    def __init__(self, limits: HttpLimits) -> None:
        super().__init__(lambda: self.api.port, lambda: self.now)
        self.now = float(NOW)
        self.exchange = FakeExchange()
        self.log = FakeLog()
        self.relay = FakeRelay()
        self.peers = FakePeers()
        self.metrics = Metrics()
        self.probes = {"ledger": True, "directory": True, "broker": True}
        self.health = Health({name: Probe(self._probe(name), needed=name != "broker") for name in self.probes})
        self.limits = limits
        self.suspended: set[str] = set()
        self.api: HttpApi

    def parts(self) -> Parts:
        """Return what the interface is made of."""
        return Parts(
            exchange=self.exchange,
            log=self.log,
            relay=self.relay,
            peers=self.peers,
            directory=lambda: self.exchange.directory,
            health=self.health,
            metrics=self.metrics,
            clock=lambda: self.now,
            rng=os.urandom,
            sign_problem=lambda body, problem: f"signed:{sha256(body + problem).hexdigest()}",
            schemas=schemas_path(),
            limits=self.limits,
            suspended=self.suspended.__contains__,
        )

    def connections(self) -> int:
        """Return how many connections the interface counts."""
        return self.api._listener.places.taken

    def _probe(self, name: str) -> Any:
        async def check() -> bool:
            return self.probes[name]

        return check


@asynccontextmanager
async def connected(client: Client) -> AsyncIterator[None]:
    """Give a client its connections."""
    async with aiohttp.ClientSession(auto_decompress=False, timeout=aiohttp.ClientTimeout(total=10)) as client.session:
        yield


@asynccontextmanager
async def staged(limits: HttpLimits = QUICK, tls: ssl.SSLContext | None = None) -> AsyncIterator[Stage]:
    """Start an interface and stop it after the test; nothing may fail behind its back."""
    stage = Stage(limits)
    faults: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
    stage.api = HttpApi(stage.parts(), tls)
    stage.scheme = "https" if tls else "http"
    await stage.api.start("127.0.0.1", 0)
    async with connected(stage):
        try:
            yield stage
        finally:
            await stage.api.stop(1.0)
    gc.collect(1)  # a task that failed unseen tells when it is collected
    assert [one for one in faults if not isinstance(one.get("exception"), ssl.SSLError)] == []


async def _all_of(reader: asyncio.StreamReader) -> bytes:
    received = b""
    async with asyncio.timeout(SOON_S):
        with suppress(ConnectionError):
            while piece := await reader.read(65536):
                received += piece
    return received


def parse_answer(raw: bytes) -> Answer:
    """Read the first answer of what a socket gave."""
    head, _, body = raw.partition(b"\r\n\r\n")
    status, *fields = head.decode().split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
    return Answer(int(status.split()[1]), headers, body[: int(headers.get("content-length", len(body)))])
