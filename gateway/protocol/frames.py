"""
Frames of the inbox session: MessagePack arrays `[type, ...]`, one in each binary WebSocket message.

A frame that is unknown, has an element missing or left over, or breaks a limit is refused as a whole (`malformed`).
Frames are not evidence: what is signed travels inside them as bytes and is checked by its own rules.
This module knows no socket and no clock: callers pass `at`.
Spec: schemas/api.md, "Inbox session".
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from gateway.errors import Rejected
from gateway.protocol.media import (
    MAX_CLIENT_FRAME_BYTES,
    MAX_DELIVERY_BYTES,
    MAX_GATEWAY_FRAME_BYTES,
    MAX_RECEIPT_BYTES,
    MAX_RECEIPTS,
)

__all__ = [
    "CLOSE_PROBLEM",
    "CLOSE_REPLACED",
    "CLOSE_UNAUTHORISED",
    "ClientFrame",
    "Credit",
    "Delivery",
    "Empty",
    "GatewayFrame",
    "Hello",
    "Problem",
    "Receipts",
    "Recorded",
    "Renew",
    "Replaced",
    "encode",
    "read_client_frame",
    "read_gateway_frame",
]

CLOSE_REPLACED: Final = 4001  # a newer session of this participant took over: do not come back by yourself
CLOSE_UNAUTHORISED: Final = 4002  # suspended, key revoked or not renewed: come back with a signed upgrade
CLOSE_PROBLEM: Final = 4003  # a `problem` frame said what was wrong

_MAX_CREDIT: Final = 1 << 40  # far above any window, far below what a counter holds

_Count = Annotated[int, Meta(ge=0, le=_MAX_CREDIT)]
_Time = Annotated[int, Meta(ge=0, lt=1 << 53)]
_Nonce = Annotated[bytes, Meta(min_length=32, max_length=32)]
_KeyIdBytes = Annotated[bytes, Meta(min_length=16, max_length=16)]
_SignatureBytes = Annotated[bytes, Meta(min_length=64, max_length=64)]
_ReceiptBytes = Annotated[bytes, Meta(min_length=1, max_length=MAX_RECEIPT_BYTES)]


class _Frame(Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """An array whose first element is the type."""


class Credit(_Frame, frozen=True, tag="credit"):
    """The client takes so many more deliveries, of so many more bytes together."""

    messages: _Count
    bytes: _Count


class Receipts(_Frame, frozen=True, tag="receipts"):
    """Signed receipts for deliveries; answered by `recorded` with the same request id."""

    request_id: _Count
    receipts: Annotated[list[_ReceiptBytes], Meta(min_length=1, max_length=MAX_RECEIPTS)]


class Renew(_Frame, frozen=True, tag="renew"):
    """The agent key is still held: its signature over `"gateway/renew" 00 nonce at:u64`."""

    at: _Time
    key_id: _KeyIdBytes
    signature: _SignatureBytes


class Hello(_Frame, frozen=True, tag="hello"):
    """The session stands: its epoch, the nonce that renewals sign, and the gateway's clock."""

    epoch: _Count
    nonce: _Nonce
    server_time: _Time


class Delivery(_Frame, frozen=True, tag="delivery"):
    """One sealed delivery and its acceptance number."""

    number: _Count
    delivery: Annotated[bytes, Meta(max_length=MAX_DELIVERY_BYTES)]


class Empty(_Frame, frozen=True, tag="empty"):
    """Nothing more waits for this participant."""


class Recorded(_Frame, frozen=True, tag="recorded"):
    """What became of each receipt of a `receipts` frame: "" or the code of the refusal."""

    request_id: _Count
    outcomes: list[str]


class Problem(_Frame, frozen=True, tag="problem"):
    """A refusal, and the gateway's clock; the session closes after it."""

    code: str
    detail: str
    server_time: _Time


class Replaced(_Frame, frozen=True, tag="replaced"):
    """A newer session of this participant took over; the socket closes with 4001."""


ClientFrame = Credit | Receipts | Renew
GatewayFrame = Hello | Delivery | Empty | Recorded | Problem | Replaced

_encoder: Final = msgspec.msgpack.Encoder()
_client: Final[msgspec.msgpack.Decoder[ClientFrame]] = msgspec.msgpack.Decoder(ClientFrame)
_gateway: Final[msgspec.msgpack.Decoder[GatewayFrame]] = msgspec.msgpack.Decoder(GatewayFrame)


def encode(frame: ClientFrame | GatewayFrame) -> bytes:
    """Write one frame."""
    return _encoder.encode(frame)


def read_client_frame(data: bytes) -> ClientFrame:
    """
    Read what a client sent.

    Raises:
        Rejected: `too-large` or `malformed`; the session closes with `CLOSE_PROBLEM`.
    """
    _bound(data, MAX_CLIENT_FRAME_BYTES)
    try:
        return _client.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
        raise Rejected("not a frame of an inbox session", code="malformed") from exc


def read_gateway_frame(data: bytes) -> GatewayFrame:
    """
    Read what a gateway sent.

    Raises:
        Rejected: `too-large` or `malformed`; the client leaves and comes back.
    """
    _bound(data, MAX_GATEWAY_FRAME_BYTES)
    try:
        return _gateway.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
        raise Rejected("not a frame of an inbox session", code="malformed") from exc


def _bound(data: bytes, limit: int) -> None:
    if len(data) > limit:
        raise Rejected(f"a frame of {len(data)} bytes, limit {limit}", code="too-large")
