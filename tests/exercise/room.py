"""A small scenario, and records of what was sent in it: no network, no clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from gateway.exercise.checks import read_scenario
from gateway.exercise.scenario import Scenario
from gateway.exercise.scoring import Finding, Record, Sent, score
from gateway.exercise.times import DAY_S, Clock
from gateway.ids import Address, ConversationId, EnvelopeHash, Kind, MessageId, Network, Participant, make_address
from gateway.message.flows import Turn

__all__ = ["CLOCK", "SCENARIO", "Room", "scenario"]

CLOCK: Final = Clock(1_800_000_000, 10.0)  # a day lasts ten seconds
MARKING: Final = {"tlp": "amber+strict", "confidentiality": "restricted", "onward": "unit"}

SCENARIO: Final = """
title = "A request"
network = "exercise-test"
summary = "One asks, one answers, one must know nothing."
day_s = 10
lasts = "9d"

[[participants]]
id = "NCB-QM"
name = "Bureau of QM"
country = "QM"
organisation_type = "ncb"
role = "ncb"

[[participants]]
id = "GS"
name = "Centre"
country = "ZZ"
organisation_type = "coordination"
role = "coordination"

[[participants]]
id = "NCB-QN"
name = "Bureau of QN"
country = "QN"
organisation_type = "ncb"
role = "ncb"
trainee = true

[[injects]]
name = "request"
at = "1d"
from = "NCB-QM"
to = ["NCB-QN"]
example = "cooperation.request/hear-a-witness"

[[injects.expect]]
name = "decides"
who = ["NCB-QN"]
task = "decide"
by = "3d"
kind = "request.response"
values = { "/body/state" = ["accepted", "refused"] }
fields = ["/body/decided_by", "/body/expected_by"]
laxest = { tlp = "amber+strict", onward = "unit" }
readers = ["NCB-QM"]

[[injects.expect]]
name = "opens"
who = ["NCB-QN"]
task = "open it"
by = "2d"

[[injects.expect]]
name = "keeps-quiet"
who = ["NCB-QN"]
task = "tell nothing of it"
by = "5d"
kind = "information.report"
never = true
"""


def scenario(*changes: tuple[str, str]) -> Scenario:
    """Return the scenario with parts of its file replaced; each part is there."""
    text = SCENARIO
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return read_scenario(text.encode())


@dataclass
class Room:
    """Who sent what, and who opened it; times in days of the scenario."""

    sent: list[Sent] = field(default_factory=list)
    opened: dict[tuple[EnvelopeHash, Address], int] = field(default_factory=dict)
    played: dict[str, EnvelopeHash] = field(default_factory=dict)

    def asks(self) -> Turn:
        """Play the request on day 1."""
        turn = self.says("NCB-QM", "cooperation.request", 1.0, to=("NCB-QN",))
        self.played["request"] = turn.envelope_hash
        return turn

    def says(  # what a message can say
        self,
        who: str,
        kind: str,
        day: float,
        *,
        to: tuple[str, ...] = ("NCB-QM",),
        marking: dict[str, Any] | None = None,
        derived_from: list[str] | None = None,
        **body: Any,
    ) -> Turn:
        """Add a message about the first one; made from it, and not in its conversation, where `derived_from` is given."""
        number = len(self.sent) + 1
        turn = Turn(
            number=number,
            at=round(CLOCK.real(int(day * DAY_S))),
            message_id=MessageId(number.to_bytes(16)),
            envelope_hash=EnvelopeHash(number.to_bytes(32)),
            conversation_id=ConversationId(bytes([len(derived_from or ())] * 16)),
            sender=address(who),
            recipients=tuple(map(address, to)),
            kind=Kind(kind),
            urgency="normal",
            handling="amber+strict/restricted",
            created=CLOCK.start,
            expires=CLOCK.start + 90 * DAY_S,
            respond_by=None,
            in_reply_to=self.sent[0].turn.envelope_hash if self.sent and not derived_from else None,
            values={f"/body/{name}": value for name, value in body.items() if isinstance(value, str)},
        )
        self.sent.append(Sent(turn, {"handling": marking or MARKING, "derived_from": derived_from or [], "body": body}))
        return turn

    def opens(self, who: str, turn: Turn, day: float) -> None:
        """Add a signed receipt."""
        self.opened[turn.envelope_hash, address(who)] = round(CLOCK.real(int(day * DAY_S)))

    def record(self, day: float) -> Record:
        """Return what is known on a day."""
        return Record(CLOCK.real(int(day * DAY_S)), self.played, self.sent, self.opened)

    def findings(self, day: float) -> dict[str, Finding]:
        """Score it on a day; by expectation."""
        return {one.expectation: one for one in score(scenario(), self.record(day), CLOCK)}


def address(who: str) -> Address:
    """Return an address of the exercise."""
    return make_address(Participant(who), Network("exercise-test"))
