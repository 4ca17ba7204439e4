"""
What every command of a contact point shares: which home, which passphrase, and running until done or told to stop.

A home is named by `--home` or GATEWAY_HOME, an alias in it by `--as`. The passphrase never stands in an argument
(`gateway.cli.passphrase`).
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import typer

from gateway.cli import output
from gateway.cli.passphrase import read_passphrase

if TYPE_CHECKING:
    from gateway.client import ContactPoint

__all__ = [
    "AsAlias",
    "AsJson",
    "GatewayUrls",
    "HomeFolder",
    "PassphraseFile",
    "Place",
    "at_home",
    "finish",
    "locate",
    "opened",
    "run",
]

HomeFolder = Annotated[Path, typer.Option("--home", envvar="GATEWAY_HOME", help="The home's folder.", show_default=False)]
AsAlias = Annotated[str | None, typer.Option("--as", metavar="NAME", help="Act as an alias that is kept in the home.")]
PassphraseFile = Annotated[
    Path | None,
    typer.Option("--passphrase-file", help="Read the passphrase from this file; else from a credential or the terminal."),
]
GatewayUrls = Annotated[
    list[str] | None, typer.Option("--gateway", help="Address to use in place of the home's own; may be repeated.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]

_STRANGER: Final = (
    "this gateway may not know {} by this key: has the authority entered and published it? is this the right gateway, and"
    " the clock right?"
)
T = TypeVar("T")


@dataclass(frozen=True, slots=True, repr=False)
class Place:
    """A home that is there, with what opens it; its repr shows no passphrase."""

    home: Path
    passphrase: bytes
    gateways: list[str] | None


def locate(home: Path, passphrase_file: Path | None, gateways: list[str] | None = None, alias: str | None = None) -> Place:
    """
    Find a home and ask for its passphrase: before the event loop takes the signals over, so that Ctrl-C ends a prompt.

    Raises:
        Rejected: `home-missing`, `passphrase`; `bad-address`, what is no alias' name.
    """
    from gateway.client.home.aliases import home_of
    from gateway.client.home.store import FILE
    from gateway.errors import Rejected

    for url in gateways or ():
        if not url.startswith(("https://", "http://")):
            raise typer.BadParameter(f"not an address of a gateway, e.g. https://gw.example:8443: {url[:100]!r}")
    folder = home_of(home, alias)
    if not (folder / FILE).is_file():
        raise Rejected(f"no home in {folder}", code="home-missing")
    return Place(folder, read_passphrase(passphrase_file), gateways or None)


@asynccontextmanager
async def opened(place: Place) -> AsyncIterator[ContactPoint]:
    """Open a home; what a gateway says of a participant that it does not know gets the hint of a newcomer."""
    from gateway.client import ContactPoint
    from gateway.errors import Rejected

    async with AsyncExitStack() as stack:
        with output.working(f"opening {place.home}"):
            home = ContactPoint.open(place.home, passphrase=place.passphrase, gateways=place.gateways)
            contact_point = await stack.enter_async_context(home)
        try:
            yield contact_point
        except Rejected as exc:
            if exc.code == "signature-bad":
                exc.hint = _STRANGER.format(contact_point.address)
            raise


def at_home(place: Place, work: Callable[[ContactPoint], Awaitable[T]], doing: str | None = None) -> T:
    """
    Open a home, do something with it and return what came of it; end the command where the user interrupted.

    Args:
        place: The home.
        work: Gets the open home.
        doing: What is shown while it works; nothing beyond the opening by default.
    """

    async def whole() -> T:
        async with opened(place) as contact_point:
            with output.working(doing) if doing else nullcontext():
                return await work(contact_point)

    return finish(whole)


def finish(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a command and return what it does; end with the exit code that says so where the user interrupted."""
    done: list[T] = []

    async def noted() -> bool:
        done.append(await work())
        return True

    if run(noted) is None:
        raise typer.Exit(output.Exit.INTERRUPTED)
    return done[0]


def run(work: Callable[[], Coroutine[Any, Any, T]]) -> T | None:
    """
    Run a command to its end; SIGTERM and SIGINT end it in order: what was begun is finished or kept.

    Returns:
        What the command returned; None if it was told to stop.
    """
    logging.basicConfig(level=logging.WARNING, format="%(message)s", handlers=[_Notes()])
    return asyncio.run(_until_told(work))


async def _until_told(work: Callable[[], Coroutine[Any, Any, T]]) -> T | None:
    task = asyncio.create_task(work())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    with suppress(asyncio.CancelledError):
        return await task
    return None


class _Notes(logging.Handler):
    """Log lines repeat words of other machines: they are shown, not obeyed."""

    def emit(self, record: logging.LogRecord) -> None:
        """Say it on standard error as it is now: above a line that moves."""
        output.note(self.format(record))
