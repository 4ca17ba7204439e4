"""
`gateway inbox [--follow] [--exec CMD]`: hand over what arrived, to a person or to a program in any language.

With `--exec` each delivery is JSON on the program's standard input; exit code 0 acknowledges it, anything else leaves it in the
home, and it comes again: with `--follow` within about a minute, else with the next call. The program is started without a
shell. Without `--exec` each delivery is printed, then acknowledged.
"""

from __future__ import annotations

import asyncio
import shlex
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
import typer

from gateway.cli import output
from gateway.cli.homes import AsJson, GatewayUrls, HomeFolder, PassphraseFile, opened, run

if TYPE_CHECKING:
    from gateway.client import Delivery

__all__ = ["register"]

KILL_S: Final = 5.0  # between the polite signal and the other one


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("inbox")(inbox)


def inbox(
    home: HomeFolder,
    follow: Annotated[bool, typer.Option("--follow", help="Wait for more when the mailbox is empty.")] = False,
    command: Annotated[
        str | None, typer.Option("--exec", metavar="CMD", help="Give each delivery to this program; split like a shell would.")
    ] = None,
    time_limit: Annotated[float, typer.Option("--time-limit", help="Seconds that the program may take.", min=0.1)] = 300.0,
    passphrase_file: PassphraseFile = None,
    gateway: GatewayUrls = None,
    as_json: AsJson = False,
) -> None:
    """Hand over what arrived."""
    reader = _Printer(as_json=as_json) if command is None else _Program(_split(command), time_limit)
    finished = run(lambda: _walk(reader, (home, passphrase_file, gateway), follow=follow))
    if finished is False:
        raise typer.Exit(output.Exit.UNAVAILABLE)


async def _walk(reader: _Printer | _Program, where: tuple[Any, ...], *, follow: bool) -> bool:
    """Give every delivery to the reader; False if one was left where it is."""
    left = 0
    async with opened(*where) as contact_point:
        deliveries = contact_point.inbox(follow=follow)
        async for delivery in deliveries:
            if await reader.take(delivery):
                await delivery.acknowledge()
            elif follow:
                await delivery.leave()
            else:
                left += 1
    if deliveries.refused:
        output.note(f"{deliveries.refused} refused: they could not be opened, or may not be used")
    return not left


class _Printer:
    """Shows deliveries to a person, or prints them as JSON."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json

    async def take(self, delivery: Delivery) -> bool:
        """Print one."""
        output.print_delivery(delivery, as_json=self._as_json)
        return True


class _Program:
    """Gives deliveries to a program."""

    def __init__(self, arguments: list[str], limit_s: float) -> None:
        self._arguments = arguments
        self._limit_s = limit_s

    async def take(self, delivery: Delivery) -> bool:
        """Run the program once; True if it ended with 0 in time."""
        try:
            process = await asyncio.create_subprocess_exec(*self._arguments, stdin=asyncio.subprocess.PIPE)
        except OSError as exc:
            output.note(f"cannot start {self._arguments[0]}: {exc.strerror}")
            return False
        try:
            async with asyncio.timeout(self._limit_s):
                await process.communicate(msgspec.json.encode(delivery.to_json()))
        except TimeoutError:
            output.note(f"delivery {delivery.number}: the program took longer than {self._limit_s:g} s")
        finally:
            await _end(process)
        if process.returncode:
            output.note(f"delivery {delivery.number}: the program ended with {process.returncode}; it comes again")
        return process.returncode == 0


async def _end(process: asyncio.subprocess.Process) -> None:
    """See to it that the program is gone."""
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(KILL_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _split(command: str) -> list[str]:
    from gateway.errors import Rejected

    try:
        arguments = shlex.split(command)
    except ValueError as exc:
        raise Rejected(f"--exec: {exc}", code="bad-request") from exc
    if not arguments:
        raise Rejected("--exec: no program", code="bad-request")
    return arguments
