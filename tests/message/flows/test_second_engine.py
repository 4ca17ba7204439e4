"""Both engines say the same of anything that anybody may say, and what the vectors say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.message.flows.stage import GS
from tests.message.flows.talks import UNHURRIED, talks
from tests.second_flows import view
from tests.vectors.conversation_form import message_of, turn_of, view_of
from tests.vectors.generate_conversation import files, folder

if TYPE_CHECKING:
    from gateway.message.flows import Turn

WRITTEN = files()


@UNHURRIED
@given(talks(), st.sampled_from([0, 3_600, 100 * 86_400]))
def test_both_engines_agree(turns: list[Turn], later: int) -> None:
    """On states, clocks and turns of every side, and on every line of the history."""
    now = turns[-1].at + later
    assert view([message_of(turn) for turn in turns], [GS], now) == view_of(turns, [GS], now)


@pytest.mark.parametrize("name", sorted(WRITTEN))
def test_a_vector_is_current_and_both_engines_give_it(name: str) -> None:
    """The file is what its generator writes; messages come in the order in which it lists them."""
    text = (folder() / name).read_text()
    assert text == WRITTEN[name]
    case: dict[str, Any] = json.loads(text)
    for expected in case["views"]:
        assert view(case["messages"], case["desk"], expected["now"]) == expected
        assert view_of([turn_of(one) for one in case["messages"]], case["desk"], expected["now"]) == expected


def test_no_vector_is_left_over() -> None:
    """Every file has its case."""
    assert {path.name for path in folder().glob("*.json")} == set(WRITTEN)
