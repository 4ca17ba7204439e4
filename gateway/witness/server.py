"""
The server of a witness: one route, on the gateway's hardened listener.

`POST /add-checkpoint` is open: the log's own signature in the request says who asks. Everything else about a request is the
business of `gateway.api`: sizes, times, connections, problems. State and key are opened before anything listens.
"""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.api.answers import reply
from gateway.api.limits import HttpLimits
from gateway.api.listener import Listener
from gateway.api.operations import HealthRoutes
from gateway.api.routes import Answered, Body, Call, Route
from gateway.api.service import Service
from gateway.api.tls import tls_of
from gateway.errors import Rejected
from gateway.ops import Health
from gateway.ops.logs import adopt_libraries, configure, logger
from gateway.tlog.note import ED25519, VerifierKey, parse_vkey
from gateway.tlog.witness import MAX_REQUEST_BYTES, SIZE_MEDIA_TYPE
from gateway.witness.cosigner import Cosigner
from gateway.witness.keyfile import WitnessKey, decrypt_witness_key
from gateway.witness.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

    from gateway.config import ListenConfig
    from gateway.witness.config import WitnessConfig

__all__ = ["ADD_CHECKPOINT", "WitnessServer", "compose", "read_logs", "run"]

ADD_CHECKPOINT: Final = "/add-checkpoint"
STOP_S: Final = 10.0
_LINES: Final = "text/plain; charset=utf-8"


class WitnessServer:
    """
    A witness that runs.

    Args:
        cosigner: Its work.
        store: Closed at the end.
        listen: Where it listens.
        clock: Unix seconds.
    """

    def __init__(self, cosigner: Cosigner, store: Store, listen: ListenConfig, clock: Callable[[], float]) -> None:
        limits = HttpLimits(
            connections=listen.connections,
            connections_per_address=None if listen.behind_proxy else 64,
            body_time_s=min(10.0, listen.body_time_s),  # the largest request is smaller than a photograph
        )
        self._cosigner = cosigner
        self._store = store
        self._listen = listen
        routes = [self._route(), *HealthRoutes(Health({})).routes()]
        self._listener = Listener(Service(routes, limits, clock).handle, limits, tls_of(listen))

    @property
    def port(self) -> int:
        """The port that logs reach."""
        return self._listener.port

    async def start(self) -> None:
        """Listen; raise Rejected `config` where that cannot be."""
        await self._listener.start(self._listen.host, self._listen.port)

    async def stop(self, grace_s: float = STOP_S) -> None:
        """Take no more, let what is running end, then close the file."""
        await self._listener.stop(grace_s)
        await asyncio.to_thread(self._store.close)

    def _route(self) -> Route:
        return Route(
            method="POST",
            path=ADD_CHECKPOINT,
            handler=self._add_checkpoint,
            summary="Cosign a checkpoint of a log that only grew",
            answers={
                200: Answered("Signature lines of this witness", _LINES),
                409: Answered("Size of the tree that was cosigned last: begin the proof there", SIZE_MEDIA_TYPE),
            },
            problems=("malformed", "not-found", "checkpoint-untrusted", "log-forked"),
            body=Body((), MAX_REQUEST_BYTES),  # C2SP names no media type
        )

    async def _add_checkpoint(self, call: Call) -> web.StreamResponse:
        done = await self._cosigner.add_checkpoint(call.body)
        if done.lines:
            return reply(done.lines, _LINES, headers={"Cache-Control": "no-store"})
        return reply(done.size, SIZE_MEDIA_TYPE, status=409, headers={"Cache-Control": "no-store"})


def read_logs(texts: tuple[str, ...]) -> list[VerifierKey]:
    """Read the verifier keys of logs; raise `config` for one that is none."""
    keys = []
    for text in texts:
        try:
            key = parse_vkey(text)
        except Rejected as exc:
            raise Rejected(f"logs: {exc.detail}", code="config", hint="ask the operator of the log") from exc
        if key.algorithm != ED25519:
            raise Rejected(f"logs: {key.name} is the key of a witness, not of a log", code="config")
        keys.append(key)
    return keys


async def compose(config: WitnessConfig, passphrase: bytes, *, clock: Callable[[], float] = time.time) -> WitnessServer:
    """
    Open key and memory, and listen.

    Raises:
        Rejected: `config` or `passphrase`; nothing is left running.
    """
    logs = read_logs(config.logs)
    key = await asyncio.to_thread(_open_key, config.key_file, passphrase)
    store = await asyncio.to_thread(Store, config.state)
    try:
        server = WitnessServer(Cosigner(key, logs, store, clock), store, config.listen, clock)
        await server.start()
    except BaseException:
        store.close()
        raise
    logger().info("witness", witness=key.name, port=server.port, count=len(logs))
    return server


def run(config: WitnessConfig, passphrase: bytes) -> None:
    """
    Serve until SIGTERM or SIGINT.

    Raises:
        Rejected: It cannot start.
    """
    configure()
    adopt_libraries()
    asyncio.run(_serve(config, passphrase))


async def _serve(config: WitnessConfig, passphrase: bytes) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    server = await compose(config, passphrase)
    await stop.wait()
    await server.stop()


def _open_key(path: Path, passphrase: bytes) -> WitnessKey:
    try:
        data = path.read_bytes()
    except OSError as exc:
        raise Rejected(f"cannot read {path}: {exc.strerror}", code="config", hint="gateway witness init") from exc
    return decrypt_witness_key(data, passphrase)
