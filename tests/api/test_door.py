"""Who is let in: connections count before their handshake, and a door that was closed lets nobody stay."""

from __future__ import annotations

import asyncio
import errno
import io
import json
import socket
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path

import pytest
import uvloop

from gateway.api import door
from gateway.api.door import Door, listening
from gateway.api.listener import tls_context
from gateway.api.places import Place, Places
from gateway.errors import Rejected
from gateway.ops.logs import configure
from gateway.protocol import media
from tests.api.test_listener import certificate, client_context
from tests.support.http_stage import QUICK, Stage, staged
from tests.support.ports import LOOPBACK
from tests.support.waiting import SOON_S, until

Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]
LOOPS = pytest.mark.parametrize("factory", [asyncio.new_event_loop, uvloop.new_event_loop])
Factory = Callable[[], asyncio.AbstractEventLoop]


def on(factory: Factory, doing: Coroutine[None, None, None]) -> None:
    """Run on one of the event loops that may serve."""
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(doing)


async def closed(line: Line) -> bool:
    """Wait for the end of a connection; whether it came before any handshake had run out of time."""
    started = time.monotonic()
    async with asyncio.timeout(SOON_S):
        assert await line[0].read() == b""
    line[1].close()
    return time.monotonic() - started < door.HANDSHAKE_S / 2


async def knock(stage: Stage) -> Line:
    """Connect, and say nothing."""
    return await asyncio.open_connection(LOOPBACK, stage.api.port)


@LOOPS
def test_connections_count_before_their_handshake(tmp_path: Path, factory: Factory) -> None:
    """Lines that begin no TLS take the places of their address alone, one too many ends at once, and who leaves makes room."""
    files = certificate(tmp_path, "gw.example")

    async def doing() -> None:
        async with staged(replace(QUICK, connections_per_address=3), tls_context(*files)) as stage:
            silent = [await knock(stage) for _ in range(3)]
            await until(lambda: stage.connections() == 3)
            assert await closed(await knock(stage))
            assert stage.metrics.turned_away("source")._value.get() == 1
            silent.pop()[1].close()
            await until(lambda: stage.connections() == 2)
            async with stage.session.get(stage.base + media.HEALTH, ssl=client_context(files[0])) as got:
                assert (got.status, stage.connections()) == (200, 3)
            await stage.session.close()
            for _, writer in silent:
                writer.close()
            await until(lambda: stage.connections() == 0)

    on(factory, doing())


@LOOPS
def test_a_handshake_that_hangs_holds_up_no_stop(tmp_path: Path, factory: Factory) -> None:
    """Whoever is still shaking hands when the gateway stops is sent away, and his place is free."""
    files = certificate(tmp_path, "gw.example")

    async def doing() -> None:
        async with staged(QUICK, tls_context(*files)) as stage:
            line = await knock(stage)
            line[1].write(b"\x16\x03\x01")
            await until(lambda: stage.connections() == 1)
            started = time.monotonic()
            await stage.api.stop(5.0)
            assert time.monotonic() - started < 2.0
            assert await closed(line)
            assert stage.connections() == 0

    on(factory, doing())


class _Tired(socket.socket):
    """A listening socket for which the system has no descriptor the first time."""

    tired = True

    def accept(self) -> tuple[socket.socket, tuple[str, int]]:
        if self.tired:
            self.tired = False
            raise OSError(errno.EMFILE, "Too many open files")
        return super().accept()


async def test_a_system_without_descriptors_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no connection can be taken the door waits a moment, says so, and takes who is still there."""
    monkeypatch.setattr(door, "AGAIN_S", 0.05)
    configure("warning", log := io.BytesIO())
    entrance = _Tired()
    entrance.bind((LOOPBACK, 0))
    entrance.listen()
    inside: list[Place] = []

    def let_in(place: Place) -> asyncio.Protocol:
        inside.append(place)
        return asyncio.Protocol()

    one = Door(Places(10, None, lambda _: None), let_in)
    port = entrance.getsockname()[1]
    one.open([entrance])
    _, writer = await asyncio.open_connection(LOOPBACK, port)
    await until(lambda: len(inside) == 1)
    writer.close()
    await one.close()
    told = json.loads(log.getvalue().splitlines()[0])
    assert (told["event"], told["detail"]) == ("accept-failed", "Too many open files")


async def test_a_host_that_is_none_is_refused_with_nothing_open() -> None:
    """A name that leads nowhere stops the start, and so does an address that is another machine's."""
    for host in ("nowhere.invalid", "192.0.2.1"):
        with pytest.raises(Rejected, match=f"cannot listen on {host}"):
            await listening(host, 0)


async def test_every_address_of_a_name_is_listened_on() -> None:
    """`localhost` is served where it leads; each socket listens."""
    sockets = await listening("localhost", 0)
    try:
        for one in sockets:
            socket.create_connection(one.getsockname()[:2], timeout=1).close()
    finally:
        for one in sockets:
            one.close()
