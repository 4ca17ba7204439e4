"""Scoring: who was late, over-shared, forgot a field, or did what must never be done; and who did well."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.exercise.scoring import Outcome, fulfilled, matching, score
from tests.exercise.room import CLOCK, MARKING, Room, address, scenario

DECIDED: dict[str, Any] = {"state": "accepted", "decided_by": {"name": "a court"}, "expected_by": "2099-01-01"}


@pytest.fixture
def room() -> Room:
    """Return a room in which the request was sent on day 1, and opened at once."""
    room = Room()
    room.opens("NCB-QN", room.asks(), 1.1)
    return room


def test_what_is_done_in_time_whole_and_for_the_right_eyes_is_faultless(room: Room) -> None:
    """The message that counts is named, with its time in the scenario."""
    room.says("NCB-QN", "request.response", 2.0, **DECIDED)
    found = room.findings(6)
    assert all(one.faultless for one in found.values())
    assert (found["decides"].number, found["decides"].at_s) == (2, 2 * 86_400)


def test_nothing_is_held_against_anybody_before_it_is_due(room: Room) -> None:
    """Open until the deadline, missing after it; what must never happen is kept to its end."""
    assert [room.findings(2.9)[name].outcome for name in ("decides", "keeps-quiet")] == [Outcome.OPEN, Outcome.OPEN]
    assert [room.findings(3.1)[name].outcome for name in ("decides", "keeps-quiet")] == [Outcome.MISSING, Outcome.OPEN]
    assert room.findings(5.0)["keeps-quiet"].outcome is Outcome.MET


def test_late_says_by_how_much_in_the_time_of_the_scenario(room: Room) -> None:
    """An answer on day 4 that was due on day 3 is a day late."""
    room.says("NCB-QN", "request.response", 4.0, **DECIDED)
    found = room.findings(6)["decides"]
    assert (found.outcome, found.late_s, found.faultless) == (Outcome.LATE, 86_400, False)


def test_the_deadline_itself_is_in_time(room: Room) -> None:
    """What is accepted at the second of the deadline is not late."""
    room.says("NCB-QN", "request.response", 3.0, **DECIDED)
    assert room.findings(6)["decides"].outcome is Outcome.MET


def test_incomplete_names_what_is_not_there(room: Room) -> None:
    """A field that is absent or empty is named by its pointer."""
    room.says("NCB-QN", "request.response", 2.0, state="accepted", decided_by={})
    assert room.findings(6)["decides"].incomplete == ("/body/decided_by", "/body/expected_by")


def test_who_mends_it_in_time_is_complete(room: Room) -> None:
    """A second, whole answer in time takes the place of the first; one that is late does not."""
    room.says("NCB-QN", "request.response", 2.0, state="accepted")
    room.says("NCB-QN", "request.response", 4.0, **DECIDED)
    assert (room.findings(6)["decides"].outcome, room.findings(6)["decides"].number) == (Outcome.MET, 2)
    room.says("NCB-QN", "request.response", 2.5, **DECIDED)
    assert (room.findings(6)["decides"].faultless, room.findings(6)["decides"].number) == (True, 4)


def test_what_was_told_cannot_be_taken_back(room: Room) -> None:
    """Over-sharing of any answer stays a fault, whatever comes after it."""
    room.says("NCB-QN", "request.response", 2.0, to=("NCB-QM", "GS"), **DECIDED)
    room.says("NCB-QN", "request.response", 2.1, **DECIDED)
    found = room.findings(6)["decides"]
    assert (found.outcome, found.over_shared, found.faultless) == (Outcome.MET, ("GS",), False)


@pytest.mark.parametrize(
    ("marking", "laxer"),
    [
        ({"tlp": "amber"}, ("tlp",)),
        ({"onward": "group", "tlp": "green"}, ("tlp", "onward")),
        ({"tlp": "red", "onward": "none", "officers": ["NCB-QM/officer-1"]}, ()),
        ({"confidentiality": "official-use-only"}, ()),  # nothing was said of it
    ],
)
def test_a_laxer_marking_is_over_sharing(room: Room, marking: dict[str, object], laxer: tuple[str, ...]) -> None:
    """A stricter marking is no fault, and a member that the scenario does not name is not looked at."""
    room.says("NCB-QN", "request.response", 2.0, marking={**MARKING, **marking}, **DECIDED)
    assert room.findings(6)["decides"].laxer == laxer


def test_another_value_or_kind_or_sender_does_not_count(room: Room) -> None:
    """Only what was asked for, from whom it was asked, after it was asked."""
    room.says("NCB-QN", "request.response", 2.0, **{**DECIDED, "state": "received"})
    room.says("GS", "request.response", 2.0, **DECIDED)
    assert room.findings(6)["decides"].outcome is Outcome.MISSING


def test_what_must_never_be_sent_is_forbidden(room: Room) -> None:
    """Sent before the end it is a fault; sent after it, it is not."""
    room.says("NCB-QN", "information.report", 5.5)
    assert room.findings(6)["keeps-quiet"].outcome is Outcome.MET
    room.says("NCB-QN", "information.report", 4.0)
    assert room.findings(6)["keeps-quiet"].outcome is Outcome.FORBIDDEN


def test_opening_is_told_by_the_signed_receipt() -> None:
    """Who opens on day 2.5 what was to be opened by day 2 is late; who never does is missing."""
    room = Room()
    asked = room.asks()
    assert room.findings(6)["opens"].outcome is Outcome.MISSING
    room.opens("NCB-QN", asked, 2.5)
    assert (room.findings(6)["opens"].outcome, room.findings(6)["opens"].late_s) == (Outcome.LATE, 43_200)


def test_passing_on_in_another_conversation_is_seen(room: Room) -> None:
    """What was made from an inject and goes to somebody who must not know of it is a fault that nobody had to foresee."""
    room.says("NCB-QN", "support.request", 2.0, to=("GS",), derived_from=[room.played["request"].hex()])
    (found,) = [one for one in score(scenario(), room.record(6), CLOCK) if one.outcome is Outcome.UNEXPECTED]
    assert (found.who, found.over_shared, found.number) == ("NCB-QN", ("GS",), 2)


def test_what_was_not_asked_is_held_against_nobody() -> None:
    """An inject that was left out asks for nothing."""
    assert {one.outcome for one in Room().findings(9).values()} == {Outcome.NOT_ASKED}


def test_an_exercise_is_done_when_nothing_is_waited_for(room: Room) -> None:
    """Late answers are waited for, and so is the end of what must not be done."""
    room.says("NCB-QN", "request.response", 2.0, **DECIDED)
    assert [fulfilled(list(room.findings(day).values())) for day in (2, 4.9, 5)] == [False, False, True]
    assert not fulfilled(list(Room(played=room.played, sent=room.sent[:1]).findings(8).values()))


def test_matching_finds_what_an_inject_can_answer(room: Room) -> None:
    """The trainer answers the message that met an expectation."""
    turn = room.says("NCB-QN", "request.response", 2.0, **DECIDED)
    expected = scenario().expectation("decides")
    assert expected is not None
    (sent,) = matching(scenario(), room.record(6), *expected, "NCB-QN")
    assert sent.turn == turn
    assert sent.turn.recipients == (address("NCB-QM"),)
