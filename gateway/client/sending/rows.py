"""
The row of a message on its way out: how it is made, and what stands encrypted in it.

A draft is signed and sealed into a row that is kept, or signed into one that waits: nothing is sealed before a second officer,
where the kind needs one, approved it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from gateway.client.home import facts
from gateway.client.line.refusals import Evidence
from gateway.client.records.heads import Head, decode_head, encode_head
from gateway.client.records.outgoing import Outgoing, State
from gateway.client.writing.draft import Draft, sealed_draft
from gateway.client.writing.packing import delivery_keys, pack
from gateway.envelope.keys import Keyring
from gateway.envelope.seal import sign_content
from gateway.errors import Rejected
from gateway.message import spec
from gateway.protocol import media

if TYPE_CHECKING:
    from gateway.client.home.home import Home
    from gateway.directory.view import Directory

__all__ = [
    "Approved",
    "body_of",
    "evidence_of",
    "head_of",
    "packed_row",
    "sealed_evidence",
    "sealed_head",
    "unsealed_row",
]

_BODY: Final = b"outgoing/body"
_REFUSAL: Final = b"outgoing/refusal"
_HEAD: Final = b"outgoing/head"


class Approved(NamedTuple):
    """
    What a second officer adds to a draft.

    Args:
        keyring: Its approval key signs.
        decision: What the home keeps of it, encrypted.
    """

    keyring: Keyring
    decision: bytes


async def packed_row(home: Home, directory: Directory, draft: Draft, now: float, approved: Approved | None = None) -> Outgoing:
    """
    Sign and seal a draft as a row to keep; without an approval that its kind needs, sign it as a row that waits for one.

    Args:
        home: The author's.
        directory: Whose keys to seal to.
        draft: What is said.
        now: Unix seconds.
        approved: What the second officer adds.

    Raises:
        Rejected: `recipient-key`: a recipient has no key; `approval-missing`: clear text cannot carry one.
    """
    if approved is None and spec(draft.header.kind).needs_approval:
        delivery_keys(directory, draft, now)  # who has none is told to the author, and not later to the officer
        return unsealed_row(home, draft)
    packed = await pack(home, directory, draft, now, None if approved is None else approved.keyring)
    row = _row(home, msgspec.structs.replace(draft, author=packed.author), State.KEPT)
    return row._replace(
        envelope_hash=packed.envelope_hash or b"",
        media=packed.media,
        body=home.seal(packed.body, _BODY + row.message_id),
        decision=None if approved is None else approved.decision,
    )


def unsealed_row(home: Home, draft: Draft) -> Outgoing:
    """Sign a draft as a row that waits for a second officer; `approval-missing` for what a gateway is to seal."""
    header = draft.header
    if header.sealer != home.address:
        told = f"{header.kind} needs an approval, which clear text cannot carry"
        raise Rejected(told, code="approval-missing", hint="leave out --sealed-by-gateway")
    author = sign_content(draft.header_bytes, draft.content, home.keyring)
    return _row(home, msgspec.structs.replace(draft, author=author), State.WAITING)


def body_of(home: Home, row: Outgoing) -> bytes:
    """Return the bytes to send of a row that is kept."""
    assert row.body is not None  # kept rows have one
    return home.open(row.body, _BODY + row.message_id)


def sealed_head(home: Home, message_id: bytes, head: Head) -> bytes:
    """Encrypt what proves an accepted message for its row."""
    return home.seal(encode_head(head), _HEAD + message_id)


def head_of(home: Home, row: Outgoing) -> Head | None:
    """Return what proves an accepted message; None where a home of the first format did not keep it."""
    return None if row.head is None else decode_head(home.open(row.head, _HEAD + row.message_id))


def sealed_evidence(home: Home, message_id: bytes, evidence: Evidence) -> bytes:
    """Encrypt what a gateway signed to refuse a message for its row."""
    return home.seal(msgspec.msgpack.encode(evidence), _REFUSAL + message_id)


def evidence_of(home: Home, row: Outgoing) -> Evidence | None:
    """Return what a gateway signed to refuse a message; None where nobody did."""
    if row.refusal is None:
        return None
    return facts.decoded(home.open(row.refusal, _REFUSAL + row.message_id), Evidence)


def _row(home: Home, draft: Draft, state: State) -> Outgoing:
    header, kept = draft.header, sealed_draft(home, draft)
    return Outgoing(header.message_id, state, header.created, None, None, b"", media.SEALED, kept, None)
