"""
`gateway tls`: which certificates a home trusts and shows on the line; for a CA or a client certificate that ends.

What is not named stays as it is. Keys lie encrypted in the home: the files may be removed afterwards.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli import output
from gateway.cli.homes import AsJson, HomeFolder, PassphraseFile, at_home, locate

if TYPE_CHECKING:  # loaded when the command runs: `gateway --help` stays fast
    from gateway.client import ContactPoint
    from gateway.client.line.tls import Tls

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("tls")(tls)


def tls(
    home: HomeFolder,
    passphrase_file: PassphraseFile = None,
    tls_ca: Annotated[Path | None, typer.Option(help="PEM file: the private CA of the gateways.")] = None,
    tls_certificate: Annotated[Path | None, typer.Option(help="PEM chain to show to gateways that ask (mutual TLS).")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM key of --tls-certificate.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show or change what a home trusts and shows on TLS lines."""
    from gateway.client.line.tls import read_pem

    files = {"ca": tls_ca, "certificate": tls_certificate, "key": tls_key}
    changes = {name: read_pem(file) for name, file in files.items() if file is not None}
    place = locate(home, passphrase_file)
    found = at_home(place, lambda point: _change(point, changes))
    told = {"ca": found.ca or "the system's", "certificate": found.certificate or "none"}
    if as_json:
        output.print_json(told)
    else:
        output.print_pairs((name, " ".join(text.split("\n"))) for name, text in told.items())


async def _change(point: ContactPoint, changes: dict[str, str]) -> Tls:
    import msgspec

    changed = msgspec.structs.replace(point.tls, **changes)
    if changes:
        await point.replace_tls(changed)
    return changed
