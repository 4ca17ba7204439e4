"""What a hostile network hands to a real gateway: each attack is refused with its code, and neighbours notice nothing."""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING, Any, Final

import msgspec

from gateway.directory.entries import Status
from gateway.envelope.forward import MAX_FORWARD_BYTES
from gateway.ids import Address, Network
from gateway.protocol import relaying
from tests.client.examples import drain
from tests.scenario.asking import thin
from tests.scenario.hostile import DESK, EU, MEANT, REFUSING, Hostile, but_for, hostile, notices_nothing
from tests.scenario.town import DAY, READER, SENDER
from tests.support.ledger_dump import dump, settled
from tests.support.network import make_member

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.network import Member

    Attack = Callable[[Hostile], bytes]


def _with(place: int, value: object) -> Attack:
    """Return the attack of a good forward in which one element was changed."""

    def changed(attacker: Hostile) -> bytes:
        form = msgspec.msgpack.decode(attacker.forward())
        form[place] = value
        return msgspec.msgpack.encode(form)

    return changed


def _gate(name: str) -> Member:
    return make_member(name, Network(EU), gateway=True)


def _suspended(attacker: Hostile) -> bytes:
    return attacker.forward(gate=attacker.own.world.members[Address("GW-OLD@eu-network")])


def _ours(attacker: Hostile) -> bytes:
    return attacker.forward(attacker.town.sealed([READER]))


UNPROVED: Final[dict[str, tuple[str, Attack]]] = {
    "spoofed origin": ("network-differs", _ours),
    "malformed": ("malformed", lambda _: b"\x90"),
    "no array": ("malformed", lambda _: b"\xc1" * 500),
    "another version": ("unknown-version", _with(0, "F2")),
    "no rows": ("malformed", _with(2, [])),
    "huge": ("too-large", lambda _: msgspec.msgpack.encode(["F1", bytes(MAX_FORWARD_BYTES)])),
    "a later directory": ("directory-ahead", lambda it: it.forward(it.sealed(version=9999))),
    "an unknown gateway": ("cannot-open", lambda it: it.forward(gate=_gate("GW-NEW"))),
    "a suspended gateway": ("cannot-open", _suspended),
    "our gateway's word": ("cannot-open", lambda it: it.forward(gate=it.town.world.gate)),
    "a participant's word": ("cannot-open", lambda it: it.forward(gate=it.own.member(DESK))),
    "accepted for another": ("cannot-open", lambda it: it.forward(sender=f"{DESK}@{EU}")),
    "no proof": ("proof-bad", lambda it: _forged(it, 1, [os.urandom(32)])),
    "no checkpoint": ("checkpoint-bad", lambda it: _forged(it, 2, b"x")),
}


def _forged(attacker: Hostile, place: int, value: object) -> bytes:
    form = msgspec.msgpack.decode(attacker.forward())
    form[4][place] = value
    return msgspec.msgpack.encode(form)


async def test_what_proves_nothing_changes_nothing(tmp_path: Path) -> None:
    """Each is answered with a problem, and the ledger is the same after all of them, but for nonces and trees it saw."""
    async with hostile(tmp_path) as attacker:
        world = attacker.own.world
        old = _gate("GW-OLD")
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
    rules: dict[str, Any] = {
        "handling": {"amber/official-use-only": "amber/restricted"},
        "takes": ("cooperation.request", "system.recall"),
    }
    async with hostile(tmp_path, **rules) as attacker:
        await notices_nothing(attacker.town)
        assert await attacker.brought(attacker.forward()) == ["accepted"]
        before = await settled(attacker.town.ledger_url)
        stranger = attacker.own.world.member(DESK).keyring
        attacks = {
            "handling-unknown": attacker.sealed(handling="green/official-use-only"),
            "border-kind": attacker.sealed(kind="information.report"),
            "recipient-key": attacker.sealed("NOBODY@icn"),
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
        assert len(await thin(attacker.town, SENDER)) == 1


async def test_a_log_that_lies(tmp_path: Path) -> None:
    """A back-dated acceptance, and a log that is another one to us, are refused for good."""
    async with hostile(tmp_path, since_s=3 * 3600) as attacker:
        assert await attacker.brought(attacker.forward()) == ["accepted"]
        now, log = int(time.time()), attacker.log()
        dated_back = attacker.forward(attacker.sealed(created=now - 7200), at=now - 7200)
        log.pop()
        tomorrow = attacker.forward(at=now + DAY)
        log[:] = [os.urandom(100)]
        found = [(await attacker.brought(one))[0] for one in (dated_back, tomorrow, attacker.forward())]
        assert found == ["out-of-time", "out-of-time", "log-forked"]
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
        assert set(codes) <= {"accepted", "too-many", "busy"}
        async with attacker.town.home(SENDER) as reader:
            assert len(await drain(reader)) <= share + refilled
