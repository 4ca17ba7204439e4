"""
One of several processes that serve one address: what its parent gives it, and how it notices that the parent is gone.

Standard input carries the passphrase, then nothing until it ends with the parent, however that died; a worker stops then as it
does for SIGTERM, and one that cannot stop any more is ended. Standard output carries one line: that it serves.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import msgspec

from gateway.errors import Rejected

if TYPE_CHECKING:
    from gateway.config import Config

__all__ = ["SERVES", "Worker", "for_worker", "frame"]

SERVES: Final = b"serves\n"
_LENGTH_BYTES: Final = 4
_INPUT: Final = 0
_OUTPUT: Final = 1
_STOP_S: Final = 30.0  # promised for a graceful stop
_ENDED: Final = 1  # exit code of a worker that could not stop


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

    @classmethod
    def given(cls, text: str) -> Worker:
        """Read `NUMBER:DESCRIPTOR`, as a parent writes it; Rejected `config` for anything else."""
        try:
            number, descriptor = map(int, text.split(":"))
            return cls(number, descriptor)
        except (ValueError, OSError) as exc:
            raise Rejected("--worker is for `gateway serve --workers` alone", code="config") from exc

    @staticmethod
    def passphrase() -> bytes:
        """Read what the parent wrote with `frame`, and end with the parent from now on."""
        length = int.from_bytes(os.read(_INPUT, _LENGTH_BYTES), "big")
        found = os.read(_INPUT, length) if length else b""
        threading.Thread(target=_end_with_parent, daemon=True, name="parent").start()
        return found

    @staticmethod
    def serves() -> None:
        """Tell the parent."""
        with suppress(OSError):  # it died just now
            os.write(_OUTPUT, SERVES)


def for_worker(config: Config, number: int) -> Config:
    """Return the configuration of one worker: its operations listener has a port of its own, counted from the first one's."""
    operations = config.operations
    port = operations.port + number if operations.port else 0
    return msgspec.structs.replace(config, operations=msgspec.structs.replace(operations, port=port))


def frame(passphrase: bytes) -> bytes:
    """Return what a parent writes to a worker's standard input."""
    return len(passphrase).to_bytes(_LENGTH_BYTES, "big") + passphrase


def _end_with_parent() -> None:
    while os.read(_INPUT, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_STOP_S)
    os._exit(_ENDED)
