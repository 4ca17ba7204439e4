"""Which arrivals say the same, as the file of a home has it."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from gateway.client.home import schema
from gateway.client.records import same_rows
from gateway.client.records.arrivals import erase
from gateway.client.records.same_rows import SameRow

if TYPE_CHECKING:
    from collections.abc import Iterator

ONE, OTHER = b"d" * 32, b"e" * 32


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    """Return a file that was made before there were twins, brought up to date with its arrivals."""
    connection = sqlite3.connect(":memory:")
    with pytest.MonkeyPatch.context() as before:
        before.setattr(schema, "_STEPS", schema._STEPS[:5])
        before.setattr(schema, "FORMAT", 5)
        schema.migrate(connection)
    for number in range(1, 5):
        connection.execute(
            "INSERT INTO arrived (envelope_hash, number, state, owner, offered, changed_at, delivery, content)"
            " VALUES (?, ?, 'acknowledged', x'', 1, 0, x'01', x'02')",
            (bytes([number]) * 32, number),
        )
    schema.migrate(connection)
    yield connection
    connection.close()


def note(connection: sqlite3.Connection, number: int, digest: bytes) -> None:
    """Keep what an arrival says."""
    same_rows.note(connection, SameRow(bytes([number]) * 32, digest, number, b"said"))


def numbers(connection: sqlite3.Connection, number: int) -> list[int]:
    """Return the acceptance numbers of those that say the same as an arrival."""
    return [one.number for one in same_rows.of(connection, bytes([number]) * 32)]


def test_those_of_one_digest_are_told_in_order_of_acceptance(connection: sqlite3.Connection) -> None:
    """Whichever was noted first; noting again changes nothing."""
    assert [number for _, number in same_rows.unnoted(connection)] == [1, 2, 3, 4]
    for number, digest in ((3, ONE), (1, ONE), (2, OTHER), (3, OTHER)):
        note(connection, number, digest)
    assert [numbers(connection, number) for number in (1, 3, 2, 4)] == [[1, 3], [1, 3], [2], []]
    assert [one.number for one in same_rows.everything(connection)] == [1, 3]
    assert [number for _, number in same_rows.unnoted(connection)] == [4]


def test_what_is_erased_leaves_its_place_and_no_digest(connection: sqlite3.Connection) -> None:
    """The others stay linked with it, and what comes later with them; when all are erased, nothing is like them any more."""
    note(connection, 1, ONE)
    note(connection, 2, ONE)
    erase(connection, b"\x01" * 32, None, 9)
    note(connection, 3, ONE)
    assert numbers(connection, 3) == [1, 2, 3]
    for number in (2, 3):
        erase(connection, bytes([number]) * 32, None, 9)
    note(connection, 4, ONE)
    assert (numbers(connection, 1), numbers(connection, 4)) == ([1, 2, 3], [4])
    assert connection.execute("SELECT count(*) FROM same WHERE digest IS NOT NULL").fetchone() == (1,)
