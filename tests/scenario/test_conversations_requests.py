"""Requests, consents and messages that cross, between real homes: both sides see one history, and what is due when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.scenario.theatre import DAY, HOUR, say

if TYPE_CHECKING:
    from tests.scenario.theatre import Line, Theatre

pytestmark = [pytest.mark.broker, pytest.mark.postgres, pytest.mark.asyncio(loop_scope="module")]

ASK = "cooperation.request/hear-a-witness"
ANSWER = "request.response/accepted-in-part"
CONSENT = "sharing.consent/grant"


async def test_a_request_is_answered_in_part_late_and_then_in_full(theatre: Theatre) -> None:
    """One authority refuses; the other is at risk, late, and done; the requester sees both, each only itself."""
    asked = await theatre.says("NCB-QM", say(ASK, respond_by=None), ["GN-QN", "NCB-QN"])
    await theatre.says("NCB-QN", say("request.response/refused", asked), ["NCB-QM"], asked)
    hint = await theatre.refused("GN-QN", say(ANSWER, asked, body__state="closed"), ["NCB-QM"], asked)
    assert "request.response (state acknowledged)" in hint
    await theatre.says("GN-QN", say(ANSWER, asked, body__state="acknowledged"), ["NCB-QM"], asked)
    await theatre.says("GN-QN", say(ANSWER, asked, body__expected_by=theatre.day(7)), ["NCB-QM"], asked)
    for ahead, pace in ((0.0, "due"), (7 * DAY - 6 * HOUR, "at-risk"), (2 * DAY, "overdue")):
        await theatre.jump(ahead)
        for name in ("NCB-QM", "GN-QN"):
            standing = await theatre.stands(name, asked, "GN-QN")
            assert (standing.side.state, standing.owed_by, standing.pace) == ("partly-accepted", ("GN-QN@icn",), pace)
    board = await theatre.points["GN-QN"].cases.due()
    assert [(one.mine, one.standing.pace) for one in board] == [(True, "overdue")]
    for state in ("partly-executed", "executed", "closed"):
        await theatre.says("GN-QN", say(ANSWER, asked, body__state=state, body__expected_by=None), ["NCB-QM"], asked)
    flags = [(kind, flag) for _, kind, flag in (await theatre.agree(asked, "NCB-QM"))]
    answer = "request.response"
    assert flags == [("cooperation.request", ""), *([(answer, "")] * 3), (answer, "late"), (answer, ""), (answer, "")]
    sides = {one.party: one.side.state for one in (await theatre.case("NCB-QM", asked)).standings}
    assert sides == {"GN-QN@icn": "closed", "NCB-QN@icn": "refused"}
    assert len((await theatre.case("NCB-QN", asked)).conversation.history) == 2
    assert not (await theatre.case("GN-QN", asked)).is_open


async def test_questions_go_to_and_fro_and_the_asker_owes_the_answer(theatre: Theatre) -> None:
    """Both homes show the questions, and whose turn it is."""
    asked = await theatre.says("NCB-QM", say(ASK), ["GN-QN"])
    await theatre.says("GN-QN", say("request.response/questions", asked), ["NCB-QM"], asked)
    for name in ("NCB-QM", "GN-QN"):
        case = await theatre.case(name, asked)
        [(questions)] = [one["questions"] for one in case.to_json()["history"] if one["questions"]]
        assert len(questions) == 2
        assert case.standings[0].owed_by == ("NCB-QM@icn",)
    await theatre.says("NCB-QM", say("information.report/sighting", body__trigger="reply"), ["GN-QN"], asked)
    assert (await theatre.stands("GN-QN", asked, "GN-QN")).side.state == "acknowledged"
    assert [flag for _, _, flag in await theatre.agree(asked, "NCB-QM", "GN-QN")] == [""] * 3


async def test_consent_is_refused_granted_revoked_and_lapses(theatre: Theatre) -> None:
    """Of two questions about a report one is refused; a grant is taken back; and who is silent for 15 days said no."""
    report = await theatre.says("NCB-QN", say("information.report/sighting"), ["NCB-QM"])
    whole: dict[str, Any] = {"respond_by": None, "body__items": []}

    async def asked() -> Line:
        return await theatre.says("NCB-QM", say("sharing.consent/ask", report, **whole), ["NCB-QN"], report)

    first, second = await asked(), await asked()
    ends: dict[str, Any] = {"body__conditions": None, "body__valid_until": None, "body__agreed_by": None, "body__reason": "no"}
    refusal = say(CONSENT, report, **whole, **ends, body__action="refuse", body__ask_ref=first.envelope_hash.hex())
    await theatre.says("NCB-QN", refusal, ["NCB-QM"], report)
    grant = say(CONSENT, report, **whole, body__ask_ref=second.envelope_hash.hex(), body__agreed_by=None)
    granted = await theatre.says("NCB-QN", grant, ["NCB-QM"], report)
    assert (await theatre.stands("NCB-QM", second)).side.state == "granted"
    revocation = say("sharing.consent/revoke", report, body__earlier_refs=[granted.envelope_hash.hex()])
    await theatre.says("NCB-QN", revocation, ["NCB-QM"], report)
    third = await asked()
    await theatre.refused("NCB-QN", revocation, ["NCB-QM"], report)
    for ahead, state, owing in ((0.0, "asked", ("NCB-QN@icn",)), (15 * DAY, "lapsed", ())):
        await theatre.jump(ahead)
        for name in ("NCB-QM", "NCB-QN"):
            standing = await theatre.stands(name, third)
            assert (standing.side.state, standing.owed_by) == (state, owing)
    states = {one.thread.root.number: one.side.state for one in (await theatre.case("NCB-QM", report)).standings}
    assert states == {first.number: "refused", second.number: "revoked", third.number: "lapsed"}
    assert {flag for _, _, flag in await theatre.agree(report, "NCB-QM", "NCB-QN")} == {""}


async def test_two_who_move_at_once_see_the_same_message_cross(theatre: Theatre) -> None:
    """A withdrawal and an acceptance leave at once: the one that the gateway took first counts, in both homes."""
    asked = await theatre.says("NCB-QM", say(ASK), ["NCB-QN"])
    confirm_by = f"{theatre.day(2)}T09:00:00Z"
    recall = say("system.recall/warrant-lifted", asked, body__confirm_by=confirm_by)
    withdrawn = await theatre.sends("NCB-QM", recall, ["NCB-QN"], asked)
    accepted = await theatre.sends("NCB-QN", say(ANSWER, asked, body__state="accepted"), ["NCB-QM"], asked)
    for name in ("NCB-QN", "NCB-QM"):
        await theatre.reads(name)
    history = [(asked.number, asked.kind, ""), (withdrawn.number, recall.kind, ""), (accepted.number, accepted.kind, "crossed")]
    assert await theatre.agree(asked, "NCB-QM", "NCB-QN") == history
    assert (await theatre.stands("NCB-QN", asked, "NCB-QN")).side.state == "withdrawn"
    hint = await theatre.refused("NCB-QN", say(ANSWER, asked, body__state="executing"), ["NCB-QM"], asked)
    assert hint == "allowed now: request.response (state withdrawn-ack)"
    await theatre.says("NCB-QN", say(ANSWER, asked, body__state="withdrawn-ack"), ["NCB-QM"], asked)
    assert [flag for _, _, flag in await theatre.agree(asked, "NCB-QM", "NCB-QN")] == ["", "", "crossed", ""]
