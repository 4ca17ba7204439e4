"""Properties: no sequence of messages leaves the tables, and no order of arrival changes the history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Rejected
from gateway.message.flows import Conversation, converse, flows, require_move
from tests.message.flows.stage import DESK, GS, START, A, B, C, Talk

if TYPE_CHECKING:
    from gateway.message.flows import Turn

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


@st.composite
def talks(draw: st.DrawFn) -> list[Turn]:
    """Messages of anybody about anything that was said before, mostly nonsense."""
    talk = Talk()
    for _ in range(draw(st.integers(1, 12))):
        kind, values = draw(st.sampled_from(_SAYABLE))
        who = draw(st.sampled_from([A, B, C, GS]))
        re = draw(st.sampled_from([None, *talk.turns])) if talk.turns else None
        after = draw(st.sampled_from([0, 3_600, 40 * 86_400]))
        at = (talk.turns[-1].at if talk.turns else START) + after
        said: dict[str, Any] = {pointer.removeprefix("/body/").replace("/", "__"): value for pointer, value in values}
        talk.says(who, kind, re=re, at=at, **said)
    return talk.turns


def seen(conversation: Conversation) -> list[object]:
    """Return what a reader is shown."""
    threads = [
        (root, {who: (one.state, one.since, one.due) for who, one in thread.sides.items()})
        for root, thread in conversation.threads.items()
    ]
    return [
        *threads,
        *((said.turn.number, said.led, said.crossed, said.late, said.recalled_by) for said in conversation.history),
    ]


@given(talks())
def test_no_sequence_of_messages_leaves_the_tables(turns: list[Turn]) -> None:
    """Every state is one of its table, and every step without a flag is a move or a beginning of it."""
    (found,) = converse(turns, DESK, turns[-1].at, flows())
    assert len(found.history) == len(turns), "nothing is dropped"
    for thread in found.threads.values():
        assert all(side.state in thread.flow.rows for side in thread.sides.values())
    for said in found.history:
        if said.thread is None or said.turn.kind in {"system.recall", "system.correction"}:
            continue
        table = found.threads[said.thread].flow
        reached = {one.state for one in table.opens} | {move.to for move in table.moves if move.kind == said.turn.kind}
        assert all(state in reached or "=" in reached for state in said.led.values())


@given(talks(), st.randoms())
def test_any_order_of_arrival_gives_the_same_history(turns: list[Turn], random: Any) -> None:
    """What counts is the order of acceptance."""
    mixed = list(turns)
    random.shuffle(mixed)
    now = turns[-1].at
    assert [seen(one) for one in converse(mixed, DESK, now, flows())] == [
        seen(one) for one in converse(turns, DESK, now, flows())
    ]


@given(talks())
def test_what_is_refused_before_sending_is_what_would_cross(turns: list[Turn]) -> None:
    """Asked for the last message of each conversation."""
    *before, last = turns
    stands = converse(before, DESK, last.at, flows())
    refused = ""
    try:
        require_move(stands[0] if stands else None, last, last.at)
    except Rejected as refusal:
        refused = refusal.code
    (after,) = converse(turns, DESK, last.at, flows())
    said = after.history[-1]
    in_a_thread = said.thread is not None and said.thread != last.envelope_hash
    assert refused == ("conversation-state" if said.crossed and in_a_thread else "")
