"""
`gateway network`: the work of a network's authority, on a machine that has no line to the gateway.

`init` makes officers' keys, root and invitation; `add` and `group` change the draft, as `suspend`, `resume` and `revoke` do;
`publish` lets two officers sign it into a folder that is carried to the gateway. Each officer's passphrase comes from a file or
a prompt, in the officers' order.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli import network_peer, network_rotate, network_show, network_standing, output
from gateway.cli.authority import Folder, Json, PassphraseFiles, Signers, passphrases

if TYPE_CHECKING:  # loaded when a command runs: `gateway --help` stays fast
    from gateway.directory.entries import Clearance
    from gateway.network import Request

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    network = typer.Typer(help="The work of a network's authority.", no_args_is_help=True, rich_markup_mode=None)
    network.command("init")(init)
    network.command("add")(add)
    network.command("group")(group)
    network.command("publish")(publish)
    for part in (network_standing, network_peer, network_rotate, network_show):
        part.register(network)
    app.add_typer(network, name="network")


def init(
    folder: Folder,
    network: Annotated[str, typer.Option(help="Name of the network, e.g. icn.")],
    gateway_request: Annotated[Path, typer.Option(help="request.json of `gateway enrol NAME --as-gateway`.")],
    url: Annotated[list[str], typer.Option(help="Base address of a gateway; may be repeated.")],
    *,
    tls_ca: Annotated[
        Path | None, typer.Option(help="PEM file: the private CA of the gateways. Default: the system's.")
    ] = None,
    exercise: Annotated[bool, typer.Option("--exercise", help="A network for training, apart from all others.")] = False,
    passphrase_file: PassphraseFiles = None,
    json: Json = False,
) -> None:
    """Make a network: officers' keys, root, invitation."""
    from gateway.client.line.tls import read_pem
    from gateway.ids import parse_network
    from gateway.network import INVITATION_FILE, ROOT_FILE, Authority, Plan, decode_request, fingerprint
    from gateway.network.files import read_file

    ca = None if tls_ca is None else read_pem(tls_ca)
    plan = Plan(network=parse_network(network), gateways=tuple(url), exercise=exercise, tls_ca=ca)
    request = read_file(gateway_request)
    paper = decode_request(request)
    chosen = list(passphrases(passphrase_file, confirm=True).values())
    with output.working("making the officers' keys"):
        Authority.create(folder, plan, request, chosen, time.time())
    made = {
        "network": network,
        "exercise": exercise,
        "gateway": paper.address,
        "fingerprint": fingerprint(request),
        "root": str(folder / ROOT_FILE),
        "invitation": str(folder / INVITATION_FILE),
    }
    if json:
        output.print_json(made)
        return
    output.print_table("network made", ("what", "is"), [(name, str(value)) for name, value in made.items()])
    output.note("next: put officers/officer-*.root.keys in a safe, give root.json to the gateway")
    output.note("      and invitation.json to participants, then run `gateway network publish`")


def add(
    folder: Folder,
    request: Annotated[Path, typer.Argument(metavar="REQUEST", help="request.json of `gateway enrol`.")],
    role: Annotated[list[str] | None, typer.Option(help="What it may do; may be repeated. Default: as it wished.")] = None,
    clearance: Annotated[str, typer.Option(help="official-use-only, restricted or confidential.")] = "restricted",
    kind: Annotated[list[str] | None, typer.Option(help="A kind that it takes; may be repeated. Default: all.")] = None,
    known_to: Annotated[
        list[str] | None, typer.Option(help="A network that knows it, this one or a peer; may be repeated. Default: all.")
    ] = None,
    *,
    again: Annotated[bool, typer.Option("--again", help="It was revoked and comes back with new keys.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="The fingerprint was compared already.")] = False,
    json: Json = False,
) -> None:
    """Enter a participant whose fingerprint was compared."""
    from gateway.network import Authority, Decision, decode_request, fingerprint
    from gateway.network.files import read_file

    data = read_file(request)
    paper = decode_request(data)
    if not yes:
        _show(paper, fingerprint(data))
        typer.confirm("Does the participant read the same fingerprint to you?", abort=True)
    decision = Decision(
        roles=tuple(role or ()),
        clearance=_clearance(clearance),
        kinds_accepted=tuple(kind or ("*",)),
        known_to=tuple(known_to or ()),
        again=again,
    )
    added = Authority(folder).add(data, decision, time.time())
    if json:
        output.print_json({"address": added.address, "fingerprint": added.fingerprint})
    else:
        output.note(f"{added.address} entered, fingerprint {added.fingerprint}; next: gateway network publish")


def group(
    folder: Folder,
    name: Annotated[str, typer.Argument(help="Name of the group.")],
    members: Annotated[list[str] | None, typer.Argument(help="Participants; none removes the group.")] = None,
) -> None:
    """Make, replace or remove a named group."""
    from gateway.network import Authority

    Authority(folder).set_group(name, members or [])
    output.note(f"group {name}: {len(members or [])} members; next: gateway network publish")


def publish(folder: Folder, passphrase_file: PassphraseFiles = None, signer: Signers = None) -> None:
    """Sign the draft into `publication/`, every 72 hours at least."""
    from gateway.network import Authority

    chosen = passphrases(passphrase_file, signer)
    with output.working("signing"):
        written = Authority(folder).publish(chosen, time.time())
    output.note(f"published into {written}; next: carry this folder to the gateway")


def _show(paper: Request, digits: str) -> None:
    rows = [
        ("address", paper.address),
        ("name", paper.name),
        ("country", paper.country),
        ("type", paper.organisation_type),
        ("roles wished", ", ".join(paper.roles)),
        ("fingerprint", digits),
    ]
    output.print_table("request", ("what", "is"), rows)


def _clearance(text: str) -> Clearance:
    from gateway.directory.entries import parse_clearance

    return parse_clearance(text)
