"""Where a conversation stands after what was said: one test for each flow of the catalogue, and for what goes wrong."""

from __future__ import annotations

from typing import Any, Final

import pytest
from msgspec.structs import replace

from gateway.errors import Rejected
from gateway.ids import format_id
from gateway.message.flows import Pace, options, require_move
from gateway.message.shared.times import instant
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
    with pytest.raises(Rejected, match="3 where 2 are allowed"):
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


def test_a_corrected_request_keeps_its_thread_and_names_another_time() -> None:
    """No second clock runs for what was wrong; an answer to either message moves the one thread."""
    talk = Talk()
    wrong = talk.says(A, ASK, [B], respond_by=START + 20 * DAY)
    talk.says(B, ANSWER, [A], re=wrong, state="acknowledged")
    right = talk.says(A, ASK, [B], respond_by=START + 10 * DAY)
    assert len(talk.now().threads) == 2, "before the correction it is a request of its own"
    talk.says(A, "system.correction", [B], re=wrong, new_message_id=format_id(right.message_id))
    assert list(talk.now().threads) == [wrong.envelope_hash]
    side = talk.thread(wrong).sides[B]
    assert side.due is not None
    assert (side.state, side.due.at) == ("acknowledged", START + 10 * DAY)
    talk.says(B, ANSWER, [A], re=right, state="accepted")
    assert talk.states(wrong) == {"NCB-QN": "accepted"}


def test_only_who_owed_a_step_is_late() -> None:
    """The sender of a diffusion updates it while its review is overdue: the review is late, and the update is not."""
    talk = Talk()
    sent = talk.says(A, "diffusion.circulate", [B, GS])
    talk.says(A, "notice.lifecycle", [B, GS], re=sent, action="update", at=START + 4 * DAY)
    review = talk.says(GS, "notice.review", [A], re=sent, step="final", outcome="approved")
    assert [said.turn.number for said in talk.now().history if said.late] == [review.number]


@pytest.mark.parametrize("text", ["soon", "2027-02-30", "20270301", "2027-03-01T00:00:00+02:00", ""])
def test_what_is_no_time_names_none(text: str) -> None:
    """Whoever writes it does not decide whether others can read the conversation: the table's time counts."""
    talk = Talk()
    asked = talk.says(A, ASK, [B])
    answer = talk.says(B, ANSWER, [A], re=asked, state="postponed", expected_by=text)
    due = talk.thread(asked).sides[B].due
    assert due is not None
    assert due.at == answer.at + 30 * DAY


def test_the_last_time_is_one_that_can_be_written() -> None:
    """A header may carry any number, and a day ends after itself."""
    talk = Talk()
    roots = [
        talk.says(A, "evidence.manifest", [B], respond_by=2**53 - 1),
        talk.says(GS, "meeting.invitation", [B], rsvp_by="9999-12-31"),
    ]
    sides = [talk.thread(root).sides[B] for root in roots]
    assert {instant(side.due.at) for side in sides if side.due is not None} == {"9999-12-31T23:59:59Z"}


def test_nobody_is_late_for_a_time_that_was_past_when_it_was_asked_for() -> None:
    """A header that is dated back puts nobody in the wrong."""
    talk = Talk()
    asked = talk.says(A, "jit.proposal", [B], respond_by=START - DAY)
    talk.says(B, "jit.decision", [A], re=asked, decision="accept")
    assert not any(said.late for said in talk.now().history)


def test_the_desk_recalls_what_the_registry_lets_it() -> None:
    """A request stays open: it is its sender's alone."""
    talk = Talk()
    sent = talk.says(A, ASK, [B])
    recall = talk.says(GS, "system.recall", [A, B], re=sent)
    assert (talk.states(sent), talk.crossed()) == ({"NCB-QN": "sent"}, [recall.number])
