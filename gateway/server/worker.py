"""
One of several processes that serve one address: what it and its parent tell each other, and how it notices that that is gone.

Standard input carries the passphrase, then a line for each drain that any worker was ordered, and ends with the parent, however
that died; a worker stops then as it does for SIGTERM, and one that cannot stop any more is ended. Standard output carries the
same the other way: one line when it serves, one for each drain that an operator ordered here.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec

from gateway.ending import end_process_in
from gateway.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.config import Config
    from gateway.exchange.orders import Orders

__all__ = ["DRAINS", "SERVES", "Worker", "drain_line", "for_worker", "frame"]

SERVES: Final = b"serves\n"
DRAINS: Final = {b"drain on\n": True, b"drain off\n": False}  # both ways
_LENGTH_BYTES: Final = 4
_INPUT: Final = 0
_OUTPUT: Final = 1
_STOP_S: Final = 30.0  # promised for a graceful stop


class Worker:
    """
    This process, as one of several.

    Args:
        number: Its place, from 0.
        descriptor: Of the listening socket, inherited.
    """

    def __init__(self, number: int, descriptor: int) -> None:
        self.number = number
        self.socket = socket.socket(fileno=descriptor)
        self._drain: Callable[[bool], object] | None = None

    @classmethod
    def given(cls, text: str) -> Worker:
        """Read `NUMBER:DESCRIPTOR`, as a parent writes it; Rejected `config` for anything else."""
        try:
            number, descriptor = map(int, text.split(":"))
            return cls(number, descriptor)
        except (ValueError, OSError) as exc:
            raise Rejected("--worker is for `gateway serve --workers` alone", code="config") from exc

    def passphrase(self) -> bytes:
        """Read what the parent wrote with `frame`, and from now on hear the parent and end with it."""
        length = int.from_bytes(os.read(_INPUT, _LENGTH_BYTES), "big")
        found = os.read(_INPUT, length) if length else b""
        threading.Thread(target=self._hear, daemon=True, name="parent").start()
        return found

    def share(self, orders: Orders) -> None:
        """Let a drain that any worker is ordered be one of all; called in the event loop that the orders belong to."""
        loop = asyncio.get_running_loop()
        self._drain = lambda on: loop.call_soon_threadsafe(partial(orders.drain, on=on))
        orders.on_order.append(lambda on: _tell(drain_line(on=on)))

    @staticmethod
    def serves() -> None:
        """Tell the parent, which answers with the drain that stands."""
        _tell(SERVES)

    def _hear(self) -> None:
        """Do what the parent says, and stop when it is gone."""
        with open(_INPUT, "rb", buffering=0, closefd=False) as parent:
            for line in parent:
                # Before `share` there is nothing to drain: the parent says it again to who serves.
                if line in DRAINS and self._drain is not None:
                    with suppress(RuntimeError):  # the loop is closed: this process is ending
                        self._drain(DRAINS[line])
        end_process_in(_STOP_S)
        os.kill(os.getpid(), signal.SIGTERM)


def for_worker(config: Config, number: int) -> Config:
    """Return the configuration of one worker: its operations listener has a port of its own, counted from the first one's."""
    operations = config.operations
    port = operations.port + number if operations.port else 0
    return msgspec.structs.replace(config, operations=msgspec.structs.replace(operations, port=port))


def frame(passphrase: bytes) -> bytes:
    """Return what a parent writes to a worker's standard input first."""
    return len(passphrase).to_bytes(_LENGTH_BYTES, "big") + passphrase


def drain_line(*, on: bool) -> bytes:
    """Return the line of a drain, or of its end."""
    return next(line for line, is_on in DRAINS.items() if is_on is on)


def _tell(line: bytes) -> None:
    """Tell the parent."""
    with suppress(OSError):  # it died just now
        os.write(_OUTPUT, line)
