"""
A draft: what an author signs, as a home keeps it.

Header, addressees and content are kept, signed and sent as the same bytes, never encoded a second time. Whoever has the row of
a message reads its draft here; a message that was erased has one without content.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from gateway.envelope.header import Header, decode_header
from gateway.envelope.keys import Signature
from gateway.envelope.seal import Addressee
from gateway.message.flows import Turn, flows

if TYPE_CHECKING:
    from gateway.client.home.home import Home
    from gateway.client.records.outgoing import Outgoing
    from gateway.ids import Address, EnvelopeHash

__all__ = ["Draft", "draft_of", "sealed_draft", "turn_of_draft"]

_CONTEXT: Final = b"outgoing/draft"


class Draft(msgspec.Struct, frozen=True, array_like=True):
    """What the author signs; its fields as a home keeps them."""

    header_bytes: bytes
    addressees: tuple[Addressee, ...]
    content: bytes
    author: Signature | None = None  # what `pack` signed last; None in drafts of the first format

    @property
    def header(self) -> Header:
        """The header, decoded."""
        return decode_header(self.header_bytes)

    @property
    def recipients(self) -> tuple[Address, ...]:
        """Whom it is addressed to, in order."""
        return tuple(sorted(one.recipient for one in self.addressees))


def draft_of(home: Home, row: Outgoing) -> Draft:
    """Return what the author of a message of this home signed."""
    return msgspec.msgpack.decode(home.open(row.draft, _CONTEXT + row.message_id), type=Draft)


def sealed_draft(home: Home, draft: Draft) -> bytes:
    """Encrypt a draft for the row of its message."""
    return home.seal(msgspec.msgpack.encode(draft), _CONTEXT + draft.header.message_id)


def turn_of_draft(draft: Draft, envelope_hash: EnvelopeHash, number: int, at: int) -> Turn:
    """Return an own message as its conversation sees it, by what its acceptance says."""
    return Turn.of(
        draft.header,
        draft.content,
        flows().pointers,
        recipients=draft.recipients,
        envelope_hash=envelope_hash,
        number=number,
        at=at,
    )
