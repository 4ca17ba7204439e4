"""A hostile second network against a real gateway: each attack is refused with its code, and local participants notice nothing."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import msgspec
import pytest

from gateway.directory.entries import MAX_ENTRIES, Status
from gateway.envelope import Event, examine
from gateway.envelope.forward import MAX_FORWARD_BYTES
from gateway.ids import Address, Network, format_id
from gateway.protocol import media, relaying
from tests.client.examples import content, drain
from tests.scenario.asking import ask, thin
from tests.scenario.bad import posted
from tests.scenario.hostile import AUTHOR, DESK, EU, OUR_RELAY, Hostile
from tests.scenario.town import DAY, READER, SENDER, Town
from tests.support.ledger_dump import dump, settled
from tests.support.network import make_member

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    Attack = Callable[[Hostile], bytes]

MEANT: Final = {"nonce", "peer_file", "peer_version", "peer_log"}  # requests and the peer's own affairs
LOG: Final = {"event", "checkpoint", "log_leaf", "log_state", "log_tile", "counter"}
REFUSING: Final = MEANT | LOG | {"refusal"}  # what a signed refusal leaves
OURS: Final = f"{SENDER}@icn"


@asynccontextmanager
async def hostile(folder: Path, *, since_s: int = 0, **rules: Any) -> AsyncIterator[Hostile]:
    """Serve a network, and name a hostile one its peer; both exist for so many seconds, and its true directory was brought."""
    now = int(time.time()) - since_s
    town = Town(folder=folder / "town", names=(SENDER, READER, OUR_RELAY), limits="repair_after_s = 1.0, poll_s = 0.5", now=now)
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
    "no array": ("malformed", lambda _: b"\xc1" * 500),
    "another version": ("unknown-version", _with(0, "F2")),
    "no rows": ("malformed", _with(2, [])),
    "huge": ("too-large", lambda _: msgspec.msgpack.encode(["F1", bytes(MAX_FORWARD_BYTES)])),
    "a later directory": ("directory-ahead", lambda it: it.forward(it.sealed(version=9999))),
    "an unknown gateway": ("cannot-open", lambda it: it.forward(gate=make_member("GW-NEW", Network(EU), gateway=True))),
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
        taken = {code for code in codes}
        assert taken <= {"accepted", "too-many", "busy"}
        async with attacker.town.home(SENDER) as reader:
            assert len(await drain(reader)) <= share + refilled


def _an_address_of_ours(attacker: Hostile) -> dict[str, bytes]:
    return attacker.sign_anything(lambda who: who["entries"][0].update(address=OURS))


def _a_key_twice(attacker: Hostile) -> dict[str, bytes]:
    return attacker.sign_anything(lambda who: who["entries"][1].update(identity=who["entries"][0]["identity"]))


def _too_many(attacker: Hostile) -> dict[str, bytes]:
    def many(who: Any) -> None:
        for number in range(MAX_ENTRIES):
            name = f"QM-{number}"
            who["entries"].append({**who["entries"][1], "participant": name, "address": f"{name}@{EU}", "identity": os.urandom(32).hex()})

    return attacker.sign_anything(many)


def _huge_cards(attacker: Hostile) -> dict[str, bytes]:
    world = attacker.own.world
    cards = {f"cards/X-{number}/key": bytes(48 << 10) for number in range(800)}
    return {**world.files, **world.online.add_cards(world.files, cards, world.now)}


@pytest.mark.parametrize(
    ("files", "code"),
    [
        (_an_address_of_ours, "directory-untrusted"),
        (_a_key_twice, "key-taken"),
        (_too_many, "directory-untrusted"),
        (_huge_cards, "directory-untrusted"),
        (lambda it: it.town.world.files, "directory-untrusted"),
    ],
)
async def test_its_directory_says_nothing_of_us(tmp_path: Path, files: Callable[[Hostile], dict[str, bytes]], code: str) -> None:
    """A participant of ours in it, one key twice, too many entries, cards of megabytes: refused, and what was in use stays."""
    async with hostile(tmp_path) as attacker:
        before = await settled(attacker.town.ledger_url)
        assert await attacker.publish(files(attacker)) == [code]
        assert but_for(dump(attacker.town.ledger_url), {"nonce"}) == but_for(before, {"nonce"})
        await notices_nothing(attacker.town)


async def test_its_directory_does_not_go_back(tmp_path: Path) -> None:
    """An older one is refused, and a participant that was suspended since stays suspended."""
    async with hostile(tmp_path) as attacker:
        world = attacker.own.world
        old = dict(world.files)
        world.change(AUTHOR, status=Status.SUSPENDED)
        world.publish()
        assert await attacker.publish() == ["200"]
        assert await attacker.publish(old) == ["directory-rollback"]
        assert await attacker.brought(attacker.forward()) == ["sender-unknown"]
        await notices_nothing(attacker.town)


async def test_receipts_that_it_has_no_say_in(tmp_path: Path) -> None:
    """Of what stayed here, of what others do, and by nobody: each is dropped, and changes no delivery."""
    async with hostile(tmp_path) as attacker:
        town, lease = attacker.town, await attacker.lease()
        far, near = town.sealed(["GN-QN@eu-network"]), town.sealed([READER])
        for sealed in (far, near):
            assert (await ask(town, posted(sealed.submission))).status == 202
        ((number, _),) = await attacker.forwards(lease.epoch)
        before = await settled(town.ledger_url)
        gate = attacker.gate.address
        ours = {"subject": town.address(READER), "signer": town.address(READER)}
        answers = {
            "another envelope's": (number, [attacker.accepted(near.envelope_hash, sender=OURS)]),
            "of what stayed here": (number + 1, [attacker.accepted(near.envelope_hash, sender=OURS)]),
            "a participant's": (number, [attacker.accepted(far.envelope_hash, sender=OURS, gate=attacker.own.member(DESK))]),
            "a refusal for ours": (number, [attacker.receipt(gate, Event.REFUSED, near.envelope_hash, subject=town.address(READER), reason="expired")]),
            "no answer": (number, [attacker.receipt("GN-QN", Event.OPENED, far.envelope_hash)]),
        }
        receipts = {
            "of what stayed here": attacker.receipt("GN-QN", Event.OPENED, near.envelope_hash),
            "in our name": attacker.receipt("GN-QN", Event.OPENED, near.envelope_hash, **ours),
            "for our recipient": attacker.receipt("GN-QN", Event.OPENED, near.envelope_hash, subject=ours["subject"]),
            "expired by their gateway": attacker.receipt(gate, Event.EXPIRED, near.envelope_hash, subject=ours["subject"]),
            "destroyed": attacker.receipt("GN-QN", Event.DESTROYED, near.envelope_hash, reason="deleted"),
            "for another there": attacker.receipt(AUTHOR, Event.OPENED, far.envelope_hash, subject=Address("GN-QN@eu-network")),
            "of one who got none": attacker.receipt(AUTHOR, Event.OPENED, far.envelope_hash),
            "damaged": attacker.receipt("GN-QN", Event.OPENED, far.envelope_hash)[:-1] + b"x",
        }
        told = dict(zip(answers, await attacker.answered(lease.epoch, list(answers.values())), strict=True))
        dropped = dict(zip(receipts, await attacker.receipts(lease.epoch, list(receipts.values())), strict=True))
        assert told == {**dict.fromkeys(answers, "not-found"), "a participant's": "signature-bad", "no answer": "malformed"}
        unsigned = dict.fromkeys(("for our recipient", "for another there", "damaged"), "signature-bad")
        assert dropped == {**dict.fromkeys(receipts, "not-found"), **unsigned}
        assert but_for(dump(town.ledger_url), MEANT | {"lane"}) == but_for(before, MEANT | {"lane"})
        await notices_nothing(town)


async def test_recalls_of_what_is_not_theirs(tmp_path: Path) -> None:
    """Neither a participant nor the coordination desk of the other network recalls what neighbours write to each other."""
    async with hostile(tmp_path) as attacker:
        town, recall = attacker.town, content("system.recall/wrong-recipient")
        async with town.home(SENDER) as sender, town.home(READER) as reader:
            sent = await sender.send(content(), to=[READER])
            envelope_hash = (await sender.status(sent.message_id)).envelope_hash
            about = {"kind": "system.recall", "in_reply_to": envelope_hash}
            forged = [attacker.sealed(f"{READER}@icn", sender=name, content=recall.raw, **about) for name in (AUTHOR, DESK)]
            # To them it is a message that does not exist: nobody is told that it does, and nothing follows.
            assert await attacker.brought(*map(attacker.forward, forged)) == ["accepted", "accepted"]
            assert [one.message_id for one in await drain(reader)] == [sent.message_id]
            assert [one.state for one in (await sender.status(sent.message_id)).recipients] == ["opened"]


async def test_a_desk_there_does_not_recall_what_our_author_wrote(tmp_path: Path) -> None:
    """Though it got it, and may recall in its own network: here it is nobody's desk."""
    async with hostile(tmp_path) as attacker:
        sealed = attacker.town.sealed([READER, f"{DESK}@{EU}"])
        assert (await ask(attacker.town, posted(sealed.submission))).status == 202
        conversation = examine(sealed.submission).header.conversation_id
        about = {"kind": "system.recall", "in_reply_to": sealed.envelope_hash, "conversation_id": conversation}
        assert await attacker.brought(attacker.forward(attacker.sealed(f"{READER}@icn", sender=DESK, **about))) == ["recall-not-allowed"]
        assert len(await thin(attacker.town, READER)) == 1


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
