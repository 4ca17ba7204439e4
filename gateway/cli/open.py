"""
`gateway open FILE`: open a sealed delivery that `gateway inbox --save DIR` wrote, with the keys of a home.

Every check of a received delivery is made; nobody is told, and nothing is marked as read.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from gateway.cli import output
from gateway.cli.homes import AsJson, GatewayUrls, HomeFolder, PassphraseFile, at_home, locate

if TYPE_CHECKING:
    from gateway.client import ContactPoint, Delivery

__all__ = ["register"]

_WRITTEN_BY: Final = "give a file that `gateway inbox --save DIR` wrote"
MAX_FILE_BYTES: Final = 2 << 20  # no delivery is that large


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("open")(open_)


def open_(
    file: Annotated[Path, typer.Argument(help="A delivery that `gateway inbox --save DIR` wrote.", show_default=False)],
    home: HomeFolder,
    passphrase_file: PassphraseFile = None,
    gateway: GatewayUrls = None,
    as_json: AsJson = False,
) -> None:
    """Open a delivery from a file and print what it says."""
    data = _read(file)
    place = locate(home, passphrase_file, gateway)
    output.print_delivery(at_home(place, lambda point: _open(data, point)), as_json=as_json)


async def _open(data: bytes, point: ContactPoint) -> Delivery:
    from gateway.errors import Rejected

    try:
        return await point.read(data)
    except Rejected as exc:
        if exc.code == "malformed":
            exc.hint = _WRITTEN_BY
        raise


def _read(file: Path) -> bytes:
    from gateway.cli.files import read_file
    from gateway.errors import Rejected

    data = read_file(file, MAX_FILE_BYTES)
    if data.lstrip()[:1] in {b"", b"{"}:
        raise Rejected(f"{file} holds no sealed delivery", code="malformed", hint=_WRITTEN_BY)
    return data
