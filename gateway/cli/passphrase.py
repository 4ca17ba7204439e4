"""
Where a passphrase comes from: a file, a systemd credential or a prompt; never an argument, which every process list shows.

In this order: the file that is named, `$CREDENTIALS_DIRECTORY/passphrase`, then the terminal.
One line end at the end of a file is not part of the passphrase; every other byte is.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

from gateway.errors import Rejected

__all__ = ["CREDENTIAL", "MAX_BYTES", "read_passphrase"]

CREDENTIAL: Final = "passphrase"  # LoadCredential=passphrase:... of a systemd unit
MAX_BYTES: Final = 1024


def read_passphrase(file: Path | None, *, confirm: bool = False, name: str = CREDENTIAL) -> bytes:
    """
    Return a passphrase.

    Args:
        file: Named by the caller; None looks for a credential and then asks on the terminal.
        confirm: Ask twice, for a new passphrase.
        name: Of the credential, and of the option that names a file; what the terminal asks for.

    Raises:
        Rejected: `passphrase`: none was given, or it is too long to be one.
    """
    found = _credential(name) if file is None else file
    if found is not None:
        return _checked(_read(found))
    if not sys.stdin.isatty():
        raise Rejected(f"no {name}: give --{name}-file, or run it on a terminal", code="passphrase", hint="name a file")
    return _checked(_ask(name, confirm=confirm))


def _credential(name: str) -> Path | None:
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    path = Path(folder) / name if folder else None
    return path if path is not None and path.is_file() else None


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 2)
    except OSError as exc:
        raise Rejected(f"cannot read {path}: {exc.strerror}", code="passphrase", hint="check the path") from exc
    return data.removesuffix(b"\n").removesuffix(b"\r")


def _ask(name: str, *, confirm: bool) -> bytes:
    import getpass

    first = getpass.getpass(f"{name.replace('-', ' ').capitalize()}: ")
    if confirm and getpass.getpass("Again: ") != first:
        raise Rejected("the two do not agree", code="passphrase")
    return first.encode()


def _checked(passphrase: bytes) -> bytes:
    if not passphrase:
        raise Rejected("the passphrase is empty", code="passphrase")
    if len(passphrase) > MAX_BYTES:
        raise Rejected(f"a passphrase above {MAX_BYTES} bytes", code="passphrase")
    return passphrase
