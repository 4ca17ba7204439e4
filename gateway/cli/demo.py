"""`gateway demo`: a whole fictional network on this machine, with a count at the end."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
    broker: Annotated[list[str] | None, typer.Option(help="AMQP address; without one the broker is in memory.")] = None,
    ledger: Annotated[str | None, typer.Option(help="postgresql:// address of an empty database; else SQLite.")] = None,
    keep: Annotated[Path | None, typer.Option(help="Empty folder to leave everything in; else it is removed.")] = None,
) -> None:
    """
    Run a whole fictional network on this machine.

    An authority, a gateway, six participants; they send, read, answer and refuse. Ends with 0 only if nothing was lost.
    """
    from gateway.demo.run import run

    raise typer.Exit(run(brokers=broker or (), ledger=ledger, keep=keep))
