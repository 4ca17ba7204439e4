"""
Free ports on loopback, for the servers that tests start.

They are drawn in turn from below the range that connections get theirs from, each test process from a block of its own: what
is free stays free until its server listens, however many tests run side by side.
"""

from __future__ import annotations

import os
import random
import socket
import time
from itertools import count
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["LOOPBACK", "free_port", "free_ports", "free_row", "wait_for_port"]

LOOPBACK = "127.0.0.1"
_FIRST: Final = 10_000
_BLOCK: Final = 2_500
_BLOCKS: Final = 9  # the last one ends at 32 500


def _turns() -> Iterator[int]:
    """Yield the ports of this process over and over, from a place of which another run knows nothing."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw8").removeprefix("gw")) % _BLOCKS
    start = random.randrange(_BLOCK)
    return (_FIRST + worker * _BLOCK + (start + turn) % _BLOCK for turn in count())


_ports = _turns()


def free_port() -> int:
    """Return a port that is free."""
    return next(port for port in _ports if _is_free(port))


def free_ports(how_many: int) -> list[int]:
    """Return so many different ports."""
    return [free_port() for _ in range(how_many)]


def free_row(how_many: int) -> int:
    """Return the first of so many free ports in a row."""
    row = [free_port()]
    while len(row) < how_many:
        port = free_port()
        row = [*row, port] if port == row[-1] + 1 else [port]
    return row[0]


def _is_free(port: int) -> bool:
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def wait_for_port(port: int, limit_s: float = 30.0) -> None:
    """Wait until somebody listens."""
    deadline = time.monotonic() + limit_s
    while True:
        try:
            socket.create_connection((LOOPBACK, port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return
