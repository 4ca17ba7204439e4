"""`gateway proof` and `gateway verify`, run as processes: one machine writes the file, another checks it."""

from __future__ import annotations

import json
import stat
import time
from typing import TYPE_CHECKING, NamedTuple

import pytest

from gateway.demo.stage import CAST, Services, Stage, build
from gateway.ids import format_id
from tests.cli.conftest import run_gateway
from tests.client.examples import content, drain
from tests.client.proof.test_evidence import READER, SENDER, home, make_reachable, running, vkey
from tests.support.ports import free_port
from tests.support.zygote import Ran

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


class Exchanged(NamedTuple):
    """A message that was sent and opened, on a gateway that runs."""

    stage: Stage
    folder: Path
    message_id: str
    key: str

    async def run(self, *arguments: str, name: str = "") -> Ran:
        """Run the command, for the home of a participant."""
        if not name:
            return await run_gateway(*arguments)
        secret = self.folder / "secret"
        secret.write_bytes(self.stage.passphrase + b"\n")
        return await run_gateway(*arguments, "--home", str(self.stage.home(name)), "--passphrase-file", str(secret))


@pytest.fixture
async def exchanged(tmp_path: Path) -> AsyncIterator[Exchanged]:
    """Send a message, and let its recipient open it."""
    cast = [member for member in CAST if member.participant in {SENDER, READER}]
    stage = build(tmp_path / "stage", Services(port=free_port(), operations_port=free_port()), cast, now=time.time())
    async with running(stage):
        await make_reachable(stage, READER)
        async with home(stage, SENDER) as sender:
            sent = await sender.send(content(), to=READER)
            key = await vkey(sender)
        async with home(stage, READER) as reader:
            await drain(reader)
        yield Exchanged(stage, tmp_path, format_id(sent.message_id), key)


async def test_a_file_proves_a_message_on_another_machine(exchanged: Exchanged) -> None:
    """Whoever has the file and the key of the log reads who wrote, when it was accepted, and who opened it."""
    file = exchanged.folder / "a.evidence"
    wrote = await exchanged.run("proof", exchanged.message_id, "--out", str(file), "--name", READER, name=SENDER)
    assert wrote.code == 0, wrote.err
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    checked = await exchanged.run("verify", str(file), "--log", exchanged.key, "--json")
    told = json.loads(checked.out)
    assert checked.code == 0
    assert (told["verdict"], told["sender"], told["named"]) == ("proved", "NCB-QM@icn", ["GN-QN@icn"])
    assert [(one["recipient"], one["event"]) for one in told["acknowledgements"]] == [("GN-QN@icn", "opened")]
    assert told["content"] is None


async def test_words_for_people_say_what_is_open(exchanged: Exchanged) -> None:
    """Without options the author's file names nobody, and verifying says so in words."""
    file = exchanged.folder / "b.evidence"
    await exchanged.run("proof", exchanged.message_id, "--out", str(file), name=SENDER)
    checked = await exchanged.run("verify", str(file), name=READER)
    assert checked.code == 0, checked.err
    assert "verdict          proved" in checked.out
    assert "not proved  who 1 of 1 recipients are" in checked.out


async def test_a_file_without_a_key_of_the_log_is_no_proof(exchanged: Exchanged) -> None:
    """Who names no key is told that the file is consistent and no more, and the command fails."""
    file = exchanged.folder / "c.evidence"
    await exchanged.run("proof", exchanged.message_id, "--out", str(file), "--with-content", name=READER)
    checked = await exchanged.run("verify", str(file))
    assert checked.code == 1
    assert "verdict          consistent, not anchored" in checked.out
    assert "--log" in checked.err
    assert "body.facts" in checked.out


async def test_a_changed_file_is_refused_with_its_reason(exchanged: Exchanged) -> None:
    """A byte that was changed is told as what it breaks; a file that is there is not written over."""
    file = exchanged.folder / "d.evidence"
    await exchanged.run("proof", exchanged.message_id, "--out", str(file), name=READER)
    data = bytearray(file.read_bytes())
    data[data.index(b"accepted") + 20] ^= 1
    file.write_bytes(bytes(data))
    checked = await exchanged.run("verify", str(file), "--log", exchanged.key)
    again = await exchanged.run("proof", exchanged.message_id, "--out", str(file), name=READER)
    assert (checked.code, checked.out) == (1, "")
    assert "evidence-bad: inclusion" in checked.err
    assert again.code == 1
    assert "is there already" in again.err


async def test_what_cannot_be_proved_is_told(exchanged: Exchanged) -> None:
    """An id that this home does not know, a witness that did not cosign and a wrong key are told for what they are."""
    file = exchanged.folder / "e.evidence"
    unknown = await exchanged.run("proof", "00000000-0000-7000-8000-000000000000", "--out", str(file), name=READER)
    await exchanged.run("proof", exchanged.message_id, "--out", str(file), name=READER)
    witness = "witness.example/ncb-qm+96801a9a+BP/QDVqsT8U54B6X0TNeWziJUNy7iMFYFJHU/QrW+zGs"
    alone = await exchanged.run("verify", str(file), "--log", exchanged.key, "--witness", witness)
    wrong = await exchanged.run("verify", str(file), "--log", witness)
    assert "not-found" in unknown.err
    assert "evidence-bad: witness" in alone.err
    assert "bad-key" in wrong.err
