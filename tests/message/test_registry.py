"""The registry: what each kind allows."""

from __future__ import annotations

from typing import get_args

import pytest

from gateway.errors import Rejected
from gateway.message import KINDS, ROLES, spec
from gateway.message.content import Urgency
from gateway.message.handling import Handling


def test_who_may_seal() -> None:
    """A gateway may seal a response for a thin client; requests and reports are sealed by their authors alone."""
    assert {kind: row.gateway_may_seal for kind, row in KINDS.items()} == {
        "cooperation.request": False,
        "request.response": True,
        "information.report": False,
    }
    assert not any(row.needs_approval for row in KINDS.values())


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_each_row_is_whole(kind: str) -> None:
    """Every row names its type, known roles, known replies, and a marking that can be used."""
    row = spec(kind)
    assert row.kind == row.content.kind == kind
    assert row.version in row.readable
    assert row.may_send <= set(ROLES)
    assert "gateway" not in row.may_send
    assert row.replies <= set(KINDS)
    assert set(row.respond_within_s) <= set(get_args(Urgency))
    assert row.retention_days > 0
    assert isinstance(row.default_handling, Handling)
    row.default_handling.check("")


def test_an_unknown_kind_is_refused() -> None:
    """A kind of another network or of the future is not guessed at."""
    with pytest.raises(Rejected, match="kind-unknown"):
        spec("notice.request")
