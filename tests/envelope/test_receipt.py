"""Receipts: who may state what, and what makes a statement count."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.envelope import Event, LogView, Receipt, Use, make_receipt, parse_receipt, receipt_leaf, verify_receipt
from gateway.envelope.receipt import GATEWAY_EVENTS
from gateway.errors import Rejected
from gateway.ids import Address, EnvelopeHash
from tests.envelope.world import DAY, GATEWAY, NOW, SENDER, World, keyring, signing_key

ME, OTHER = Address("TRIB-QX-OTP@icn"), Address("GN-QN@icn")
HASH = EnvelopeHash(bytes(range(32)))


def receipt(event: Event, **changes: Any) -> Receipt:
    """Return a receipt that follows every rule, with changes."""
    fields: dict[str, Any] = {
        "event": event,
        "envelope_hash": HASH,
        "subject": SENDER if event is Event.ACCEPTED else ME,
        "signer": GATEWAY if event in GATEWAY_EVENTS else ME,
        "at": NOW,
        "number": 41 if event is Event.ACCEPTED else None,
        "reason": "content-schema" if event in {Event.REJECTED, Event.REFUSED} else None,
        "salt": bytes(16),
    }
    return Receipt(**{**fields, **changes})


def world() -> World:
    """Return the network of these tests."""
    return World.of([SENDER, ME, OTHER])


@pytest.mark.parametrize("event", list(Event))
def test_each_event_is_stated_by_the_one_who_knows(event: Event) -> None:
    """A receipt signed by the gateway or by the recipient, as its event asks, counts."""
    made = receipt(event, log=LogView(5, bytes(32)))
    signed = parse_receipt(make_receipt(made, keyring(made.signer)))
    assert verify_receipt(signed, world()) == made
    assert signed.data == msgspec.msgpack.encode([signed.receipt_bytes, signed.key_id, signed.signature])


@pytest.mark.parametrize("event", list(Event))
def test_nobody_else_can_state_it(event: Event) -> None:
    """A participant cannot state what the gateway states, nor what happened at another participant."""
    made = receipt(event, signer=OTHER)
    with pytest.raises(Rejected) as refused:
        verify_receipt(parse_receipt(make_receipt(made, keyring(OTHER))), world())
    assert refused.value.code == "signature-bad"


def test_a_gateway_cannot_answer_for_a_recipient() -> None:
    """`opened` by the gateway proves nothing."""
    made = receipt(Event.OPENED, signer=GATEWAY)
    with pytest.raises(Rejected, match="signer"):
        verify_receipt(parse_receipt(make_receipt(made, keyring(GATEWAY))), world())


def test_a_signature_of_another_key_does_not_count() -> None:
    """A receipt signed by somebody else in the signer's name, or with a bit changed, is refused."""
    data = msgspec.msgpack.decode(make_receipt(receipt(Event.OPENED), keyring(OTHER)))
    with pytest.raises(Rejected, match="key"):
        verify_receipt(parse_receipt(msgspec.msgpack.encode(data)), world())
    good = msgspec.msgpack.decode(make_receipt(receipt(Event.OPENED), keyring(ME)))
    good[2] = bytes([good[2][0] ^ 1]) + good[2][1:]
    with pytest.raises(Rejected, match="signature"):
        verify_receipt(parse_receipt(msgspec.msgpack.encode(good)), world())


@pytest.mark.parametrize("at", [NOW - DAY - 1, NOW + 30 * DAY])
def test_a_receipt_outside_the_times_of_its_key_is_refused(at: int) -> None:
    """A receipt that claims a time at which its key was not good does not count."""
    signed = parse_receipt(make_receipt(receipt(Event.OPENED, at=at), keyring(ME)))
    with pytest.raises(Rejected) as refused:
        verify_receipt(signed, world())
    assert refused.value.code == "signature-bad"


def test_a_receipt_of_a_revoked_key_is_refused() -> None:
    """From its revocation on a key states nothing."""
    answers = world()
    key = signing_key(ME, Use.AGENT).public
    record = answers.records[key.key_id]
    answers.records[key.key_id] = type(record).of(key, record.not_before, record.not_after, NOW)
    with pytest.raises(Rejected) as refused:
        verify_receipt(parse_receipt(make_receipt(receipt(Event.OPENED), keyring(ME))), answers)
    assert refused.value.code == "signature-bad"


@pytest.mark.parametrize(
    "bad",
    [
        receipt(Event.ACCEPTED, number=None),
        receipt(Event.OPENED, number=1),
        receipt(Event.REJECTED, reason=None),
        receipt(Event.OPENED, reason="late"),
        receipt(Event.REJECTED, reason="Not a code"),
        receipt(Event.OPENED, salt=bytes(15)),
        receipt(Event.OPENED, subject=Address("somebody")),
        receipt(Event.OPENED, at=-1),
        receipt(Event.OPENED, log=LogView(1, b"")),
    ],
    ids=["no-number", "number", "no-reason", "reason", "reason-text", "salt", "subject", "time", "log"],
)
def test_a_receipt_that_breaks_a_rule_is_not_signed(bad: Receipt) -> None:
    """What others would refuse is not signed."""
    with pytest.raises(Rejected) as refused:
        make_receipt(bad, keyring(bad.signer))
    assert refused.value.code == "malformed"


def test_the_leaf_of_a_receipt_is_salted() -> None:
    """Two receipts that say the same have different leaves, so that nobody can guess what the log holds."""
    one, other = (parse_receipt(make_receipt(receipt(Event.OPENED, salt=bytes([i]) * 16), keyring(ME))) for i in (1, 2))
    assert receipt_leaf(one.receipt_bytes) == sha256(b"env1/leaf\x00" + one.receipt_bytes).digest()
    assert receipt_leaf(one.receipt_bytes) != receipt_leaf(other.receipt_bytes)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_crash_the_reader_of_receipts(data: bytes) -> None:
    """Whatever is posted as a receipt is refused with a code of its form."""
    with pytest.raises(Rejected) as refused:
        parse_receipt(data)
    assert refused.value.code in {"malformed", "not-canonical"}


def test_a_receipt_beyond_the_limit_is_refused() -> None:
    """A receipt of more than 608 bytes is refused by its size."""
    with pytest.raises(Rejected) as refused:
        parse_receipt(bytes(609))
    assert refused.value.code == "too-large"
