"""`gateway serve CONFIG`: run a gateway until it is told to stop."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.errors import Rejected

if TYPE_CHECKING:
    from gateway.config import KeysConfig

__all__ = ["given_passphrase", "register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("serve")(serve)


def serve(config: Annotated[Path, typer.Argument(metavar="CONFIG", help="The gateway's TOML file.")]) -> None:
    """
    Run a gateway until it is told to stop.

    SIGTERM stops it within 30 seconds. Logs go to standard error as JSON lines.
    """
    from gateway.cli.passphrase import read_passphrase
    from gateway.config import load
    from gateway.server import run

    loaded = load(config)
    if not loaded.keys.file.is_file():
        raise Rejected(f"keys.file: no file {loaded.keys.file}", code="config", hint="make it: gateway enrol NAME --as-gateway")
    passphrase = given_passphrase(loaded.keys)
    if passphrase is None and not sys.stdin.isatty():
        hint = f"set keys.passphrase_file in {config}, or run it on a terminal"
        raise Rejected("no passphrase for the gateway's keys", code="passphrase", hint=hint)
    run(loaded, read_passphrase(None) if passphrase is None else passphrase)


def given_passphrase(keys: KeysConfig) -> bytes | None:
    """Return what the file or the service manager gives; None where only a terminal could."""
    from gateway.cli.passphrase import CREDENTIAL, read_passphrase

    credential = Path(os.environ.get("CREDENTIALS_DIRECTORY", "/nowhere")) / CREDENTIAL
    if keys.passphrase_file is None and not credential.is_file():
        return None
    return read_passphrase(keys.passphrase_file)
