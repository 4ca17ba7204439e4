"""
`gateway relay`: carry messages and receipts between this network and another.

`keys HOME FILE` takes the agent key out of the relay's home into a key file of its own; `gateway relay CONFIG` runs with that
file alone, so that nothing at the border can open a message.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from gateway.cli import output
from gateway.cli.homes import PassphraseFile
from gateway.errors import Rejected

if TYPE_CHECKING:  # loaded when the command runs: `gateway --help` stays fast
    from gateway.relay.config import SharedConfig

__all__ = ["ConfigOrCommand", "passphrase_of", "register"]

KeyPassphraseFile = Annotated[
    Path | None,
    typer.Option("--key-passphrase-file", help="File whose first line will open FILE. Default: the home's passphrase."),
]


class ConfigOrCommand(TyperGroup):
    """Takes `gateway relay CONFIG` for `gateway relay serve CONFIG`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command."""
        known = args[0] in self.commands or args[0].startswith("-")
        return super().resolve_command(ctx, args if known else ["serve", *args])


def register(app: typer.Typer) -> None:
    """Add the commands."""
    about = "Carry messages between this network and another: `gateway relay keys`, then `gateway relay CONFIG`."
    relay = typer.Typer(cls=ConfigOrCommand, help=about, no_args_is_help=True, rich_markup_mode=None)
    relay.command("keys")(keys)
    relay.command("serve")(serve)
    app.add_typer(relay, name="relay")


def keys(
    home: Annotated[Path, typer.Argument(metavar="HOME", help="The relay's home, as `gateway enrol` made it.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="To write, encrypted; must not be there.")],
    passphrase_file: PassphraseFile = None,
    key_passphrase_file: KeyPassphraseFile = None,
) -> None:
    """Write the agent key of a home, and nothing else of it, into a key file."""
    import asyncio
    import os

    from gateway.cli.homes import locate
    from gateway.cli.passphrase import read_passphrase
    from gateway.client.home.home import Home
    from gateway.network.files import write_new
    from gateway.relay.identity import export_agent

    place = locate(home, passphrase_file)
    secret = place.passphrase if key_passphrase_file is None else read_passphrase(key_passphrase_file)

    async def export() -> tuple[str, bytes]:
        opened = await asyncio.to_thread(Home.unlock, place.home, place.passphrase)
        try:
            return opened.address, export_agent(await opened.store.read(opened.shelf.load), secret, os.urandom)
        finally:
            await opened.close()

    with output.working(f"opening {place.home}"):
        address, data = asyncio.run(export())
    write_new(file.parent, {file.name: data})
    output.note(f"{file}: the agent key of {address}, encrypted; nothing that opens or writes a message")
    output.note("next: name it as key_file in the configuration of the relay; after `gateway keys rotate` make it anew")


def serve(config: Annotated[Path, typer.Argument(metavar="CONFIG", help="The relay's TOML file.")]) -> None:
    """
    Relay until it is told to stop (what `gateway relay CONFIG` does).

    Logs go to standard error as JSON lines.
    """
    from gateway.relay.config import load_relay
    from gateway.relay.process import run_relay

    loaded = load_relay(config)
    run_relay(loaded, passphrase_of(loaded, config))


def passphrase_of(loaded: SharedConfig, config: Path) -> bytes:
    """Return what opens the key file of a relay or bridge; raise Rejected where nobody can say it."""
    from gateway.cli.passphrase import read_passphrase
    from gateway.cli.serve import given_passphrase
    from gateway.config import KeysConfig

    if not loaded.key_file.is_file():
        raise Rejected(f"no file {loaded.key_file}", code="config", hint="make it: gateway relay keys HOME FILE")
    passphrase = given_passphrase(KeysConfig(passphrase_file=loaded.passphrase_file))
    if passphrase is None and not sys.stdin.isatty():
        hint = f"set passphrase_file in {config}, or run it on a terminal"
        raise Rejected("no passphrase for the agent key", code="passphrase", hint=hint)
    return read_passphrase(None) if passphrase is None else passphrase
