"""
`gateway open FILE`: open a delivery that was kept as a file, with the keys of a home.

Every check of a received delivery is made; nobody is told, and nothing is marked as read.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli import output
from gateway.cli.homes import AsJson, GatewayUrls, HomeFolder, PassphraseFile, opened, run

if TYPE_CHECKING:
    from gateway.client import Delivery

__all__ = ["register"]

MAX_FILE_BYTES = 2 << 20  # no delivery is that large


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("open")(open_)


def open_(
    file: Annotated[Path, typer.Argument(help="The delivery, as the gateway handed it over.", show_default=False)],
    home: HomeFolder,
    passphrase_file: PassphraseFile = None,
    gateway: GatewayUrls = None,
    as_json: AsJson = False,
) -> None:
    """Open a delivery from a file and print what it says."""
    delivery = run(lambda: _open(_read(file), (home, passphrase_file, gateway)))
    if delivery is None:
        raise typer.Exit(output.Exit.INTERRUPTED)
    output.print_delivery(delivery, as_json=as_json)


async def _open(data: bytes, where: tuple[Any, ...]) -> Delivery:
    async with opened(*where) as contact_point:
        return await contact_point.read(data)


def _read(file: Path) -> bytes:
    from gateway.errors import Rejected

    try:
        with file.open("rb") as stream:
            return stream.read(MAX_FILE_BYTES)
    except OSError as exc:
        raise Rejected(f"cannot read {file}: {exc.strerror}", code="bad-request") from exc
