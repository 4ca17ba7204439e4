"""
`gateway audit`: hold the audit log against what this participant saw of it.

`verify` compares and reads the log, `follow` prints what it grows by, `key` prints the key that signs it. A log that
contradicts itself ends the first two with `log-forked`, and the evidence lies in the home.
"""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli import output
from gateway.cli.homes import AsJson, GatewayUrls, HomeFolder, PassphraseFile, Place, at_home, locate, opened, run

if TYPE_CHECKING:
    from gateway.client.log.auditor import Grown, LogReport
    from gateway.tlog.leaves import ReadableLeaf

__all__ = ["register"]

Every = Annotated[float, typer.Option("--every", help="Seconds between two looks.", min=1.0)]
Witnesses = Annotated[
    list[str] | None,
    typer.Option("--witness", help="Key of a witness that must have cosigned; may be repeated.", show_default=False),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    audit = typer.Typer(name="audit", help="Verify and follow the audit log.", no_args_is_help=True)
    audit.command("verify")(verify)
    audit.command("follow")(follow)
    audit.command("key")(key)
    app.add_typer(audit)


def verify(
    home: HomeFolder,
    *,
    quick: Annotated[bool, typer.Option("--quick", help="Only the newest checkpoint against the last one seen.")] = False,
    witness: Witnesses = None,
    passphrase_file: PassphraseFile = None,
    gateway: GatewayUrls = None,
    as_json: AsJson = False,
) -> None:
    """Verify the newest checkpoint against the last one seen, then the whole log."""
    from gateway.evidence.anchors import read_witness_key

    witnesses = [read_witness_key(text) for text in witness or ()]
    place = locate(home, passphrase_file, gateway)
    found = at_home(place, lambda point: point.auditor.verify(quick=quick, witnesses=witnesses, tell=output.note))
    if as_json:
        output.print_json(found)
    else:
        output.print_pairs(_told(found))


def follow(
    home: HomeFolder,
    every: Every = 5.0,
    passphrase_file: PassphraseFile = None,
    gateway: GatewayUrls = None,
    as_json: AsJson = False,
) -> None:
    """Print each new checkpoint, and what it says about the directory, until told to stop."""
    output.require_output("nothing would be followed")
    place = locate(home, passphrase_file, gateway)
    run(lambda: _follow(place, every, as_json=as_json))
    raise typer.Exit(output.Exit.INTERRUPTED)


def key(
    home: HomeFolder,
    passphrase_file: PassphraseFile = None,
    gateway: GatewayUrls = None,
    as_json: AsJson = False,
) -> None:
    """Print the keys that sign the log, as witnesses and `gateway verify` take them."""
    place = locate(home, passphrase_file, gateway)
    found = at_home(place, lambda point: point.auditor.keys())
    if as_json:
        output.print_json([str(one) for one in found])
    else:
        output.print_pairs((str(one), "") for one in found)


async def _follow(place: Place, every_s: float, *, as_json: bool) -> None:
    async with opened(place) as contact_point, aclosing(contact_point.auditor.follow(every_s)) as log:
        async for grown in log:
            if as_json:
                output.print_json(_as_json(grown))
            else:
                output.print_pairs([(f"{grown.size} {grown.root.hex()}", grown.origin), *_lines(grown)])


def _told(found: LogReport) -> list[tuple[str, str]]:
    pairs = [
        ("log", found.origin),
        ("size", str(found.size)),
        ("root", found.root),
        ("continues", "nothing was seen before" if found.known is None else f"{found.known}, seen before"),
        *(("cosigned", f"{name}, {output.date(at)}") for name, at in found.cosigned.items()),
    ]
    if found.in_log is not None:
        pairs.append(("hashed", f"{found.entries} entries, {found.readable} about the directory"))
        pairs.append(("receipts", f"{found.receipts} of this home, each with its leaf"))
        pairs.append(("directory", f"{found.directory}, {'in the log' if found.in_log else 'not in the log yet'}"))
    return pairs


def _as_json(grown: Grown) -> dict[str, Any]:
    leaves = [{"index": index, "says": _words(leaf)} for index, leaf in grown.leaves]
    return {"log": grown.origin, "size": grown.size, "root": grown.root.hex(), "leaves": leaves}


def _lines(grown: Grown) -> list[tuple[str, str]]:
    return [(f"  {index}", _words(leaf)) for index, leaf in grown.leaves]


def _words(leaf: ReadableLeaf) -> str:
    """Say what a leaf says; the bytes in it are somebody else's, and are made safe where they are printed."""
    from gateway.tlog.leaves import (
        CardLeaf,
        EntryLeaf,
        FarLeaf,
        PeerLeaf,
        RevocationLeaf,
        RootLeaf,
        VersionLeaf,
        decode_wrapped,
    )

    match leaf:
        case VersionLeaf():
            said = f"directory {leaf.number}, snapshot {leaf.snapshot.hex()}"
        case RootLeaf():
            said = f"root {leaf.number}, {leaf.root.hex()}"
        case CardLeaf():
            said = f"card {leaf.path}"
        case EntryLeaf():
            said = f"entry {leaf.entry.decode(errors='replace')}"
        case PeerLeaf():
            said = f"peer {leaf.peer.decode(errors='replace')}"
        case FarLeaf():
            said = f"{leaf.network} says: {_words(decode_wrapped(leaf))}"
        case RevocationLeaf():
            said = f"revocation {leaf.revocation.decode(errors='replace')}"
        case _:
            said = f"peer removed: {leaf.network}, {leaf.peer.hex()}"
    return said
