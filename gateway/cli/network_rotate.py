"""
`gateway network rotate`: new keys for one officer, or new online keys of a gateway, in force at once with a new root.

The root keys of those who sign must be back from the safe. Homes that were away walk from root to root, so nobody enrols anew.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli import output
from gateway.cli.authority import Folder, PassphraseFiles, Signers, passphrases
from gateway.cli.passphrase import read_passphrase

__all__ = ["register"]


def register(network: typer.Typer) -> None:
    """Add the command."""
    network.command("rotate")(rotate)


def rotate(
    folder: Folder,
    officer: Annotated[int | None, typer.Option(help="Number of the officer who gets new keys.")] = None,
    online: Annotated[
        Path | None, typer.Option(help="request.json of `gateway gateway-keys rotate --online`: its new role keys.")
    ] = None,
    new_passphrase_file: Annotated[
        Path | None, typer.Option(help="Passphrase of the officer's new keys. Default: ask.")
    ] = None,
    passphrase_file: PassphraseFiles = None,
    signer: Signers = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="The fingerprint of the request was compared already.")] = False,
) -> None:
    """Replace the keys of an officer, or the online keys of the gateway, and publish."""
    from gateway.network import Successor, rotate_officer, rotate_online

    if (officer is None) == (online is None):
        raise typer.BadParameter("give --officer N, or --online REQUEST")
    if online is not None:
        request = _compared(online, yes=yes)
        written = rotate_online(folder, request, passphrases(passphrase_file, signer), time.time())
    else:
        assert officer is not None  # one of the two is given
        signing = passphrases(passphrase_file, signer)
        output.note(f"new passphrase of officer {officer}:")
        successor = Successor(officer=officer, passphrase=read_passphrase(new_passphrase_file, confirm=True))
        written = rotate_officer(folder, successor, signing, time.time())
        output.note(f"next: put officers/officer-{officer}.*.root.keys in a safe, destroy every copy of the old ones")
    output.note(f"published into {written}; next: carry this folder to the gateway")


def _compared(path: Path, *, yes: bool) -> bytes:
    from gateway.network import decode_request, fingerprint
    from gateway.network.files import read_file

    request = read_file(path)
    if not yes:
        output.note(f"{decode_request(request).address}, fingerprint {fingerprint(request)}")
        typer.confirm("Does the gateway's operator read the same fingerprint to you?", abort=True)
    return request
