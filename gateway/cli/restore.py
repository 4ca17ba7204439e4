"""
`gateway restore [--verify] CONFIG FOLDER`: prove a backup, or restore a gateway from it into an empty place.

Whatever was lost is named: numbers, leaves of the log, and what to do about them. Spec: deploy/backup.md.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.homes import AsJson, PassphraseFile

if TYPE_CHECKING:
    from gateway.backup import Proved, Restored
    from gateway.config import Config

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("restore")(restore)


def restore(
    config: Annotated[
        Path, typer.Argument(metavar="CONFIG", help="The gateway's TOML file; where there is none, that of the backup.")
    ],
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="As `gateway backup` made it.")],
    *,
    verify: Annotated[bool, typer.Option("--verify", help="Prove the backup and change nothing.")] = False,
    without_memory: Annotated[
        bool, typer.Option("--without-memory", help="The audit memory is gone, and nothing was signed after the backup.")
    ] = False,
    passphrase_file: PassphraseFile = None,
    json: AsJson = False,
) -> None:
    """Restore a gateway from a backup into an empty place, or prove the backup."""
    from gateway.backup import restore_backup, verify_backup
    from gateway.cli import output
    from gateway.cli.passphrase import read_passphrase
    from gateway.config import load
    from gateway.ops.logs import configure

    configure("warning")  # what a gateway tells of its directory is no result of this command
    if verify:
        with output.working("hashing the backup"):
            proved = verify_backup(load(config), folder)
        _tell(proved, as_json=json)
        return

    def passphrase(loaded: Config) -> bytes:
        return read_passphrase(passphrase_file or loaded.keys.passphrase_file)

    _tell_restored(restore_backup(config, folder, passphrase, without_memory=without_memory), as_json=json)


def _tell(proved: Proved, *, as_json: bool) -> None:
    from gateway.cli import output
    from gateway.cli.backup import described

    if as_json:
        output.print_json(_as_json(proved))
        return
    output.print_pairs([*described(proved.manifest), ("holds", "hashes, schema, log from its first leaf, all that was signed")])
    output.note(_about_the_log(proved))


def _tell_restored(restored: Restored, *, as_json: bool) -> None:
    from gateway.cli import output
    from gateway.cli.backup import described

    manifest = restored.proved.manifest
    if as_json:
        told = {"written": [str(one) for one in restored.written], "next_number": restored.next_number + 1}
        output.print_json({**_as_json(restored.proved), **told, "directory": restored.directory})
        return
    pairs = [("written", str(path)) for path in restored.written]
    pairs += [("numbers", f"go on at {restored.next_number + 1}"), ("directory", f"version {restored.directory}")]
    output.print_pairs([*described(manifest), *pairs])
    first, last = manifest.number + 1, restored.next_number
    output.note(
        f"lost: whatever was accepted after {output.date(manifest.made_at)}. Tell every participant: what it has a receipt for"
        f" with a number from {first} to {last} is to be sent again; `gateway sent {first} {last}` lists it"
    )
    output.note(_about_the_log(restored.proved))
    output.note("next: deploy/backup.md, After a restore")


def _about_the_log(proved: Proved) -> str:
    if proved.remembered is None:
        return "the log: no memory of what was signed last lies beside the keys, so nobody here knows whether more was"
    if proved.lost_leaves:
        return (
            f"the log: {proved.remembered.size} leaves were signed, the backup has {proved.manifest.log_size}. A gateway that"
            " is restored from it exchanges messages, and signs no checkpoint under this name any more"
        )
    return "the log: everything that was signed is in the backup; it goes on"


def _as_json(proved: Proved) -> dict[str, object]:
    known = proved.remembered
    return {
        "manifest": proved.manifest,
        "remembered": None if known is None else {"size": known.size, "root": known.root.hex()},
        "lost_leaves": proved.lost_leaves,
    }
