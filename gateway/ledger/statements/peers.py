"""
The files of peers' directories, as all processes of a gateway share them.

Each network's version grows by one with each change, and only from the version that the publisher has seen. What evidence
needs of the change is a leaf of our audit log each, in the same commit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import sqlalchemy as sa

from gateway.errors import GatewayError, Rejected
from gateway.ledger.peer_tables import peer_file, peer_version
from gateway.ledger.prepared import Insert, Statement, Transaction, place, single
from gateway.ledger.statements.inserting import event_statement

__all__ = ["Change", "publish", "read", "versions"]

PEER_DIRECTORY: Final = "peer-directory"  # the event of a change
# network, expected version, what changed (None removes), leaves
Change = tuple[str, int, Mapping[str, bytes | None], Sequence[bytes]]

_FILES: Final = single(
    sa.select(peer_file.c.name, peer_file.c.data).where(peer_file.c.network == sa.bindparam("network")), "network"
)
_VERSION: Final = single(sa.select(peer_version.c.version).where(peer_version.c.network == sa.bindparam("network")), "network")
_VERSIONS: Final = single(sa.select(peer_version.c.network, peer_version.c.version))
_ADD: Final = Insert(peer_file, ("network", "name", "data"))
_KEY: Final = (peer_file.c.network, peer_file.c.name)
_REMOVE: Final = Statement(
    lambda rows: sa.delete(peer_file).where(
        sa.or_(*(sa.and_(*(column == place(column, row) for column in _KEY)) for row in range(rows)))
    ),
    ("network", "name"),
)
_FIRST: Final = Insert(peer_version, ("network", "version"))
_NEXT: Final = single(
    sa.update(peer_version)
    .values(version=sa.bindparam("new_version"))
    .where(peer_version.c.network == sa.bindparam("of_network")),
    "new_version",
    "of_network",
)


def publish(transaction: Transaction, batch: Sequence[Change]) -> list[int | GatewayError]:
    """Replace, add or remove files; a publisher who has not seen the newest version is refused."""
    return [_publish(transaction, *change) for change in batch]


def read(transaction: Transaction, network: str) -> tuple[int, dict[str, bytes]]:
    """Return the version of a network's files, and the files."""
    return _version(transaction, network), dict(transaction.run(_FILES, network))


def versions(transaction: Transaction) -> dict[str, int]:
    """Return the version of each network that ever had files here."""
    return dict(transaction.run(_VERSIONS))


def _publish(
    transaction: Transaction, network: str, expected: int, files: Mapping[str, bytes | None], leaves: Sequence[bytes]
) -> int | GatewayError:
    found = _version(transaction, network)
    if found != expected:
        return Rejected(f"the directory of {network} is at {found}, not at {expected}", code="conflict")
    transaction.write(_REMOVE, [(network, name) for name in sorted(files)])
    transaction.write(_ADD, [(network, name, data) for name, data in sorted(files.items()) if data is not None])
    if found:
        transaction.change(_NEXT, found + 1, network)
    else:
        transaction.write(_FIRST, [(network, 1)])
    subject = f"{network} version {found + 1}"
    now = transaction.now
    transaction.write(
        event_statement, [(now, PEER_DIRECTORY, None, subject, None, None, leaf, None) for leaf in leaves or (None,)]
    )
    return found + 1


def _version(transaction: Transaction, network: str) -> int:
    return next((int(number) for (number,) in transaction.run(_VERSION, network)), 0)
