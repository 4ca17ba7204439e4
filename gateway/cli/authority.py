"""What all commands of a network's authority share: its folder, the officers' passphrases, times as people write them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from gateway.cli import output
from gateway.cli.passphrase import read_passphrase
from gateway.errors import Rejected

__all__ = ["Folder", "Json", "PassphraseFiles", "Signers", "parse_time", "passphrases"]

OFFICERS: Final = 2  # who sign together where nobody says otherwise
Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The authority's folder.")]
PassphraseFiles = Annotated[
    list[Path] | None,
    typer.Option("--passphrase-file", help="File with an officer's passphrase; once for each officer. Default: ask."),
]
Signers = Annotated[
    list[int] | None,
    typer.Option("--signer", help="An officer who signs, in the order of the passphrases; may be repeated. Default: 1, 2 ..."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def passphrases(
    files: Sequence[Path] | None, signers: Sequence[int] | None = None, *, confirm: bool = False
) -> Mapping[int, bytes]:
    """
    Return the passphrase of each officer who signs, from the files that are named or from the terminal.

    Raises:
        Rejected: `passphrase`: as many files as signers are needed, or one cannot be read.
    """
    numbers = list(signers or range(1, (len(files) if files else OFFICERS) + 1))
    if files and len(files) != len(numbers):
        told = f"{len(files)} passphrases for {len(numbers)} signers"
        raise Rejected(told, code="passphrase", hint="give --passphrase-file once for each --signer")
    if files:
        return {number: read_passphrase(file) for number, file in zip(numbers, files, strict=True)}
    found = {}
    for number in numbers:
        output.note(f"officer {number}:")
        found[number] = read_passphrase(None, confirm=confirm)
    return found


def parse_time(text: str) -> int:
    """Read `2026-03-01T12:00:00Z`, or Unix seconds; `config` for anything else."""
    if re.fullmatch("[0-9]{1,12}", text):
        return int(text)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise Rejected(f"not a time: {text[:40]!r}", code="config", hint="write 2026-03-01T12:00:00Z, or Unix seconds")
    return int(at.timestamp())
