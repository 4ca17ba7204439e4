"""
Whether the audit log of a database is one log: `python -m tests.support.one_log LEDGER` ends with 0 if it is.

Looked at as who owns the database: each checkpoint that was ever signed, by whichever process, against the leaves.
"""

from __future__ import annotations

import sys
from typing import Any

import psycopg

from gateway.merkle import root_of
from gateway.tlog.frontier import leaf_hashes

__all__ = ["one_log"]


def one_log(url: str) -> int:
    """Check that every signed checkpoint is of one history; return the newest's size."""
    rows: list[Any]
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT leaf FROM event WHERE leaf IS NOT NULL ORDER BY seq").fetchall()
        signed = connection.execute("SELECT size, root FROM checkpoint WHERE note IS NOT NULL ORDER BY size").fetchall()
    hashes = leaf_hashes([bytes(leaf) for (leaf,) in rows])
    assert signed
    for size, root in signed:
        assert bytes(root) == root_of(hashes[:size]), f"the checkpoint of {size} is of another history"
    return int(signed[-1][0])


if __name__ == "__main__":
    print(f"one log of {one_log(sys.argv[1])} leaves")
