"""What a relay carries is closed to it: its memory, files and log, searched while it is at work, hold no clear text and no key of others."""

from __future__ import annotations

import asyncio
import os
import subprocess
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.envelope import Use
from gateway.envelope.keyfile import Cost
from gateway.relay.identity import export_agent
from tests.client.examples import REQUEST, drain
from tests.scenario.canary import content_of, forms, found_in, secrets, with_canary
from tests.scenario.hostile import EU, OUR_RELAY, Hostile
from tests.scenario.process import GATEWAY, environment
from tests.scenario.town import PASSPHRASE, READER, SENDER, Town

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.client import ContactPoint
    from gateway.envelope import DeliveryKey, SigningKey

FAR: Final = f"{READER}@{EU}"
LIMIT_S: Final = 45


@contextmanager
def relaying(folder: Path, town: Town, other: Town) -> Iterator[int]:
    """Run `gateway relay` in an interpreter of its own, at its most talkative; give its process id."""
    folder.mkdir()
    agent = town.member(OUR_RELAY).key(Use.AGENT)
    files = {
        "relay.key": export_agent([agent], PASSPHRASE, os.urandom, Cost(1, 8 << 20)),
        "passphrase": PASSPHRASE,
        "relay.toml": f"""\
network = "{EU}"
home = ["http://127.0.0.1:{town.port}"]
other = ["http://127.0.0.1:{other.port}"]
passphrase_file = "passphrase"
operations = {{ port = 0, log_level = "debug" }}
""".encode(),
    }
    for name, data in files.items():
        (folder / name).touch(mode=0o600)
        (folder / name).write_bytes(data)
    with (folder / "relay.log").open("wb") as log:
        process = subprocess.Popen(
            [*GATEWAY, "relay", str(folder / "relay.toml")], env=environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        yield process.pid
    finally:
        process.kill()
        process.wait()


def write_memory(pid: int, to: Path) -> None:
    """Write down what a process has in memory now, as whoever takes over the machine could."""
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory, to.open("wb") as out:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            span, mode, *_ = line.split()
            start, end = (int(one, 16) for one in span.split("-"))
            if mode.startswith("rw"):
                with suppress(OSError, ValueError):
                    memory.seek(start)
                    out.write(memory.read(end - start))


async def opened(sender: ContactPoint, reader: ContactPoint, message_id: bytes) -> None:
    """Wait until the message was read there and its author knows."""
    async with asyncio.timeout(LIMIT_S):
        while [one.state for one in (await sender.status(message_id)).recipients] != ["opened"]:
            await drain(reader)
            await asyncio.sleep(0.2)


async def test_a_relay_holds_no_clear_text_and_no_key_but_its_own(tmp_path: Path) -> None:
    """While a message, its answer of receipts and both directories pass: only the agent key is there, and what a line shows."""
    town = Town(folder=tmp_path / "town", names=(SENDER, READER, OUR_RELAY))
    both = Hostile(town, tmp_path / "other")  # a good neighbour, here
    async with town.served(), both.own.served():
        assert await both.publish() == ["200"]
        with relaying(tmp_path / "relay", town, both.own) as pid:
            async with town.home(SENDER) as sender, both.own.home(READER) as reader:
                sent = await sender.send(content_of(with_canary(REQUEST)), to=[FAR])
                await opened(sender, reader, sent.message_id)
            await asyncio.to_thread(write_memory, pid, tmp_path / "relay" / "memory")
    people = {f"{one}'s {key.public.use} key": key for one, key in _keys(town, both.own)}
    hidden = secrets(town) | {name: forms(key.unsafe_export()) for name, key in people.items()}
    searched = [tmp_path / "relay"]
    agent = {"its own key": forms(town.member(OUR_RELAY).key(Use.AGENT).unsafe_export()), "an address": {FAR.encode()}}
    there = set(found_in(searched, agent))
    assert {f"{name} in {tmp_path}/relay/memory" for name in agent} <= there  # the search finds what is there
    assert (tmp_path / "relay" / "relay.log").stat().st_size > 200
    assert list(found_in(searched, hidden)) == []


def _keys(*towns: Town) -> Iterator[tuple[str, SigningKey | DeliveryKey]]:
    """Return every key of participants of both networks but the one that the relay signs with."""
    for town in towns:
        for address, member in town.world.members.items():
            for key in (*member.signing, *member.delivery):
                if (address, key.public.use) != (f"{OUR_RELAY}@icn", Use.AGENT):
                    yield address, key
