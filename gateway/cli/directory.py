"""
`gateway directory`: who can be written to, under which names, and in which groups.

`reachable` says that a participant has a delivery key now: it has connected within the last weeks. A message to one that has
none is refused before anything is sent. With `PARTICIPANT --save-card FILE` it writes that participant's key card: who lost its
identity key gets it from anybody, to be enrolled again.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli import output
from gateway.cli.homes import AsJson, GatewayUrls, HomeFolder, PassphraseFile, Place, at_home, locate

if TYPE_CHECKING:
    from gateway.directory.view import Directory

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("directory")(directory)


def directory(
    participant: Annotated[str | None, typer.Argument(help="With --save-card: whose.", show_default=False)] = None,
    *,
    home: HomeFolder,
    passphrase_file: PassphraseFile = None,
    save_card: Annotated[Path | None, typer.Option(help="Write the participant's key card to this file.")] = None,
    gateway: GatewayUrls = None,
    as_json: AsJson = False,
) -> None:
    """Show participants and groups, and who can be written to."""
    if (participant is None) != (save_card is None):
        raise typer.BadParameter("a participant and --save-card go together")
    place = locate(home, passphrase_file, gateway)
    if participant is not None and save_card is not None:
        _save(place, participant, save_card)
        return
    told = _told(at_home(place, lambda point: point.directory()), time.time())
    if as_json:
        output.print_json(told)
    else:
        _show(told)


def _save(place: Place, participant: str, file: Path) -> None:
    from gateway.network.files import write_new

    card = at_home(place, lambda point: point.key_card(participant))
    write_new(file.parent, {file.name: card})
    output.note(f"{file}: the last key card of {participant}, e.g. for gateway enrol --again")


def _told(found: Directory, now: float) -> dict[str, Any]:
    return {
        "network": found.network,
        "version": found.version,
        "exercise": found.exercise,
        "participants": [
            {
                "address": address,
                "name": entry.name,
                "country": entry.country,
                "roles": entry.roles,
                "reachable": found.delivery_key(address, now) is not None,
            }
            for address, entry in ((one, found.entries[one]) for one in found.participants())
        ],
        "groups": {name: list(members) for name, members in sorted(found.groups.items())},
    }


def _show(told: dict[str, Any]) -> None:
    columns = ("address", "name", "country", "roles", "reachable")
    rows = [[output.in_words(name, one[name]) for name in columns] for one in told["participants"]]
    output.print_table("", columns, rows)
    output.print_pairs((f"group:{name}", ", ".join(members)) for name, members in told["groups"].items())
