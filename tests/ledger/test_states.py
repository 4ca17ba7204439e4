"""The life of a delivery is one table."""

from __future__ import annotations

import pytest

from gateway.ledger.states import ANNOUNCED, ENDED, MAY_EXPIRE, OPEN, TRANSITIONS, State, event_of, sources, steps
from gateway.message.registry import KINDS

# accepted queued delivered opened rejected expired recalled held outbound relayed refused
A, Q, D, O, R, X, C, H, OUT, REL, REF = State  # noqa: E741


def test_every_state_has_its_row() -> None:
    """No state is forgotten, and none is both open and ended."""
    assert set(TRANSITIONS) == set(State)
    assert set(OPEN) | set(ENDED) == set(State)
    assert set(ENDED) == {O, R, X, C, REF}


def test_whose_opened_is_told_is_what_the_registry_says() -> None:
    """The ledger names the kinds in its statements: it has no other list of its own."""
    assert list(ANNOUNCED) == sorted(row.kind for row in KINDS.values() if row.opened_is_told)


def test_nothing_leads_out_of_an_ended_state() -> None:
    """What the sender was told stays true."""
    assert all(not TRANSITIONS[state] for state in ENDED)
    assert [steps(before, after) for before in ENDED for after in State] == [()] * 55


@pytest.mark.parametrize(
    ("before", "goal", "way"),
    [
        (A, D, (D,)),
        (A, O, (D, O)),
        (Q, D, (D,)),
        (Q, R, (D, R)),
        (D, O, (O,)),
        (D, D, ()),
        (H, D, (A, D)),
        (H, O, (A, D, O)),
        (O, R, ()),
        (X, O, ()),
        (H, R, (A, D, R)),
        (H, REL, (OUT, REL)),
        (OUT, O, (REL, D, O)),
        (REL, R, (D, R)),
    ],
)
def test_a_receipt_takes_the_shortest_legal_way(before: State, goal: State, way: tuple[State, ...]) -> None:
    """A receipt that skips a state passes through it all the same."""
    assert steps(before, goal) == way


def test_conditions_are_derived_from_the_table() -> None:
    """Expiry, for one, starts from everything that was not delivered."""
    assert sources(X) == MAY_EXPIRE == (A, Q, H, OUT)
    assert sources(O) == (D,)


def test_going_back_has_a_name_of_its_own() -> None:
    """The history tells a repair from a release and both from an acceptance."""
    assert [event_of(Q, A), event_of(H, A), event_of(H, OUT), event_of(D, O)] == ["requeued", "released", "released", "opened"]
