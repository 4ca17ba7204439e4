"""
`gateway serve --workers N`: one listening socket, and N processes that take connections from it.

The parent binds the socket, starts workers as fresh interpreters, passes a drain of one on to all, and does nothing else: it
opens neither keys nor ledger, so there is little that could end it. The first worker starts alone; what refuses its start
refuses all. Later a worker that ends is started again, the later the shorter it lived, and is drained where the others are.
SIGTERM stops all within 30 s; if the parent dies, they stop by themselves.
"""

from __future__ import annotations

import asyncio
import signal
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from gateway.api.door import BACKLOG
from gateway.errors import Rejected
from gateway.ops.logs import configure, logger
from gateway.server.worker import DRAINS, SERVES, drain_line, frame

if TYPE_CHECKING:
    from asyncio import StreamWriter
    from asyncio.subprocess import Process
    from collections.abc import Sequence

    from gateway.config import Config

__all__ = ["MAX_WORKERS", "require_shared", "run_workers"]

MAX_WORKERS: Final = 64
AGAIN_S: Final = 0.5  # before the next of a worker that lived
LATEST_S: Final = 30.0  # and at most, of one that dies at its start each time
STEADY_S: Final = 60.0  # who lived so long is started again at once
KILL_S: Final = 4.0  # after `limits.stop_s`; together below the 30 s that are promised
_PORTS: Final = 65_536


def require_shared(config: Config, count: int) -> None:
    """
    Refuse what several processes cannot share.

    Args:
        config: Of all of them.
        count: Of workers, 1 to `MAX_WORKERS`.

    Raises:
        Rejected: `config`, with what to do; nothing was started.
    """
    if config.ledger.embedded:
        hint = "set ledger.url to postgresql://USER:PASSWORD@HOST/NAME, or leave out --workers"
        raise _refused(f"ledger.url: SQLite serves one process, not {count} workers", hint)
    if config.broker.in_memory:
        hint = "set broker.urls to AMQP addresses, or leave out --workers"
        raise _refused(f"broker.urls: a broker in memory serves one process, not {count} workers", hint)
    first = config.operations.port
    last = first + count - 1
    if first and last >= _PORTS:
        raise _refused(f"operations.port: {count} workers need the ports {first} to {last}", "choose a lower port")
    if first and first <= config.listen.port <= last:
        what = f"listen.port {config.listen.port} is among the operations ports of {count} workers, {first} to {last}"
        raise _refused(what, "set operations.port elsewhere")


def run_workers(config: Config, passphrase: bytes, count: int, words: Sequence[str]) -> int:
    """
    Serve with so many processes until SIGTERM or SIGINT, then stop gracefully.

    Args:
        config: See `gateway.config`.
        passphrase: Opens the key file; it goes to workers by a pipe.
        count: Of workers.
        words: The command of a worker; `NUMBER:DESCRIPTOR` follows.

    Returns:
        0, or the exit code of a first worker that could not start, which has said why.

    Raises:
        Rejected: `config`; nothing was started.
    """
    require_shared(config, count)
    configure(config.operations.log_level)
    with _bound(config.listen.host, config.listen.port) as shared:
        return asyncio.run(_Workers(config, frame(passphrase), shared, words).run(count))


class _Workers:
    """
    The processes.

    Args:
        config: How long a stop may take.
        given: For the standard input of each.
        shared: The listening socket.
        words: What is run.
    """

    def __init__(self, config: Config, given: bytes, shared: socket.socket, words: Sequence[str]) -> None:
        self._config = config
        self._given = given
        self._shared = shared
        self._words = words
        self._stop = asyncio.Event()
        self._first = asyncio.Event()
        self._running: dict[int, Process] = {}
        self._drained = False
        self._refused = 0
        self._log = logger()

    async def run(self, count: int) -> int:
        """Start them, wait for a signal, stop them; return the exit code."""
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._halt)
        places = [asyncio.create_task(self._keep(0))]
        await self._first.wait()
        if not self._stop.is_set():
            places += [asyncio.create_task(self._keep(number)) for number in range(1, count)]
            await self._stop.wait()
        self._shared.close()
        await self._end(places)
        return self._refused

    def _halt(self) -> None:
        self._stop.set()
        self._first.set()

    async def _end(self, places: Sequence[asyncio.Task[None]]) -> None:
        """Let every worker stop, and kill who does not."""
        for process in self._running.values():
            with suppress(ProcessLookupError):
                process.terminate()
        _, late = await asyncio.wait(places, timeout=self._config.limits.stop_s + KILL_S)
        for number, process in self._running.items() if late else ():
            self._log.error("worker-killed", number=number)
            with suppress(ProcessLookupError):
                process.kill()
        await asyncio.gather(*places)

    async def _keep(self, number: int) -> None:
        """Run one process after the other in a place, until the stop."""
        loop = asyncio.get_running_loop()
        pause_s = AGAIN_S
        while not self._stop.is_set():
            started = loop.time()
            code = await self._live(number)
            if self._stop.is_set():
                return
            if not self._first.is_set():
                self._refused = code or 1
                self._halt()
                return
            pause_s = AGAIN_S if loop.time() - started >= STEADY_S else min(2 * pause_s, LATEST_S)
            self._log.error("worker-ended", number=number, status=code, wait_s=pause_s)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), pause_s)

    async def _live(self, number: int) -> int:
        """Run one process to its end; return its exit code."""
        descriptor = self._shared.fileno()
        process = await asyncio.create_subprocess_exec(
            *self._words,
            f"{number}:{descriptor}",
            stdin=asyncio.subprocess.PIPE,  # kept open: its end tells a worker that this process is gone
            stdout=asyncio.subprocess.PIPE,
            pass_fds=(descriptor,),
        )
        self._running[number] = process
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(self._given)
            while line := await process.stdout.readline():
                self._hear(line, process.stdin)
            return await process.wait()
        finally:
            del self._running[number]

    def _hear(self, line: bytes, answer: StreamWriter) -> None:
        """Take what a worker says: that it serves, or that an operator drained it and with it all of them."""
        if line == SERVES:
            self._first.set()
            answer.write(drain_line(on=self._drained))
        elif line in DRAINS:
            self._drained = DRAINS[line]
            for one in self._running.values():
                if one.stdin is not None:
                    one.stdin.write(line)


def _bound(host: str, port: int) -> socket.socket:
    """Bind and listen, for all workers at once."""
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        shared = socket.socket(family, kind, protocol)
        try:
            shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            shared.bind(where)
            shared.listen(BACKLOG)
            shared.settimeout(0)
        except OSError:
            shared.close()
            raise
    except OSError as exc:
        raise _refused(f"cannot listen on {host}:{port}: {exc.strerror}", "set listen.host and listen.port") from exc
    return shared


def _refused(what: str, mend: str) -> Rejected:
    return Rejected(what, code="config", hint=mend)
