"""The promises of the design, each proved on real gateways with real homes; its number stands in the name of its tests."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from gateway.envelope import parse_receipt
from gateway.errors import Rejected
from gateway.ids import MessageId
from gateway.protocol import media
from tests.client import application
from tests.client.examples import content, drain
from tests.scenario.asking import ask, read_until, thin
from tests.scenario.bad import posted
from tests.scenario.bad_receipts import handed_in, receipt
from tests.scenario.lines import plain
from tests.scenario.process import environment
from tests.scenario.rogues import PICKY, UNCLEARED, Rogues
from tests.scenario.town import PASSPHRASE, READER, SENDER, THIRD

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.scenario.conftest import Setup

SETTLED_S = 1.5  # a node of RabbitMQ 3.10 may forget a queue that it made less than half a second before a power cut
REPORT = "information.report/open-source-video"  # leaves its urgency to who sends it


async def test_promise_1_what_was_accepted_is_opened_though_everything_crashed(setup: Setup) -> None:
    """The gateway is killed with the last receipt still warm, the broker too; each recipient opens each message, once."""
    town = setup.town()
    async with town.served() as served:
        async with town.home(SENDER) as sender:
            first = await sender.send(content(), to=[READER, THIRD])
            await asyncio.sleep(SETTLED_S)
            rest = await asyncio.gather(*(sender.send(content(), to=[READER, THIRD]) for _ in range(12)))
            served.kill()
        sent = [first, *rest]
        assert not any(one.kept for one in sent)
        await setup.crash_broker()
        await asyncio.to_thread(served.start)
        wanted = {bytes(one.envelope_hash or b"") for one in sent}
        for name in (READER, THIRD):
            found = await read_until(town, name, wanted)
            assert (len(found), set(found)) == (len(sent), wanted)
        async with town.home(SENDER) as sender:
            status = await sender.status(sent[0].message_id)
        assert [(one.state, one.proved) for one in status.recipients] == [("opened", True)] * 2


async def test_promise_1_what_a_killed_gateway_did_not_answer_is_sent_once(setup: Setup) -> None:
    """A gateway that is killed while messages pour in may have accepted what it did not answer: nothing is lost or doubled."""
    town = setup.town()
    async with town.served() as served:
        async with town.home(SENDER) as sender:
            pouring = [asyncio.create_task(sender.send(content(), to=[READER])) for _ in range(30)]
            await asyncio.wait(pouring, return_when=asyncio.FIRST_COMPLETED)
            pouring += [asyncio.create_task(sender.send(content(), to=[READER])) for _ in range(10)]  # cannot be answered
            served.kill()
            sent = await asyncio.gather(*pouring)
            await asyncio.to_thread(served.start)
            last = await sender.send(content(), to=[READER])  # what was kept goes out before it
        wanted = {bytes(one.envelope_hash or b"") for one in (*sent, last)}
        found = await read_until(town, READER, wanted)
    assert any(one.kept for one in sent)
    assert (len(found), set(found)) == (41, wanted)


async def test_promise_3_a_recipient_killed_before_it_acknowledged_gets_it_again(setup: Setup) -> None:
    """Killed between hand-over and acknowledgement it comes again, marked `again`; what was acknowledged never does."""
    town = setup.town()
    async with town.served():
        async with town.home(SENDER) as sender, town.home(READER):
            sent = [await sender.send(content(), to=[READER]) for _ in range(3)]
        second = str(sent[1].number)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, application.__file__, str(town.folder / "homes" / READER), PASSPHRASE.decode(), second, "before"),
            stdout=asyncio.subprocess.PIPE,
            env=environment(),
        )
        assert process.stdout is not None
        try:
            lines = [(await process.stdout.readline()).decode().strip() for _ in range(3)]
        finally:
            process.kill()
            await process.wait()
        async with town.home(READER) as reader:
            again = await drain(reader)
            rest = await drain(reader)
    assert lines == [f"new {sent[0].number}", f"acknowledged {sent[0].number}", f"new {second}"]
    assert (again[0].number, again[0].again) == (sent[1].number, True)
    assert {one.number for one in again} == {one.number for one in sent[1:]}
    assert rest == []


async def test_promise_4_a_repeat_is_answered_with_the_same_receipt_for_ever(setup: Setup) -> None:
    """Before and after it was opened, and after a restart; and it is delivered to nobody twice."""
    town = setup.town()
    async with town.served() as served:
        sealed = town.sealed([READER])
        first = await ask(town, posted(sealed.submission))
        at_once = [await ask(town, posted(sealed.submission)) for _ in range(3)]
        opened = receipt(town, READER, sealed.envelope_hash)
        assert len(await thin(town, READER)) == 1
        assert (await ask(town, handed_in(town, READER, [opened, opened]))).codes == ["", ""]
        served.kill()
        await asyncio.to_thread(served.start)
        later = await ask(town, posted(sealed.submission))
        assert await thin(town, READER) == []
    assert (first.status, {one.status for one in (*at_once, later)}) == (202, {200})
    assert {one.body for one in (*at_once, later)} == {first.body}
    assert parse_receipt(first.body).receipt.envelope_hash == sealed.envelope_hash


async def test_promise_4_many_repeats_at_the_same_moment_are_one_message(setup: Setup) -> None:
    """Of twenty copies that arrive together one is accepted, and all have the same receipt."""
    town = setup.town()
    async with town.served():
        sealed = posted(town.sealed([READER, THIRD]).submission)
        answers = await asyncio.gather(*(ask(town, sealed) for _ in range(20)))
        assert len(await thin(town, READER)) == 1
    assert sorted(one.status for one in answers) == [200] * 19 + [202]
    assert len({one.body for one in answers}) == 1


async def test_promise_4_another_message_under_the_same_id_is_a_conflict(setup: Setup) -> None:
    """It is refused and changes nothing; who could not have sealed it does not even learn that the id was used."""
    town = setup.town()
    async with town.served():
        message_id = MessageId(os.urandom(16))
        first = town.sealed([READER], message_id=message_id)
        other = town.sealed([READER], message_id=message_id, content=b'{"other":1}')
        forged = town.sealed([READER], message_id=message_id, keyring=town.member(THIRD).keyring)
        answers = [await ask(town, posted(one.submission)) for one in (first, other, forged, first)]
        assert len(await thin(town, READER)) == 1
    assert [one.codes for one in answers] == [["202"], ["conflict"], ["cannot-open"], ["200"]]


@pytest.mark.parametrize(
    ("recipients", "changes", "code"),
    [
        ((READER, UNCLEARED), {"handling": "red/confidential"}, "clearance"),
        ((PICKY, READER), {}, "kind-not-accepted"),
        ((READER, "NCB-XZ"), {}, "recipient-key"),
    ],
)
async def test_promise_5_one_recipient_who_may_not_have_it_and_nobody_gets_it(
    tmp_path: Path, recipients: Sequence[str], changes: dict[str, Any], code: str
) -> None:
    """All or nothing: the good recipients of a refused message find nothing, neither now nor after a restart."""
    town = Rogues(folder=tmp_path)
    async with town.served() as served:
        refused = await ask(town, posted(town.sealed(recipients, **changes).submission))
        alone = await ask(town, posted(town.sealed([READER], **changes).submission))
        served.kill()
        await asyncio.to_thread(served.start)
        deliveries = await thin(town, READER)
    assert (refused.codes, alone.status) == ([code], 202)
    assert len(deliveries) == 1


async def test_promise_5_the_software_of_a_contact_point_refuses_it_too(tmp_path: Path) -> None:
    """Who writes to a group with one member that may not read it is told so before anything leaves the home."""
    town = Rogues(folder=tmp_path)
    async with town.served(), town.home(SENDER) as sender:
        with pytest.raises(Rejected) as caught:
            await sender.send(content(), to=[READER, UNCLEARED])
        assert await thin(town, READER) == []
    assert caught.value.code == "clearance"


async def test_promise_8_without_its_broker_a_gateway_accepts_and_serves_and_recovers(services: Setup) -> None:
    """Messages are accepted at once, thin clients read them, and when the broker is back the others get them by themselves."""
    town = services.town()
    assert services.proxy is not None
    async with town.served(), town.home(SENDER) as sender, town.home(THIRD) as third:
        inbox = third.inbox(follow=True)
        reading = asyncio.ensure_future(anext(inbox))
        await asyncio.sleep(0.5)
        services.proxy.refuse()
        began = time.monotonic()
        sent = [await sender.send(content(), to=[READER, THIRD]) for _ in range(5)]
        took_s = time.monotonic() - began
        assert not any(one.kept for one in sent)
        assert (await ask(town, plain("GET", media.READY))).status == 200
        assert len(await thin(town, READER)) == 5
        services.proxy.heal()
        async with asyncio.timeout(40):
            found = [await reading]
            while len(found) < len(sent):
                await found[-1].acknowledge()
                found.append(await anext(inbox))
    assert [one.number for one in found] == [one.number for one in sent]
    assert took_s < 5


async def test_promise_11_urgent_mail_overtakes_and_the_rest_keeps_its_order(setup: Setup) -> None:
    """A recipient that comes back gets flash and urgent first, then all else, both in the order of acceptance."""
    town = setup.town()
    urgencies = ["normal", "routine", "flash", "normal", "urgent", "routine", "flash"]
    async with town.served():
        async with town.home(SENDER) as sender:
            sent = [await sender.send(content(REPORT), to=[READER], urgency=urgency) for urgency in urgencies]
        numbers = [one.number or 0 for one in sent]
        by_hand = [msgspec.msgpack.decode(msgspec.msgpack.decode(one)[4][0][0])[5] for one in await thin(town, READER)]
        async with town.home(READER) as reader:
            found = [one.number for one in await drain(reader)]
    urgent = {number for number, urgency in zip(numbers, urgencies, strict=True) if urgency in {"flash", "urgent"}}
    assert numbers == sorted(numbers) == by_hand  # a thin client reads by number: that is how it says where it stopped
    assert found == sorted(numbers, key=lambda number: (number not in urgent, number))
