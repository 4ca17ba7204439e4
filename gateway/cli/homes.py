"""
What every command of a contact point shares: which home, which passphrase, and running until done or told to stop.

A home is named by `--home` or GATEWAY_HOME. The passphrase never stands in an argument (`gateway.cli.passphrase`).
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from gateway.cli import output
from gateway.cli.passphrase import read_passphrase

if TYPE_CHECKING:
    from gateway.client import ContactPoint

__all__ = ["AsJson", "GatewayUrls", "HomeFolder", "PassphraseFile", "opened", "run"]

HomeFolder = Annotated[Path, typer.Option("--home", envvar="GATEWAY_HOME", help="The home's folder.", show_default=False)]
PassphraseFile = Annotated[
    Path | None,
    typer.Option("--passphrase-file", help="Read the passphrase from this file; else from a credential or the terminal."),
]
GatewayUrls = Annotated[
    list[str] | None, typer.Option("--gateway", help="Address to use in place of the home's own; may be repeated.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]

T = TypeVar("T")


@asynccontextmanager
async def opened(home: Path, passphrase_file: Path | None, gateways: list[str] | None) -> AsyncIterator[ContactPoint]:
    """Open a home; nothing is asked of anybody until the home is there."""
    from gateway.client import ContactPoint
    from gateway.client.home_store import FILE
    from gateway.errors import Rejected

    if not (home / FILE).is_file():
        raise Rejected(f"no home in {home}", code="home-missing")
    async with ContactPoint.open(home, passphrase=read_passphrase(passphrase_file), gateways=gateways or None) as contact_point:
        yield contact_point


def run(work: Callable[[], Coroutine[Any, Any, T]]) -> T | None:
    """
    Run a command to its end; SIGTERM and SIGINT end it in order: what was begun is finished or kept.

    Returns:
        What the command returned; None if it was told to stop.
    """
    logging.basicConfig(level=logging.WARNING, format="%(message)s", handlers=[_SafeHandler(sys.stderr)])
    return asyncio.run(_until_told(work))


async def _until_told(work: Callable[[], Coroutine[Any, Any, T]]) -> T | None:
    task = asyncio.create_task(work())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    with suppress(asyncio.CancelledError):
        return await task
    return None


class _SafeHandler(logging.StreamHandler[Any]):
    """Log lines repeat words of other machines: they are shown, not obeyed."""

    def format(self, record: logging.LogRecord) -> str:
        return output.safe(super().format(record))
