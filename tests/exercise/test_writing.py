"""What an inject says: its example, its changes, its references."""

from __future__ import annotations

import msgspec

from gateway.exercise.scenario import Text
from gateway.exercise.times import Clock
from gateway.exercise.writing import Around, written
from gateway.ids import EnvelopeHash, Network

ASKED = EnvelopeHash(b"\x11" * 32)
AROUND = Around(Network("exercise-test"), Clock(1_800_000_000, 10.0), {"first": ASKED}, ASKED, 2 * 86_400)


def test_an_example_is_moved_into_the_exercise() -> None:
    """Addresses of the examples' network become those of the exercise: nothing names a real one."""
    text = Text(example="diffusion.circulate/red-escaped-convict")
    content = written(text, Around(Network("exercise-test"), AROUND.clock))
    assert content.disclosed_recipients == ["NCB-QN@exercise-test", "NCB-QP@exercise-test", "GS@exercise-test"]
    assert b"@icn" not in content.raw


def test_an_answer_names_what_it_answers_and_until_when() -> None:
    """The header's reply and the body's reference agree; times are scaled into real ones."""
    content = written(Text(example="request.response/refused"), AROUND)
    assert (content.in_reply_to, content.body.answers) == (ASKED.hex(), ("/body/request_ref", ASKED.hex()))
    assert content.respond_by == "2027-01-15T08:00:20Z"


def test_changes_may_refer_to_times_messages_and_people() -> None:
    """A scenario needs no hash and no date of its own."""
    changes = {
        "/body/target": "$hash:first",
        "/body/confirm_by": "$time:3d",
        "/body/reason": "as written",
        "/handling/originators": ["$address:GS"],
    }
    content = written(Text(example="system.recall/not-compliant", changes=changes), AROUND)
    tree = msgspec.json.decode(content.raw)
    assert tree["body"]["target"] == ASKED.hex()
    assert tree["body"]["confirm_by"] == "2027-01-15T08:00:30Z"
    assert (tree["body"]["reason"], tree["handling"]["originators"]) == ("as written", ["GS@exercise-test"])
