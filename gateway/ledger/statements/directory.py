"""
The directory's files, as all processes of a gateway share them.

Their version grows by one with each publication, and only from the version that the publisher has seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import sqlalchemy as sa

from gateway.errors import GatewayError, Rejected
from gateway.ledger.prepared import Statement, Transaction, place, single
from gateway.ledger.statements.accepting import event_statement
from gateway.ledger.states import DIRECTORY
from gateway.ledger.tables import counter, directory_file

__all__ = ["publish", "read", "version"]

_ADD: Final = Statement(
    lambda rows: sa.insert(directory_file).values(
        [{"name": place(directory_file.c.name, row), "data": place(directory_file.c.data, row)} for row in range(rows)]
    ),
    ("name", "data"),
)
_REMOVE: Final = Statement(
    lambda rows: sa.delete(directory_file).where(
        directory_file.c.name.in_([place(directory_file.c.name, row) for row in range(rows)])
    ),
    ("name",),
)
_FILES: Final = single(sa.select(directory_file.c.name, directory_file.c.data).order_by(directory_file.c.name))
_VERSION: Final = single(sa.select(counter.c.directory))


def publish(transaction: Transaction, batch: Sequence[tuple[int, Mapping[str, bytes | None]]]) -> list[int | GatewayError]:
    """Replace, add or remove files; a publisher who has not seen the newest version is refused."""
    return [_publish(transaction, expected, files) for expected, files in batch]


def read(transaction: Transaction) -> tuple[int, dict[str, bytes]]:
    """Return the version and all files."""
    return version(transaction), dict(transaction.run(_FILES))


def version(transaction: Transaction) -> int:
    """Return the version alone."""
    ((number,),) = transaction.run(_VERSION)
    return int(number or 0)


def _publish(transaction: Transaction, expected: int, files: Mapping[str, bytes | None]) -> int | GatewayError:
    if expected != transaction.directory:
        return Rejected(f"the directory is at {transaction.directory}, not at {expected}", code="conflict")
    transaction.write(_REMOVE, [(name,) for name in sorted(files)])
    transaction.write(_ADD, [(name, data) for name, data in sorted(files.items()) if data is not None])
    transaction.directory += 1
    transaction.count("directory", 1)
    transaction.write(event_statement, [(transaction.now, DIRECTORY, None, f"version {transaction.directory}", None, None)])
    return transaction.directory
