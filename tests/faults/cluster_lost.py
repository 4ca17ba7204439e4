"""
What became of a delivery that was not opened: what applications wrote of it, and what the ledger says.

Imports nothing of `gateway`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psycopg

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["trace"]

_ROW: Final = """
    SELECT m.number, m.accepted_at, d.state, d.attempts, d.changed_at, d.reason, m.body IS NOT NULL AS body, m.envelope_hash
    FROM message m JOIN delivery d USING (number) WHERE m.message_id = %s AND split_part(d.recipient, '@', 1) = %s
"""
_EVENTS: Final = "SELECT at, event, subject, reason FROM event WHERE envelope_hash = %s ORDER BY seq"


def trace(ledger: str, message: str, recipient: str, logs: Iterable[Path]) -> Iterator[str]:
    """Give lines of text: each fact of an application, the ledger's row, its events; times are what each of them has."""
    for path in logs:
        yield from (f"{path.stem}: {line}" for line in path.read_text().splitlines() if f" {message}" in line)
    with psycopg.connect(ledger) as connection:
        rows: list[Any] = connection.execute(_ROW, (bytes.fromhex(message.replace("-", "")), recipient)).fetchall()
        yield from (f"ledger: {row[:-1]}" for row in rows)
        for row in rows:
            yield from (f"event: {event}" for event in connection.execute(_EVENTS, (row[-1],)))
