"""
What stays when a message is erased from a home: enough to prove that it was sent or got, nothing of what it said.

Of an arrival stay the head of its envelope, the gateway's `accepted` and this home's place among the addressees; of a sent
message header, addressees and the author's signature. The rest is overwritten in the file (`secure_delete`), and `scrub`
empties the write-ahead file, which would keep it otherwise. Calls with a connection belong into the caller's transaction.
"""

from __future__ import annotations

import sqlite3
from typing import Final

import msgspec

from gateway.client.home.home import Home
from gateway.client.records import arrivals, outgoing, retention_rows, turn_rows
from gateway.client.records.heads import Head, head_of_common
from gateway.client.records.sealed import delivery_of
from gateway.client.writing.draft import draft_of, sealed_draft
from gateway.envelope.form import encode
from gateway.envelope.receipt import read_receipt
from gateway.envelope.wire import DELIVERY, STANZA
from gateway.errors import Corrupt, Rejected
from gateway.evidence.bundle import NamedRecipient

__all__ = ["Eraser", "Tombstone", "sealed_tombstone", "tombstone_of"]

_CONTEXT: Final = b"arrived/tombstone"


class Tombstone(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """
    An arrival without its body.

    Args:
        head: What the envelope hash is made of; its header names sender, kind, ids and times.
        accepted: The signed receipt of the sender's gateway.
        accepted_at: When my own network's gateway accepted it, Unix seconds.
        named: This home among the addressees.
        accepted_here: The signed receipt of my own network's gateway, of relayed mail; None where `accepted` is it.
    """

    head: Head
    accepted: bytes
    accepted_at: int
    named: NamedRecipient
    accepted_here: bytes | None = None


def tombstone_of(delivery: bytes) -> Tombstone:
    """Return what stays of a delivery; Rejected where it has not the form of one."""
    form = DELIVERY.decode(delivery)
    stanza = STANZA.decode(form.stanza)
    named = NamedRecipient(stanza.recipient, stanza.blind, form.index, form.proof)
    accepted_at = read_receipt(form.accepted[-1]).receipt.at
    here = encode(form.accepted[-1]) if len(form.accepted) > 1 else None
    return Tombstone(head_of_common(form.common), encode(form.accepted[0]), accepted_at, named, here)


def sealed_tombstone(home: Home, envelope_hash: bytes, delivery: bytes) -> bytes:
    """Return what stays of a delivery, encrypted for its row."""
    return home.seal(msgspec.msgpack.encode(tombstone_of(delivery)), _CONTEXT + envelope_hash)


class Eraser:
    """
    Erases messages from one open home.

    Args:
        home: Whose.
    """

    def __init__(self, home: Home) -> None:
        self._home = home

    def tombstone(self, row: arrivals.Arrived) -> Tombstone | None:
        """Return what is known of an arrival without opening it, erased or not; None for bytes that are no delivery."""
        if row.tombstone is None:
            try:
                return tombstone_of(delivery_of(self._home, row))
            except Rejected:
                return None
        try:
            return msgspec.msgpack.decode(self._home.open(row.tombstone, _CONTEXT + row.envelope_hash), type=Tombstone)
        except msgspec.MsgspecError as exc:
            raise Corrupt("a tombstone of the home has another form") from exc

    def arrival(self, connection: sqlite3.Connection, row: arrivals.Arrived, at: int) -> None:
        """Erase content and sealed bytes of what arrived; erasing it again changes nothing."""
        if not row.delivery:
            return
        told = self.tombstone(row)
        sealed = None if told is None else self._home.seal(msgspec.msgpack.encode(told), _CONTEXT + row.envelope_hash)
        arrivals.erase(connection, row.envelope_hash, sealed, at)
        retention_rows.forget(connection, row.envelope_hash)
        turn_rows.strip(self._home, connection, row.envelope_hash)

    def sent(self, connection: sqlite3.Connection, row: outgoing.Outgoing, at: int) -> bool:
        """Erase the content of what this home sent, and sealed bytes that a refusal left; False where that was done before."""
        draft = draft_of(self._home, row)
        if not draft.content:
            return False
        bare = sealed_draft(self._home, msgspec.structs.replace(draft, content=b""))
        outgoing.erase(connection, row.message_id, bare, at)
        retention_rows.forget(connection, row.message_id)
        turn_rows.strip(self._home, connection, row.envelope_hash)
        return True

    async def scrub(self) -> None:
        """Take what was erased out of the write-ahead file too; after the commit."""
        await self._home.store.scrub()
