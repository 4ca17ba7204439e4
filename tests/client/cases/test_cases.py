"""Conversations as a home sees them: from what it sent and acknowledged, the same on both sides."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway.client.home.store import FILE
from gateway.errors import Rejected
from gateway.ids import ConversationId
from gateway.message import Content, read
from tests.client.examples import REQUEST, RESPONSE, content, drain

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.client import ContactPoint, Delivery
    from tests.client.conftest import Clock, Homes

DAY = 86_400


def response(delivery: Delivery, state: str = "clarify") -> Content:
    """Return a response that says where a request stands."""
    written = json.loads(content(RESPONSE).raw)
    body = {**written["body"], "state": state, "request_ref": delivery.envelope_hash.hex()}
    if state != "clarify":
        del body["questions"]
    return read(content(RESPONSE).kind, "1.0.0", json.dumps({**written, "body": body}).encode())


async def asked(qm: ContactPoint, otp: ContactPoint, **wish: int) -> Delivery:
    """Let NCB-QM ask TRIB-QX-OTP, and return what arrived there, acknowledged."""
    await otp.publish_card()
    await qm.send(content(REQUEST), to=["TRIB-QX-OTP"], **wish)  # type: ignore[arg-type]  # times alone
    [delivery] = await drain(otp)
    return delivery


async def test_both_sides_see_the_same_history_and_who_owes_what(homes: Homes, clock: Clock) -> None:
    """State, clock, next moves; a question is read where it is asked."""
    async with homes("NCB-QM") as qm, homes("TRIB-QX-OTP") as otp:
        await qm.publish_card()
        delivery = await asked(qm, otp, respond_by=int(clock()) + 30 * DAY)
        [owed] = await otp.cases.due()
        assert (owed.mine, owed.standing.side.state, owed.standing.owed_by) == (True, "sent", (otp.address,))
        await otp.reply(delivery, response(delivery))
        await drain(qm)
        views = [await one.cases.one(delivery.conversation_id) for one in (qm, otp)]
        numbers = [[said.turn.number for said in view.conversation.history] for view in views]
        assert numbers[0] == numbers[1]
        for view in views:
            [standing] = view.standings
            assert (standing.side.state, standing.owed_by, standing.party) == ("clarify", (qm.address,), otp.address)
            assert [list(one) for one in view.questions.values()] == [json.loads(content(RESPONSE).raw)["body"]["questions"]]
        assert {"cooperation.request", "information.report"} <= {str(one) for one in views[0].standings[0].options}
        assert "request.response (state refused)" in [str(one) for one in views[1].standings[0].options]
        [mine] = await qm.cases.due()
        assert mine.mine
        clock.ahead_s += 9 * DAY
        assert [str(one.standing.pace) for one in await otp.cases.due()] == ["at-risk"]
        assert any("at-risk" in one.text for one in await qm.warnings())


async def test_what_leads_nowhere_is_refused_before_it_is_sent(homes: Homes) -> None:
    """Whether the request was acknowledged or still waits; the hint names what is allowed."""
    async with homes("NCB-QM") as qm, homes("TRIB-QX-OTP") as otp:
        await asked(qm, otp)
        await qm.send(content(REQUEST), to=["TRIB-QX-OTP"])
        async for waiting in otp.inbox():
            with pytest.raises(Rejected) as refused:
                await otp.reply(waiting, response(waiting, "closed"))
            assert refused.value.code == "conversation-state"
            assert "request.response (state acknowledged)" in str(refused.value.hint)
            await otp.reply(waiting, response(waiting, "acknowledged"))
            await waiting.acknowledge()
        assert [standing.side.state for case in await otp.cases.all() for standing in case.standings] == [
            "sent",
            "acknowledged",
        ]


async def test_a_home_of_an_older_format_finds_its_conversations(homes: Homes, tmp_path: Path) -> None:
    """What was sent and acknowledged before has its place too, once the home was opened."""
    async with homes("NCB-QM") as qm, homes("TRIB-QX-OTP") as otp:
        delivery = await asked(qm, otp)
        await otp.reply(delivery, response(delivery, "acknowledged"))
        before = [case.to_json() for case in await otp.cases.all()]
    with sqlite3.connect(tmp_path / "TRIB-QX-OTP" / FILE) as connection:
        connection.execute("DELETE FROM turn")
        connection.execute("DELETE FROM fact WHERE name = 'turns'")
    connection.close()
    async with homes("TRIB-QX-OTP") as otp:
        assert [case.to_json() for case in await otp.cases.all()] == before
        assert len(before) == 1
        assert msgspec.json.encode(before)


async def test_a_conversation_that_is_not_here_is_not_found(homes: Homes) -> None:
    """And a home without messages has none."""
    async with homes("NCB-QM") as qm:
        assert (await qm.cases.all(), await qm.cases.due(), await qm.cases.desk()) == ([], [], [])
        with pytest.raises(Rejected, match="not-found"):
            await qm.cases.one(ConversationId(bytes(16)))


async def test_no_member_of_a_message_breaks_the_view_of_its_reader(homes: Homes, clock: Clock) -> None:
    """Members that the kind does not have, and a time that nothing can show: cases, board and warnings are there."""
    written = json.loads(content(REQUEST).raw)
    body = {**written["body"], "expected_by": "soon", "owner": "NCB-QX", "questions": 5}
    strange = read(content(REQUEST).kind, "1.0.0", json.dumps({**written, "body": body}).encode())
    async with homes("NCB-QM") as qm, homes("TRIB-QX-OTP") as otp:
        await qm.publish_card()
        await otp.publish_card()
        await qm.send(strange, to=["TRIB-QX-OTP"], respond_by=2**53 - 1)
        [delivery] = await drain(otp)
        for state in ("acknowledged", "accepted"):
            await otp.reply(delivery, response(delivery, state))
            assert [case.to_json()["threads"] for case in await otp.cases.all()]
        assert [owed.standing.side.state for owed in await otp.cases.due()] == ["accepted"]
        await otp.warnings()
