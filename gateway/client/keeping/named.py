"""
What a person names: a message that this home sent, one that arrived, or both, by message id or by envelope hash.

An id is its author's: whoever knows one may use it again, to this home too. So what this home sent goes before what others sent
under its id, and an id under which two of them wrote names neither.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Final, NamedTuple

from gateway.client.records import arrivals, outgoing, recall_rows
from gateway.envelope.common import read_core
from gateway.envelope.payload import SUITES
from gateway.errors import Rejected
from gateway.ids import MessageId, format_id, parse_hash, parse_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.client.home.home import Home
    from gateway.client.keeping.tombstones import Eraser
    from gateway.client.records.arrivals import Arrived
    from gateway.client.records.outgoing import Outgoing
    from gateway.client.trust.directory import HomeDirectory
    from gateway.directory.view import Directory
    from gateway.ids import Address, EnvelopeHash

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
        Rejected: `malformed`; `not-found`: this home neither sent nor got it; `conflict`: several senders used this id.
    """
    key = parse_name(name)
    copy = await directory.read_copy()
    senders = {home.address, *_known(copy)}
    sources = {home.source(sender, MessageId(key)): sender for sender in senders}
    found = await home.store.read(lambda connection: _find(connection, key, sources, home.address))
    if found.arrived is None and found.sent is None:
        for row in await home.store.read(arrivals.without_source):  # who sent it was never proved
            told = eraser.tombstone(row)
            if told is not None and read_core(told.head.core, SUITES)[1].message_id == key:
                return Named(None, row)
        raise Rejected(f"this home neither sent nor received {format_id(key)}", code="not-found")
    return found


def _known(directory: Directory | None) -> set[Address]:
    """Return everybody who may have sent something here, peers' participants too."""
    if directory is None:
        return set()
    return {address for one in (directory, *directory.peers.values()) for address in one.entries}


def _find(connection: sqlite3.Connection, key: bytes, sources: Mapping[bytes, Address], me: Address) -> Named:
    if len(key) != len(MessageId(bytes(16))):
        target = recall_rows.target(connection, key)
        return Named(outgoing.find_sent(connection, key), None if target is None else target.row)
    sent = outgoing.find(connection, key)
    found = {sources[source]: row for source, row in arrivals.by_source(connection, sources).items()}
    if sent is not None:
        return Named(sent, found.get(me))
    if len(found) > 1:
        raise Rejected(
            f"{', '.join(sorted(found))} used the id {format_id(key)}", code="conflict", hint="name it by its envelope hash"
        )
    return Named(None, next(iter(found.values()), None))
