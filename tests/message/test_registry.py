"""The registry: what each kind allows."""

from __future__ import annotations

from typing import get_args

import msgspec
import pytest

from gateway.errors import Rejected
from gateway.message import KINDS, ROLES, spec
from gateway.message.content import Body, Content, Urgency
from gateway.message.handling import Handling
from gateway.message.json_schema import _structs

# What kinds that name victims, witnesses, evidence or consent are made of.
SEALED_BY_AUTHORS = {"Person", "ProtectedPerson", "EvidenceItem", "ItemCheck", "CaseToken", "Overlap", "Onward"}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_who_may_seal(kind: str) -> None:
    """What names persons, evidence or consent, or needs an approval, is sealed by its author, never by a gateway."""
    row = spec(kind)
    parts = set(msgspec.json.schema_components((row.content,))[1])
    if row.needs_approval or can_name_persons(row.content) or not parts.isdisjoint(SEALED_BY_AUTHORS):
        assert not row.gateway_may_seal
    assert spec("request.response").gateway_may_seal


def can_name_persons(content: type[Content]) -> bool:
    """Say whether a body of this content can hold data of persons."""
    bodies = [struct for struct in _structs(content).values() if issubclass(struct, Body)]
    return any(body.names_persons is not Body.names_persons for body in bodies)


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
        spec("no.such")
