"""
`gateway alias`: make a second participant in a home, by whose name another network knows who acts there.

It gets keys, a key card and a request of its own, in a home of its own inside the first (`aliases/NAME`), under the first one's
passphrase; root of trust, gateways and certificates are those that the first home was told. The authority enters it with
`gateway network add REQUEST --known-to NETWORK`. Commands act for it with `--as NAME`, or `--home HOME/aliases/NAME`.
Spec: schemas/directory.md, "Aliases".
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli import output
from gateway.cli.enrol import enrol_participant
from gateway.cli.homes import AsJson, HomeFolder, PassphraseFile, locate

if TYPE_CHECKING:  # loaded when the command runs: `gateway --help` stays fast
    from gateway.client.home.told import Told
    from gateway.network import Invitation

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("alias")(alias)


def alias(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The id that is asked for, e.g. NCB-XA.")],
    *,
    home: HomeFolder,
    title: Annotated[str | None, typer.Option("--name", help="Name that others read. Default: the id.")] = None,
    country: Annotated[str, typer.Option(help="Two letters (ISO 3166), e.g. DE; ZZ for none.")] = "ZZ",
    organisation_type: Annotated[str, typer.Option("--type", help="ncb, tribunal, unit ...")] = "unit",
    role: Annotated[list[str] | None, typer.Option(help="Wished for; may be repeated. Default: unit.")] = None,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Make an alias in a home, and a request for the authority."""
    from gateway.client.home.aliases import home_of, told_by
    from gateway.ids import make_address, network_of, parse_address, parse_participant
    from gateway.network import Profile, enrol

    who, place = parse_participant(name), locate(home, passphrase_file)
    with output.working("making keys"):
        told = told_by(place.home, place.passphrase)
        profile = Profile(
            address=make_address(who, network_of(parse_address(told.address))),
            name=title or name,
            country=country,
            organisation_type=organisation_type,
            roles=tuple(role or ("unit",)),
        )
        made = enrol(profile, time.time())
        folder = home_of(place.home, name)
        digits = enrol_participant(folder, _invitation(told), made, place.passphrase, told.tls)
    request = str(folder / "request.json")
    if as_json:
        output.print_json({"address": profile.address, "request": request, "fingerprint": digits})
        return
    output.print_pairs([("alias", profile.address), ("request", request), ("fingerprint", digits)])
    output.note(f"next: move {folder / 'identity.key'} to a medium that is kept offline, send request.json to the authority,")
    output.note("      read the fingerprint to it over another line, and say which networks may know this name")


def _invitation(told: Told) -> Invitation:
    """Return what the authority handed to the first participant, as its home keeps it."""
    from gateway.ids import network_of, parse_address
    from gateway.network import Invitation

    network = network_of(parse_address(told.address))
    return Invitation(network=network, exercise=told.exercise, root=told.root.decode(), gateways=told.gateways)
