"""
`gateway backup CONFIG FOLDER`: back a gateway up while it works.

In it: the ledger as it stood at one moment, the sealed keys, the directory's publication, the configuration. Not in it: what
opens the keys, the key of TLS, and the memory of the audit log. Spec: deploy/backup.md.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gateway.backup import Manifest

__all__ = ["described", "register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("backup")(backup)


def backup(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="The gateway's TOML file.")],
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Empty, or not there yet.")],
    *,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Back a gateway up into a folder; it may be working meanwhile."""
    from gateway.backup import make_backup
    from gateway.cli import output
    from gateway.config import load

    with output.working("copying the ledger"):
        manifest = make_backup(load(config), config, folder)
    if json:
        output.print_json(manifest)
        return
    output.print_pairs([("backup", str(folder)), *described(manifest)])
    for what, why in manifest.left_out.items():
        output.note(f"not in it: {what}: {why}")
    output.note("next: gateway restore --verify CONFIG FOLDER, then carry it where this machine cannot write over it")


def described(manifest: Manifest) -> list[tuple[str, str]]:
    """Return what a backup is of, in words."""
    from gateway.cli import output

    signed = manifest.checkpoint
    return [
        ("gateway", manifest.address),
        ("made", output.date(manifest.made_at)),
        ("schema", manifest.schema_version),
        ("last number", str(manifest.number)),
        ("log", f"{manifest.log_size} leaves, {signed.size if signed else 0} of them signed"),
        ("files", f"{len(manifest.parts)}, {sum(part.size for part in manifest.parts.values())} bytes"),
    ]
