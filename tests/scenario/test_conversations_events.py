"""Courses, meetings and joint teams from invitation to end: each party sees what its peer sees, and when it is due."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.errors import Rejected
from tests.scenario.theatre import DAY, say

if TYPE_CHECKING:
    from tests.scenario.theatre import Theatre

pytestmark = [pytest.mark.broker, pytest.mark.postgres, pytest.mark.asyncio(loop_scope="module")]


async def test_a_meeting_takes_no_more_than_its_quota(theatre: Theatre) -> None:
    """A crowd is refused before it is sent; a pair comes, another declines, a third owes an answer when its day is over."""
    invited = await theatre.says(
        "GS",
        say("meeting.invitation/expert-meeting", respond_by=None, body__quota=2, body__rsvp_by=theatre.day(4)),
        ["NCB-QM", "NCB-QN", "WCU-QP"],
    )
    crowd = [{"officer": f"officer-{number}", "role": "analyst", "sessions": ["plenary"]} for number in range(3)]
    comes = {"handling__tlp": "amber", "body__answer": "accept"}
    with pytest.raises(Rejected, match="3 where 2 are allowed") as refused:
        content = say("meeting.reply/decline", invited, **comes, body__delegates=crowd)
        await theatre.says("NCB-QM", content, ["GS"], invited)
    assert (refused.value.code, refused.value.pointer) == ("conversation-state", "/body/delegates")
    pair = say("meeting.reply/decline", invited, **comes, body__delegates=crowd[:2])
    await theatre.says("NCB-QM", pair, ["GS"], invited)
    await theatre.says("NCB-QN", say("meeting.reply/decline", invited), ["GS"], invited)
    states = {one.party: one.side.state for one in (await theatre.case("GS", invited)).standings}
    assert states == {"NCB-QM@icn": "accepted", "NCB-QN@icn": "declined", "WCU-QP@icn": "invited"}
    owes = await theatre.stands("WCU-QP", invited, "WCU-QP")
    assert (owes.owed_by, owes.pace) == (("WCU-QP@icn",), "due")
