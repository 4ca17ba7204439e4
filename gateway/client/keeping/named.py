"""What a person names: a message that this home sent, one that arrived, or both, by message id or by envelope hash."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Final, NamedTuple

from gateway.client.records import arrivals, outgoing, recall_rows
from gateway.envelope.common import read_core
from gateway.envelope.payload import SUITES
from gateway.errors import Rejected
from gateway.ids import MessageId, format_id, parse_hash, parse_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.client.home.home import Home
    from gateway.client.keeping.tombstones import Eraser
    from gateway.client.records.arrivals import Arrived
    from gateway.client.records.outgoing import Outgoing
    from gateway.client.trust.directory import HomeDirectory
    from gateway.ids import EnvelopeHash

__all__ = ["Named", "find_named", "parse_name"]

_UUID_CHARACTERS: Final = 36


class Named(NamedTuple):
    """What a name stands for; at least one of the two."""

    sent: Outgoing | None
    arrived: Arrived | None


def parse_name(name: MessageId | EnvelopeHash | str) -> bytes:
    """Read a message id or an envelope hash; raise `malformed` for anything else."""
    if isinstance(name, str):
        return parse_id(name) if len(name) == _UUID_CHARACTERS else parse_hash(name)
    return bytes(name)


async def find_named(home: Home, directory: HomeDirectory, eraser: Eraser, name: MessageId | EnvelopeHash | str) -> Named:
    """
    Find a message of this home, erased or not; asks nobody.

    Raises:
        Rejected: `malformed`, or `not-found`: this home neither sent nor got it.
    """
    key = parse_name(name)
    copy = await directory.read_copy()
    sources = [home.source(address, MessageId(key)) for address in (copy.entries if copy is not None else ())]
    found = await home.store.read(lambda connection: _find(connection, key, sources))
    if found.arrived is None and found.sent is None:
        for row in await home.store.read(arrivals.without_source):  # who sent it was never proved
            told = eraser.tombstone(row)
            if told is not None and read_core(told.head.core, SUITES)[1].message_id == key:
                return Named(None, row)
        raise Rejected(f"this home neither sent nor received {format_id(key)}", code="not-found")
    return found


def _find(connection: sqlite3.Connection, key: bytes, sources: Iterable[bytes]) -> Named:
    if len(key) == len(MessageId(bytes(16))):
        return Named(outgoing.find(connection, key), arrivals.by_source(connection, sources))
    target = recall_rows.target(connection, key)
    return Named(outgoing.find_sent(connection, key), None if target is None else target.row)
