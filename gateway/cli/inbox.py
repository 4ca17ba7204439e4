"""
`gateway inbox [--follow] [--exec CMD]`: hand over what arrived, to a person or to a program in any language.

With `--exec` each delivery is JSON on the program's standard input; exit code 0 acknowledges it, anything else leaves it in the
home, and it comes again: with `--follow` within about a minute, else with the next call. The program is started without a
shell. Without `--exec` each delivery is printed, then acknowledged: printed is acknowledged, and never handed over again. With
`--save DIR` the sealed delivery is a file on disk before either.
"""

from __future__ import annotations

import asyncio
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import typer

from gateway.cli import output
from gateway.cli.homes import AsAlias, AsJson, GatewayUrls, HomeFolder, PassphraseFile, Place, locate, opened, run

if TYPE_CHECKING:
    from gateway.client import Delivery
    from gateway.errors import Unavailable

__all__ = ["register"]

KILL_S: Final = 5.0  # between the polite signal and the other one


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("inbox")(inbox)


def inbox(
    *,
    home: HomeFolder,
    alias: AsAlias = None,
    follow: Annotated[bool, typer.Option("--follow", help="Wait for more when the mailbox is empty.")] = False,
    command: Annotated[
        str | None, typer.Option("--exec", metavar="CMD", help="Give each delivery to this program; split like a shell would.")
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write each delivery, sealed, to a file here first; `gateway open` reads it."),
    ] = None,
    time_limit: Annotated[float, typer.Option("--time-limit", help="Seconds that the program may take.", min=0.1)] = 300.0,
    passphrase_file: PassphraseFile = None,
    gateway: GatewayUrls = None,
    as_json: AsJson = False,
) -> None:
    """
    Hand over what arrived: what is printed is acknowledged, and never handed over again.

    With --exec the program's exit code 0 acknowledges. Use --save to keep the sealed deliveries.
    """
    reader = _Printer(as_json=as_json) if command is None else _Program(_split(command), time_limit)
    if command is None:
        output.require_output("nothing was fetched")
    folder = None if save is None else _folder(save)
    place = locate(home, passphrase_file, gateway, alias)
    finished = run(lambda: _walk(reader, place, folder, follow=follow))
    if finished is False:
        raise typer.Exit(output.Exit.UNAVAILABLE)


async def _walk(reader: _Printer | _Program, place: Place, folder: Path | None, *, follow: bool) -> bool:
    """Give every delivery to the reader; False if one was left where it is."""
    came = left = 0
    async with opened(place) as contact_point:
        deliveries = contact_point.inbox(follow=follow)
        async for delivery in deliveries:
            came += 1
            if folder is not None:
                await asyncio.to_thread(_save, delivery, folder / f"{delivery.number}-{contact_point.address}.delivery")
            if await reader.take(delivery):
                await delivery.acknowledge()
            elif follow:
                await delivery.leave()
            else:
                left += 1
    if deliveries.refused:
        output.note(f"{deliveries.refused} refused: they could not be opened, or may not be used")
    elif not came:
        output.note("nothing new")
    return not left


class _Printer:
    """Shows deliveries to a person, or prints them as JSON."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json

    async def take(self, delivery: Delivery) -> bool:
        """Print one; what could not be written is not acknowledged."""
        from gateway.errors import Unavailable

        try:
            output.print_delivery(delivery, as_json=self._as_json)
        except Unavailable as exc:
            raise _comes_again(exc.detail, delivery) from exc
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
            output.note(f"delivery {delivery.number}: the program took longer than {self._limit_s:g} s; it comes again")
            return False
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


def _folder(path: Path) -> Path:
    """Make the folder before anything is fetched."""
    from gateway.errors import Rejected

    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        raise Rejected(f"cannot make {path}: {exc.strerror}", code="bad-request", hint="name another folder") from exc
    return path


def _save(delivery: Delivery, path: Path) -> None:
    """Write a sealed delivery to disk, whole or not at all."""
    part = path.with_name(f"{path.name}.part")
    try:
        with open(part, "wb", opener=_private) as stream:
            stream.write(delivery.sealed)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as exc:
        raise _comes_again(f"cannot write {path}: {exc.strerror}", delivery) from exc


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _comes_again(detail: str, delivery: Delivery) -> Unavailable:
    from gateway.errors import Unavailable

    return Unavailable(f"{detail}; delivery {delivery.number} comes again", hint="make room, and call it again")


def _split(command: str) -> list[str]:
    from gateway.errors import Rejected

    try:
        arguments = shlex.split(command)
    except ValueError as exc:
        raise Rejected(f"--exec: {exc}", code="bad-request", hint="quote it as for a shell") from exc
    if not arguments:
        raise Rejected("--exec: no program", code="bad-request", hint="give a program")
    return arguments
