"""
Two gateways and a clock in memory, as a relay meets them; each misbehaviour is one line: `world.other.does = lying`.

The home gateway proves what it is brought as a real one does, so a test asks it what it believes. No time passes but by
`world.time`.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from gateway.directory.roles import TIMESTAMP_FILE
from gateway.errors import Rejected, Unavailable, Uncertain
from gateway.ids import Network
from gateway.ops.metrics import RelayMetrics
from gateway.protocol import media
from gateway.protocol.relaying import Answer, Bodies, Lease, Published
from gateway.relay.lane import Lines
from gateway.relay.pauses import Time
from gateway.relay.relay import Relay

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.relay.line import Line

__all__ = ["OTHER", "OWN", "Fake", "FakeHome", "FakeOther", "FakeTime", "World", "receipt"]

OWN, OTHER = Network("icn"), Network("eu-network")
NOW = 1_900_000_000
ALIVE_S = 15
Handler = Callable[..., Awaitable[bytes]]


def receipt(forward: bytes) -> bytes:
    """Return what the other gateway signs for a forward, as far as this world proves it."""
    return b"accepted:" + forward


class FakeTime:
    """A clock that moves when a test says so, and wakes who slept."""

    def __init__(self) -> None:
        self.now = float(NOW)
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0

    @property
    def time(self) -> Time:
        """What the relay gets."""
        return Time(lambda: self.now, self.sleep)

    async def sleep(self, seconds: float) -> None:
        """Wait until the test let so much pass."""
        waiter = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._sleepers, (self.now + max(0.0, seconds), self._count, waiter))
        await waiter

    async def go(self, seconds: float) -> None:
        """Let time pass, and everybody do what is due in it."""
        until = self.now + seconds
        await _settle()
        while self._sleepers and self._sleepers[0][0] <= until:
            at, _, waiter = heapq.heappop(self._sleepers)
            if not waiter.done():
                self.now = at
                waiter.set_result(None)
                await _settle()
        self.now = until


async def _settle() -> None:
    """Let everybody run until all of them wait: then the loop has nothing ready but this."""
    await asyncio.sleep(0)
    ready = asyncio.get_running_loop()._ready  # type: ignore[attr-defined]
    while ready:  # noqa: ASYNC110  there is no event for it
        await asyncio.sleep(0)


@dataclass
class Fake:
    """
    A gateway that answers requests of a relay.

    Attributes:
        does: What it does instead of answering: called with the fake and a path, it raises, or returns other bytes than None.
        files: Its own directory, as published.
        mirrored: What it was brought of the other's.
        keeps_pieces: Whether it keeps what was brought of a directory until the rest comes.
        asked: Method and path of every request, without its query.
    """

    time: FakeTime
    does: Callable[[Any, str], bytes | None] = lambda _fake, _path: None
    files: dict[str, bytes] = field(default_factory=lambda: {TIMESTAMP_FILE: b"1"})
    mirrored: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    passed_over: int = 0
    keeps_pieces: bool = True

    async def ask(self, method: str, path: str, body: bytes = b"", *, kind: str = media.MSGPACK) -> bytes:
        """Answer as a gateway."""
        del kind
        parts = urlsplit(path)
        query = {name: int(values[0]) for name, values in parse_qs(parts.query).items()}
        self.asked.append(f"{method} {parts.path}")
        instead = self.does(self, parts.path)
        if instead is not None:
            return instead
        if parts.path == media.DIRECTORY + TIMESTAMP_FILE:
            return self.files[TIMESTAMP_FILE]
        if parts.path == media.DIRECTORY_BUNDLE:
            return Bodies.files.encode([(name, self.files[name]) for name in Bodies.names.decode(body) if name in self.files])
        if parts.path.startswith("/v1/peers/publish/"):
            return self._publish(dict(Bodies.files.decode(body)))
        return await self.answer(f"{method} {parts.path}", body, **query)

    async def answer(self, request: str, body: bytes, **query: int) -> bytes:
        """Answer what is no directory's."""
        raise NotImplementedError

    def prefer_next(self) -> None:
        """Count how often another one would be asked."""
        self.passed_over += 1

    async def close(self) -> None:
        """Do nothing."""

    def _publish(self, files: dict[str, bytes]) -> bytes:
        self.mirrored = {**(self.mirrored if self.keeps_pieces else {}), **files}
        wanted = [TIMESTAMP_FILE, *self.mirrored.get(TIMESTAMP_FILE, b"").decode().split(",")[1:]]
        missing = tuple(name for name in wanted if name not in self.mirrored)
        roots = sum(name.endswith(".root.json") for name in self.mirrored)
        return Bodies.published.encode(Published(1, 1 + roots, missing))


@dataclass
class FakeHome(Fake):
    """
    The gateway at home: gives each forward until it has an answer that it can prove.

    Attributes:
        waiting: Forwards by number.
        relayed: Numbers whose receipt was proved.
        held: Numbers that the other gateway refused with a problem.
        receipts: Of far recipients, in the order in which they were recorded.
    """

    waiting: dict[int, bytes] = field(default_factory=dict)
    relayed: dict[int, bytes] = field(default_factory=dict)
    held: dict[int, str] = field(default_factory=dict)
    receipts: list[bytes] = field(default_factory=list)
    after: int = 0
    epoch: int = 0
    holder: str = ""
    until: float = 0.0

    def put(self, *forwards: bytes) -> None:
        """Let messages wait for the relay."""
        for forward in forwards:
            self.waiting[len(self.waiting) + len(self.relayed) + len(self.held) + 1] = forward

    async def answer(self, request: str, body: bytes, **query: int) -> bytes:
        """Answer a relay with the newest epoch alone."""
        if "/lease/" in request:
            return self._lease(body)
        if query["epoch"] != self.epoch:
            raise Rejected(code="session-replaced")
        match request.split("/")[:4]:
            case ["GET ", "v1", "relay", "forwards"]:
                if not self.waiting:
                    await self.time.sleep(query["wait"])
                return Bodies.forward_page.encode(sorted(self.waiting.items())[:64])
            case ["POST ", "v1", "relay", "answers"]:
                return Bodies.codes.encode([self._settle(*one) for one in Bodies.numbered_answers.decode(body)])
            case _:
                self.after, receipts = Bodies.receipts_taken.decode(body)
                self.receipts += receipts
                return Bodies.codes.encode([""] * len(receipts))

    def _lease(self, body: bytes) -> bytes:
        wish = Bodies.lease_wish.decode(body)
        taken = self.time.now < self.until and wish.holder != self.holder
        if taken or (wish.epoch is not None and wish.epoch != self.epoch):
            raise Rejected(code="session-replaced")
        self.epoch += wish.epoch is None
        self.holder, self.until = wish.holder, 0.0 if wish.release else self.time.now + ALIVE_S
        return Bodies.lease.encode(Lease(self.epoch, int(self.until), self.after))

    def _settle(self, number: int, code: str, receipts: Sequence[bytes]) -> str:
        if not code and list(receipts) != [receipt(self.waiting.get(number, b""))]:
            return "cannot-open"
        forward = self.waiting.pop(number)
        if code:
            self.held[number] = code
        else:
            self.relayed[number] = forward
        return ""


@dataclass
class FakeOther(Fake):
    """
    The other network's gateway.

    Attributes:
        taken: Forwards, in the order of acceptance.
        says: Code for a forward in place of a receipt.
        receipts: Of its participants, each at a position from 1.
    """

    taken: list[bytes] = field(default_factory=list)
    says: dict[bytes, str] = field(default_factory=dict)
    receipts: list[bytes] = field(default_factory=list)

    async def answer(self, request: str, body: bytes, **query: int) -> bytes:
        """Take forwards, give receipts."""
        if request == "POST /v1/relay/forwards":
            return Bodies.answers.encode([self._take(one) for one in Bodies.forwards.decode(body)])
        if len(self.receipts) <= query["after"]:
            await self.time.sleep(query["wait"])
        page = list(enumerate(self.receipts, 1))[query["after"] :][:512]
        return Bodies.receipt_page.encode(page)

    def _take(self, forward: bytes) -> Answer:
        if code := self.says.get(forward, ""):
            return code, []
        if forward not in self.taken:
            self.taken.append(forward)
        return "", [receipt(forward)]


class World:
    """A clock, two gateways, and relays between them."""

    def __init__(self) -> None:
        self.time = FakeTime()
        self.home = FakeHome(self.time)
        self.other = FakeOther(self.time)
        self.metrics = RelayMetrics()

    @property
    def lines(self) -> Lines:
        """Both gateways."""
        return Lines(self.home, self.other)

    def relay(self, holder: str = "one", other: Line | None = None, **options: Any) -> Relay:
        """Make a relay process."""
        lines = Lines(self.home, other or self.other)
        return Relay(OWN, OTHER, lines, self.metrics, holder=holder, time=self.time.time, **options)

    @asynccontextmanager
    async def running(self, *relays: Relay) -> AsyncIterator[None]:
        """Run relays, by default one, until the block ends."""
        tasks = [asyncio.create_task(one.run()) for one in relays or [self.relay()]]
        try:
            await self.time.go(0)
            yield
        finally:
            for task in tasks:
                task.cancel()
            for task in tasks:
                with suppress(asyncio.CancelledError):
                    await task

    def count(self, name: str, **labels: str) -> float:
        """Return a metric."""
        return self.metrics.registry.get_sample_value(name, labels) or 0.0


# --- what a gateway may do instead of answering ------------------------------------------------------------------------


def away(_fake: Fake, _path: str) -> bytes:
    """Be unreachable."""
    raise Unavailable("no connection")


def drops_answers(fake: FakeOther, path: str) -> bytes | None:
    """Take forwards, and never say so."""
    if path == "/v1/relay/forwards":
        fake.does = accepts_once  # the next look finds them taken
        raise Uncertain("the line was lost")
    return None


def accepts_once(_fake: Fake, _path: str) -> None:
    """Answer as always."""


def html(_fake: Fake, _path: str) -> bytes:
    """Be another server."""
    return b"<html>it works</html>"


def confuses(fake: FakeOther, path: str) -> bytes | None:
    """Answer with a receipt for another envelope."""
    return Bodies.answers.encode([("", [receipt(b"another")])]) if path == "/v1/relay/forwards" else None


def forgets(_fake: Fake, path: str) -> bytes | None:
    """Answer fewer forwards than it got."""
    return Bodies.answers.encode([]) if path == "/v1/relay/forwards" else None


def pretends_to_replace(_fake: Fake, _path: str) -> bytes:
    """Say what only the gateway at home may say."""
    raise Rejected(code="session-replaced")


def goes_back(_fake: Fake, path: str) -> bytes | None:
    """Give receipts in another order than that of their positions."""
    return Bodies.receipt_page.encode([(2, b"b"), (1, b"a")]) if "/receipts/" in path else None
