"""
`gateway bridge`: exchange with a network that no line leads to, by signed files in a folder that others carry.

`gateway bridge key FILE` prints this bridge's key for the configuration of the other side; `gateway bridge folder CONFIG`
works.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.homes import PassphraseFile
from gateway.cli.relay import passphrase_of

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    about = "Exchange with a network that no line leads to, by signed files in a folder."
    bridge = typer.Typer(help=about, no_args_is_help=True, rich_markup_mode=None)
    bridge.command("folder")(folder)
    bridge.command("key")(key)
    app.add_typer(bridge, name="bridge")


def folder(config: Annotated[Path, typer.Argument(metavar="CONFIG", help="The bridge's TOML file.")]) -> None:
    """
    Bridge until it is told to stop: what is laid out in `out` is for the other side's `in`.

    Logs go to standard error as JSON lines.
    """
    from gateway.relay.bridge.bridge import run_bridge
    from gateway.relay.config import load_bridge

    loaded = load_bridge(config)
    run_bridge(loaded, passphrase_of(loaded, config))


def key(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="As `gateway relay keys` wrote it.")],
    passphrase_file: PassphraseFile = None,
) -> None:
    """Print this bridge's key, one line: for `their_keys` of the other side."""
    from gateway.cli.passphrase import read_passphrase
    from gateway.protocol.bridge import show_key
    from gateway.relay.identity import read_agent

    for public in read_agent(file, read_passphrase(passphrase_file)).public_keys():
        print(show_key(public))
