"""
`gateway directory`: who can be written to, under which names, and in which groups.

`reachable` says that a participant has a delivery key now: it has connected within the last weeks. A message to one that has
none is refused before anything is sent. Peers are listed beside; `--network eu-network` shows who is there, as far as this
network knows them. With `PARTICIPANT --save-card FILE` it writes that participant's key card: who lost its identity key gets it
from anybody, to be enrolled again.
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
    from gateway.ids import Network

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("directory")(directory)


def directory(
    participant: Annotated[str | None, typer.Argument(help="With --save-card: whose.", show_default=False)] = None,
    *,
    home: HomeFolder,
    passphrase_file: PassphraseFile = None,
    network: Annotated[str | None, typer.Option(metavar="NETWORK", help="Show this peer's participants and groups.")] = None,
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
    found = at_home(place, lambda point: point.directory())
    told = _told(found, _peer(found, network), time.time())
    if as_json:
        output.print_json(told)
    else:
        _show(told, f"@{network}" if told["network"] != found.network else "")


def _save(place: Place, participant: str, file: Path) -> None:
    from gateway.network.files import write_new

    card = at_home(place, lambda point: point.key_card(participant))
    write_new(file.parent, {file.name: card})
    output.note(f"{file}: the last key card of {participant}, e.g. for gateway enrol --again")


def _peer(found: Directory, network: str | None) -> Directory:
    """Return the directory that is shown: the own one, or a peer's that is at hand."""
    from gateway.errors import Rejected, Unavailable
    from gateway.ids import Network

    if network is None or network == found.network:
        return found
    if Network(network) not in found.borders:
        raise Rejected(f"{network[:80]} is no peer of {found.network}", code="peer-unknown", hint="see: gateway directory")
    if Network(network) not in found.peers:
        raise Unavailable(f"no verified directory of {network} yet")
    return found.peers[Network(network)]


def _told(own: Directory, shown: Directory, now: float) -> dict[str, Any]:
    """Tell of one directory what the own network knows of it, and of the own one its peers."""
    known = [(address, entry) for address in shown.participants() if (entry := own.entry(address))]
    names = {address for address, _ in known}
    return {
        "network": shown.network,
        "version": shown.version,
        "exercise": shown.exercise,
        "participants": [
            {
                "address": address,
                "name": entry.name,
                "country": entry.country,
                "roles": entry.roles,
                "reachable": own.delivery_key(address, now) is not None,
            }
            for address, entry in known
        ],
        "groups": {name: [one for one in group if one in names] for name, group in sorted(shown.groups.items())},
        "peers": [_border(own, network) for network in sorted(own.borders)] if shown is own else [],
    }


def _border(own: Directory, network: Network) -> dict[str, Any]:
    peer, at_hand = own.borders[network], own.peers.get(network)
    return {
        "network": network,
        "version": None if at_hand is None else at_hand.version,
        "sends": peer.sends,
        "takes": peer.takes,
        "ceiling": peer.ceiling,
    }


def _show(told: dict[str, Any], of: str) -> None:
    columns = ("address", "name", "country", "roles", "reachable")
    rows = [[output.in_words(name, one[name]) for name in columns] for one in told["participants"]]
    output.print_table("", columns, rows)
    output.print_pairs((f"group:{name}{of}", ", ".join(members)) for name, members in told["groups"].items())
    output.print_pairs((f"peer {one['network']}", _passes(one)) for one in told["peers"])


def _passes(peer: dict[str, Any]) -> str:
    """Say what may pass to and from a peer, and whether its directory is here."""
    version = "no directory of it yet" if peer["version"] is None else f"directory {peer['version']}"
    kinds = (f"{what} {', '.join(peer[what]) or 'nothing'}" for what in ("sends", "takes"))
    return f"{version}, {', '.join(kinds)}, up to {peer['ceiling']}"
