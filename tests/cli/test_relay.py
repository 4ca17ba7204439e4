"""`gateway relay` and `gateway bridge` as an operator starts them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from gateway.envelope.keys import Use
from gateway.protocol.bridge import show_key
from tests.cli.conftest import MAIN, ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Gateway
    from tests.support.fake_gateway import FakeGateway
    from tests.support.network import World


@pytest.fixture
async def keyfile(gateway: Gateway, tmp_path: Path) -> Path:
    """Return the key file of a relay."""
    await gateway("keys", "list", name="GN-QN")
    file = tmp_path / "relay.key"
    ran = await gateway("relay", "keys", str(tmp_path / "GN-QN"), str(file), name="GN-QN")
    assert ran.code == 0, ran.err
    assert file.stat().st_mode & 0o777 == 0o600
    (tmp_path / "passphrase").chmod(0o600)
    return file


async def test_the_key_of_a_bridge_is_one_line(gateway: Gateway, keyfile: Path, world: World) -> None:
    """Address and agent key, to copy into the configuration of the other side."""
    ran = await gateway("bridge", "key", str(keyfile), name="GN-QN")
    assert ran.out == show_key(world.member("GN-QN").key(Use.AGENT).public) + "\n"


async def ended_in_order(*arguments: str) -> list[dict[str, object]]:
    """Run a command until its first line of log, tell it to stop, and return its lines."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", MAIN, *arguments), stderr=asyncio.subprocess.PIPE, env=environment
    )
    assert process.stderr is not None
    first = await process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    rest = await process.stderr.read()
    assert await process.wait() == 0, first + rest
    return [json.loads(line) for line in (first + rest).splitlines()]


async def test_a_relay_and_a_bridge_run_until_they_are_told_to_stop(
    keyfile: Path, gate: FakeGateway, world: World, tmp_path: Path
) -> None:
    """A gateway that gives no lease is told by its code, and SIGTERM ends the process with code 0."""
    shared = f'network = "eu-network"\nhome = ["{gate.base}"]\nkey_file = "{keyfile.name}"\npassphrase_file = "passphrase"\n'
    (tmp_path / "relay.toml").write_text(f'{shared}other = ["{gate.base}"]\n')
    lines = await ended_in_order("relay", str(tmp_path / "relay.toml"))
    assert (lines[0]["event"], lines[0]["code"]) == ("relay-trouble", "peer-unknown")
    theirs = f"BRIDGE-ICN@eu-network {world.member('NCB-QM').key(Use.AGENT).public.key.hex()}"
    (tmp_path / "bridge.toml").write_text(f'{shared}their_keys = ["{theirs}"]\n')
    lines = await ended_in_order("bridge", "folder", str(tmp_path / "bridge.toml"))
    assert {line["code"] for line in lines if "trouble" in str(line["event"])} == {"peer-unknown"}
    assert (tmp_path / "bridge" / "out").is_dir()
