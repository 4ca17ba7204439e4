"""What a hostile network says, by its directory, its receipts and its recalls: it has no say in what neighbours do."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from gateway.directory.entries import MAX_ENTRIES, Status
from gateway.envelope import Event, examine
from gateway.ids import Address, format_id
from gateway.protocol import media
from tests.client.examples import content, drain
from tests.scenario.asking import ask, thin
from tests.scenario.bad import posted
from tests.scenario.hostile import AUTHOR, DESK, EU, MEANT, OURS, Hostile, but_for, hostile, notices_nothing
from tests.scenario.town import READER, SENDER
from tests.support.ledger_dump import dump, settled

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _an_address_of_ours(attacker: Hostile) -> dict[str, bytes]:
    return attacker.sign_anything(lambda who: who["entries"][0].update(address=OURS))


def _a_key_twice(attacker: Hostile) -> dict[str, bytes]:
    return attacker.sign_anything(lambda who: who["entries"][1].update(identity=who["entries"][0]["identity"]))


def _too_many(attacker: Hostile) -> dict[str, bytes]:
    def many(who: Any) -> None:
        for number in range(MAX_ENTRIES):
            name = f"QM-{number}"
            who["entries"].append(
                {**who["entries"][1], "participant": name, "address": f"{name}@{EU}", "identity": os.urandom(32).hex()}
            )

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
async def test_its_directory_says_nothing_of_us(
    tmp_path: Path, files: Callable[[Hostile], dict[str, bytes]], code: str
) -> None:
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
            "a refusal for ours": (
                number,
                [attacker.receipt(gate, Event.REFUSED, near.envelope_hash, subject=town.address(READER), reason="expired")],
            ),
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
        assert await attacker.brought(attacker.forward(attacker.sealed(f"{READER}@icn", sender=DESK, **about))) == [
            "recall-not-allowed"
        ]
        assert len(await thin(attacker.town, READER)) == 1


async def test_local_routes_are_none_of_its_business(tmp_path: Path) -> None:
    """Its relay is a stranger on every local route, and to the lanes of ours."""
    async with hostile(tmp_path) as attacker:
        lane = f"{media.RELAY}forwards/{EU}?epoch=1"
        status = f"{media.MESSAGES}/{format_id(os.urandom(16))}"
        local = [
            media.INBOX,
            media.OUTCOMES,
            status,
            f"{media.DIRECTORY}metadata/timestamp.json",
            f"{media.PEERS}{EU}/metadata/timestamp.json",
        ]
        found = [(await attacker.asked("GET", path)).codes for path in (*local, lane)]
        assert found == [["sender-unknown"]] * 6
        about = [
            (await attacker.asked("GET", f"{media.RELAY}receipts/{name}?after=0&wait=0")).codes for name in ("icn", "other", EU)
        ]
        assert about == [["peer-unknown"], ["peer-unknown"], ["200"]]
