"""Courses, meetings and joint teams from invitation to end: each party sees what its peer sees, and when it is due."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.errors import Rejected
from tests.scenario.theatre import DAY, say

if TYPE_CHECKING:
    from tests.scenario.theatre import Theatre

pytestmark = [pytest.mark.broker, pytest.mark.postgres, pytest.mark.asyncio(loop_scope="module")]


async def test_a_meeting_takes_no_more_than_its_quota(theatre: Theatre) -> None:
    """A crowd is refused before it is sent; a pair comes, another declines, and a third is late when its day is over."""
    content = say("meeting.invitation/expert-meeting", respond_by=None, body__quota=2, body__rsvp_by=theatre.day(4))
    invited = await theatre.says("GS", content, ["NCB-QM", "NCB-QN", "WCU-QP"])
    crowd = [{"officer": f"officer-{number}", "role": "analyst", "sessions": ["plenary"]} for number in range(3)]
    comes: dict[str, Any] = {"handling__tlp": "amber", "body__answer": "accept"}
    with pytest.raises(Rejected, match="3 where 2 are allowed") as refused:
        await theatre.says("NCB-QM", say("meeting.reply/decline", invited, **comes, body__delegates=crowd), ["GS"], invited)
    assert (refused.value.code, refused.value.pointer) == ("conversation-state", "/body/delegates")
    pair = await theatre.says(
        "NCB-QM", say("meeting.reply/decline", invited, **comes, body__delegates=crowd[:2]), ["GS"], invited
    )
    assert await theatre.agree(invited, "NCB-QM", "GS") == [(invited.number, invited.kind, ""), (pair.number, pair.kind, "")]
    await theatre.says("NCB-QN", say("meeting.reply/decline", invited), ["GS"], invited)
    states = {one.party: one.side.state for one in (await theatre.case("GS", invited)).standings}
    assert states == {"NCB-QM@icn": "accepted", "NCB-QN@icn": "declined", "WCU-QP@icn": "invited"}
    await theatre.jump(5 * DAY)
    for name in ("WCU-QP", "GS"):
        owes = await theatre.stands(name, invited, "WCU-QP")
        assert (owes.owed_by, owes.pace) == (("WCU-QP@icn",), "overdue")


async def test_a_course_is_announced_nominated_for_and_held(theatre: Theatre) -> None:
    """Who nominates in time is selected, attends and is certified; who does not is closed out, and cannot nominate any more."""
    dates = {"start": theatre.day(60), "end": theatre.day(66)}
    days: dict[str, Any] = {"respond_by": None, "body__dates": dates, "body__nominations_close": theatre.day(10)}
    call = await theatre.says("GS", say("training.announcement/international-course", **days), ["NCB-QM", "NCB-QN"])
    nomination = say("training.nomination/two-investigators", call)
    nominated = await theatre.says("NCB-QM", nomination, ["GS"], call)
    assert (await theatre.stands("NCB-QM", call, "NCB-QM")).owed_by == ("GS@icn",)
    for status, state in {"accepted": "selected", "attended": "attended", "completed": "certified"}.items():
        outcome = say("training.outcome/accepted", nominated, body__course_ref=call.envelope_hash.hex(), body__status=status)
        await theatre.says("GS", outcome, ["NCB-QM"], nominated)
        for name in ("NCB-QM", "GS"):
            assert (await theatre.stands(name, call, "NCB-QM")).side.state == state
    assert [flag for _, _, flag in await theatre.agree(call, "NCB-QM", "GS")] == [""] * 5
    assert (await theatre.stands("NCB-QN", call, "NCB-QN")).side.state == "open"
    await theatre.jump(12 * DAY)
    for name in ("NCB-QN", "GS"):
        assert (await theatre.stands(name, call, "NCB-QN")).side.state == "closed"
    await theatre.refused("NCB-QN", nomination, ["GS"], call)


async def test_a_joint_team_is_set_up_by_each_party(theatre: Theatre) -> None:
    """One wants changes and gets them, the other declines; every party sees what the others said."""
    parties = [
        {"participant": name, "authority": {"name": f"Authority of {name}", "type": "prosecutor", "country": country}}
        for name, country in (("JA-QN", "QN"), ("JA-QP", "QP"), ("TRIB-QX-OTP", "QX"))
    ]
    frame: dict[str, Any] = {"body__parties": parties, "disclosed_recipients": ["JA-QP@icn", "TRIB-QX-OTP@icn"]}
    proposal = say("jit.proposal/eastern-column", **frame)
    asked = theatre.clock() + 3 * DAY
    proposed = await theatre.says("JA-QN", proposal, ["JA-QP", "TRIB-QX-OTP"], respond_by=int(asked))
    await theatre.says("JA-QP", say("jit.decision/accept-with-changes", proposed), ["JA-QN", "TRIB-QX-OTP"], proposed)
    assert (await theatre.stands("JA-QN", proposed, "JA-QP")).owed_by == ("JA-QN@icn",)
    await theatre.jump(4 * DAY)
    await theatre.says("TRIB-QX-OTP", say("jit.decision/decline", proposed), ["JA-QN", "JA-QP"], proposed)
    again = await theatre.says("JA-QN", proposal, ["JA-QP"], proposed)
    await theatre.says("JA-QP", say("jit.decision/accept", again), ["JA-QN", "TRIB-QX-OTP"], again)
    flags = [flag for _, _, flag in await theatre.agree(proposed, "JA-QN", "JA-QP")]
    assert flags == ["", "", "late", "", ""]
    case = await theatre.case("JA-QN", proposed)
    assert [(one.party, one.side.state) for one in case.standings] == [
        ("JA-QP@icn", "agreed"),
        ("TRIB-QX-OTP@icn", "declined"),
    ]
    hint = await theatre.refused("TRIB-QX-OTP", say("jit.decision/decline", proposed), ["JA-QN"], proposed)
    assert hint == "allowed now: jit.decision (decision accept)"
