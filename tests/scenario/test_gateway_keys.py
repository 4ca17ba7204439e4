"""A gateway's own keys are replaced by command, and everybody goes on: receipts, log and directory verify before and after."""

from __future__ import annotations

import asyncio
import json
import os
from typing import TYPE_CHECKING

from gateway.audit.signing import log_key
from gateway.directory.keyfiles import decrypt_gateway_keys
from gateway.envelope.keyfile import Cost, encrypt_keys
from gateway.envelope.keys import Use
from gateway.envelope.receipt import parse_receipt
from gateway.protocol import media
from gateway.tlog.note import parse_note, verified
from tests.client.examples import content, drain
from tests.scenario.lines import Line, plain
from tests.scenario.process import Served, run
from tests.scenario.test_audit import until_logged
from tests.scenario.town import PASSPHRASE, READER, SENDER, Town

if TYPE_CHECKING:
    from gateway.directory.keyfiles import GatewayKeys
    from gateway.ids import KeyId
    from gateway.tlog.note import VerifierKey
    from tests.scenario.conftest import Setup

_QUICK = Cost(1, 8 << 20)


def papers(town: Town) -> None:
    """Put beside the key file what an enrolment leaves there: the card; and fetch the identity key from the safe."""
    (town.folder / "gateway.card").write_bytes(town.world.gate.key_card(town.now))
    (town.folder / "identity.key").write_bytes(encrypt_keys([town.world.gate.identity], PASSPHRASE, os.urandom, _QUICK))


def rotated(town: Town, *options: str) -> GatewayKeys:
    """Rotate by command, and return what the key file holds then."""
    where = ("--gateway-keys", town.folder / "gateway.keys", "--identity", town.folder / "identity.key")
    done = run("gateway-keys", "rotate", *where, "--passphrase-file", town.folder / "passphrase", *options)
    assert done.code == 0, done.err
    assert "start the gateway anew" in done.err
    return decrypt_gateway_keys((town.folder / "gateway.keys").read_bytes(), PASSPHRASE)


def newest(keys: GatewayKeys, use: Use) -> KeyId:
    """Return the id of the newest key of a use in the file."""
    return [key.key_id for key in keys.signing if key.public.use is use][-1]


def accepting_key(town: Town, served: Served) -> KeyId:
    """Return which key signs for what is accepted now."""
    body = town.sealed().submission
    with Line(served.port) as line:
        answer = line.ask(plain("POST", media.MESSAGES, {"Content-Type": media.SEALED}, body))
    assert answer.status == 202, answer
    return parse_receipt(answer.body).key_id


def log_signers(served: Served, keys: list[VerifierKey]) -> list[bool]:
    """Return which of these keys has a good line under the checkpoint that anybody is shown."""
    with Line(served.port) as line:
        note = parse_note(line.ask(plain("GET", "/v1/log/checkpoint")).body)
    return [bool(verified(note, [key])) for key in keys]


async def restarted(served: Served) -> None:
    """Stop a gateway as an operator does, and start it again."""
    assert await asyncio.to_thread(served.stop) == 0
    await asyncio.to_thread(served.start)


async def test_new_keys_are_listed_first_and_sign_later(embedded: Setup) -> None:
    """After the restart every home reads of the new keys, a day before they begin; until then the old ones sign."""
    town = embedded.town()
    async with town.served() as served, town.home(SENDER) as sender, town.home(READER) as reader:
        papers(town)
        keys = await asyncio.to_thread(rotated, town)
        await restarted(served)
        directory = await sender._parts.directory.refresh()
        new = directory.key(newest(keys, Use.AGENT))
        assert new is not None
        assert not new.current(town.now)
        assert new.current(new.not_before)
        assert await asyncio.to_thread(accepting_key, town, served) == town.world.gate.key(Use.AGENT).key_id
        await sender.send(content(), to=[READER])
        assert len(await drain(reader)) == 1
        shown = run("gateway-keys", "list", "--json", "--gateway-keys", town.folder / "gateway.keys")
    assert [row["state"] for row in json.loads(shown.out) if row["use"] == "agent"] == ["in use", "next"]


async def test_lost_keys_are_replaced_at_once_and_every_home_verifies_the_new_ones(embedded: Setup) -> None:
    """Promises 1 and 6: mail and receipts of before and after count, and the log is one log, signed by old and new key."""
    town = embedded.town()
    old = town.world.gate.key(Use.LOG)
    async with town.served() as served, town.home(SENDER) as sender, town.home(READER) as reader:
        first = await sender.send(content(), to=[READER])
        before = await until_logged(sender, 1)
        papers(town)
        keys = await asyncio.to_thread(rotated, town, "--lost")
        await sender.send(content(), to=[READER])  # signed by the old key, which is closed on the new card in ten minutes
        await restarted(served)
        assert await asyncio.to_thread(accepting_key, town, served) == newest(keys, Use.AGENT)
        await sender.send(content(), to=[READER])
        assert len(await drain(reader)) == 3
        assert (await sender.status(first.message_id)).count("opened") == 1
        report = await until_logged(sender, before.size + 9)
        new = next(key for key in keys.signing if key.key_id == newest(keys, Use.LOG))
        signers = await asyncio.to_thread(log_signers, served, [log_key(old.public), log_key(new.public)])
    assert signers == [True, True]
    assert report.known is not None
    assert report.known >= before.size
    assert report.in_log
