"""Where a conversation stands after what was said: one test for each flow of the catalogue, and for what goes wrong."""

from __future__ import annotations

from typing import Any, Final

import pytest
from msgspec.structs import replace

from gateway.errors import Rejected
from gateway.message.flows import Pace, options, require_move
from tests.message.flows.stage import DAY, DESK, GS, START, A, B, C, Talk

ASK: Final = "cooperation.request"
ANSWER: Final = "request.response"


def test_a_request_is_answered_by_each_authority_for_itself() -> None:
    """Late, in part, and then in full; the other authority refuses."""
    talk = Talk()
    asked = talk.says(A, ASK, [B, C], respond_by=START + 30 * DAY)
    assert talk.states(asked) == {"NCB-QN": "sent", "TRIB-QX-OTP": "sent"}
    talk.says(B, ANSWER, [A], re=asked, state="acknowledged")
    talk.says(C, ANSWER, [A], re=asked, state="refused")
    assert talk.states(asked) == {"NCB-QN": "acknowledged", "TRIB-QX-OTP": "refused"}
    side = talk.thread(asked, START + 31 * DAY).sides[B]
    assert side.due is not None
    assert (side.due.at, side.due.pace(START + 31 * DAY)) == (START + 30 * DAY, Pace.OVERDUE)
    part = talk.says(B, ANSWER, [A], re=asked, state="partly-executed", at=START + 31 * DAY)
    talk.says(B, ANSWER, [A], re=part, state="executed")
    talk.says(B, ANSWER, [A], re=asked, state="closed")
    assert talk.states(asked)["NCB-QN"] == "closed"
    assert [said.turn.number for said in talk.now().history if said.late] == [part.number]
    assert talk.crossed() == []


def test_questions_come_back_and_a_refused_request_is_modified() -> None:
    """Clarify goes to and fro; after a refusal the author asks for less."""
    talk = Talk()
    asked = talk.says(A, ASK, [B])
    question = talk.says(B, ANSWER, [A], re=asked, state="clarify")
    assert talk.states(asked) == {"NCB-QN": "clarify"}
    talk.says(A, "information.report", [B], re=question)
    assert talk.states(asked) == {"NCB-QN": "acknowledged"}
    refused = talk.says(B, ANSWER, [A], re=asked, state="refused")
    talk.says(A, ASK, [B], re=refused)
    assert talk.states(asked) == {"NCB-QN": "sent"}
    assert len(talk.now().threads) == 1


def test_two_who_move_at_once_are_ordered_by_acceptance() -> None:
    """The withdrawal was faster: what comes after it is kept, flagged, and moves nothing."""
    talk = Talk()
    asked = talk.says(A, ASK, [B])
    talk.says(A, "system.recall", [B], re=asked)
    late = talk.says(B, ANSWER, [A], re=asked, state="accepted")
    assert talk.states(asked) == {"NCB-QN": "withdrawn"}
    assert talk.crossed() == [late.number]
    talk.says(B, ANSWER, [A], re=asked, state="withdrawn-ack")
    assert talk.crossed() == [late.number]


def test_a_notice_is_reviewed_objected_to_and_published() -> None:
    """Before the window ends the desk cannot decide that the member was silent."""
    talk = Talk()
    asked = talk.says(A, "notice.request", [GS])
    talk.says(GS, "notice.review", [A], re=asked, step="screening", outcome="approved")
    question = talk.says(GS, "notice.review", [A], re=asked, step="legal", outcome="clarify")
    talk.says(A, "notice.request", [GS], re=question)
    talk.says(GS, "notice.review", [A], re=asked, step="objection", outcome="objection-opened")
    assert talk.states(asked) == {"": "objection"}
    silent: dict[str, Any] = {"step": "objection", "outcome": "approved", "objection__reply": "silent"}
    early = talk.says(GS, "notice.review", [A], re=asked, **silent)
    assert talk.crossed() == [early.number]
    talk.says(GS, "notice.review", [A], re=asked, at=START + 31 * DAY, **silent)
    talk.says(GS, "notice.review", [A], re=asked, step="final", outcome="approved")
    published = talk.says(GS, "notice.publication", [A, B, C], re=asked, owner="NCB-QM", expires_on="2031-01-01")
    assert talk.states(asked) == {"": "valid"}
    talk.says(A, "notice.lifecycle", [GS], re=published, action="suspend")
    assert talk.states(asked) == {"": "suspended"}
    assert talk.states(asked, at=2_000_000_000) == {"": "expired"}, "a notice ends on its day"


def test_who_only_got_the_publication_sees_its_life() -> None:
    """The owner that the notice names may cancel it; another member may not."""
    talk = Talk()
    published = talk.says(GS, "notice.publication", [B], owner="NCB-QM", expires_on="2031-01-01")
    foreign = talk.says(C, "notice.lifecycle", [B], re=published, action="cancel")
    assert talk.crossed() == [foreign.number]
    talk.says(A, "notice.lifecycle", [B], re=published, action="cancel")
    assert talk.states(published) == {"": "cancelled"}


def test_a_refused_diffusion_is_recalled_by_the_desk() -> None:
    """The recall ends it, for those too who never saw the review."""
    talk = Talk()
    sent = talk.says(A, "diffusion.circulate", [B, C, GS])
    talk.says(GS, "notice.review", [A], re=sent, step="final", outcome="refused")
    assert talk.states(sent) == {"": "refused"}
    talk.says(GS, "system.recall", [A, B, C], re=sent)
    assert talk.states(sent) == {"": "recalled"}
    assert talk.now().history[0].recalled_by is not None


@pytest.mark.parametrize("first", ["target", "recall"])
def test_a_recall_and_its_target_end_the_same_in_either_order(first: str) -> None:
    """Whichever is accepted first; and a stranger recalls nothing."""
    talk = Talk()
    sent = talk.says(A, ASK, [B])
    recall = talk.says(A, "system.recall", [B], re=sent)
    if first == "recall":
        talk.turns = [replace(recall, number=1), replace(sent, number=2)]
    assert talk.states(sent) == {"NCB-QN": "withdrawn"}
    stranger = Talk()
    sent = stranger.says(A, ASK, [B])
    wrong = stranger.says(C, "system.recall", [B], re=sent)
    assert (stranger.states(sent), stranger.crossed()) == ({"NCB-QN": "sent"}, [wrong.number])


def test_silence_refuses_consent_and_a_grant_is_taken_back() -> None:
    """Answers name the question, though they answer the message that it is about."""
    talk = Talk()
    report = talk.says(B, "information.report", [A])
    ask = talk.says(A, "sharing.consent", [B], re=report, action="ask")
    assert talk.states(ask, at=ask.at + 16 * DAY) == {"": "lapsed"}
    grant = talk.says(
        B, "sharing.consent", [A], re=report, action="grant", ask_ref=ask.envelope_hash.hex(), valid_until="2030-01-01"
    )
    assert talk.states(ask) == {"": "granted"}
    talk.says(B, "sharing.consent", [A], re=report, action="revoke", earlier_refs__0=grant.envelope_hash.hex())
    assert talk.states(ask) == {"": "revoked"}
    again = talk.says(A, "sharing.consent", [B], re=report, action="ask")
    talk.says(B, "sharing.consent", [A], re=report, action="refuse", ask_ref=again.envelope_hash.hex())
    assert (talk.states(again), talk.crossed()) == ({"": "refused"}, [])


def test_a_course_is_announced_nominated_for_and_held() -> None:
    """A nomination after the closing day crosses."""
    talk = Talk()
    call = talk.says(GS, "training.announcement", [A, B], nominations_close="2027-02-01")
    named = talk.says(A, "training.nomination", [GS], re=call)
    for status in ("accepted", "attended", "completed"):
        talk.says(GS, "training.outcome", [A], re=named, status=status)
    assert talk.states(call) == {"NCB-QM": "certified", "NCB-QN": "open"}
    late = talk.says(B, "training.nomination", [GS], re=call, at=START + 60 * DAY)
    assert (talk.states(call)["NCB-QN"], talk.crossed()) == ("closed", [late.number])


def test_a_meeting_has_a_quota() -> None:
    """More delegates than the invitation allows are refused before anything is sent."""
    talk = Talk()
    invited = talk.says(GS, "meeting.invitation", [A, B], quota=2, rsvp_by="2027-03-01")
    before = talk.now()
    crowd = talk.says(A, "meeting.reply", [GS], re=invited, answer="accept", delegates=3)
    with pytest.raises(Rejected, match="3 where the first message allows 2"):
        require_move(before, crowd, crowd.at)
    talk.turns.pop()
    pair = talk.says(A, "meeting.reply", [GS], re=invited, answer="accept", delegates=2)
    require_move(before, pair, pair.at)
    assert talk.states(invited) == {"NCB-QM": "accepted", "NCB-QN": "invited"}


def test_a_joint_team_is_set_up_extended_and_ended() -> None:
    """Each party decides for itself."""
    talk = Talk()
    proposed = talk.says(A, "jit.proposal", [B, C])
    talk.says(B, "jit.decision", [A, C], re=proposed, decision="accept")
    talk.says(C, "jit.decision", [A, B], re=proposed, decision="accept-with-changes")
    assert talk.states(proposed) == {"NCB-QN": "agreed", "TRIB-QX-OTP": "changes-wanted"}
    talk.says(A, "jit.proposal", [C], re=proposed)
    talk.says(C, "jit.decision", [A, B], re=proposed, decision="accept")
    talk.says(B, "jit.decision", [A, C], re=proposed, decision="terminate")
    assert (talk.states(proposed), talk.crossed()) == ({"NCB-QN": "terminated", "TRIB-QX-OTP": "agreed"}, [])


def test_evidence_matches_and_sightings_move_their_own_threads() -> None:
    """A request that follows a match begins a thread of its own and links the match."""
    talk = Talk()
    sent = talk.says(A, "evidence.manifest", [B])
    talk.says(B, "evidence.receipt", [A], re=sent, result="rejected")
    again = talk.says(A, "evidence.manifest", [B], re=sent)
    talk.says(B, "evidence.receipt", [A], re=again, result="accepted")
    assert talk.states(sent) == {"NCB-QN": "accepted"}
    hit = talk.says(GS, "case.match", [A], phase="hit")
    talk.says(A, "case.match", [GS], re=hit, phase="confirm")
    shown = talk.says(GS, "case.match", [A], re=hit, phase="reveal")
    asked = talk.says(A, ASK, [B], re=shown)
    assert (talk.states(hit), talk.states(asked)) == ({"": "linked"}, {"NCB-QN": "sent"})
    seen = talk.says(B, "subject.located", [A, GS])
    talk.says(A, "information.report", [B], re=seen)
    assert (talk.states(seen), talk.crossed()) == ({"": "followed-up"}, [])


def test_an_illegal_move_is_refused_with_the_legal_ones() -> None:
    """Before anything is sent; and what the hint names is what `options` says."""
    talk = Talk()
    asked = talk.says(A, ASK, [B])
    before = talk.now()
    wrong = talk.says(B, ANSWER, [A], re=asked, state="closed")
    with pytest.raises(Rejected) as refused:
        require_move(before, wrong, wrong.at)
    assert refused.value.code == "conversation-state"
    thread = before.threads[asked.envelope_hash]
    open_ = {str(one) for one in options(thread, thread.sides[B], B, DESK, wrong.at)}
    assert "request.response (state acknowledged)" in open_
    assert all(one in str(refused.value.hint) for one in open_)
