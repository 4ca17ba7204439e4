"""`gateway audit` holds the log against what this participant saw of it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from typing import TYPE_CHECKING

from gateway.cli.audit import _words
from gateway.directory.leaves import directory_leaves
from gateway.tlog.leaves import CardLeaf, FarLeaf, encode_leaf
from tests.cli.conftest import MAIN, ROOT
from tests.client.logs import become

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Gateway
    from tests.support.fake_gateway import FakeGateway


def grow(gate: FakeGateway, count: int) -> None:
    """Add receipts to the log."""
    gate.log.leaves += [bytes(32)] * count
    gate.log.grow(0)


async def test_a_good_log_is_told_to_people_and_scripts(gateway: Gateway, gate: FakeGateway) -> None:
    """Size, root, what was seen before, how much was read, and whether the directory stands in it."""
    gate.log.leaves += directory_leaves({}, gate.world.files)
    grow(gate, 300)
    first = await gateway("audit", "verify", name="GN-QN")
    grow(gate, 50)
    told = json.loads((await gateway("audit", "verify", "--json", name="GN-QN")).out)
    assert (first.code, "nothing was seen before" in first.out, "in the log" in first.out) == (0, True, True)
    assert (told["size"], told["known"], told["entries"]) == (gate.log.newest.size, gate.log.newest.size - 50, told["size"])
    assert (told["root"], told["in_log"], told["cosigned"]) == (gate.log.newest.root.hex(), True, {})


async def test_a_quick_look_reads_no_entries(gateway: Gateway, gate: FakeGateway) -> None:
    """For every hour, where the whole log is read every night."""
    grow(gate, 300)
    ran = await gateway("audit", "verify", "--quick", name="GN-QN")
    assert (ran.code, "300" in ran.out, "hashed" in ran.out) == (0, True, False)


async def test_a_forked_log_is_damage_and_every_command_says_so(gateway: Gateway, gate: FakeGateway, tmp_path: Path) -> None:
    """The exit code is that of damage; the evidence is named, now and with every later command."""
    grow(gate, 300)
    await gateway("audit", "verify", name="GN-QN")
    become(gate.log, gate.log.fork(100))
    gate.log.grow(500, b"forged ")
    forked = await gateway("audit", "verify", name="GN-QN")
    later = await gateway("directory", name="GN-QN")
    (kept,) = (tmp_path / "GN-QN" / "evidence").glob("*-kept.note")
    assert (forked.code, "log-forked" in forked.err) == (4, True)
    assert (later.code, "log-forked" in later.err, kept.name.partition("-")[0] in later.err) == (0, True, True)


async def test_a_witness_that_did_not_cosign_is_missed(gateway: Gateway, gate: FakeGateway) -> None:
    """Who names a witness wants its word; a key that is none is told as that."""
    grow(gate, 3)
    key = "witness.example/qx+e2b7c2c1+BAECAwQ="
    ran = await gateway("audit", "verify", "--witness", key, name="GN-QN")
    assert (ran.code, "bad-key" in ran.err) == (1, True)


async def test_the_key_of_the_log_is_printed_alone(gateway: Gateway, gate: FakeGateway) -> None:
    """One verifier key a line, to copy into a witness's configuration."""
    ran = await gateway("audit", "key", name="GN-QN")
    told = json.loads((await gateway("audit", "key", "--json", name="GN-QN")).out)
    assert (ran.code, ran.out) == (0, f"{gate.log.verifier}\n")
    assert told == [str(gate.log.verifier)]


async def test_a_followed_log_is_printed_as_it_grows(gateway: Gateway, gate: FakeGateway, tmp_path: Path) -> None:
    """One line of JSON for each checkpoint, with what it says about the directory, until the command is told to stop."""
    grow(gate, 3)
    await gateway("audit", "key", name="GN-QN")  # makes the home
    arguments = ("audit", "follow", "--json", "--every", "1", "--passphrase-file", str(tmp_path / "passphrase"))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", MAIN, *arguments),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT), "GATEWAY_HOME": str(tmp_path / "GN-QN")},
    )
    assert process.stdout is not None
    async with asyncio.timeout(60):
        first = json.loads(await process.stdout.readline())
        gate.log.leaves += directory_leaves({}, gate.world.files)
        grow(gate, 0)
        second = json.loads(await process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 130
    assert (first["size"], first["leaves"]) == (3, [])
    assert second["size"] == gate.log.newest.size
    assert any(leaf["says"].startswith("directory ") for leaf in second["leaves"])


def test_what_a_peer_says_is_told_as_the_peers_word() -> None:
    """Nobody takes an entry of another network for one of the own."""
    leaf = FarLeaf("eu-network", encode_leaf(CardLeaf("cards/GN-QN/key", bytes(40))))
    assert _words(leaf) == "eu-network says: card cards/GN-QN/key"
