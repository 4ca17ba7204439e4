"""
Decode strictly: the bytes first (one reading for every reader), then the type.

What was received is what is kept, verified and forwarded; a decoded value is a view of it and is never encoded again.
Unknown members are left alone here (`gateway.message.unread` names them). Errors carry a JSON pointer and no content.
Spec: schemas/messages.md, "Strict JSON".
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

import msgspec

from gateway.errors import Rejected
from gateway.message.expected import expected_at
from gateway.message.pointers import split_validation_error
from gateway.message.strict import LIMITS, Limits, check_strict

__all__ = ["decode", "decode_checked", "encode_json"]

T = TypeVar("T")
_BYTES_PER_VALUE = 32  # a document of ours has fewer than one value for so many bytes
_ENCODER = msgspec.json.Encoder(order="deterministic")  # sets in a stable order; this is no canonical form
_DECODERS: Final[dict[Any, msgspec.json.Decoder[Any]]] = {}  # one for each type that the program names


def decode(data: bytes, type_: type[T], *, max_bytes: int = LIMITS.max_bytes, max_depth: int = LIMITS.max_depth) -> T:
    """
    Decode strict JSON into a type.

    Args:
        data: The bytes as received.
        type_: A msgspec type with its limits.
        max_bytes: Size of the text; it bounds the number of values too.
        max_depth: Objects and arrays inside each other.

    Raises:
        Rejected: `too-large`, `content-json` or `content-schema`, with a pointer.
    """
    check_strict(data, Limits(max_bytes, max_depth, max_bytes // _BYTES_PER_VALUE))
    return decode_checked(data, type_)


def decode_checked(data: bytes, type_: type[T]) -> T:
    """
    Decode bytes that `check_strict` has passed.

    Raises:
        Rejected: `content-schema` with a pointer.
    """
    try:
        decoded: T = _decoder(type_).decode(data)
    except msgspec.ValidationError as exc:
        detail, pointer = split_validation_error(str(exc))
        hint = expected_at(type_, pointer)
        raise Rejected(detail, code="content-schema", pointer=pointer, hint=hint) from None  # its text may quote content
    except msgspec.DecodeError:
        raise Rejected("not JSON", code="content-json", pointer="") from None
    return decoded


def encode_json(value: object) -> bytes:
    """
    Write a value as JSON, members that have their default left out.

    Raises:
        Rejected: `content-json`: it holds what JSON cannot say.
    """
    try:
        return _ENCODER.encode(value)
    except (TypeError, ValueError, RecursionError) as exc:
        raise Rejected(f"cannot be written as JSON: {type(exc).__name__}", code="content-json", pointer="") from exc


def _decoder(type_: Any) -> msgspec.json.Decoder[Any]:
    found = _DECODERS.get(type_)
    if found is None:
        found = _DECODERS[type_] = msgspec.json.Decoder(type_)
    return found
