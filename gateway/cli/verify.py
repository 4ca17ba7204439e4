"""
`gateway verify BUNDLE`: check a file of evidence, offline, and say what it proves.

What is trusted is named: a key of the log (`--log`, as `gateway audit key` prints it), or a home, whose verified directory has
it. What is named must be there: each witness's cosignature, a time-stamp that leads to `--timestamp-ca`. Without a key of the
log the bundle is at best consistent in itself, and the command fails.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli import output
from gateway.cli.evidence import print_statement
from gateway.cli.files import read_file
from gateway.cli.homes import AsJson, PassphraseFile, at_home, locate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.directory.view import Directory
    from gateway.evidence.anchors import Anchors

__all__ = ["register"]

_UNANCHORED = "not anchored: name the key of the log, --log VKEY, or a home that knows it, --home HOME"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("verify")(verify)


def verify(
    bundle: Annotated[Path, typer.Argument(help="A file that `gateway proof` wrote.", show_default=False)],
    log: Annotated[
        list[str] | None,
        typer.Option("--log", metavar="VKEY", help="Key of the log; may be repeated.", show_default=False),
    ] = None,
    home: Annotated[
        Path | None, typer.Option("--home", help="A home: its directory has the key of the log.", show_default=False)
    ] = None,
    witness: Annotated[
        list[str] | None,
        typer.Option("--witness", metavar="VKEY", help="Key of a witness that must have cosigned.", show_default=False),
    ] = None,
    timestamp_ca: Annotated[
        Path | None,
        typer.Option("--timestamp-ca", metavar="PEM", help="Root of a time-stamp service.", show_default=False),
    ] = None,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Check a file of evidence and say what it proves."""
    from gateway.evidence.verify import verify as verified

    data = _read(bundle)
    anchors = _anchors(log or (), witness or (), timestamp_ca, _directory(home, passphrase_file))
    statement = verified(data, anchors)
    print_statement(statement, as_json=as_json)
    if not statement.anchored:
        output.note(_UNANCHORED)
        raise typer.Exit(output.Exit.REJECTED)


def _anchors(logs: Sequence[str], witnesses: Sequence[str], ca: Path | None, known: Directory | None) -> Anchors:
    from gateway.evidence.anchors import Anchors, read_log_key, read_witness_key
    from gateway.evidence.token import read_roots

    return Anchors(
        logs=tuple(map(read_log_key, logs)),
        witnesses=tuple(map(read_witness_key, witnesses)),
        time_stamps=() if ca is None else tuple(read_roots(read_file(ca))),
        directory=known,
    )


def _directory(home: Path | None, passphrase_file: Path | None) -> Directory | None:
    """Return the directory that a home verified last; nobody is asked."""
    if home is None:
        return None
    return at_home(locate(home, passphrase_file), lambda point: point.known_directory())


def _read(bundle: Path) -> bytes:
    from gateway.errors import Rejected
    from gateway.evidence.bundle import MAX_BUNDLE_BYTES

    data = read_file(bundle, MAX_BUNDLE_BYTES + 1)
    if not data:
        raise Rejected(f"{bundle} is empty", code="malformed", hint="give a file that `gateway proof` wrote")
    return data
