"""What a gateway refuses of a message that comes from another network, and what it keeps of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from gateway.envelope import (
    Forward,
    Inclusion,
    check_forward,
    common_of,
    examine,
    head,
    make_delivery,
    make_forward,
    open_delivery,
    rows,
)
from gateway.errors import CannotOpen, Rejected
from gateway.ids import Address, Network
from tests.envelope.world import DAY, GATEWAY, NOW, SENDER, Message, World, accepted, keyring

EU = Network("eu-network")
FAR, FAR_TOO, NEAR = Address("GN-QN@eu-network"), Address("GN-QX@eu-network"), Address("TRIB-QX-OTP@icn")
FAR_GATE = Address("GW-EU@eu-network")
LOGGED = Inclusion(3, (bytes(32),), b"note")
Change = Callable[[list[Any]], object]


def world() -> World:
    """Return both networks."""
    both = World.of([SENDER, NEAR, FAR, FAR_TOO], (GATEWAY, FAR_GATE))
    both.versions[EU] = 5
    return both


def forward_of(message: Message, at: int = NOW, *, gateway: Address = GATEWAY, sender: Address = SENDER) -> bytes:
    """Return what the relay carries of a message that its own network accepted."""
    examined = examine(message.sealed().submission)
    far = [row for row in rows(examined) if row.recipient.endswith(f"@{EU}")]
    return make_forward(examined.common_bytes, far, accepted(examined.envelope_hash, sender, at, gateway), LOGGED)


def refusal(data: bytes, both: World, now: int = NOW) -> str:
    """Return code and local reason with which the other gateway refuses it."""
    with pytest.raises(Rejected) as refused:
        check_forward(Forward(data), both, now, both.delivery_key_ok)
    error = refused.value
    return f"{error.code} {error.reason}" if isinstance(error, CannotOpen) else error.code


def changed(data: bytes, change: Change) -> bytes:
    """Return a forward with something else in it."""
    form = msgspec.msgpack.decode(data)
    change(form)
    return msgspec.msgpack.encode(form)


def test_what_is_carried_opens_there() -> None:
    """The recipient of another network opens the delivery that is cut from a forward, with the receipts of both networks."""
    both = world()
    forward = Forward(forward_of(Message([FAR, NEAR, FAR_TOO])))
    check_forward(forward, both, NOW + DAY, both.delivery_key_ok)
    assert {row.recipient for row in forward.rows} == {FAR, FAR_TOO}
    assert forward.origin == "icn"
    assert forward.inclusion == LOGGED
    common = common_of(head(forward), forward.body)
    receipts = [forward.accepted.data, accepted(forward.envelope_hash, SENDER, NOW + DAY, FAR_GATE, 9)]
    row = next(row for row in forward.rows if row.recipient == FAR)
    delivery = make_delivery(common, row.index, row.stanza, row.proof, receipts)
    opened = open_delivery(delivery, me=FAR, keyring=keyring(FAR), answers=both, now=NOW + DAY)
    assert (opened.first, opened.last, opened.number) == (NOW, NOW + DAY, 9)


def test_what_waited_through_an_outage_is_still_good() -> None:
    """The keys must have been good when the sender's network accepted it, not when the line came back."""
    both = world()
    check_forward(Forward(forward_of(Message([FAR]))), both, NOW + 29 * DAY, both.delivery_key_ok)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda form: form.__setitem__(0, "F2"), "unknown-version"),
        (lambda form: form.append(1), "malformed"),
        (lambda form: form[2].clear(), "malformed"),
        (lambda form: form[2][0].__setitem__(1, b"x"), "malformed"),
        (lambda form: form[4].pop(), "malformed"),
    ],
)
def test_the_form(change: Change, code: str) -> None:
    """Another form is refused before anything is proved."""
    with pytest.raises(Rejected) as refused:
        Forward(changed(forward_of(Message([FAR])), change))
    assert refused.value.code == code


def test_too_large() -> None:
    """A forward is bounded."""
    with pytest.raises(Rejected) as refused:
        Forward(msgspec.msgpack.encode(["F1", bytes(4 << 20)]))
    assert refused.value.code == "too-large"


def test_the_acceptance_must_be_of_the_senders_network() -> None:
    """No other gateway may say that it accepted it, not even the one that is asked."""
    both = world()
    assert refusal(forward_of(Message([FAR]), gateway=FAR_GATE), both) == "cannot-open accepted-signer"
    assert refusal(forward_of(Message([FAR]), sender=NEAR), both) == "cannot-open accepted-subject"
    both.gateways.discard(GATEWAY)
    assert refusal(forward_of(Message([FAR])), both) == "cannot-open accepted-signer"


def test_an_acceptance_of_another_envelope_is_none() -> None:
    """A receipt is bound to the envelope that it names."""
    other = msgspec.msgpack.decode(forward_of(Message([FAR], seed="other")))
    assert refusal(changed(forward_of(Message([FAR])), lambda form: form.__setitem__(3, other[3])), world()) == (
        "cannot-open accepted-hash"
    )


def test_times_are_those_of_both_networks() -> None:
    """Expired here, or accepted there in the future, is refused."""
    both = world()
    assert refusal(forward_of(Message([FAR])), both, NOW + 31 * DAY) == "expired"
    assert refusal(forward_of(Message([FAR], {"created": NOW}), NOW + 301), both) == "out-of-time"


def test_a_newer_directory_is_fetched_first() -> None:
    """What was sealed with a directory that is not here yet waits for it."""
    both = world()
    both.versions[Network("icn")] = 6
    assert refusal(forward_of(Message([FAR])), both) == "directory-ahead"


def test_rows_are_addressees() -> None:
    """A row twice, a row at another place, or a stranger's row is refused."""
    both, data = world(), forward_of(Message([FAR, NEAR, FAR_TOO]))
    assert refusal(changed(data, lambda form: form[2].append(form[2][0])), both) == "recipient-repeated"

    def swapped(form: list[Any]) -> None:
        form[2][0][1], form[2][1][1] = form[2][1][1], form[2][0][1]

    assert refusal(changed(data, swapped), both) == "addressees-differ"
    stranger = msgspec.msgpack.decode(forward_of(Message([FAR], seed="other")))
    alone = forward_of(Message([FAR, NEAR]))
    assert refusal(changed(alone, lambda form: form[2].__setitem__(0, stranger[2][0])), both) == "addressees-differ"


def test_a_key_that_was_not_current_is_refused() -> None:
    """A stanza names a delivery key of its recipient."""
    both = world()
    data = forward_of(Message([FAR]))
    both.records = {key: record for key, record in both.records.items() if record.address != FAR}
    assert refusal(data, both) == "recipient-key"


def test_a_seal_of_another_is_refused() -> None:
    """The seal is proved again in the other network."""
    both, data = world(), forward_of(Message([FAR]))
    both.records = {key: record for key, record in both.records.items() if record.address != SENDER}
    assert refusal(data, both) == "cannot-open seal-key"


def test_rows_are_kept_as_they_came() -> None:
    """What the ledger keeps is the bytes received."""
    examined = examine(Message([FAR, NEAR]).sealed().submission)
    expected = [row for row in rows(examined) if row.recipient == FAR]
    data = make_forward(examined.common_bytes, expected, accepted(examined.envelope_hash, SENDER), LOGGED)
    assert Forward(data).rows == expected
