"""`gateway serve CONFIG`: run a gateway until it is told to stop."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("serve")(serve)


def serve(config: Annotated[Path, typer.Argument(metavar="CONFIG", help="The gateway's TOML file.")]) -> None:
    """Run a gateway; SIGTERM stops it within 30 seconds, and logs go to standard error as JSON lines."""
    from gateway.cli.passphrase import read_passphrase
    from gateway.config import load
    from gateway.server import run

    loaded = load(config)
    run(loaded, read_passphrase(loaded.keys.passphrase_file))
