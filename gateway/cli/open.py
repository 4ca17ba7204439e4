"""
`gateway open FILE`: open a sealed delivery that `gateway inbox --save DIR` wrote, with the keys of a home.

Every check of a received delivery is made; nobody is told, and nothing is marked as read.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from gateway.cli import output
from gateway.cli.homes import AsJson, GatewayUrls, HomeFolder, PassphraseFile, Place, locate, opened, run

if TYPE_CHECKING:
    from gateway.client import Delivery

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
    delivery = run(lambda: _open(data, place))
    if delivery is None:
        raise typer.Exit(output.Exit.INTERRUPTED)
    output.print_delivery(delivery, as_json=as_json)


async def _open(data: bytes, place: Place) -> Delivery:
    from gateway.errors import Rejected

    async with opened(place) as contact_point:
        try:
            return await contact_point.read(data)
        except Rejected as exc:
            if exc.code == "malformed":
                exc.hint = _WRITTEN_BY
            raise


def _read(file: Path) -> bytes:
    from gateway.errors import Rejected

    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_FILE_BYTES)
    except OSError as exc:
        raise Rejected(f"cannot read {file}: {exc.strerror}", code="bad-request", hint="check the path") from exc
    if data.lstrip()[:1] in {b"", b"{"}:
        raise Rejected(f"{file} holds no sealed delivery", code="malformed", hint=_WRITTEN_BY)
    return data
