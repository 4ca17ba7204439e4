"""Reading and writing the files that commands are given: bounded, `-` for a pipe, never over a file that is there."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final

from gateway.errors import Rejected

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["MAX_FILE_BYTES", "read_file", "write_new"]

MAX_FILE_BYTES: Final = (1 << 20) + 1  # a content above 1 MiB is refused by its own rule, after one byte more


def read_file(file: Path, max_bytes: int = MAX_FILE_BYTES) -> bytes:
    """
    Read a file, `-` for standard input, and no more of it than `max_bytes`.

    Raises:
        Rejected: `bad-request`: it cannot be read.
    """
    try:
        if str(file) == "-":
            return sys.stdin.buffer.read(max_bytes)
        with file.open("rb") as stream:
            return stream.read(max_bytes)
    except OSError as exc:
        raise Rejected(f"cannot read {file}: {exc.strerror}", code="bad-request", hint="check the path") from exc


def write_new(file: Path, data: bytes) -> None:
    """
    Write a file that is not there yet, readable by its owner alone.

    Raises:
        Rejected: `bad-request`: it is there already, or cannot be written.
    """
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
    except OSError as exc:
        raise Rejected(f"cannot write {file}: {exc.strerror}", code="bad-request", hint="name another: --out FILE") from exc


def write_result(data: bytes, out: Path | None) -> None:
    """
    Write the text that a command makes: to a new file, or to standard output as UTF-8 with what acts on a terminal visible.

    Raises:
        Rejected: `bad-request`, as `write_new`.
        Unavailable: Standard output takes no more.
    """
    from gateway.cli import output

    if out is None:
        output.print_text(data)
    else:
        write_new(out, data)
