"""
A line to RabbitMQ: one plain AMQP connection that comes back by itself.

Built on aiormq, the client under aio-pika: aio-pika's own wrapper cannot abort a half-open socket, and leaves two callbacks
behind for every channel that a long-lived connection opens and closes. Its robust connection knows one address only.
Hosts are tried in turn, the first one first; then a pause that doubles up to a limit, with jitter, so that many gateways do
not return at once. Whoever finds the line dead or silent calls `drop`; heartbeats find the rest.
Foreign errors leave this package as `Unavailable`: `line_errors` translates them in one place.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

import aiormq
from pamqp.exceptions import PAMQPException
from yarl import URL

from gateway.broker.line_socket import CLOSE_S, LineSocket, hang_up
from gateway.ending import end
from gateway.errors import Unavailable
from gateway.ops.deadlines import Deadline, Deadlines
from gateway.ops.logs import logger

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence
    from types import TracebackType


__all__ = ["Line", "LineLimits", "line_errors", "open_channel"]

STEADY_S: Final = 10.0  # a line that stood this long was good: begin again with short pauses

# RuntimeError: aiormq says so of closed connections and channels. EOFError: a line cut inside a frame.
LINE_ERRORS: Final = (aiormq.AMQPError, PAMQPException, OSError, EOFError, RuntimeError, StopAsyncIteration)

_log = logger()

# What it says of hosts and lines comes to us as exceptions, and is logged once, in one form.
logging.getLogger("aiormq.connection").setLevel(logging.CRITICAL)


async def _nothing(_: aiormq.Connection) -> None:
    """Set up nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineLimits:
    """
    Times of a line, in seconds.

    Args:
        connect_s: For one host: TCP, TLS, login and set-up.
        call_s: For every call that the broker answers. Below 10 s: a queue that elects its leader while a parcel comes
            confirms it only after that time; to retry is quicker.
        probe_s: For a plain question after such a call had no answer; without an answer to that the line is half-open.
        heartbeat_s: Whole seconds; a line without calls counts as half-open after three of these and three more seconds.
        first_pause_s: Before the second round over the hosts; doubles with each round.
        longest_pause_s: Where the doubling ends.
    """

    connect_s: float = 5.0
    call_s: float = 5.0
    probe_s: float = 2.0
    heartbeat_s: int = 5
    first_pause_s: float = 0.1
    longest_pause_s: float = 5.0


@contextlib.contextmanager
def line_errors(what: str) -> Iterator[None]:
    """Translate what aiormq raises into Unavailable."""
    try:
        yield
    except (*LINE_ERRORS, asyncio.CancelledError) as exc:
        translated = _translated(exc, what)
        if translated is None:
            raise
        raise translated from exc


def _translated(exc: BaseException | None, what: str) -> Unavailable | None:
    """
    Say what an exception of aiormq means; None for one that is passed on.

    It also hands a CancelledError to those who wait on a connection that it closes. Nobody asked these tasks to stop: a task
    that was really cancelled says so in `cancelling()`.
    """
    if isinstance(exc, LINE_ERRORS):
        return Unavailable(f"the broker does not {what}: {type(exc).__name__}")
    task = asyncio.current_task()
    if isinstance(exc, asyncio.CancelledError) and task is not None and not task.cancelling():
        return Unavailable(f"the broker's line was lost: cannot {what}")
    return None


async def open_channel(connection: aiormq.Connection, *, confirms: bool = False) -> aiormq.Channel:
    """
    Open a channel with the lowest free number.

    Left to itself aiormq counts on from the highest number in use, past `channel_max`, where the broker ends the connection.
    """
    number = next(number for number in itertools.count(1) if number not in connection.channels)
    channel = await connection.channel(number, publisher_confirms=confirms)
    return cast("aiormq.Channel", channel)


class _Call:
    """One call on a line. A class and no generator: each parcel is one."""

    __slots__ = ("_connection", "_deadline", "_line", "_what")

    def __init__(self, line: Line, what: str, deadline: Deadline) -> None:
        self._line = line
        self._what = what
        self._deadline = deadline
        self._connection = line.connection()

    async def __aenter__(self) -> aiormq.Connection:
        self._deadline.__enter__()
        return self._connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._deadline.__exit__(kind, error, trace)
        except TimeoutError as exc:
            error = exc
        if self._deadline.cancelled and not isinstance(error, asyncio.CancelledError):
            # aiormq answered or failed at the same moment, and the cancellation was lost on the way.
            raise asyncio.CancelledError from error
        translated = _translated(error, self._what) if error is not None else None
        if translated is None:
            return
        if isinstance(error, TimeoutError):
            await self._line.examine(self._connection)
        raise translated from error


class Line:
    """
    One connection at a time, to whichever host answers.

    Args:
        name: Shown in the log and in the broker's list of connections.
        urls: `amqp://` or `amqps://`, tried in this order.
        limits: Times.
        setup: Called with each new connection before the line counts as up; its failure is the connection's.
        jitter: 0 to 1, how much of half a pause is left out.
    """

    def __init__(
        self,
        name: str,
        urls: Sequence[str],
        limits: LineLimits,
        setup: Callable[[aiormq.Connection], Awaitable[None]] = _nothing,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.limits = limits
        self._name = name
        self._hosts = [URL(url).update_query(heartbeat=limits.heartbeat_s, name=f"gateway {name}") for url in urls]
        self._setup = setup
        self._jitter = jitter
        self._tried = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._connection: aiormq.Connection | None = None
        self._probing = asyncio.Lock()
        self._probed_at = 0.0  # of the event loop's clock
        self._socket = LineSocket("amqp")
        self._deadlines = Deadlines(limits.call_s)

    @property
    def up(self) -> bool:
        """Whether there is a connection that nobody found dead yet."""
        return self._connection is not None

    @property
    def channels(self) -> int:
        """How many channels are open on it."""
        return 0 if self._connection is None else len(self._connection.channels)

    def connection(self) -> aiormq.Connection:
        """Return the connection, or raise Unavailable."""
        if self._connection is None:
            raise Unavailable("there is no line to the broker")
        return self._connection

    async def start(self) -> None:
        """Begin to connect; returns when the line is up or all hosts were tried once."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name=f"broker line {self._name}")
        await self._tried.wait()

    async def close(self) -> None:
        """Say goodbye and stop for good."""
        task, self._task = self._task, None
        if task is not None:
            await end([task], again_s=2 * CLOSE_S)

    def drop(self, connection: aiormq.Connection, why: str) -> None:
        """Abort a connection that was found broken; a report about an older one is passed over."""
        if self._connection is connection:
            _log.warning("broker-line-dropped", line=self._name, detail=why)
            self._connection = None
            self._socket.abort()

    def call(self, what: str) -> _Call:
        """
        Wait for the broker's answers within the time limit; an asynchronous context with the connection.

        Raises:
            Unavailable: It failed. Caused by TimeoutError there was no answer; when the line is still up afterwards it is
                not the line that is silent, but one queue or channel.
        """
        return _Call(self, what, self._deadlines.deadline())

    async def examine(self, connection: aiormq.Connection) -> None:
        """Ask a plain question, once for all who had no answer at this moment, and drop the connection if it is silent."""
        clock = asyncio.get_running_loop().time
        async with self._probing:
            if self._connection is not connection or clock() - self._probed_at < self.limits.probe_s:
                return
            try:
                with line_errors("answer a plain question"):
                    async with asyncio.timeout(self.limits.probe_s):
                        channel = await open_channel(connection)
                        await channel.close()
            except Unavailable as exc:
                self.drop(connection, str(exc))
            self._probed_at = clock()

    async def _run(self) -> None:
        misses = 0
        while True:
            stood_s = await self._round()
            self._tried.set()
            misses = 1 if stood_s >= STEADY_S else misses + 1
            await asyncio.sleep(self._pause_s(misses))

    def _pause_s(self, misses: int) -> float:
        whole = min(self.limits.longest_pause_s, self.limits.first_pause_s * 2 ** min(misses - 1, 16))
        return float(whole * (1 - self._jitter() / 2))

    async def _round(self) -> float:
        """Stay with the first host that answers; return for how many seconds, 0 when none did."""
        for host in self._hosts:
            try:
                return await self._live(host)
            except Unavailable as exc:
                _log.warning(
                    "broker-no-answer", line=self._name, host=host.host, port=host.port, code=exc.code, detail=exc.detail
                )
            except Exception:  # noqa: BLE001 - the outermost loop: a bug must not end the tries for ever
                _log.exception("broker-line-failed", line=self._name, host=host.host, port=host.port)
        return 0.0

    async def _live(self, host: URL) -> float:
        socket = LineSocket(host.scheme)
        connection = aiormq.Connection(host, transport_factory=socket)
        try:
            with line_errors("answer"):
                async with asyncio.timeout(self.limits.connect_s):
                    await connection.connect()
                    await self._setup(connection)
            self._connection, self._socket = connection, socket
            return await self._stand(connection, host)
        finally:
            self._connection = None
            await hang_up(connection, socket)

    async def _stand(self, connection: aiormq.Connection, host: URL) -> float:
        _log.info("broker-line-up", line=self._name, host=host.host, port=host.port)
        self._tried.set()
        clock = asyncio.get_running_loop().time
        since = clock()
        # Not awaited itself: it ends with the reason as an exception, which may be a CancelledError that is not ours.
        await asyncio.wait([connection.closing])
        _log.warning("broker-line-lost", line=self._name, host=host.host, port=host.port)
        return clock() - since
