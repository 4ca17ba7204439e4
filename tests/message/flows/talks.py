"""Random conversations: anybody says anything about anything that was said before, mostly nonsense."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.ids import format_id
from gateway.message.flows import flows
from gateway.message.shared.times import instant
from tests.message.flows.stage import GS, START, A, B, C, Talk

if TYPE_CHECKING:
    from gateway.message.flows import Turn

__all__ = ["UNHURRIED", "talks"]

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # servers of other tests share the cores

_TABLES = flows().tables
_SAYABLE = sorted(
    {
        (move.kind, tuple(sorted((p, v) for p, vs in move.given.items() for v in vs[:1])))
        for one in _TABLES
        for move in one.moves
    }
    | {(one.kind, tuple(sorted((p, vs[0]) for p, vs in one.given.items()))) for table in _TABLES for one in table.opens}
    | {("system.recall", ()), ("system.correction", ())}
)
_ANYBODY = (A, B, C, GS)
_TIMES = sorted({place for clock in flows().clocks for place in clock.at if place.startswith("/")})
_HASHES = sorted({place for table in _TABLES for place in table.link})


@st.composite
def talks(draw: st.DrawFn) -> list[Turn]:
    """Draw up to twelve messages, each at or after the one before."""
    talk = Talk(urgency=draw(st.sampled_from(["flash", "normal"])))
    for number in range(1, 1 + draw(st.integers(1, 12))):
        kind, values = draw(st.sampled_from(_SAYABLE))
        at = (talk.turns[-1].at if talk.turns else START) + draw(st.sampled_from([0, 3_600, 5 * 86_400, 40 * 86_400]))
        before = st.sampled_from([*talk.turns, None]) if talk.turns else st.none()
        said = {**dict(values), **draw(_named(at, before, number))}
        extra: dict[str, Any] = {pointer.removeprefix("/body/").replace("/", "__"): value for pointer, value in said.items()}
        who, to = draw(st.sampled_from(_ANYBODY)), draw(st.sets(st.sampled_from(_ANYBODY)))
        respond_by = draw(st.sampled_from([None, None, at + 86_400, at - 1, 2**53 - 1]))
        turn = talk.says(who, kind, sorted(to), re=draw(before), at=at, respond_by=respond_by, **extra)
        if draw(st.integers(0, 9)) == 0:
            talk.turns[-1] = replace(turn, values={}, erased=True)
    return talk.turns


@st.composite
def _named(draw: st.DrawFn, at: int, before: st.SearchStrategy[Turn | None], number: int) -> dict[str, str]:
    """Draw what a message names: times, messages before it, an owner, the id of a message that has it right."""
    moment = instant(at + draw(st.sampled_from([-86_400, 3_600, 20 * 86_400])))
    times = draw(
        st.dictionaries(st.sampled_from(_TIMES), st.sampled_from([moment, moment[:10], "soon", "9999-12-31"]), max_size=2)
    )
    linked = draw(before)
    hashes = {} if linked is None else {draw(st.sampled_from(_HASHES)): linked.envelope_hash.hex()}
    right = {"/body/new_message_id": format_id((number + draw(st.integers(-2, 2)) & 0xFF).to_bytes(16))}
    return draw(st.sampled_from([{}, {}, times, hashes, right, {"/body/owner": "NCB-QN"}]))
