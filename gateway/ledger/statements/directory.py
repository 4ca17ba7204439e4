"""
The directory's files, as all processes of a gateway share them, and what operators did.

Their version grows by one with each publication, and only from the version that the publisher has seen. What changed is a
leaf of the audit log each, in the same commit, the version last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import sqlalchemy as sa

from gateway.errors import GatewayError, Rejected
from gateway.ledger.prepared import Insert, Statement, Transaction, place, single
from gateway.ledger.statements.inserting import event_statement
from gateway.ledger.states import ACTION, DIRECTORY
from gateway.ledger.tables import any_of, counter, directory_file, event

__all__ = ["Publication", "logged", "publish", "read", "record_action", "version"]

Publication = tuple[int, Mapping[str, bytes | None], Sequence[bytes]]

_ADD: Final = Insert(directory_file, ("name", "data"))
_REMOVE: Final = Statement(
    lambda rows: sa.delete(directory_file).where(
        directory_file.c.name.in_([place(directory_file.c.name, row) for row in range(rows)])
    ),
    ("name",),
)
_FILES: Final = single(sa.select(directory_file.c.name, directory_file.c.data).order_by(directory_file.c.name))
_VERSION: Final = single(sa.select(counter.c.directory))
_LOGGED: Final = single(
    sa.select(event.c.seq)
    .where(any_of(event.c.event, (DIRECTORY,)), event.c.leaf.is_not(None), event.c.seq > sa.literal_column("0"))
    .order_by(event.c.seq.desc())
    .limit(sa.literal_column("1"))
    .offset(sa.literal_column("0"))
)


def publish(transaction: Transaction, batch: Sequence[Publication]) -> list[int | GatewayError]:
    """Replace, add or remove files; a publisher who has not seen the newest version is refused."""
    return [_publish(transaction, expected, files, leaves) for expected, files, leaves in batch]


def record_action(transaction: Transaction, batch: Sequence[tuple[bytes, str]]) -> list[None]:
    """Keep what operators did, with its leaf; the summary is for people."""
    now = transaction.now
    transaction.write(event_statement, [(now, ACTION, None, summary, None, None, leaf, None) for leaf, summary in batch])
    return [None] * len(batch)


def read(transaction: Transaction) -> tuple[int, dict[str, bytes]]:
    """Return the version and all files."""
    return version(transaction), dict(transaction.run(_FILES))


def version(transaction: Transaction) -> int:
    """Return the version alone."""
    ((number,),) = transaction.run(_VERSION)
    return int(number or 0)


def logged(transaction: Transaction) -> bool:
    """Tell whether any publication is in the audit log; those of schema 0001 are not."""
    return bool(transaction.run(_LOGGED))


def _publish(
    transaction: Transaction, expected: int, files: Mapping[str, bytes | None], leaves: Sequence[bytes]
) -> int | GatewayError:
    if expected != transaction.directory:
        return Rejected(f"the directory is at {transaction.directory}, not at {expected}", code="conflict")
    transaction.write(_REMOVE, [(name,) for name in sorted(files)])
    transaction.write(_ADD, [(name, data) for name, data in sorted(files.items()) if data is not None])
    transaction.directory += 1
    transaction.count("directory", 1)
    subject = f"version {transaction.directory}"
    transaction.write(
        event_statement, [(transaction.now, DIRECTORY, None, subject, None, None, leaf, None) for leaf in leaves or (None,)]
    )
    return transaction.directory
