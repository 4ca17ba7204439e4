"""
Names and ids: one type each, parsed once at the edge.

A participant is `NCB-QM`, an address `NCB-QM@icn`; patterns are matched whole (`fullmatch`: `$` admits a newline).
Message and conversation ids are UUIDv7 (RFC 9562) as 16 bytes; times are whole Unix seconds.
"""

from __future__ import annotations

import re
import uuid
from typing import Final, NewType

from gateway.errors import Rejected

__all__ = [
    "ADDRESS_PATTERN",
    "NETWORK_PATTERN",
    "PARTICIPANT_PATTERN",
    "Address",
    "ConversationId",
    "EnvelopeHash",
    "KeyId",
    "Kind",
    "MessageId",
    "Network",
    "Participant",
    "UnixTime",
    "format_id",
    "make_address",
    "network_of",
    "new_uuid7",
    "parse_address",
    "parse_hash",
    "parse_id",
    "parse_network",
    "parse_participant",
    "participant_of",
]

Participant = NewType("Participant", str)
Network = NewType("Network", str)
Address = NewType("Address", str)
Kind = NewType("Kind", str)
MessageId = NewType("MessageId", bytes)  # 16 bytes
ConversationId = NewType("ConversationId", bytes)  # 16 bytes
EnvelopeHash = NewType("EnvelopeHash", bytes)  # 32 bytes
KeyId = NewType("KeyId", bytes)  # 16 bytes
UnixTime = NewType("UnixTime", int)  # whole seconds

PARTICIPANT_PATTERN: Final = r"[A-Z]{2,8}(-[A-Z0-9]{2,8}){0,3}"
NETWORK_PATTERN: Final = r"[a-z][a-z0-9-]{1,23}"
ADDRESS_PATTERN: Final = f"{PARTICIPANT_PATTERN}@{NETWORK_PATTERN}"

_PARTICIPANT = re.compile(PARTICIPANT_PATTERN)
_NETWORK = re.compile(NETWORK_PATTERN)
_HASH = re.compile("[0-9a-f]{64}")
_ADDRESS = re.compile(ADDRESS_PATTERN)


def parse_participant(text: str) -> Participant:
    """Return `text` as a participant id, or raise `bad-address`."""
    if not _PARTICIPANT.fullmatch(text):
        raise Rejected(f"not a participant: {text[:64]!r}", code="bad-address")
    return Participant(text)


def parse_network(text: str) -> Network:
    """Return `text` as a network name, or raise `bad-address`."""
    if not _NETWORK.fullmatch(text):
        raise Rejected(f"not a network: {text[:64]!r}", code="bad-address")
    return Network(text)


def parse_address(text: str) -> Address:
    """Return `text` as a full address `PARTICIPANT@network`, or raise `bad-address`."""
    if not _ADDRESS.fullmatch(text):
        raise Rejected(f"not an address: {text[:80]!r}", code="bad-address")
    return Address(text)


def make_address(participant: Participant, network: Network) -> Address:
    """Join a participant and its network."""
    return Address(f"{participant}@{network}")


def participant_of(address: Address) -> Participant:
    """Return the part before the `@`."""
    return Participant(address.partition("@")[0])


def network_of(address: Address) -> Network:
    """Return the part after the `@`."""
    return Network(address.partition("@")[2])


def new_uuid7(now_ms: int, random: bytes) -> bytes:
    """
    Make a UUIDv7 from the clock and 10 random bytes.

    Args:
        now_ms: Unix time in milliseconds, 48 bits.
        random: Exactly 10 bytes of a secure generator; 74 bits of them are used.
    """
    value = (now_ms & ((1 << 48) - 1)) << 80 | int.from_bytes(random, "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return value.to_bytes(16, "big")


def format_id(value: bytes) -> str:
    """Show a 16-byte id as a UUID, any other id as hex: the one spelling on paths, in logs and on screens."""
    text = value.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}" if len(value) == 16 else text


def parse_id(text: str) -> bytes:
    """Read what `format_id` wrote for a 16-byte id; raise `malformed` for any other spelling."""
    try:
        value = uuid.UUID(text).bytes
    except ValueError:
        value = b""
    if not value or format_id(value) != text:
        raise Rejected(f"not an id: {text[:64]!r}", code="malformed")
    return value


def parse_hash(text: str) -> EnvelopeHash:
    """Read an envelope hash as `format_id` writes it; raise `malformed` for any other spelling."""
    if not _HASH.fullmatch(text):
        raise Rejected(f"not an envelope hash: {text[:80]!r}", code="malformed", hint="64 hexadecimal digits, in lower case")
    return EnvelopeHash(bytes.fromhex(text))
