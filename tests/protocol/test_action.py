"""Operator actions: what is signed is well formed, and only the operator key signs it."""

from __future__ import annotations

import os

import pytest

from gateway.envelope import MemoryKeyring, SigningKey, Use
from gateway.errors import Rejected
from gateway.ids import Address
from gateway.protocol.action import Action, parse_action, sign_action

GATE = Address("GW-ICN@icn")


def keyring(*uses: Use) -> MemoryKeyring:
    """Return a gateway's keys."""
    return MemoryKeyring(GATE, [SigningKey.generate(GATE, use, os.urandom) for use in uses])


def test_what_was_signed_is_read_as_it_was_meant() -> None:
    """The bytes that were signed are kept as they came."""
    action = Action("A1", "release", "41/0", "repaired", 1_900_000_000, bytes(16))
    data = sign_action(action, keyring(Use.AGENT, Use.OPERATOR))
    signed = parse_action(data)
    assert (signed.action, signed.data) == (action, data)
    assert len(signed.leaf) == 32


def test_without_an_operator_key_nothing_is_signed() -> None:
    """The agent key orders nothing."""
    action = Action("A1", "release", "41/0", "repaired", 1_900_000_000, bytes(16))
    with pytest.raises(Rejected) as refused:
        sign_action(action, keyring(Use.AGENT))
    assert refused.value.code == "bad-key"


def test_what_no_gateway_would_take_is_not_signed() -> None:
    """A reason of two lines is refused before the key is used."""
    with pytest.raises(Rejected) as refused:
        sign_action(Action("A1", "release", "41/0", "two\nlines", 1, bytes(16)), keyring(Use.OPERATOR))
    assert refused.value.code == "malformed"
