"""`gateway serve CONFIG`: run a gateway until it is told to stop, in one process or in several on one socket."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from gateway.errors import Rejected

if TYPE_CHECKING:
    from gateway.config import KeysConfig

__all__ = ["given_passphrase", "register"]

# A fresh interpreter that runs this command line, and takes nothing from the folder in which it stands.
_INTERPRETER: Final = (sys.executable, "-P", "-c", "from gateway.cli.main import main; main()")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("serve")(serve)


def serve(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="The gateway's TOML file.")],
    workers: Annotated[
        int, typer.Option("--workers", min=1, max=64, help="Processes on one socket; needs PostgreSQL and RabbitMQ.")
    ] = 1,
    worker: Annotated[str | None, typer.Option("--worker", hidden=True)] = None,
) -> None:
    """
    Run a gateway until it is told to stop.

    SIGTERM stops it within 30 seconds. Logs go to standard error as JSON lines. With --workers N, worker I of 0 to N-1 shows
    its metrics on the port `operations.port` + I.
    """
    from gateway.config import load
    from gateway.server import Worker, for_worker, run, run_workers

    loaded = load(config)
    if worker is not None:
        own = Worker.given(worker)
        run(for_worker(loaded, own.number), own.passphrase(), own)
        return
    passphrase = _passphrase(loaded.keys, config)
    if workers == 1:
        run(loaded, passphrase)
    elif code := run_workers(loaded, passphrase, workers, (*_INTERPRETER, "serve", str(config), "--worker")):
        raise typer.Exit(code)


def _passphrase(keys: KeysConfig, config: Path) -> bytes:
    """Return what opens the key file, from wherever it comes."""
    from gateway.cli.passphrase import read_passphrase

    if not keys.file.is_file():
        raise Rejected(f"keys.file: no file {keys.file}", code="config", hint="make it: gateway enrol NAME --as-gateway")
    passphrase = given_passphrase(keys)
    if passphrase is None and not sys.stdin.isatty():
        hint = f"set keys.passphrase_file in {config}, or run it on a terminal"
        raise Rejected("no passphrase for the gateway's keys", code="passphrase", hint=hint)
    return read_passphrase(None) if passphrase is None else passphrase


def given_passphrase(keys: KeysConfig) -> bytes | None:
    """Return what the file or the service manager gives; None where only a terminal could."""
    from gateway.cli.passphrase import CREDENTIAL, read_passphrase

    credential = Path(os.environ.get("CREDENTIALS_DIRECTORY", "/nowhere")) / CREDENTIAL
    if keys.passphrase_file is None and not credential.is_file():
        return None
    return read_passphrase(keys.passphrase_file)
