"""Clear text for the gateway to seal: who may hand it over, and how its author checks what became of it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateway.envelope import (
    author_check,
    check_clear,
    check_clear_author,
    check_submission,
    decode_sealed_answer,
    encode_clear,
    encode_sealed_answer,
    examine,
    examine_clear,
    head,
    open_delivery,
    seal_clear,
)
from gateway.errors import CannotOpen, Rejected
from gateway.ids import Address, Kind
from tests.envelope.world import CONTENT, DAY, GATEWAY, NOW, SENDER, Message, World, accepted, delivery_key, keyring, stream

ME, OTHER = Address("TRIB-QX-OTP@icn"), Address("GN-QN@icn")
SEALED_BY_GATEWAY: dict[str, Any] = {"kind": Kind("request.response"), "sealer": GATEWAY}


def world() -> World:
    """Return the network of these tests."""
    return World.of([SENDER, ME, OTHER])


def clear_text(**changes: object) -> bytes:
    """Return what a thin client posts."""
    message = Message([ME, OTHER], {**SEALED_BY_GATEWAY, **changes})
    return encode_clear(message.header, message.addressees, message.author, message.content)


def refusal(body: bytes, answers: World | None = None, me: Address = GATEWAY) -> str:
    """Return the code with which the gateway refuses clear text."""
    with pytest.raises(Rejected) as refused:
        check_clear(examine_clear(body), answers or world(), NOW, me)
    return refused.value.code


def sealed_for_all() -> tuple[bytes, bytes, bytes]:
    """Return header, submission and answer of clear text that the gateway sealed."""
    examined = examine_clear(clear_text())
    keys = {address: delivery_key(address).public for address in (ME, OTHER)}
    sealed = seal_clear(examined, keys, keyring(GATEWAY), 7, stream("gateway"))
    receipt = accepted(sealed.envelope_hash, SENDER)
    return examined.header_bytes, sealed.submission, encode_sealed_answer(receipt, head(examine(sealed.submission)))


def test_a_thin_client_reaches_its_recipients() -> None:
    """What a thin client wrote is sealed by the gateway, and opens for the recipient with the author's signature."""
    answers = world()
    check_clear(examine_clear(clear_text()), answers, NOW, GATEWAY)
    message = Message([ME], SEALED_BY_GATEWAY)
    examined = examine(message.sealed().submission)
    check_submission(examined, answers, NOW, answers.delivery_key_ok)
    opened = open_delivery(message.deliveries()[ME], me=ME, keyring=keyring(ME), answers=answers, now=NOW)
    assert (opened.content, opened.header.sealer) == (CONTENT, GATEWAY)


def test_the_author_finds_his_header_in_the_receipt() -> None:
    """The answer shows that the envelope which the receipt names holds the header that the author signed."""
    header, submission, answer = sealed_for_all()
    assert author_check(decode_sealed_answer(answer), header) == examine(submission).envelope_hash


def test_an_answer_about_another_message_is_refused() -> None:
    """A gateway that sealed another header, or whose receipt names another envelope, is found out."""
    header, _, answer = sealed_for_all()
    with pytest.raises(Rejected) as other_header:
        author_check(decode_sealed_answer(answer), header[:-1] + b"\x91")
    assert other_header.value.code == "addressees-differ"
    parts = msgspec.msgpack.decode(answer)
    receipt = msgspec.Raw(accepted(b"\x07" * 32, SENDER))
    with pytest.raises(Rejected) as other_receipt:
        author_check(decode_sealed_answer(msgspec.msgpack.encode([receipt, *parts[1:]])), header)
    assert other_receipt.value.code == "signature-bad"


def test_a_blind_message_does_not_become_clear_text() -> None:
    """A recipient that opened a blind message cannot hand its content to the gateway to be sealed again."""
    message = Message([ME, OTHER], {"kind": Kind("request.response")})
    opened = open_delivery(message.deliveries()[ME], me=ME, keyring=keyring(ME), answers=world(), now=NOW)
    stolen = encode_clear(opened.header_bytes, message.addressees, opened.author, opened.content)
    assert refusal(stolen) == "sealer-not-allowed"


def test_clear_text_is_not_addressed_anew() -> None:
    """A recipient of what the gateway sealed cannot have it sealed for others under the author's signature."""
    message = Message([ME, OTHER], SEALED_BY_GATEWAY)
    opened = open_delivery(message.deliveries()[ME], me=ME, keyring=keyring(ME), answers=world(), now=NOW)
    others = Message([ME, SENDER]).addressees
    assert refusal(encode_clear(opened.header_bytes, others, opened.author, opened.content)) == "addressees-differ"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"kind": Kind("cooperation.request")}, "sealer-not-allowed"),
        ({"sealer": SENDER}, "sealer-not-allowed"),
        ({"sealer": OTHER}, "sealer-not-allowed"),
        ({"created": NOW - 8 * DAY}, "out-of-time"),
        ({"expires": NOW}, "expired"),
        ({"recipients": 3}, "addressees-differ"),
    ],
)
def test_clear_text_that_breaks_a_rule_is_refused(changes: dict[str, Any], code: str) -> None:
    """The gateway makes the checks that the recipients would make."""
    assert refusal(clear_text(**changes)) == code


def test_clear_text_for_another_gateway_is_refused() -> None:
    """Only the gateway that the author named seals."""
    answers = world()
    answers.gateways.add(Address("GW-TWO@icn"))
    assert refusal(clear_text(), answers, Address("GW-TWO@icn")) == "sealer-not-allowed"


def test_a_kind_that_needs_an_approval_is_not_sealed_by_the_gateway() -> None:
    """What needs a second officer is sealed by its author alone, whatever the registry says of gateways."""
    answers = world()
    answers.approved.add("request.response")
    assert refusal(clear_text(), answers) == "approval-missing"


def test_a_recipient_named_twice_is_refused() -> None:
    """One recipient stands once."""
    message = Message([ME, OTHER], SEALED_BY_GATEWAY)
    twice = [message.addressees[0], message.addressees[0]]
    assert refusal(encode_clear(message.header, twice, message.author, message.content)) == "recipient-repeated"


def test_only_the_author_may_hand_it_over() -> None:
    """Clear text that was changed, or that another participant signed, is refused without a word on why."""
    message = Message([ME], SEALED_BY_GATEWAY)
    changed = examine_clear(encode_clear(message.header, message.addressees, message.author, b"{}"))
    foreign = Message([ME], {**SEALED_BY_GATEWAY, "sender": OTHER})
    borrowed = examine_clear(encode_clear(message.header, message.addressees, foreign.author, message.content))
    for examined, reason in ((changed, "author-signature"), (borrowed, "author-key")):
        with pytest.raises(CannotOpen) as refused:
            check_clear_author(examined, world(), NOW)
        assert (refused.value.code, refused.value.reason) == ("cannot-open", reason)


def test_the_same_clear_text_has_the_same_name() -> None:
    """A repeated submission is recognised by its header and the author's signature."""
    first, again = examine_clear(clear_text()), examine_clear(clear_text())
    other = examine_clear(clear_text(urgency="urgent"))
    assert first.submission_hash == again.submission_hash != other.submission_hash


def test_clear_text_is_not_printed() -> None:
    """What a log shows of clear text is its name and sender."""
    examined = examine_clear(clear_text())
    assert repr(examined) == f"ExaminedClear({examined.submission_hash.hex()} from NCB-QM@icn)"


def test_content_beyond_the_limit_is_refused() -> None:
    """A content of more than 1 MiB is refused by its size."""
    message = Message([ME], SEALED_BY_GATEWAY)
    with pytest.raises(Rejected) as refused:
        examine_clear(encode_clear(message.header, message.addressees, message.author, bytes((1 << 20) + 1)))
    assert refused.value.code == "too-large"
