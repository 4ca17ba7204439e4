"""Witnesses on loopback: real ones in this process, and one that answers whatever a test says."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

from aiohttp import web

from gateway.config import ListenConfig
from gateway.envelope.keyfile import Cost
from gateway.tlog.witness import AddCheckpoint, decode_add_checkpoint
from gateway.witness.config import WitnessConfig
from gateway.witness.keyfile import WitnessKey, encrypt_witness_key
from gateway.witness.server import WitnessServer, compose
from gateway.witness.store import Store
from tests.support.ports import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

    from gateway.tlog.note import VerifierKey

__all__ = ["PASSPHRASE", "OddWitness", "Witness", "make_witness", "odd_witness", "url_of", "witnessing"]

PASSPHRASE = b"hush"
CHEAP = Cost(1, 8192)


class Witness(NamedTuple):
    """The files of a witness, and its key."""

    config: WitnessConfig
    key: WitnessKey


class OddWitness:
    """Speaks HTTP and does what it is told: `status`, `media` and `body` are its answer, `hang` lets it be silent."""

    def __init__(self) -> None:
        self.port = 0
        self.status = 200
        self.media = "text/plain"
        self.body = b""
        self.hang = False
        self.asked: list[AddCheckpoint] = []

    async def answer(self, request: web.Request) -> web.Response:
        """Answer a request."""
        self.asked.append(decode_add_checkpoint(await request.read()))
        if self.hang:
            await asyncio.Event().wait()
        return web.Response(status=self.status, body=self.body, headers={"Content-Type": self.media})


def make_witness(folder: Path, logs: Sequence[VerifierKey], name: str = "witness.example/one") -> Witness:
    """Make a witness as `gateway witness init` does, with a key that opens quickly."""
    folder.mkdir(parents=True, exist_ok=True)
    key = WitnessKey.generate(name, os.urandom)
    (folder / "witness.key").write_bytes(encrypt_witness_key(key, PASSPHRASE, os.urandom, CHEAP))
    Store.create(folder / "witness.db")
    config = WitnessConfig(
        listen=ListenConfig(port=0),
        key_file=folder / "witness.key",
        state=folder / "witness.db",
        logs=tuple(map(str, logs)),
    )
    return Witness(config, key)


@asynccontextmanager
async def witnessing(witness: Witness, clock: Callable[[], float] = time.time) -> AsyncIterator[WitnessServer]:
    """Run a witness while the context is open."""
    server = await compose(witness.config, PASSPHRASE, clock=clock)
    try:
        yield server
    finally:
        await server.stop(0.5)


@asynccontextmanager
async def odd_witness() -> AsyncIterator[OddWitness]:
    """Run a witness that answers what the test says."""
    odd = OddWitness()
    app = web.Application()
    app.router.add_post("/add-checkpoint", odd.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, 0).start()
    odd.port = runner.addresses[0][1]
    try:
        yield odd
    finally:
        await runner.cleanup()


def url_of(server: WitnessServer | OddWitness) -> str:
    """Return the submission prefix of a witness."""
    return f"http://{LOOPBACK}:{server.port}"
