"""Forms: one spelling for each value, and a code for each way to break it."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.envelope import Header, decode_header, encode_header, examine, examine_clear, open_delivery
from gateway.envelope.common import Envelope, read_core
from gateway.envelope.form import encode
from gateway.envelope.header import CONFIDENTIALITY, HANDLING_CODES, TLP
from gateway.envelope.wire import DELIVERY, STANZA, StanzaForm
from gateway.errors import Rejected
from gateway.ids import Address, KeyId
from tests.envelope.world import NOW, SENDER, Message, World, keyring, make_header

ME = Address("TRIB-QX-OTP@icn")
FORM_CODES = {"malformed", "not-canonical", "too-large", "unknown-version", "unknown-suite"}
NUMBERS = {
    0: "00",
    7: "07",
    127: "7f",
    128: "cc80",
    255: "ccff",
    256: "cd0100",
    65536: "ce00010000",
    2**32: "cf0000000100000000",
}


def respelled(data: bytes) -> list[bytes]:
    """Return other spellings of the same array of short elements: each length and number in the largest size."""
    others = []
    decoded = msgspec.msgpack.decode(data)
    for place, value in enumerate(decoded):
        longer = _longer(value)
        if longer is not None:
            elements = list(decoded)
            elements[place] = msgspec.Raw(longer)
            others.append(msgspec.msgpack.encode(elements))
    return [b"\xdc" + len(decoded).to_bytes(2, "big") + data[1:], *others]


def _longer(value: object) -> bytes | None:
    if isinstance(value, bytes):
        return b"\xc6" + len(value).to_bytes(4, "big") + value
    if isinstance(value, str):
        return b"\xdb" + len(value).to_bytes(4, "big") + value.encode()
    if isinstance(value, int) and value < 2**32:
        return b"\xcf" + value.to_bytes(8, "big")
    return None


@pytest.mark.parametrize("number", list(NUMBERS))
def test_numbers_have_the_shortest_spelling(number: int) -> None:
    """A number stands in as few bytes as MessagePack allows."""
    assert encode(number).hex() == NUMBERS[number]


def test_another_spelling_of_a_header_is_refused() -> None:
    """The same header with one value spelled longer is another header, and is refused."""
    data = encode_header(make_header(Message([ME]).addressees, respond_by=7))
    others = respelled(data)
    assert len(others) >= 14
    for other in others:
        assert msgspec.msgpack.decode(other) == msgspec.msgpack.decode(data)
        with pytest.raises(Rejected) as refused:
            decode_header(other)
        assert refused.value.code == "not-canonical"


def test_another_spelling_of_a_stanza_is_refused() -> None:
    """The same stanza in other bytes is refused, so that it cannot pass for a second one."""
    data = encode(StanzaForm(ME, bytes(16), KeyId(bytes(16)), bytes(48)))
    assert STANZA.decode(data).recipient == ME
    for other in respelled(data):
        with pytest.raises(Rejected) as refused:
            STANZA.decode(other)
        assert refused.value.code == "not-canonical"


def test_another_spelling_of_a_submission_is_refused() -> None:
    """The same submission in other bytes is refused as a whole."""
    submission = Message([ME]).sealed().submission
    for other in respelled(submission):
        with pytest.raises(Rejected) as refused:
            examine(other)
        assert refused.value.code == "not-canonical"


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_crash_a_reader(data: bytes) -> None:
    """Whatever is sent is refused with a code of its form."""
    for read in (examine, examine_clear, decode_header, DELIVERY.decode, STANZA.decode):
        with pytest.raises(Rejected) as refused:
            read(data)
        assert refused.value.code in FORM_CODES


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.integers(-(2**63), 2**64 - 1) | st.binary(max_size=40) | st.text(max_size=20), st.lists, max_leaves=20
    )
)
def test_no_arrays_crash_a_reader(value: object) -> None:
    """Well-formed MessagePack of any other shape is refused with a code of its form."""
    data = msgspec.msgpack.encode(value)
    for read in (examine, examine_clear, decode_header, DELIVERY.decode, STANZA.decode):
        with pytest.raises(Rejected) as refused:
            read(data)
        assert refused.value.code in FORM_CODES


def test_deep_nesting_is_refused() -> None:
    """Ten thousand arrays in each other are refused like any other wrong form."""
    with pytest.raises(Rejected) as refused:
        open_delivery(b"\x91" * 10_000, me=ME, keyring=keyring(ME), answers=World(), now=NOW)
    assert refused.value.code == "malformed"


@pytest.mark.parametrize("rest", [b"", b"\xc1", b"\xa1\xff", b"\x91" * 5_000, bytes(2_000_000)], ids=len)
def test_a_later_version_is_told_whatever_follows_it(rest: bytes) -> None:
    """A reader says that it does not know this version, and does not try to understand the rest of it."""
    with pytest.raises(Rejected) as refused:
        Envelope(b"\x9f\xa2E2" + rest, suites=(1,))
    assert refused.value.code == "unknown-version"


def test_a_suite_that_is_listed_and_not_implemented_is_refused() -> None:
    """A card that lists a suite of a later release does not make this one read it as its own."""
    core = encode((2, 7, bytes(32), encode_header(make_header(Message([ME]).addressees))))
    with pytest.raises(Rejected) as refused:
        read_core(core, suites=(1, 2))
    assert refused.value.code == "unknown-suite"


def test_what_is_far_too_large_is_not_read() -> None:
    """A delivery or submission above its limit is refused by its length alone."""
    for read in (examine, examine_clear, DELIVERY.decode):
        with pytest.raises(Rejected) as refused:
            read(bytes(4_000_000))
        assert refused.value.code == "too-large"


def test_the_refusal_does_not_repeat_undecodable_text() -> None:
    """Bytes that are not text do not get into an error text, and from there into a log."""
    data = encode(StanzaForm(ME, bytes(16), KeyId(bytes(16)), bytes(48))).replace(b"TRIB-QX", b"\xff\xfe\x1b[2J")
    with pytest.raises(Rejected) as refused:
        STANZA.decode(data)
    assert "\x1b" not in str(refused.value)


@pytest.mark.parametrize("code", HANDLING_CODES)
def test_every_handling_code_is_accepted(code: str) -> None:
    """Each of the fifteen markings stands in a header."""
    header = make_header(Message([ME]).addressees, handling=code)
    assert decode_header(encode_header(header)).handling == code
    assert len(HANDLING_CODES) == len(TLP) * len(CONFIDENTIALITY) == 15


@pytest.mark.parametrize(
    "changes",
    [
        {"urgency": "asap"},
        {"handling": "amber"},
        {"handling": "restricted/amber"},
        {"sender": Address("NCB-QM")},
        {"sealer": Address("NCB-QM@icn\n")},
        {"message_id": bytes(15)},
        {"recipients": 0},
        {"recipients": 4097},
        {"created": -1},
        {"created": 2**53},
        {"schema_version": "1"},
        {"kind": "x"},
        {"blobs": (b"",)},
    ],
    ids=str,
)
def test_a_header_that_others_would_refuse_is_not_written(changes: dict[str, object]) -> None:
    """A mistake in a header is found by whoever writes it."""
    with pytest.raises(Rejected) as refused:
        encode_header(make_header(Message([ME]).addressees, **changes))
    assert refused.value.code == "malformed"


def test_a_header_has_room_for_blobs_up_to_its_limit() -> None:
    """A header names blobs up to 1 KiB in all, and no more."""
    addressees = Message([ME]).addressees
    assert isinstance(decode_header(encode_header(make_header(addressees, blobs=(bytes(32),) * 20))), Header)
    with pytest.raises(Rejected) as refused:
        encode_header(make_header(addressees, blobs=(bytes(32),) * 30))
    assert refused.value.code == "too-large"


@settings(deadline=None)
@given(
    st.integers(0, 2**53 - 1),
    st.sampled_from(["flash", "urgent", "normal", "routine"]),
    st.none() | st.binary(min_size=32, max_size=32),
)
def test_every_header_comes_back(created: int, urgency: str, reply: bytes | None) -> None:
    """What is written is what is read."""
    header = make_header(Message([ME]).addressees, created=created, urgency=urgency, in_reply_to=reply, sealer=SENDER)
    assert decode_header(encode_header(header)) == header
