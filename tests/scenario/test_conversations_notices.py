"""Notices and diffusions from request to end, with the keys of real second officers, on a clock that passes days."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.errors import Rejected
from tests.scenario.theatre import DAY, HOUR, say

if TYPE_CHECKING:
    from gateway.message import Content
    from tests.scenario.theatre import Line, Theatre

pytestmark = [pytest.mark.broker, pytest.mark.postgres, pytest.mark.asyncio(loop_scope="module")]

REQUEST = "notice.request/red-flotilla-commander"
QUESTIONS = "notice.review/questions-on-a-nickname"
WINDOW = "notice.review/objection-window-opened"
FINAL = "notice.review/approved-without-extract"
CANCEL = "notice.lifecycle/cancelled-after-surrender"


def screened(request: Line) -> Content:
    """Let a request through the first review."""
    return say(WINDOW, request, body__step="screening", body__outcome="approved", body__objection=None)


async def reviewed(theatre: Theatre, request: Line, content: Content) -> Line:
    """Send a step of the review to the requester."""
    return await theatre.says("GS", content, ["NCB-QM"], request)


async def both(theatre: Theatre, request: Line) -> tuple[str, str | None, tuple[str, ...]]:
    """Return state, pace and debt, which requester and centre agree on."""
    await theatre.agree(request, "NCB-QM", "GS")
    found = await theatre.stands("GS", request)
    return found.side.state, found.pace, tuple(found.owed_by)


async def test_a_red_notice_from_request_to_cancellation(theatre: Theatre) -> None:
    """Four eyes at each step; the first review is late; silence of the member counts when its window has ended."""
    requester = theatre.points["NCB-QM"]
    waiting = await requester.send(say(REQUEST), ["GS"])
    await theatre.reads("GS")
    with pytest.raises(Rejected, match="not-found"):
        await theatre.points["GS"].cases.one(waiting.conversation_id)
    assert (waiting.waiting, len(await requester.approvals())) == (True, 1)
    request = theatre.line(await theatre.approves("NCB-QM", waiting.message_id), say(REQUEST))
    await theatre.reads("GS")

    for ahead, pace in ((0.0, "due"), (20 * HOUR, "at-risk"), (5 * HOUR, "overdue")):
        await theatre.jump(ahead)
        assert await both(theatre, request) == ("submitted", pace, ("GS@icn",))
    await reviewed(theatre, request, screened(request))
    question = await reviewed(theatre, request, say(QUESTIONS, request, body__step="legal", body__requester_country="QX"))
    assert await both(theatre, request) == ("clarify", "due", ("NCB-QM@icn",))
    anew = say(REQUEST, handling__tlp="amber+strict")  # the header of an answer is no laxer than that of the question
    await theatre.says("NCB-QM", anew, ["GS"], question)
    await reviewed(theatre, request, say(WINDOW, request, body__objection__window_ends=theatre.day(30)))

    silent = say(WINDOW, request, body__outcome="approved", body__objection=_silent(theatre.day(30)))
    await theatre.refused("GS", silent, ["NCB-QM"], request)
    await theatre.jump(31 * DAY)
    assert await both(theatre, request) == ("objection", "overdue", ("GS@icn",))
    await reviewed(theatre, request, silent)
    await reviewed(theatre, request, say(FINAL, request))
    publication = say("notice.publication/red-2099-21", body__owner="NCB-QM", body__request_ref=request.envelope_hash.hex())
    published = await theatre.says("GS", publication, ["NCB-QM", "NCB-QN"], request)
    assert (await both(theatre, request))[0] == "valid"
    assert (await theatre.stands("NCB-QN", published)).side.state == "valid"

    await theatre.refused("NCB-QN", say(CANCEL, published), ["GS"], published)
    await theatre.says("NCB-QM", say(CANCEL, published), ["GS", "NCB-QN"], published)
    flags = [flag for _, _, flag in await theatre.agree(request, "NCB-QM", "GS")]
    assert flags == ["", "late", "", "", "", "late", "", "", ""]
    for name, first in (("NCB-QM", request), ("GS", request), ("NCB-QN", published)):
        assert (await theatre.stands(name, first)).side.state == "cancelled"


async def test_a_refused_notice_is_final(theatre: Theatre) -> None:
    """Nothing follows a refusal but a new request, in a conversation of its own."""
    request = await theatre.says("NCB-QM", say(REQUEST), ["GS"])
    refusal = await reviewed(theatre, request, say("notice.review/refused-diffusion", request))
    assert await both(theatre, request) == ("refused", None, ())
    assert await theatre.refused("NCB-QM", say(REQUEST), ["GS"], refusal) == "nothing is allowed now"
    assert await theatre.refused("GS", say(FINAL, request), ["NCB-QM"], request) == "nothing is allowed now"
    again = await theatre.says("NCB-QM", say(REQUEST), ["GS"])
    assert (await both(theatre, again))[0] == "submitted"


async def test_a_diffusion_is_circulated_refused_and_recalled_from_everybody(theatre: Theatre) -> None:
    """It works at once; the review refuses it days later, and the centre's recall ends it in every home."""
    everybody = ["NCB-QN", "TRIB-QX-OTP", "GS"]
    frame: dict[str, Any] = {"disclosed_recipients": [f"{name}@icn" for name in everybody], "urgency": "normal"}
    sent = await theatre.says("NCB-QM", say("diffusion.circulate/red-escaped-convict", **frame), everybody)
    assert (await theatre.stands("TRIB-QX-OTP", sent)).owed_by == ("GS@icn",)
    await theatre.jump(3 * DAY + HOUR)
    assert await both(theatre, sent) == ("circulated", "overdue", ("GS@icn",))
    desk = await theatre.points["GS"].cases.desk("diffusions")
    assert [(item.standing.thread.root.number, item.standing.pace) for item in desk] == [(sent.number, "overdue")]
    await reviewed(theatre, sent, say("notice.review/refused-diffusion", sent))
    assert await both(theatre, sent) == ("refused", "due", ("GS@icn",))
    until = f"{theatre.day(2)}T09:00:00Z"
    recall = say("system.recall/not-compliant", sent, body__mode="stop-use", body__confirm_by=until)
    told = await theatre.says("GS", recall, ["NCB-QM", "NCB-QN", "TRIB-QX-OTP"], sent)
    for name in ("NCB-QM", "NCB-QN", "TRIB-QX-OTP", "GS"):
        case = await theatre.case(name, sent)
        assert (case.standings[0].side.state, case.is_open) == ("recalled", False)
        assert case.conversation.history[0].recalled_by == told.envelope_hash
    assert await theatre.points["GS"].outstanding() == [], "the centre sees that every holder answered"
    assert [flag for _, _, flag in await theatre.agree(sent, "NCB-QM", "GS")] == ["", "late", ""]
    await theatre.agree(sent, "NCB-QN", "TRIB-QX-OTP")
    await theatre.refused("NCB-QM", say(CANCEL, sent), ["GS"], sent)


def _silent(window_ends: str) -> dict[str, str]:
    return {"member": "QO", "window_ends": window_ends, "reply": "silent"}
