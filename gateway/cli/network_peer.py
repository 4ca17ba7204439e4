"""
`gateway network peer add | remove | show | root`: the networks that this one exchanges with.

The officers of both networks read the fingerprints of both roots to each other before anything is published: a root cannot show
whose it is, nor whether its network is an exercise. Nothing is in force, and nothing ends, before `gateway network publish`,
which two officers sign. Step by step: deploy/relay.md.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli import output
from gateway.cli.authority import Folder, Json

if TYPE_CHECKING:  # loaded when a command runs: `gateway --help` stays fast
    from gateway.network.peer_lines import PeerLine, Peers
    from gateway.network.peering import RootFacts

__all__ = ["register"]

Network = Annotated[str, typer.Argument(metavar="NETWORK", help="Name of the other network, e.g. eu-network.")]
_NEXT = "next: gateway network publish, and carry the folder to the gateway"
_COMPARE = "Do the officers of {} read this fingerprint to you, and say that name, and that it is {}?"


def register(network: typer.Typer) -> None:
    """Add the commands."""
    peer = typer.Typer(help="The networks that this one exchanges with.", no_args_is_help=True, rich_markup_mode=None)
    for command in (add, remove, show, root):
        peer.command(command.__name__)(command)
    network.add_typer(peer, name="peer")


def add(
    folder: Folder,
    network: Network,
    *,
    root: Annotated[Path, typer.Option(help="Its root, as its authority wrote it: gateway network peer root.")],
    endpoint: Annotated[list[str], typer.Option(help="Address of a gateway of it; may be repeated.")],
    relay: Annotated[str, typer.Option(help="Participant of this network, a relay, that carries the mail.")],
    ceiling: Annotated[str, typer.Option(help="The strictest handling code that may pass, e.g. amber/restricted.")],
    sends: Annotated[list[str] | None, typer.Option(help="A kind that goes there, * for all; may be repeated.")] = None,
    takes: Annotated[list[str] | None, typer.Option(help="A kind that comes from there, * for all; may be repeated.")] = None,
    per_hour: Annotated[int, typer.Option(help="Messages taken from there in an hour.")] = 3_600,
    waiting_bytes: Annotated[int, typer.Option(help="Sealed bytes from there that may wait.")] = 2**30,
    handling: Annotated[Path | None, typer.Option(help="JSON file: what its handling codes mean here.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="It is a peer already: this takes the place of it.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="The fingerprint was compared already.")] = False,
    json: Json = False,
) -> None:
    """Name a peer, whose root was compared, and what may pass."""
    from gateway.directory.peers import Peer
    from gateway.network import Authority
    from gateway.network.files import read_file
    from gateway.network.peering import decode_handling, read_root

    authority = Authority(folder)
    peer = Peer(
        network=network,
        root=read_file(root, "not-found"),
        endpoints=tuple(endpoint),
        relay=relay,
        sends=tuple(sends or ()),
        takes=tuple(takes or ()),
        ceiling=ceiling,
        per_hour=per_hour,
        waiting_bytes=waiting_bytes,
        handling={} if handling is None else decode_handling(read_file(handling, "not-found")),
    )
    facts = read_root(peer.root)
    if not yes:
        output.print_pairs([("peer", network), *_root_pairs(facts)])
        typer.confirm(_COMPARE.format(network, "an exercise" if authority.who.exercise else "no exercise"), abort=True)
    authority.add_peer(peer, replace=replace)
    if json:
        output.print_json({"network": network, "fingerprint": facts.fingerprint})
    else:
        output.note(f"{network} is a peer, root {facts.fingerprint}; {_NEXT}")


def remove(folder: Folder, network: Network) -> None:
    """Let a network be a peer no more: with the publication nothing passes."""
    from gateway.network import Authority

    Authority(folder).remove_peer(network)
    output.note(f"{network} is no peer; {_NEXT}")


def show(folder: Folder, *, json: Json = False) -> None:
    """Show the peers, what may pass, and the fingerprints to compare."""
    from msgspec import to_builtins

    from gateway.network.peer_lines import peers

    found = peers(folder, time.time())
    if json:
        output.print_json(to_builtins(found))
        return
    _show(found)


def root(
    folder: Folder,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="File to write: for the other network's authority.")],
    *,
    json: Json = False,
) -> None:
    """Write the root in force, to be handed to another network's authority."""
    from gateway.network.files import write_new
    from gateway.network.peer_lines import newest_root
    from gateway.network.peering import read_root

    data = newest_root(folder)
    facts = read_root(data)
    write_new(file.parent, {file.name: data})
    if json:
        output.print_json({"root": str(file), "version": facts.version, "fingerprint": facts.fingerprint})
    else:
        output.note(f"{file} written, root {facts.version}; read this to the other authority: {facts.fingerprint}")


def _show(found: Peers) -> None:
    told = found.network + (" (exercise)" if found.exercise else "")
    output.print_pairs([("network", told), *_root_pairs(found.root)])
    for line in found.peers:
        output.print_pairs([("", ""), *_pairs(line)])
    for warning in found.warnings:
        output.note(f"warning: {warning}")


def _root_pairs(root: RootFacts) -> list[tuple[str, str]]:
    return [
        ("root", f"{root.version}, until {output.date(root.expires)}, {root.threshold} of {root.officers} officers sign"),
        ("fingerprint", root.fingerprint),
    ]


def _pairs(line: PeerLine) -> list[tuple[str, str]]:
    return [
        ("peer", f"{line.network} ({line.state})"),
        *_root_pairs(line.root),
        ("endpoints", ", ".join(line.endpoints)),
        ("relay", line.relay),
        ("sends", ", ".join(line.sends) or "nothing"),
        ("takes", ", ".join(line.takes) or "nothing"),
        ("ceiling", line.ceiling),
        ("quota", f"{line.per_hour} messages an hour, {line.waiting_bytes} bytes waiting"),
        ("handling", ", ".join(f"{theirs} is {ours}" for theirs, ours in line.handling.items()) or "the same codes"),
    ]
