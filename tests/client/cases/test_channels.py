"""The same request natively and through the relay: one row of the board, and two conversations that name each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.ids import Address, format_id
from tests.client.cases.test_cases import response
from tests.client.examples import REQUEST, content, drain
from tests.client.pair import FAR, NEAR, Pair, serve_pair

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from gateway.client import ContactPoint, Delivery
    from tests.client.conftest import Clock

DAY_S = 86_400
NATIVE = Address("NCB-QN@icn")


@pytest.fixture
async def pair(tmp_path: Path, clock: Clock) -> AsyncIterator[Pair]:
    """Serve two networks."""
    async with serve_pair(tmp_path, clock) as pair:
        yield pair


async def twice(pair: Pair, qm: ContactPoint, qn: ContactPoint, gn: ContactPoint) -> tuple[Delivery, Delivery]:
    """Let a neighbour and a partner of the same network ask the same; return what arrives, natively and through the relay."""
    for point in (qm, qn, gn):
        await point.publish_card()
    pair.clock.ahead_s += 400
    now = int(pair.clock())
    await gn.send(content(REQUEST), to=[NEAR], respond_by=now + 9 * DAY_S)
    await qn.send(content(REQUEST), to=[NEAR], respond_by=now + 30 * DAY_S)
    pair.carry()
    native, relayed = sorted(await drain(qm), key=lambda one: one.sender != NATIVE)
    return native, relayed


async def test_it_is_owed_once_with_both_channels(pair: Pair) -> None:
    """By the earliest deadline; each conversation names the other, who sent it there, and how it stands."""
    async with pair.home(NEAR) as qm, pair.home(NATIVE) as qn, pair.home(FAR) as gn:
        native, relayed = await twice(pair, qm, qn, gn)
        assert [twin.sender for twin in relayed.same_as] + [twin.sender for twin in native.same_as] == [NATIVE]
        [owed] = await qm.cases.due()
        assert owed.mine
        cases = {case.id: case for case in await qm.cases.all()}
        for one, other in ((native, relayed), (relayed, native)):
            [channel] = cases[one.conversation_id].standings[0].channels
            told = channel.to_json()
            assert (told["sender"], told["state"], told["answered"]) == (other.sender, "sent", False)
            assert (await qm.cases.one(one.conversation_id)).to_json() == cases[one.conversation_id].to_json()
        clock = {case.id: case.standings[0].side.due for case in cases.values()}
        assert owed.standing.side.due == min(clock.values(), key=lambda due: 0 if due is None else due.at)
        [channel] = owed.standing.channels
        there = relayed if owed.case.id == native.conversation_id else native
        assert str(channel).startswith(f"{format_id(there.conversation_id)} from {there.sender}: sent, due ")


async def test_what_is_answered_in_one_channel_is_not_owed_in_the_other(pair: Pair) -> None:
    """A word on the way is no answer; an answer is. Nobody else is told, and the other channel's clock is shown as it runs."""
    async with pair.home(NEAR) as qm, pair.home(NATIVE) as qn, pair.home(FAR) as gn:
        native, relayed = await twice(pair, qm, qn, gn)
        await qm.reply(native, response(native, "acknowledged"))
        [owed] = [one for one in await qm.cases.due() if one.mine]
        assert (owed.case.id, owed.answered_in) == (relayed.conversation_id, None)
        answer = response(native, "executed")
        await qm.reply(native, answer)
        [left] = await qm.cases.due()
        assert (left.case.id, left.mine) == (relayed.conversation_id, False)
        told = left.to_json()
        assert (told["answered_in"], told["owed_by"]) == (format_id(native.conversation_id), (NEAR,))
        assert told["due"]["at"]
        [also] = await qm.cases.also_asked(answer)
        assert (also.twin.sender, also.is_answered) == (FAR, False)
        pair.carry()
        assert await drain(gn) == []
        await qm.reply(relayed, response(relayed, "executed"))
        assert (await qm.cases.due(), await qm.cases.also_asked(answer)) == ([], [])


async def test_a_withdrawn_channel_answers_nothing(pair: Pair) -> None:
    """Whoever copied a text and takes his own request back leaves the other one owed."""
    async with pair.home(NEAR) as qm, pair.home(NATIVE) as qn, pair.home(FAR) as gn:
        native, relayed = await twice(pair, qm, qn, gn)
        await qm.reply(native, response(native, "acknowledged"))
        await qn.recall(native.message_id, "sent by mistake")
        await drain(qm)
        [owed] = [one for one in await qm.cases.due() if one.mine]
        [channel] = owed.standing.channels
        assert (owed.case.id, channel.to_json()["state"]) == (relayed.conversation_id, "withdrawn")
        assert await qm.cases.unanswered(relayed.envelope_hash) == []


async def test_one_that_waits_for_the_application_is_named(pair: Pair) -> None:
    """It has no conversation yet, and is open all the same."""
    async with pair.home(NEAR) as qm, pair.home(NATIVE) as qn:
        await qm.publish_card()
        for _ in range(2):
            await qn.send(content(REQUEST), to=[NEAR])
        first = True
        async for delivery in qm.inbox():
            if first:
                await delivery.acknowledge()
            first = False
        [case] = await qm.cases.all()
        [channel] = case.standings[0].channels
        assert (channel.standing, channel.is_open) == (None, True)
        assert str(channel).endswith(f"from {NATIVE}: not acknowledged yet")
