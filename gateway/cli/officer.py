"""
A second officer's key file on the command line: where its passphrase comes from, and how it is opened.

Its passphrase is not the home's: who knows one for both would be two officers.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from gateway.cli.passphrase import read_passphrase
from gateway.errors import Rejected

if TYPE_CHECKING:  # loaded when the command runs: `gateway --help` stays fast
    from collections.abc import Iterable

    from gateway.envelope.keys import DeliveryKey, SigningKey, Use

__all__ = ["OfficerPassphraseFile", "open_key", "read_officer_passphrase", "the_key"]

OfficerPassphraseFile = Annotated[
    Path | None,
    typer.Option("--officer-passphrase-file", help="Read the officer's own passphrase from this file; else ask."),
]
NAME: Final = "officer-passphrase"


def read_officer_passphrase(file: Path | None, other: bytes, *, confirm: bool = True) -> bytes:
    """
    Return the passphrase of an officer's key.

    Args:
        file: Named by the caller; None looks for a credential and then asks on the terminal.
        other: The home's passphrase.
        confirm: Ask twice, for a new one.

    Raises:
        Rejected: `passphrase`: none was given, or it opens the home too.
    """
    secret = read_passphrase(file, confirm=confirm, name=NAME)
    if secret == other:
        hint = "the officer gives one that nobody else knows"
        raise Rejected("the home and the officer's key have one passphrase", code="passphrase", hint=hint)
    return secret


def open_key(path: Path, secret: bytes, use: Use) -> SigningKey:
    """Open the key of a key file; about a second of argon2id. Rejected `not-found`, `passphrase`, `malformed` or `bad-key`."""
    from gateway.envelope.keyfile import decrypt_keys
    from gateway.network.files import read_file

    return the_key(decrypt_keys(read_file(path, "not-found"), secret), use, path)


def the_key(keys: Iterable[SigningKey | DeliveryKey], use: Use, path: Path) -> SigningKey:
    """Return the first signing key of a use; `bad-key` where the file has none."""
    from gateway.envelope.keys import SigningKey

    for key in keys:
        if isinstance(key, SigningKey) and key.public.use is use:
            return key
    raise Rejected(f"no {use} key in {path}", code="bad-key")
