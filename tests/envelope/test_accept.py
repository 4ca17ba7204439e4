"""What a gateway refuses before it answers 202, and how it cuts a submission into deliveries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from gateway.envelope import (
    Event,
    Receipt,
    Use,
    check_seal,
    check_submission,
    common_of,
    examine,
    head,
    make_delivery,
    make_receipt,
    open_delivery,
    rows,
)
from gateway.envelope.contexts import addressee_leaf
from gateway.errors import CannotOpen, Corrupt, Rejected
from gateway.ids import Address, Kind, Network
from gateway.merkle import leaf_hash, verify_inclusion
from tests.envelope.world import (
    CONTENT,
    DAY,
    GATEWAY,
    NOW,
    SENDER,
    Message,
    World,
    accepted,
    delivery_key,
    keyring,
    signing_key,
)
from tests.vectors.envelope_forge import Forge

ME, OTHER = Address("TRIB-QX-OTP@icn"), Address("GN-QN@icn")
Change = Callable[[list[Any]], object]


def refusal(submission: bytes, world: World, now: int = NOW) -> str:
    """Return the code and, where there is one, the local reason with which a gateway refuses a submission."""
    with pytest.raises(Rejected) as refused:
        check_submission(examine(submission), world, now, world.delivery_key_ok)
    error = refused.value
    return f"{error.code} {error.reason}" if isinstance(error, CannotOpen) else error.code


def world() -> World:
    """Return the network of these tests."""
    return World.of([SENDER, ME, OTHER])


def restanza(submission: bytes, change: Change) -> bytes:
    """Change the list of stanzas, as a sender's network could."""
    common, stanzas = msgspec.msgpack.decode(submission)
    change(stanzas)
    return msgspec.msgpack.encode([common, stanzas])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"created": NOW - 7 * DAY - 1}, "out-of-time"),
        ({"created": NOW + 301}, "out-of-time"),
        ({"expires": NOW + 90 * DAY + 1}, "out-of-time"),
        ({"expires": NOW}, "expired"),
        ({"sealer": OTHER}, "sealer-not-allowed"),
        ({"sealer": GATEWAY}, "sealer-not-allowed"),
        ({"kind": Kind("protection.measure")}, "approval-missing"),
    ],
)
def test_a_header_that_breaks_a_rule_is_refused_with_its_code(changes: dict[str, Any], code: str) -> None:
    """The sender is told which rule of the header the submission breaks."""
    assert refusal(Message([ME, OTHER], changes).sealed().submission, world()) == code


@pytest.mark.parametrize("count", [1, 3])
def test_the_author_counted_the_recipients(count: int) -> None:
    """A header that counts more or fewer recipients than there are stanzas is refused."""
    forge = Forge("miscounted", recipients=[ME, OTHER], header={"recipients": count})
    common = msgspec.msgpack.decode(forge.delivery())[0]
    assert refusal(msgspec.msgpack.encode([common, forge.stanzas]), world()) == "addressees-differ"


def test_a_directory_of_the_future_is_refused() -> None:
    """Nobody can claim keys from a directory that the gateway has not published."""
    answers = world()
    answers.versions[Network("icn")] = 6
    assert refusal(Message([ME]).sealed().submission, answers) == "directory-ahead"


def test_a_stranger_is_told_nothing_but_that_it_cannot_be_opened() -> None:
    """A seal by an unlisted key is refused before anything that would depend on the sender's history."""
    answers = world()
    answers.records.pop(signing_key(SENDER, Use.AGENT).key_id)
    examined = examine(Message([ME]).sealed().submission)
    with pytest.raises(CannotOpen) as refused:
        check_seal(examined, answers, NOW)
    assert (refused.value.code, refused.value.reason) == ("cannot-open", "seal-key")


def test_a_seal_is_proved_once_in_a_second() -> None:
    """The gateway pays for one signature check, and for another when time has passed."""
    answers = world()
    examined = examine(Message([ME]).sealed().submission)
    check_seal(examined, answers, NOW)
    answers.records.pop(signing_key(SENDER, Use.AGENT).key_id)
    check_submission(examined, answers, NOW, answers.delivery_key_ok)
    with pytest.raises(CannotOpen):
        check_submission(examined, answers, NOW + 1, answers.delivery_key_ok)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda stanzas: stanzas.pop(), "addressees-differ"),
        (lambda stanzas: stanzas.append(stanzas[0]), "recipient-repeated"),
        (lambda stanzas: stanzas.reverse(), "addressees-differ"),
        (lambda stanzas: stanzas.__setitem__(0, _wrap_changed(stanzas[0])), "addressees-differ"),
    ],
    ids=["missing", "twice", "other-order", "wrap-changed"],
)
def test_stanzas_are_those_that_author_and_sealer_signed(change: Change, code: str) -> None:
    """A stanza that is missing, repeated, moved or changed is found by the two trees."""
    submission = restanza(Message([ME, OTHER]).sealed().submission, change)
    assert refusal(submission, world()) == code


def _wrap_changed(stanza: bytes) -> bytes:
    return stanza[:-1] + bytes([stanza[-1] ^ 1])


def test_a_key_that_is_not_the_recipients_current_one_is_refused() -> None:
    """A closed, revoked, unlisted or borrowed delivery key is refused, so that mail is readable when it arrives."""
    submission = Message([ME, OTHER]).sealed().submission
    closed, unlisted, borrowed = world(), world(), world()
    closed.add(delivery_key(ME).public, NOW - DAY, NOW)
    unlisted.records.pop(delivery_key(ME).key_id)
    message = Message([ME, OTHER])
    message.keys[ME] = delivery_key(ME, 2).public
    assert refusal(submission, closed) == "recipient-key"
    assert refusal(submission, unlisted) == "recipient-key"
    assert refusal(message.sealed().submission, borrowed) == "recipient-key"


def test_an_approval_is_checked_by_the_gateway_too() -> None:
    """A blind gateway checks that a second officer of the sender approved."""
    changes = {"kind": Kind("protection.measure")}
    approved = Message([ME], changes, approver=keyring(SENDER)).sealed().submission
    answers = world()
    check_submission(examine(approved), answers, NOW, answers.delivery_key_ok)
    assert refusal(Message([ME], changes, approver=keyring(OTHER)).sealed().submission, answers) == "cannot-open approval-key"


def test_every_row_proves_its_addressee() -> None:
    """Each recipient gets its own stanza, with a proof that the author addressed it."""
    examined = examine(Message([ME, OTHER, SENDER]).sealed().submission)
    cut = rows(examined)
    assert sorted(row.recipient for row in cut) == sorted([ME, OTHER, SENDER])
    for row, stanza in zip(cut, examined.stanzas, strict=True):
        leaf = leaf_hash(addressee_leaf(stanza.blind, row.recipient))
        assert row.stanza == stanza.raw
        assert verify_inclusion(row.index, 3, leaf, row.proof, examined.header.addressees)


def test_common_is_rebuilt_from_head_and_body() -> None:
    """The ledger keeps a head and a body, and hands out the very bytes that were submitted."""
    message = Message([ME], {"kind": Kind("protection.measure")}, approver=keyring(SENDER))
    examined = examine(message.sealed().submission)
    assert common_of(head(examined), examined.body) == examined.common_bytes
    with pytest.raises(Corrupt):
        common_of(b"damaged", examined.body)


def test_a_delivery_rebuilt_from_the_ledger_opens() -> None:
    """What is put together from stored parts opens like what was submitted."""
    examined = examine(Message([ME]).sealed().submission)
    row = rows(examined)[0]
    receipt = accepted(examined.envelope_hash, SENDER)
    delivery = make_delivery(common_of(head(examined), examined.body), row.index, row.stanza, row.proof, [receipt])
    opened = open_delivery(delivery, me=ME, keyring=keyring(ME), answers=world(), now=NOW)
    assert (opened.content, opened.delivery) == (CONTENT, delivery)


def test_an_examined_submission_prints_its_name_alone() -> None:
    """What a log shows of a submission is its envelope hash and sender."""
    examined = examine(Message([ME]).sealed().submission)
    assert repr(examined) == f"Examined({examined.envelope_hash.hex()} from NCB-QM@icn)"


def test_more_stanzas_than_recipients_can_be_are_refused_at_once() -> None:
    """A submission with 4097 stanzas is refused by its form."""
    submission = restanza(Message([ME]).sealed().submission, lambda stanzas: stanzas.extend(stanzas * 4096))
    with pytest.raises(Rejected) as refused:
        examine(submission)
    assert refused.value.code == "malformed"


def test_the_largest_envelope_is_examined_in_a_blink() -> None:
    """4096 recipients are sealed for, accepted and cut into deliveries."""
    recipients = [Address(f"NCB-X{number}@icn") for number in range(1000, 5096)]
    message = Message(recipients)
    examined = examine(message.sealed().submission)
    answers = world()
    check_submission(examined, answers, NOW, lambda _address, _key, _at: True)
    assert {len(row.proof) for row in rows(examined)} == {12}


def test_a_receipt_of_another_gateway_does_not_stand_in() -> None:
    """A delivery whose acceptance was signed by a participant does not open."""
    examined = examine(Message([ME]).sealed().submission)
    row = rows(examined)[0]
    forged = make_receipt(
        Receipt(
            event=Event.ACCEPTED,
            envelope_hash=examined.envelope_hash,
            subject=SENDER,
            signer=OTHER,
            at=NOW,
            number=1,
            salt=bytes(16),
        ),
        keyring(OTHER),
    )
    delivery = make_delivery(examined.common_bytes, row.index, row.stanza, row.proof, [forged])
    with pytest.raises(CannotOpen) as refused:
        open_delivery(delivery, me=ME, keyring=keyring(ME), answers=world(), now=NOW)
    assert refused.value.reason == "accepted-signer"
