"""
`gateway enrol`: make a participant's or a gateway's first keys, and the request to be entered in the directory.

A participant gets a home (its keys encrypted at rest) and `identity.key` beside it, which signs key cards alone and is to be
moved off the machine; with `--officer` a second officer gets `officer.key`, under a passphrase of its own. A gateway gets
`gateway.keys`. The invitation brings a private CA if the network has one; a certificate to show is taken into the home. With
`--again` a participant comes back that lost its identity key or was revoked: it makes a new home, and a request whose card
lists its old keys, closed. Passphrases come from a file, a credential or a prompt.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from gateway.cli import output
from gateway.cli.officer import OfficerPassphraseFile, read_officer_passphrase
from gateway.cli.passphrase import read_passphrase
from gateway.errors import Rejected

if TYPE_CHECKING:  # loaded when the command runs: `gateway --help` stays fast
    from collections.abc import Collection

    from gateway.client.line.tls import Tls
    from gateway.ids import Address, Participant
    from gateway.network import Enrolment, Invitation, Profile

__all__ = ["enrol_gateway", "enrol_participant", "register"]

_ROLE_OF_PREFIX: Final = {"NCB": "ncb", "TRIB": "tribunal", "GN": "contact-point", "GS": "coordination", "RELAY": "relay"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("enrol")(enrol)


def enrol(
    participant: Annotated[str, typer.Argument(help="The id that is asked for, e.g. NCB-QM.")],
    *,
    home: Annotated[Path, typer.Option(help="Folder to make.")],
    invitation: Annotated[Path | None, typer.Option(help="invitation.json of the authority.")] = None,
    network: Annotated[str | None, typer.Option(help="Name of the network, for a gateway without an invitation.")] = None,
    name: Annotated[str | None, typer.Option(help="Name of the organisation unit. Default: the id.")] = None,
    country: Annotated[str, typer.Option(help="Two letters (ISO 3166), e.g. DE; ZZ for none.")] = "ZZ",
    organisation_type: Annotated[str | None, typer.Option("--type", help="ncb, tribunal, unit ... Default: its role.")] = None,
    role: Annotated[list[str] | None, typer.Option(help="Wished for; may be repeated. Default: by the id.")] = None,
    as_gateway: Annotated[bool, typer.Option("--as-gateway", help="Make the keys of a gateway.")] = False,
    passphrase_file: Annotated[Path | None, typer.Option(help="File with the passphrase. Default: ask.")] = None,
    tls_certificate: Annotated[Path | None, typer.Option(help="PEM chain to show to gateways that ask (mutual TLS).")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM key of --tls-certificate; kept encrypted in the home.")] = None,
    officer: Annotated[bool, typer.Option("--officer", help="Make officer.key too, for a second officer.")] = False,
    officer_passphrase_file: OfficerPassphraseFile = None,
    again: Annotated[bool, typer.Option("--again", help="Enrolled before; its identity key was lost or revoked.")] = False,
    card: Annotated[Path | None, typer.Option(help="With --again: its last published key card.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Make keys, and a request for the authority."""
    from gateway.network import Profile
    from gateway.network import enrol as make_keys

    who = _participant(participant)
    invited = _invitation(invitation) if invitation is not None else None
    if as_gateway == (invited is not None):
        raise typer.BadParameter("a participant needs --invitation, a gateway --as-gateway and --network")
    _refuse_contradictions(role or (), as_gateway=as_gateway, tls=bool(tls_certificate or tls_key), officer=officer)
    if again != (card is not None):
        raise typer.BadParameter("--again needs --card: gateway directory ID --save-card FILE, from anybody's home")
    roles = ("gateway",) if as_gateway else tuple(role or (_role_of(who),))
    profile = Profile(
        address=_address(who, invited.network if invited else network or ""),
        name=name or participant,
        country=country,
        organisation_type=organisation_type or roles[0],
        roles=roles,
    )
    before = None if card is None else _read(card)
    passphrase = read_passphrase(passphrase_file, confirm=True)
    secret = read_officer_passphrase(officer_passphrase_file, passphrase) if officer else None
    with output.working("making keys"):
        made = make_keys(profile, time.time(), officer=officer, again=before)
        if invited is None:
            digits = enrol_gateway(home, made, passphrase)
        else:
            tls = _tls(invited, tls_certificate, tls_key)
            digits = enrol_participant(home, invited, made, passphrase, tls, officer_secret=secret)
    _tell(home, profile, digits, json=json, officer=officer)


def enrol_gateway(home: Path, made: Enrolment, passphrase: bytes) -> str:
    """Write a gateway's keys and request; return the request's fingerprint."""
    from gateway.network import fingerprint, write_gateway

    write_gateway(made, home, passphrase)
    return fingerprint(made.request)


def enrol_participant(
    home: Path, invitation: Invitation, made: Enrolment, passphrase: bytes, tls: Tls, officer_secret: bytes | None = None
) -> str:
    """Make a home, `identity.key`, the request, and `officer.key` where its passphrase is given; return the fingerprint."""
    from gateway.client.home.create import create_home
    from gateway.network import fingerprint, write_papers
    from gateway.network.enrolment import OFFICER_FILE, write_officer

    create_home(
        home,
        address=made.identity.public.address,
        root=invitation.root.encode(),
        gateways=invitation.gateways,
        keys=made.keys,
        passphrase=passphrase,
        exercise=invitation.exercise,
        tls=tls,
    )
    if made.officer is not None and officer_secret is not None:
        write_officer(made.officer, home / OFFICER_FILE, officer_secret)  # before there is a request whose card lists it
    write_papers(made, home, passphrase)
    return fingerprint(made.request)


def _refuse_contradictions(roles: Collection[str], *, as_gateway: bool, tls: bool, officer: bool) -> None:
    if not as_gateway and "gateway" in roles:
        raise typer.BadParameter("a gateway is enrolled with --as-gateway")
    if as_gateway and tls:
        raise typer.BadParameter("a gateway's certificate stands in its configuration")
    if as_gateway and officer:
        raise typer.BadParameter("a gateway sends nothing that an officer approves")


def _read(path: Path) -> bytes:
    from gateway.network.files import read_file

    return read_file(path, "not-found")


def _participant(text: str) -> Participant:
    from gateway.ids import parse_participant

    try:
        return parse_participant(text)
    except Rejected as exc:
        raise Rejected(exc.detail, code=exc.code, hint="write an id in capitals, e.g. NCB-QM") from exc


def _address(who: Participant, network: str) -> Address:
    from gateway.ids import make_address, parse_network

    try:
        return make_address(who, parse_network(network))
    except Rejected as exc:
        raise Rejected(exc.detail, code=exc.code, hint="write a network in small letters, e.g. icn") from exc


def _invitation(path: Path) -> Invitation:
    from gateway.network import decode_invitation
    from gateway.network.files import read_file

    return decode_invitation(read_file(path))


def _tls(invitation: Invitation, certificate: Path | None, key: Path | None) -> Tls:
    from gateway.client.line.tls import Tls, read_pem

    return Tls(
        ca=invitation.tls_ca or None,
        certificate=None if certificate is None else read_pem(certificate),
        key=None if key is None else read_pem(key),
    )


def _role_of(participant: Participant) -> str:
    return _ROLE_OF_PREFIX.get(participant.partition("-")[0], "unit")


def _tell(home: Path, profile: Profile, digits: str, *, json: bool, officer: bool) -> None:
    made = {"address": profile.address, "request": str(home / "request.json"), "fingerprint": digits}
    if json:
        output.print_json(made)
        return
    output.print_table("enrolled", ("what", "is"), list(made.items()))
    output.note(f"next: move {home / 'identity.key'} to a medium that is kept offline,")
    output.note("      send request.json to the authority, and read the fingerprint to it over another line")
    if officer:
        output.note(f"      give {home / 'officer.key'} to the second officer, who alone knows its passphrase")
