"""The command line over real homes and a fake gateway, run as a process of its own."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

from tests.client.conftest import NAMES, PASSPHRASE, make_test_home
from tests.support.fake_gateway import FakeGateway, fake_gateway
from tests.support.network import World, make_world
from tests.support.zygote import Ran, run_forked

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ROOT = Path(__file__).resolve().parents[2]
MAIN = "import sys; sys.argv[0] = 'gateway'; from gateway.cli.main import main; main()"


class Gateway(Protocol):
    """Runs `gateway ARGUMENTS` for the home of a participant."""

    async def __call__(
        self, *arguments: str, name: str = "", stdin: bytes = b"", redirect: str = "", **environment: str
    ) -> Ran:
        """Run it to its end; `redirect` is a shell's, e.g. `>/dev/full`."""
        ...


async def run_gateway(*arguments: str, stdin: bytes = b"", redirect: str = "", **environment: str) -> Ran:
    """Run the command to its end; `redirect` is a shell's."""
    whole = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "160", **environment}
    if not redirect and not any(name.startswith("PYTHON") for name in environment):
        return await asyncio.to_thread(run_forked, list(arguments), whole, stdin)
    process = await asyncio.create_subprocess_exec(
        *("sh", "-c", f'exec "$@" {redirect}', "sh"),
        *(sys.executable, "-c", MAIN, *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=whole,
    )
    out, err = await process.communicate(stdin)
    assert process.returncode is not None
    return Ran(process.returncode, out.decode(), err.decode())


@pytest.fixture
async def gate() -> AsyncIterator[FakeGateway]:
    """Serve a network of three on loopback."""
    world = make_world(NAMES, time.time())
    async with fake_gateway(world) as gateway:
        yield gateway


@pytest.fixture
def world(gate: FakeGateway) -> World:
    """Return the network that is served."""
    return gate.world


@pytest.fixture
def gateway(gate: FakeGateway, tmp_path: Path) -> Gateway:
    """Return the command, with homes that are made when they are first named."""
    secret = tmp_path / "passphrase"
    secret.write_bytes(PASSPHRASE + b"\n")

    async def ran(*arguments: str, name: str = "", stdin: bytes = b"", redirect: str = "", **environment: str) -> Ran:
        if name:
            home = tmp_path / name
            if not home.exists():
                make_test_home(home, gate.world, name, [gate.base])
            environment = {"GATEWAY_HOME": str(home), **environment}
            arguments = (*arguments, "--passphrase-file", str(secret))
        return await run_gateway(*arguments, stdin=stdin, redirect=redirect, **environment)

    return ran
