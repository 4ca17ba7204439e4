"""Sealing: fresh each time, never with mistakes, and the same for any recipients and content."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.envelope import (
    Addressee,
    Use,
    addressees_hash,
    check_submission,
    draw_addressees,
    examine,
    open_delivery,
    payload,
    sign_content,
)
from gateway.errors import Rejected
from gateway.ids import Address
from gateway.merkle import tree_hash
from tests.envelope.world import NOW, SENDER, Message, World, delivery_key, keyring, signing_key, stream

ME, OTHER = Address("TRIB-QX-OTP@icn"), Address("GN-QN@icn")


def refusal(message: Message) -> str:
    """Return the code with which sealing refuses a message."""
    with pytest.raises(Rejected) as refused:
        message.sealed()
    return refused.value.code


@settings(deadline=None)
@given(st.binary(max_size=3000), st.integers(1, 9), st.data())
def test_any_content_reaches_any_recipient(content: bytes, count: int, data: st.DataObject) -> None:
    """Whatever is sealed for any number of recipients opens for each of them, and to the same bytes."""
    recipients = [Address(f"NCB-X{number}@icn") for number in range(10, 10 + count)]
    me = data.draw(st.sampled_from(recipients))
    world = World.of([SENDER, *recipients])
    message = Message(recipients, content=content)
    opened = open_delivery(message.deliveries()[me], me=me, keyring=keyring(me), answers=world, now=NOW)
    assert opened.content == content


def test_the_largest_content_is_sealed_and_opened() -> None:
    """A content of exactly 1 MiB goes through, one byte more does not."""
    message = Message([ME], content=bytes(1 << 20))
    opened = open_delivery(message.deliveries()[ME], me=ME, keyring=keyring(ME), answers=World.of([SENDER, ME]), now=NOW)
    assert len(opened.content) == 1 << 20
    message.content += b"\0"
    assert refusal(message) == "too-large"
    with pytest.raises(Rejected):
        sign_content(message.header, message.content, keyring(SENDER))


def test_sealing_twice_gives_two_envelopes() -> None:
    """The same message sealed again has other keys and another name; a retry sends stored bytes instead."""
    message = Message([ME])
    one, other = examine(message.sealed().submission), examine(message.sealed().submission)
    assert one.header_bytes == other.header_bytes
    assert one.core.epk != other.core.epk
    assert one.commit != other.commit
    assert one.envelope_hash != other.envelope_hash


def test_a_generator_that_repeats_itself_does_not_repeat_keys() -> None:
    """Even with a broken generator, another content gives another key: no key stream is used twice."""
    sealed = []
    for content in (b"{}", b"[]"):
        message = Message([ME], content=content)
        message.rng = bytes  # n zero bytes
        sealed.append(examine(message.sealed().submission))
    assert sealed[0].core.epk != sealed[1].core.epk
    assert sealed[0].commit != sealed[1].commit


def test_addressees_are_hidden_and_in_random_order() -> None:
    """The order tells nothing, and without its blind nobody can test who else is addressed."""
    recipients = [Address(f"NCB-X{number}@icn") for number in range(10, 30)]
    one, other = draw_addressees(recipients, stream("one")), draw_addressees(recipients, stream("other"))
    assert [one_.recipient for one_ in one] != [other_.recipient for other_ in other] != recipients
    assert len({addressee.blind for addressee in (*one, *other)}) == 40
    assert addressees_hash(one) != addressees_hash(other)


def test_the_addressees_are_hashed_as_the_specification_says() -> None:
    """The header's hash is the tree over label, blind and recipient."""
    addressees = [Addressee(ME, b"a" * 16), Addressee(OTHER, b"b" * 16)]
    data = [b"env1/addressee\x00" + b"a" * 16 + b"TRIB-QX-OTP@icn", b"env1/addressee\x00" + b"b" * 16 + b"GN-QN@icn"]
    assert addressees_hash(addressees) == tree_hash(data)


def test_a_recipient_stands_once() -> None:
    """Naming a recipient twice is refused before anything is drawn or sealed."""
    with pytest.raises(Rejected) as refused:
        draw_addressees([ME, ME], stream("x"))
    assert refused.value.code == "recipient-repeated"
    message = Message([ME, OTHER])
    message.addressees[1] = replace_recipient(message.addressees[1], message.addressees[0].recipient)
    assert refusal(message) == "recipient-repeated"


def replace_recipient(addressee: Addressee, recipient: Address) -> Addressee:
    """Return an addressee with another name."""
    return Addressee(recipient, addressee.blind)


def test_only_the_addressees_that_the_author_signed_are_sealed_for() -> None:
    """A list that is shorter, in another order or of others than the header says is refused."""
    for change in (list.pop, list.reverse):
        message = Message([ME, OTHER])
        change(message.addressees)
        assert refusal(message) == "addressees-differ"
    message = Message([ME, OTHER])
    message.addressees[0] = Addressee(SENDER, message.addressees[0].blind)
    assert refusal(message) == "addressees-differ"


def test_a_wrong_key_is_not_sealed_to() -> None:
    """A recipient without key, with another's key or with a signing key is refused."""
    for key in (None, delivery_key(OTHER).public, signing_key(ME, Use.AGENT).public):
        message = Message([ME])
        if key is None:
            del message.keys[ME]
        else:
            message.keys[ME] = key
        assert refusal(message) == "recipient-key"


def test_sealing_with_several_threads_gives_the_same_envelope() -> None:
    """Recipients may be worked through in parallel: the envelope is the same to the byte."""
    recipients = [Address(f"NCB-X{number}@icn") for number in range(100, 250)]
    alone, together = Message(recipients), Message(recipients)
    with ThreadPoolExecutor(2) as pool:
        spread = together.sealed(spread=pool.map)
    assert spread == alone.sealed()


def test_sealing_with_an_approval() -> None:
    """A second officer's signature travels with the envelope, and is over the same hash as the seal."""
    message = Message([ME], {"kind": "protection.measure"}, approver=keyring(SENDER))
    examined = examine(message.sealed().submission)
    world = World.of([SENDER, ME])
    check_submission(examined, world, NOW, world.delivery_key_ok)
    assert examined.approval is not None
    assert examined.approval.key_id != examined.seal.key_id


@pytest.mark.parametrize(
    ("length", "padded"),
    [
        (1, 1024),
        (1024, 1024),
        (1025, 1088),
        (1088, 1088),
        (1089, 1152),
        (10_000, 10_240),
        (1 << 20, 1 << 20),
        ((1 << 20) + 91, 1_081_344),
    ],
)
def test_lengths_are_padded_by_the_formula(length: int, padded: int) -> None:
    """A body tells its length to within a few per cent, and never less than 1 KiB."""
    assert payload.padded_length(length) == padded
    assert payload.is_padded_length(padded)


@settings(deadline=None)
@given(st.integers(1, 1 << 21))
def test_padding_costs_at_most_an_eighth(length: int) -> None:
    """Above 1 KiB padding adds at most 12 %, and a padded length is its own padding."""
    padded = payload.padded_length(length)
    assert length <= padded <= max(1024, length * 1.12)
    assert payload.padded_length(padded) == padded


def test_all_recipients_share_one_body() -> None:
    """The body stands once, however many recipients there are."""
    small, large = Message([ME]).sealed(), Message([ME, OTHER, SENDER]).sealed()
    assert len(small.common) == len(large.common)
    assert len(large.submission) - len(small.submission) < 2 * 256
