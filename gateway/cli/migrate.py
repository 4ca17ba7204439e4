"""
`gateway migrate CONFIG`: bring the ledger's schema up to date, as a step of its own.

With PostgreSQL other processes may be running: stop them, or let them run when the release notes say that the two versions
get along. A second run changes nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("migrate")(migrate)


def migrate(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="The gateway's TOML file.")],
    *,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Bring the ledger's schema up to date."""
    from gateway.cli import output
    from gateway.config import load
    from gateway.ledger import migrate as bring_up_to_date

    loaded = load(config)
    version = bring_up_to_date(loaded.ledger.url)
    if json:
        output.print_json({"schema_version": version})
    else:
        print(f"the ledger has schema {version}")
