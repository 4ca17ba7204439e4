"""
Vector cases of conversations: one for each rule of the engine, with turns that nobody sealed.

Spec: schemas/conversations.md, "Engine".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from gateway.ids import format_id
from tests.message.flows.stage import DAY, GS, START, A, B, C, Talk
from tests.vectors.conversation_form import message_of, view_of

if TYPE_CHECKING:
    from gateway.message.flows import Turn

__all__ = ["CASES", "ConversationCase", "build"]

ASK: Final = "cooperation.request"
ANSWER: Final = "request.response"


@dataclass(frozen=True)
class ConversationCase:
    """One file to be; `later` are seconds after the last message at which it is looked at, besides at that message."""

    name: str
    about: str
    says: Callable[[Talk], object]
    later: tuple[int, ...] = ()
    urgency: str = "normal"
    arrive: Callable[[list[Turn]], list[Turn]] = lambda turns: turns


def _late_and_refused(talk: Talk) -> None:
    asked = talk.says(A, ASK, [B, C])
    talk.says(C, ANSWER, [A], re=asked, state="refused", at=START + 100)
    talk.says(B, ANSWER, [A], re=asked, state="acknowledged", at=START + 700_000)
    talk.says(C, ANSWER, [A], re=asked, state="accepted", at=START + 700_100)


def _clarified(talk: Talk) -> None:
    asked = talk.says(A, ASK, [B], respond_by=START + 30 * DAY)
    question = talk.says(B, ANSWER, [A], re=asked, state="clarify")
    talk.says(A, "information.report", [B], re=question, at=START + 11 * DAY)
    talk.says(B, ANSWER, [A], re=asked, state="postponed", expected_by="2027-03-31")
    talk.says(A, "information.report", [B], re=asked)


def _modified(talk: Talk) -> None:
    asked = talk.says(A, ASK, [B, C])
    refused = talk.says(B, ANSWER, [A], re=asked, state="refused")
    talk.says(A, ASK, [B], re=refused)
    talk.says(A, ASK, [B, C], re=asked)


def _in_part(talk: Talk) -> None:
    asked = talk.says(A, "support.request", [B])
    talk.says(B, ANSWER, [A], re=asked, state="acknowledged", at=START + DAY)
    talk.says(B, ANSWER, [A], re=asked, state="partly-executed")
    talk.says(B, "evidence.manifest", [A], re=asked)
    talk.says(B, ANSWER, [A], re=asked, state="executed")
    talk.says(B, ANSWER, [A], re=asked, state="closed")


def _withdrawn(talk: Talk) -> None:
    asked = talk.says(A, ASK, [B, C])
    talk.says(A, "system.recall", [B], re=asked)
    talk.says(B, ANSWER, [A], re=asked, state="accepted")
    talk.says(B, ANSWER, [A], re=asked, state="withdrawn-ack")
    talk.says(C, ANSWER, [A], re=asked, state="accepted")


def _recalled_early(talk: Talk) -> None:
    asked = talk.says(A, ASK, [B])
    recall = talk.says(A, "system.recall", [B], re=asked)
    talk.turns = [replace(recall, number=1, at=START), replace(asked, number=2, at=START + 9)]


def _recalled_by_strangers(talk: Talk) -> None:
    asked = talk.says(A, ASK, [B])
    talk.says(C, "system.recall", [B], re=asked)
    answer = talk.says(B, ANSWER, [A], re=asked, state="accepted")
    talk.says(B, "system.recall", [A], re=answer)
    talk.says(GS, "system.recall", [A, B], re=asked)


def _put_right(talk: Talk, *, first: str = "right") -> None:
    asked = talk.says(A, ASK, [B], respond_by=START + 20 * DAY)
    talk.says(B, ANSWER, [A], re=asked, state="acknowledged")
    right_id = format_id((4 if first == "correction" else 3).to_bytes(16))
    for what in ("right", "correction") if first == "right" else ("correction", "right"):
        if what == "right":
            right = talk.says(A, ASK, [B], respond_by=START + 10 * DAY)
        else:
            talk.says(A, "system.correction", [B], re=asked, new_message_id=right_id)
    talk.says(B, ANSWER, [A], re=right, state="accepted", at=START + 12 * DAY)
    wrong = talk.turns[-1]
    talk.says(C, "system.correction", [A], re=wrong, new_message_id=right_id)
    talk.says(A, "system.recall", [B], re=right)


def _put_right_twice(talk: Talk) -> None:
    wrong = [talk.says(A, ASK, [who]) for who in (B, C)]
    for one in wrong:
        talk.says(A, "system.correction", [B, C], re=one, new_message_id=format_id((5).to_bytes(16)))
    talk.says(A, ASK, [C])


def _published(talk: Talk) -> None:
    asked = talk.says(A, "notice.request", [GS])
    talk.says(GS, "notice.review", [A], re=asked, step="screening", outcome="approved", at=START + 2 * DAY)
    question = talk.says(GS, "notice.review", [A], re=asked, step="legal", outcome="clarify")
    talk.says(A, "notice.request", [GS], re=question)
    window: dict[str, Any] = {"objection__window_ends": "2027-03-01"}
    talk.says(GS, "notice.review", [A], re=asked, step="objection", outcome="objection-opened", **window)
    silent: dict[str, Any] = {"step": "objection", "outcome": "approved", "objection__reply": "silent", **window}
    talk.says(GS, "notice.review", [A], re=asked, **silent, at=1_803_945_599)
    talk.says(GS, "notice.review", [A], re=asked, **silent, at=1_803_945_600)
    talk.says(GS, "notice.review", [A], re=asked, step="final", outcome="approved")
    talk.says(GS, "notice.publication", [A, B, C], re=asked, owner="NCB-QM", expires_on="2027-06-30")
    extended = talk.says(A, "notice.lifecycle", [GS, B, C], re=asked, action="extend", new_expiry="2027-07-31")
    talk.says(GS, "notice.review", [A], re=extended, step="legal", outcome="approved")


def _only_published(talk: Talk) -> None:
    published = talk.says(GS, "notice.publication", [B], owner="NCB-QM", expires_on="2031-01-01")
    talk.says(C, "notice.lifecycle", [B], re=published, action="cancel")
    seen = talk.says(B, "subject.located", [A, GS], re=published, respond_by=START + DAY)
    talk.says(A, "information.report", [B], re=seen, at=START + DAY)
    talk.says(A, "notice.lifecycle", [B], re=published, action="suspend")


def _diffusion(talk: Talk) -> None:
    sent = talk.says(A, "diffusion.circulate", [B, C, GS])
    talk.says(A, "notice.lifecycle", [B, C, GS], re=sent, action="update", at=START + 4 * DAY)
    talk.says(GS, "notice.review", [A], re=sent, step="final", outcome="approved")
    talk.says(GS, "notice.review", [A], re=sent, step="final", outcome="refused")
    talk.says(GS, "system.recall", [A, B, C], re=sent)


def _consents(talk: Talk) -> None:
    report = talk.says(B, "information.report", [A])
    ask = talk.says(A, "sharing.consent", [B], re=report, action="ask")
    names: dict[str, Any] = {"ask_ref": ask.envelope_hash.hex(), "valid_until": "2027-04-30"}
    grant = talk.says(B, "sharing.consent", [A], re=report, action="grant", **names, at=START + 20 * DAY)
    earlier: dict[str, Any] = {"earlier_refs__0": grant.envelope_hash.hex()}
    talk.says(C, "sharing.consent", [A], re=report, action="ask")
    talk.says(B, "sharing.consent", [A], re=report, action="revoke", **earlier)
    talk.says(B, "sharing.consent", [A], re=report, action="grant", **names)


def _course(talk: Talk) -> None:
    call = talk.says(GS, "training.announcement", [A, B], nominations_close="2027-02-01")
    named = talk.says(A, "training.nomination", [GS], re=call)
    talk.says(GS, "training.outcome", [A], re=named, status="accepted")
    talk.says(B, "training.nomination", [GS], re=call, at=START + 60 * DAY)
    talk.says(GS, "training.announcement", [A, B], re=call, nominations_close="2027-05-01")
    talk.says(B, "training.nomination", [GS], re=call)
    talk.says(GS, "training.announcement", [C], re=call, nominations_close="2027-05-01")
    talk.says(GS, "training.announcement", [C], re=call, nominations_close="2027-05-02", at=START + 120 * DAY)
    talk.says(C, "training.nomination", [GS], re=call)


def _meeting(talk: Talk) -> None:
    invited = talk.says(GS, "meeting.invitation", [A, B], quota=2, rsvp_by="2027-02-01")
    talk.says(A, "meeting.reply", [GS], re=invited, answer="tentative", delegates=1)
    talk.says(A, "meeting.reply", [GS], re=invited, answer="decline", delegates=0, at=START + 60 * DAY)
    talk.says(GS, "meeting.invitation", [A, B], re=invited, quota=3, rsvp_by="2027-05-01")
    talk.says(C, "meeting.reply", [GS], re=invited, answer="accept", delegates=3)


def _joint_team(talk: Talk) -> None:
    proposed = talk.says(A, "jit.proposal", [B, C], respond_by=START + 5 * DAY)
    talk.says(B, "jit.decision", [A, C], re=proposed, decision="accept-with-changes")
    talk.says(A, "jit.proposal", [B, C], re=proposed, at=START + 6 * DAY)
    talk.says(B, "jit.decision", [A, C], re=proposed, decision="accept")
    talk.says(B, "jit.decision", [A, C], re=proposed, decision="accept")
    talk.says(C, "jit.decision", [A, B], re=proposed, decision="decline")


def _match(talk: Talk) -> None:
    hit = talk.says(GS, "case.match", [A, B], phase="hit")
    for owner in (A, B):
        talk.says(owner, "case.match", [GS], re=hit, phase="confirm")
    shown = talk.says(GS, "case.match", [A, B], re=hit, phase="reveal")
    asked = talk.says(A, ASK, [B], re=shown)
    talk.says(B, ANSWER, [A], re=asked, state="received")


def _remarks(talk: Talk) -> None:
    report = talk.says(A, "information.report", [B])
    talk.says(B, "information.report", [A], re=report)
    talk.says(B, "evidence.receipt", [A], re=report, result="accepted")
    asked = talk.says(B, ASK, [A], re=report)
    talk.says(A, "directory.update", [GS], re=asked)
    talk.turns.append(replace(talk.turns[-1], number=6, in_reply_to=bytes(31) + b"\x99", envelope_hash=bytes(31) + b"\x06"))


def _no_times(talk: Talk) -> None:
    asked = talk.says(A, ASK, [B], respond_by=START - 1)
    talk.says(B, ANSWER, [A], re=asked, state="acknowledged")
    talk.says(B, ANSWER, [A], re=asked, state="postponed", expected_by="2027-02-30")
    talk.says(A, "evidence.manifest", [C], respond_by=2**53 - 1)
    talk.says(GS, "meeting.invitation", [A], quota=1, rsvp_by="9999-12-31")


CASES: Final = [
    ConversationCase("late-and-refused", "Each authority answers for itself; the page's example.", _late_and_refused, (DAY,)),
    ConversationCase(
        "clarified", "Questions, a late answer to them, a postponement, and a word between.", _clarified, (90 * DAY,)
    ),
    ConversationCase("modified-after-refusal", "A modified request, and one that does not fit every side.", _modified),
    ConversationCase(
        "answered-in-part", "A clock by the kind of the first message; evidence begins a thread.", _in_part, (DAY,)
    ),
    ConversationCase("withdrawn", "A recall reaches one side; an answer crosses it; another answers on.", _withdrawn),
    ConversationCase("recall-before-its-target", "The recall was accepted first.", _recalled_early),
    ConversationCase(
        "recalls-that-end-nothing", "A stranger's, one of an answer, and the desk's of a request.", _recalled_by_strangers
    ),
    ConversationCase(
        "times-that-are-none", "Past when it was asked for, no day of the calendar, later than can be written.", _no_times
    ),
    ConversationCase("put-right", "A corrected request keeps its thread, and names another time.", _put_right),
    ConversationCase(
        "put-right-later", "The correction came before the right message.", lambda t: _put_right(t, first="correction")
    ),
    ConversationCase("put-right-twice", "Two corrections name one message: the last counts.", _put_right_twice),
    ConversationCase(
        "published",
        "A notice from request to publication: silence counts when the window has ended.",
        _published,
        (40 * DAY, 130 * DAY),
    ),
    ConversationCase("only-published", "Who never saw the request: owner, stranger, sighting.", _only_published, (9 * DAY,)),
    ConversationCase("diffusion", "Found good, then not; recalled from everybody.", _diffusion),
    ConversationCase(
        "consents", "Silence, a grant after it, another question, a revocation, a grant again.", _consents, (90 * DAY,)
    ),
    ConversationCase("course", "A call that closes, and is opened again.", _course, (60 * DAY,)),
    ConversationCase("meeting", "Answers, a new day for them, and one who was not invited.", _meeting),
    ConversationCase(
        "joint-team",
        "What is asked anew has no old time; what the proposer says late is not late; twice crosses.",
        _joint_team,
        (DAY,),
    ),
    ConversationCase("match", "A request that follows a match moves it, and begins a thread.", _match, (8 * DAY,)),
    ConversationCase("remarks", "What moves nothing: expected, not expected, of what is not here.", _remarks),
    ConversationCase(
        "flash",
        "The same in hours, and messages that arrive from back to front.",
        _in_part,
        (DAY,),
        "flash",
        lambda turns: turns[::-1],
    ),
]


def build(case: ConversationCase) -> dict[str, Any]:
    """Build the file of a case."""
    talk = Talk(urgency=case.urgency)
    case.says(talk)
    last = max(turn.at for turn in talk.turns)
    turns = case.arrive(talk.turns)
    return {
        "name": case.name,
        "about": case.about,
        "desk": [GS],
        "messages": [message_of(turn) for turn in turns],
        "views": [view_of(turns, [GS], last + later) for later in (0, *case.later)],
    }
