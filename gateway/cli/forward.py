"""
`gateway forward HASH --to A`: pass on what arrived, under this home's name and with the marking that it came with.

The marking, or a consent that its originators sent as `sharing.consent`, must allow each recipient; else nothing is sent. Exit
codes are those of `gateway send`.
"""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli import output
from gateway.cli.homes import AsJson, GatewayUrls, HomeFolder, PassphraseFile, at_home, locate
from gateway.cli.send import end_with

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("forward")(forward)


def forward(
    envelope_hash: Annotated[
        str, typer.Argument(metavar="HASH", help="Envelope hash, as `gateway inbox` shows it.", show_default=False)
    ],
    to: Annotated[list[str], typer.Option("--to", help="Participant, address or group; may be repeated.", show_default=False)],
    home: HomeFolder,
    passphrase_file: PassphraseFile = None,
    gateway: GatewayUrls = None,
    as_json: AsJson = False,
) -> None:
    """Pass a message on that arrived here."""
    from gateway.ids import parse_hash

    key = parse_hash(envelope_hash)
    output.require_output("nothing was sent")
    place = locate(home, passphrase_file, gateway)
    end_with(at_home(place, lambda point: point.forward(key, to)), as_json=as_json)
