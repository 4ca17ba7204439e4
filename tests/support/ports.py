"""Free ports on loopback, for the servers that tests start."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack, suppress

__all__ = ["LOOPBACK", "free_port", "free_ports", "free_row", "wait_for_port"]

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """Return a port that was free a moment ago."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Return `count` different ports: all are held until the last one is known, so none is drawn twice."""
    held = [socket.socket(socket.AF_INET, socket.SOCK_STREAM) for _ in range(count)]
    try:
        for one in held:
            one.bind((LOOPBACK, 0))
        return [one.getsockname()[1] for one in held]
    finally:
        for one in held:
            one.close()


def free_row(count: int) -> int:
    """Return the first of so many ports in a row that were all free a moment ago."""
    while True:
        first = free_port()
        with ExitStack() as held, suppress(OSError):
            for port in range(first, first + count):
                held.enter_context(socket.socket()).bind((LOOPBACK, port))
            return first


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
