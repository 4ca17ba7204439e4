"""
Files between two bridges: what two networks exchange where no line joins their gateways.

A file is signed and numbered by the bridge that made it, so that what was cut, forged, meant for others, lost, repeated or
overtaken shows by itself. What it carries is proved by gateways as on a line; the signature proves only whose file it is.
Each file but an answer is laid out until it is answered; an answer names the digest of what it answers.
This module knows no folder and no clock. Spec: schemas/relay.md, "Bridge".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Final, Generic, NamedTuple, TypeVar

import msgspec
from msgspec import Meta, Struct

from gateway.envelope import contexts, primitives
from gateway.envelope.form import Form, encode, first_element
from gateway.envelope.keys import Keyring, PublicKey, Use
from gateway.envelope.wire import Uint
from gateway.errors import Rejected
from gateway.ids import NETWORK_PATTERN, KeyId, Network, network_of, parse_address
from gateway.protocol.relaying import MAX_RECEIPTS, Numbered

__all__ = [
    "MAX_BRIDGE_BYTES",
    "Answered",
    "BridgeFile",
    "FileType",
    "Reader",
    "Receipts",
    "Seen",
    "own_file",
    "parse_key",
    "read_answered",
    "read_receipts",
    "show_key",
    "sign_file",
    "write_body",
]

VERSION: Final = "B1"
MAX_PAYLOAD_BYTES: Final = 64 << 20  # a whole directory; forwards have 8 MiB
MAX_STATEMENT_BYTES: Final = MAX_PAYLOAD_BYTES + 256
MAX_BRIDGE_BYTES: Final = MAX_STATEMENT_BYTES + 128
MAX_ABOVE: Final = 4096  # numbers that are remembered above the first that is missing

_NetworkField = Annotated[Network, Meta(pattern=rf"\A{NETWORK_PATTERN}\Z")]
B = TypeVar("B")


class FileType(StrEnum):
    """What a file carries."""

    FORWARDS = "forwards"  # the body of POST /v1/relay/forwards
    RECEIPTS = "receipts"  # [ after, [ [ position, signed receipt:bin ], ... ] ]
    DIRECTORY = "directory"  # the body of POST /v1/peers/publish/{network from}
    ANSWERS = "answers"  # [ digest of what is answered:32, code, body of the answer:bin ]


class _Statement(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    version: str
    type: FileType
    origin: _NetworkField
    target: _NetworkField
    sequence: Annotated[int, Meta(ge=1, le=1 << 53)]
    payload: Annotated[bytes, Meta(max_length=MAX_PAYLOAD_BYTES)]


class _SignedForm(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    statement: bytes
    key_id: Annotated[KeyId, Meta(min_length=16, max_length=16)]
    signature: Annotated[bytes, Meta(min_length=64, max_length=64)]


class BridgeFile(NamedTuple):
    """
    A file whose form and signature were checked.

    Args:
        type: What it carries.
        sequence: Its number among the files of its bridge, from 1.
        payload: See `FileType`.
        digest: SHA-256 of its statement: what an answer names.
    """

    type: FileType
    sequence: int
    payload: bytes
    digest: bytes


class Answered(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """
    The payload of an answer.

    Args:
        digest: Of the file that is answered.
        code: "" where a gateway did what was asked; else its code.
        body: What it answered; empty with a code, and for receipts.
    """

    digest: Annotated[bytes, Meta(min_length=32, max_length=32)]
    code: Annotated[str, Meta(pattern=r"\A([a-z][a-z-]{1,63})?\Z")]
    body: bytes = b""


class Receipts(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """
    The payload of a file of receipts.

    Args:
        after: Position that they continue from: whoever has not got so far misses a file.
        page: Positions and signed receipts.
    """

    after: Uint
    page: Annotated[list[Numbered], Meta(min_length=1, max_length=MAX_RECEIPTS)]


class _Payload(Generic[B]):
    def __init__(self, name: str, kind: type[B]) -> None:
        self._name = name
        self._decoder = msgspec.msgpack.Decoder(kind)

    def __call__(self, data: bytes) -> B:
        try:
            return self._decoder.decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
            raise Rejected(f"no payload of {self._name}: {str(exc)[:200]}", code="malformed") from exc


_STATEMENT: Final = Form(_Statement, "statement of a bridge", MAX_STATEMENT_BYTES)
_SIGNED: Final = Form(_SignedForm, "file of a bridge", MAX_BRIDGE_BYTES)
read_answered: Final = _Payload("answers", Answered)
read_receipts: Final = _Payload("receipts", Receipts)
_READ_HERE: Final[dict[FileType, Callable[[bytes], object]]] = {
    FileType.ANSWERS: read_answered,
    FileType.RECEIPTS: read_receipts,
}  # others are a gateway's to refuse


def write_body(payload: Answered | Receipts) -> bytes:
    """Return the bytes of a payload."""
    return encode(payload)


def sign_file(file_type: FileType, way: tuple[Network, Network], sequence: int, payload: bytes, keyring: Keyring) -> bytes:
    """
    Make a file.

    Args:
        file_type: What it carries.
        way: The network of this bridge, and the other one.
        sequence: One more than that of the last file of this bridge.
        payload: See `FileType`.
        keyring: Signs with its agent key.
    """
    statement = encode(_Statement(VERSION, file_type, *way, sequence, payload))
    made = keyring.sign(Use.AGENT, contexts.bridge_message(statement))
    return encode(_SignedForm(statement, made.key_id, made.signature))


class Reader:
    """
    Reads the files of the bridge on the other side.

    Args:
        own: This network.
        their_keys: Agent keys of that bridge; all of one network.

    Raises:
        Rejected: `network-differs`: keys of this network, or of two.
    """

    def __init__(self, own: Network, their_keys: Sequence[PublicKey]) -> None:
        self._own = own
        self._keys: Mapping[KeyId, PublicKey] = {key.key_id: key for key in their_keys}
        networks = {network_of(key.address) for key in their_keys}
        if len(networks) != 1 or own in networks:
            raise Rejected(
                f"keys of {', '.join(sorted(networks)) or 'nobody'} for the other side of {own}", code="network-differs"
            )
        self._other = networks.pop()

    def read(self, data: bytes) -> BridgeFile:
        """
        Check a file: 1. form 2. whose it is 3. for whom 4. the payload, where a bridge reads it itself.

        Raises:
            Rejected: `unknown-version`, `too-large`, `malformed` or `not-canonical`; `signature-bad`; `network-differs`.
        """
        form = _SIGNED.decode(data)
        version = first_element(form.statement, "statement of a bridge")
        if version != VERSION:
            raise Rejected(f"version {str(version)[:16]!r}, known here: {VERSION}", code="unknown-version")
        statement = _STATEMENT.decode(form.statement)
        key = self._keys.get(form.key_id)
        if key is None:
            raise Rejected(f"key {form.key_id.hex()} is not of the bridge on the other side", code="signature-bad")
        if not primitives.verify(key.key, contexts.bridge_message(form.statement), form.signature):
            raise Rejected("the signature does not verify", code="signature-bad")
        if (statement.origin, statement.target) != (self._other, self._own):
            found = f"from {statement.origin} to {statement.target}"
            raise Rejected(f"{found}, not from {self._other} to {self._own}", code="network-differs")
        if read_payload := _READ_HERE.get(statement.type):
            read_payload(statement.payload)
        return BridgeFile(statement.type, statement.sequence, statement.payload, sha256(form.statement).digest())


def own_file(data: bytes) -> BridgeFile:
    """Read a file that this bridge made itself, without a look at its signature; raise Rejected where it is damaged."""
    form = _SIGNED.decode(data)
    statement = _STATEMENT.decode(form.statement)
    return BridgeFile(statement.type, statement.sequence, statement.payload, sha256(form.statement).digest())


class Seen(Struct, array_like=True, forbid_unknown_fields=True):
    """
    Which numbers of the other side came.

    Args:
        floor: All up to this one did.
        above: So did these.
    """

    floor: Uint = 0
    above: Annotated[list[Uint], Meta(max_length=MAX_ABOVE)] = []

    def take(self, sequence: int) -> bool:
        """Note a number, and return whether it came before. Beyond `MAX_ABOVE` the first missing ones are given up."""
        if sequence <= self.floor or sequence in self.above:
            return True
        self.above = sorted([*self.above, sequence])
        if len(self.above) > MAX_ABOVE:
            self.floor = self.above[0] - 1
        while self.above and self.above[0] == self.floor + 1:
            self.floor = self.above.pop(0)
        return False

    @property
    def missing(self) -> list[int]:
        """The numbers below the highest that did not come: lost, or overtaken; at most 100 of them."""
        found: list[int] = []
        last = self.floor
        for number in self.above:
            found.extend(range(last + 1, min(number, last + 101 - len(found))))
            last = number
            if len(found) >= 100:
                break
        return found


def show_key(key: PublicKey) -> str:
    """Write a bridge's key as the configuration of the other side names it: address and 64 hex digits."""
    return f"{key.address} {key.key.hex()}"


def parse_key(text: str) -> PublicKey:
    """
    Read what `show_key` wrote.

    Raises:
        Rejected: `bad-address`, `bad-key` or `malformed`.
    """
    address, _, digits = text.partition(" ")
    try:
        return PublicKey(parse_address(address), Use.AGENT, bytes.fromhex(digits))
    except ValueError as exc:
        raise Rejected(f"no key of a bridge: {text[:100]!r}", code="malformed") from exc
