"""The frames of an inbox session: what is written is read back, and nothing else is read."""

from __future__ import annotations

import msgspec
import pytest

from gateway.errors import Rejected
from gateway.protocol import frames, media

CLIENT_FRAMES = [
    frames.Credit(10, 1 << 20),
    frames.Receipts(7, [b"signed receipt"]),
    frames.Renew(1_900_000_000, bytes(16), bytes(64)),
]
GATEWAY_FRAMES = [
    frames.Hello(3, bytes(32), 1_900_000_000),
    frames.Delivery(41, b"sealed"),
    frames.Empty(),
    frames.Recorded(7, ["", "not-found"]),
    frames.Problem("malformed", "not a frame", 1_900_000_000),
    frames.Replaced(),
]
REFUSED = {
    "an empty message": b"",
    "not MessagePack": b"\xc1",
    "a map": msgspec.msgpack.encode({"credit": 1}),
    "an unknown type": msgspec.msgpack.encode(["credits", 1, 1]),
    "a missing element": msgspec.msgpack.encode(["credit", 1]),
    "an element left over": msgspec.msgpack.encode(["credit", 1, 1, 1]),
    "a negative credit": msgspec.msgpack.encode(["credit", -1, 1]),
    "a credit beyond the limit": msgspec.msgpack.encode(["credit", 1 << 50, 1]),
    "a float": msgspec.msgpack.encode(["credit", 1.0, 1]),
    "no receipt at all": msgspec.msgpack.encode(["receipts", 1, []]),
    "an empty receipt": msgspec.msgpack.encode(["receipts", 1, [b""]]),
    "a receipt that is text": msgspec.msgpack.encode(["receipts", 1, ["text"]]),
    "a short signature": msgspec.msgpack.encode(["renew", 1, bytes(16), bytes(63)]),
    "bytes after the frame": msgspec.msgpack.encode(["credit", 1, 1]) + b"\x00",
    "text that is not UTF-8": b"\x91\xa2\xff\xfe",
    "arrays without end": b"\x91" * 200_000,
}


@pytest.mark.parametrize("frame", CLIENT_FRAMES, ids=lambda frame: type(frame).__name__)
def test_what_a_client_writes_the_gateway_reads(frame: frames.ClientFrame) -> None:
    """Each frame of a client comes back as it was written."""
    assert frames.read_client_frame(frames.encode(frame)) == frame


@pytest.mark.parametrize("frame", GATEWAY_FRAMES, ids=lambda frame: type(frame).__name__)
def test_what_the_gateway_writes_a_client_reads(frame: frames.GatewayFrame) -> None:
    """Each frame of a gateway comes back as it was written."""
    assert frames.read_gateway_frame(frames.encode(frame)) == frame


def test_a_frame_is_an_array_that_begins_with_its_type() -> None:
    """Any MessagePack library can write a frame: it is a plain array."""
    assert msgspec.msgpack.decode(frames.encode(frames.Credit(2, 3))) == ["credit", 2, 3]
    assert msgspec.msgpack.decode(frames.encode(frames.Empty())) == ["empty"]


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_a_frame_is_refused(name: str) -> None:
    """A frame of another form is refused as malformed, in both directions."""
    for read in (frames.read_client_frame, frames.read_gateway_frame):
        with pytest.raises(Rejected) as caught:
            read(REFUSED[name])
        assert caught.value.code == "malformed"


def test_a_client_cannot_speak_as_the_gateway() -> None:
    """A frame that only a gateway may send is refused when a client sends it."""
    with pytest.raises(Rejected, match="malformed"):
        frames.read_client_frame(frames.encode(frames.Delivery(1, b"")))


def test_a_frame_beyond_the_limit_is_not_even_decoded() -> None:
    """An oversized frame is refused by its size."""
    with pytest.raises(Rejected) as caught:
        frames.read_client_frame(bytes(media.MAX_CLIENT_FRAME_BYTES + 1))
    assert caught.value.code == "too-large"


def test_too_many_receipts_in_one_frame_are_refused() -> None:
    """A frame holds at most as many receipts as the interface says."""
    raw = msgspec.msgpack.encode(["receipts", 1, [b"r"] * (media.MAX_RECEIPTS + 1)])
    with pytest.raises(Rejected, match="malformed"):
        frames.read_client_frame(raw)


def test_the_largest_frames_fit_their_limits() -> None:
    """The largest delivery and the largest set of receipts can be written and read."""
    delivery = frames.Delivery(1 << 40, bytes(media.MAX_DELIVERY_BYTES))
    receipts = frames.Receipts(1 << 40, [bytes(media.MAX_RECEIPT_BYTES)] * media.MAX_RECEIPTS)
    assert frames.read_gateway_frame(frames.encode(delivery)) == delivery
    assert frames.read_client_frame(frames.encode(receipts)) == receipts
