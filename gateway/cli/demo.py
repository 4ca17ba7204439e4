"""`gateway demo`: a whole fictional network on this machine, with a count at the end."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.errors import Rejected

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
    two_networks: Annotated[bool, typer.Option("--two-networks", help="Two networks, and what passes between them.")] = False,
    broker: Annotated[
        list[str] | None,
        typer.Option(help="AMQP address; without one the broker is in memory. Of two networks: one for each, e.g. two vhosts."),
    ] = None,
    ledger: Annotated[
        list[str] | None,
        typer.Option(help="postgresql:// address of an empty database; else SQLite. Of two networks: one for each."),
    ] = None,
    keep: Annotated[Path | None, typer.Option(help="Empty folder to leave everything in; else it is removed.")] = None,
    *,
    stay: Annotated[bool, typer.Option("--stay", help="Go on with light traffic, and print a link to the dashboard.")] = False,
) -> None:
    """
    Run a whole fictional network on this machine, or two.

    An authority, a gateway, eight participants; they send, read, answer and refuse. Ends with 0 only if nothing was lost.
    """
    if two_networks:
        if stay:
            raise Rejected("--stay is for one network", code="bad-request", hint="leave --two-networks out")
        from gateway.demo.two.run import run_two

        raise typer.Exit(run_two(brokers=broker or (), ledgers=ledger or (), keep=keep))
    from gateway.demo.run import run

    if ledger is not None and len(ledger) > 1:
        raise Rejected(f"{len(ledger)} ledgers for one network", code="config", hint="give --ledger once, or --two-networks")
    from gateway.cli.operate import login_link

    link = login_link if stay else None
    raise typer.Exit(run(brokers=broker or (), ledger=ledger[0] if ledger else None, keep=keep, link=link))
