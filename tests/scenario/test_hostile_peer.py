"""A hostile second network against a real gateway: each attack is refused with its code, and local participants notice nothing."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import msgspec
import pytest

from gateway.directory.entries import Status
from gateway.envelope import Event, Receipt, make_receipt
from gateway.envelope.forward import MAX_FORWARD_BYTES
from gateway.ids import Address, Network, format_id
from gateway.protocol import media, relaying
from tests.client.examples import content, drain
from tests.scenario.asking import ask
from tests.scenario.bad import posted
from tests.scenario.hostile import AUTHOR, DESK, EU, OUR_RELAY, Hostile, told
from tests.scenario.lines import plain, signed
from tests.scenario.town import READER, SENDER, Town
from tests.support.ledger_dump import dump, settled
from tests.support.network import make_member, make_world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from gateway.client import ContactPoint

    Attack = Callable[[Hostile], bytes]

MEANT: Final = {"nonce", "peer_file", "peer_version", "peer_log"}  # requests and the peer's own affairs
REFUSING: Final = MEANT | {"refusal", "event", "checkpoint", "log_state", "tile", "counter", "outcome", "entry", "hash"}
OURS: Final = f"{SENDER}@icn"


@asynccontextmanager
async def hostile(folder: Path, **rules: Any) -> AsyncIterator[Hostile]:
    """Serve a network, and name a hostile one its peer; its true directory was brought once."""
    town = Town(folder=folder / "town", names=(SENDER, READER, OUR_RELAY), limits="repair_after_s = 1.0, poll_s = 0.5")
    attacker = Hostile(town, folder / "hostile", rules)
    async with town.served():
        assert await attacker.publish() == ["200"]
        yield attacker


def but_for(text: str, meant: set[str]) -> dict[str, str]:
    """Return a dump by table, without those that are meant to change."""
    tables: dict[str, str] = {}
    for line in text.splitlines():
        if not line.startswith("  "):
            name = line.partition(":")[0]
        tables[name] = tables.get(name, "") + line
    return {name: rows for name, rows in tables.items() if name not in meant}


async def notices_nothing(town: Town) -> None:
    """Let two neighbours exchange a message as if nobody else were there."""
    async with town.home(SENDER) as sender, town.home(READER) as reader:
        sent = await sender.send(content(), to=[READER])
        assert [one.message_id for one in await drain(reader)] == [sent.message_id]
        assert [one.state for one in (await sender.status(sent.message_id)).recipients] == ["opened"]


def _with(place: int, value: object) -> Attack:
    """Return the attack of a good forward in which one element was changed."""

    def changed(attacker: Hostile) -> bytes:
        form = msgspec.msgpack.decode(attacker.forward())
        form[place] = value
        return msgspec.msgpack.encode(form)

    return changed


def _suspended(attacker: Hostile) -> bytes:
    return attacker.forward(gate=attacker.own.world.members[Address("GW-OLD@eu-network")])


def _ours(attacker: Hostile) -> bytes:
    return attacker.forward(attacker.town.sealed([READER]))


UNPROVED: Final[dict[str, tuple[str, Attack]]] = {
    "spoofed origin": ("network-differs", _ours),
    "malformed": ("malformed", lambda _: b"\x90"),
    "random": ("malformed", lambda _: os.urandom(500)),
    "another version": ("unknown-version", _with(0, "F2")),
    "no rows": ("malformed", _with(2, [])),
    "huge": ("too-large", lambda _: msgspec.msgpack.encode(["F1", bytes(MAX_FORWARD_BYTES)])),
    "a later directory": ("directory-ahead", lambda it: it.forward(it.sealed(version=9999))),
    "an unknown gateway": ("cannot-open", lambda it: it.forward(gate=make_member("GW-NEW", Network(EU), gateway=True))),
    "a suspended gateway": ("cannot-open", _suspended),
    "our gateway's word": ("cannot-open", lambda it: it.forward(gate=it.town.world.gate)),
    "a participant's word": ("cannot-open", lambda it: it.forward(gate=it.own.member(DESK))),
    "accepted for another": ("cannot-open", lambda it: it.forward(sender=f"{DESK}@{EU}")),
    "an acceptance of tomorrow": ("cannot-open", lambda it: it.forward(at=time.time() + 86_400)),
    "no proof": ("proof-bad", lambda it: _forged(it, 1, [os.urandom(32)])),
    "no checkpoint": ("checkpoint-bad", lambda it: _forged(it, 2, b"x")),
}


def _forged(attacker: Hostile, place: int, value: object) -> bytes:
    form = msgspec.msgpack.decode(attacker.forward())
    form[4][place] = value
    return msgspec.msgpack.encode(form)


async def test_what_proves_nothing_changes_nothing(tmp_path: Path) -> None:
    """Each is answered with a problem, and the ledger is the same after all of them, but for nonces and trees that were seen."""
    async with hostile(tmp_path) as attacker:
        world = attacker.own.world
        old = make_member("GW-OLD", Network(EU), gateway=True)
        world.members[old.address] = old
        world.change("GW-OLD", status=Status.SUSPENDED)
        world.publish()
        world.put_cards({"cards/GW-OLD/key": old.key_card(world.now)})
        assert await attacker.publish() == ["200"]
        await notices_nothing(attacker.town)
        before = await settled(attacker.town.ledger_url)
        found = {name: (await attacker.brought(attack(attacker)))[0] for name, (_, attack) in UNPROVED.items()}
        assert found == {name: code for name, (code, _) in UNPROVED.items()}
        assert but_for(dump(attacker.town.ledger_url), MEANT) == but_for(before, MEANT)
        await notices_nothing(attacker.town)


async def test_what_its_sender_did_is_refused_for_good(tmp_path: Path) -> None:
    """A signed refusal with the rule's code; no delivery of anybody changes, and none is added."""
    rules = {"handling": {"amber/official-use-only": "amber/restricted"}, "takes": ("cooperation.request", "system.recall")}
    async with hostile(tmp_path, **rules) as attacker:
        await notices_nothing(attacker.town)
        assert await attacker.brought(attacker.forward()) == ["accepted"]
        before = await settled(attacker.town.ledger_url)
        stranger = attacker.own.world.member(DESK).keyring
        attacks = {
            "handling-unknown": attacker.sealed(handling="green/official-use-only"),
            "border-kind": attacker.sealed(kind="information.report"),
            "recipient-unknown": attacker.sealed("NOBODY@icn"),
            "expired": attacker.sealed(created=int(time.time()) - 7200, expires=int(time.time()) - 60),
            "cannot-open": attacker.sealed(keyring=stranger),
        }
        found = [(await attacker.brought(attacker.forward(sealed)))[0] for sealed in attacks.values()]
        assert found == list(attacks)
        after = await settled(attacker.town.ledger_url)
        assert but_for(after, REFUSING) == but_for(before, REFUSING)
        await notices_nothing(attacker.town)


async def test_a_replay_is_answered_as_the_first_time(tmp_path: Path) -> None:
    """As often as it comes, alone and beside itself, under another acceptance too: one delivery, one answer."""
    async with hostile(tmp_path) as attacker:
        sealed = attacker.sealed()
        data = attacker.forward(sealed)
        first = await attacker.bring(data)
        before = await settled(attacker.town.ledger_url)
        again = [answer for _ in range(5) for answer in await attacker.bring(data, data, attacker.forward(sealed))]
        assert again == first * 15
        assert but_for(dump(attacker.town.ledger_url), MEANT) == but_for(before, MEANT)
        async with attacker.town.home(SENDER) as reader:
            assert len(await drain(reader)) == 1


async def test_a_log_that_lies(tmp_path: Path) -> None:
    """A back-dated acceptance, and a log that is another one to us, are refused for good."""
    async with hostile(tmp_path) as attacker:
        assert await attacker.brought(attacker.forward()) == ["accepted"]
        now = int(time.time())
        dated_back = attacker.forward(attacker.sealed(created=now - 7200), at=now - 7200)
        attacker.leaves.pop()
        forked = attacker.forward()
        attacker.leaves[0] = os.urandom(100)
        other = [attacker.leaves.pop(), attacker.forward(attacker.sealed())][1]
        assert await attacker.brought(dated_back) == ["out-of-time"]
        assert await attacker.brought(forked, other) == ["accepted", "log-forked"]
        await notices_nothing(attacker.town)


async def test_a_flood_is_bounded(tmp_path: Path) -> None:
    """Of thousands of good messages so many are taken as its share says; the rest change nothing, and neighbours go on."""
    share = 40
    async with hostile(tmp_path, per_hour=share) as attacker:
        distinct = [attacker.forward() for _ in range(256)]
        codes: list[str] = []
        started = time.monotonic()
        for turn in range(8):
            await notices_nothing(attacker.town)
            pages = [distinct[at : at + relaying.MAX_FORWARDS] for at in range(0, len(distinct), relaying.MAX_FORWARDS)]
            codes += [code for page in await asyncio.gather(*(attacker.brought(*page) for page in pages)) for code in page]
            distinct = [*distinct[share:], *(attacker.forward() for _ in range(share if turn < 2 else 0))]
        refilled = (time.monotonic() - started) * share / 3600 + 1
        taken = {code for code in codes}
        assert taken <= {"accepted", "too-many", "busy"}
        async with attacker.town.home(SENDER) as reader:
            assert len(await drain(reader)) <= share + refilled


async def test_its_directory_says_nothing_of_us(tmp_path: Path) -> None:
    """A participant of ours in it, a key of ours, an older one and a huge one: refused, and what was in use stays."""
    async with hostile(tmp_path) as attacker:
        world = attacker.own.world
        old = dict(world.files)
        world.put_cards({})
        assert await attacker.publish() == ["200"]
        assert await attacker.publish(old) == ["directory-rollback"]
        before = dump(attacker.town.ledger_url)
        for changes, code in (
            ({"address": OURS}, "directory-untrusted"),
            ({"identity": attacker.town.member(SENDER).entry.identity}, "key-taken"),
        ):
            good = world.member(DESK)
            files = dict(world.files)
            with pytest.raises(Exception):  # its own software does not even read it  # noqa: B017, PT011
                world.change(DESK, **changes)
                world.publish()
            assert (code, await attacker.publish()) == (code, [code])
            world.members[good.address], world.files = good, files
        assert but_for(dump(attacker.town.ledger_url), {"nonce"}) == but_for(before, {"nonce"})
        await notices_nothing(attacker.town)


async def test_local_routes_are_none_of_its_business(tmp_path: Path) -> None:
    """Its relay is a stranger on every local route, and to the lanes of ours."""
    async with hostile(tmp_path) as attacker:
        lane = f"{media.RELAY}forwards/{EU}?epoch=1"
        status = f"{media.MESSAGES}/{format_id(os.urandom(16))}"
        local = [media.INBOX, media.OUTCOMES, status, f"{media.DIRECTORY}metadata/timestamp.json", f"{media.PEERS}{EU}/metadata/timestamp.json"]
        found = [(await attacker.asked("GET", path)).codes for path in (*local, lane)]
        assert found == [["sender-unknown"]] * 6
        about = [(await attacker.asked("GET", f"{media.RELAY}receipts/{name}?after=0&wait=0")).codes for name in ("icn", "other", EU)]
        assert about == [["peer-unknown"], ["peer-unknown"], ["200"]]
