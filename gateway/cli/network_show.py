"""
`gateway network show | verify`: what the draft and the publication say, without a passphrase.

`show` tells warnings early; `verify` reads a publication as gateways and homes will and ends with an exit code.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli import output
from gateway.cli.authority import Folder, Json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.network.overview import Overview, ParticipantLine, RoleLine

__all__ = ["register"]


def register(network: typer.Typer) -> None:
    """Add the commands."""
    network.command("show")(show)
    network.command("verify")(verify)


def show(
    folder: Folder,
    participant: Annotated[str | None, typer.Argument(help="Its id, e.g. NCB-QM. Default: all.")] = None,
    *,
    json: Json = False,
) -> None:
    """Show standing, roles, keys, revocations, versions and what expires."""
    from msgspec import to_builtins

    from gateway.network.overview import overview

    found = overview(folder, time.time(), participant)
    if json:
        output.print_json(to_builtins(found))
        return
    _show(found, keys=participant is not None)


def verify(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The authority's folder, or a publication.")],
    root: Annotated[Path | None, typer.Option(help="root.json to verify from. Default: the authority's own.")] = None,
    *,
    json: Json = False,
) -> None:
    """Verify a publication: thresholds, hashes, ages, key cards."""
    from msgspec import to_builtins

    from gateway.network.overview import verify_folder

    roles = verify_folder(folder, time.time(), root)
    if json:
        output.print_json({"roles": to_builtins(roles)})
        return
    _show_roles(roles)
    output.note("the publication verifies")


def _show(found: Overview, *, keys: bool) -> None:
    output.print_pairs(
        [
            ("network", found.network + (" (exercise)" if found.exercise else "")),
            ("draft", "differs from what is published" if found.waiting else "is what is published"),
        ]
    )
    _show_roles(found.roles)
    columns = ("address", "name", "draft", "published", "roles", "clearance")
    rows = [
        (one.address, one.name, one.status, one.published or "-", ", ".join(one.roles), one.clearance)
        for one in found.participants
    ]
    output.print_table("participants", columns, rows)
    if keys:
        _show_keys(found.participants)
    for warning in found.warnings:
        output.note(f"warning: {warning}")


def _show_roles(roles: Sequence[RoleLine]) -> None:
    rows = [(line.role, str(line.version), output.date(line.expires), "soon" if line.late else "") for line in roles]
    output.print_table("publication", ("role", "version", "expires", ""), rows)


def _show_keys(participants: Sequence[ParticipantLine]) -> None:
    for one in participants:
        rows = [
            (
                key.use,
                key.key_id,
                output.date(key.not_before),
                output.date(key.not_after),
                "" if key.revoked_at is None else f"{key.reason} {output.date(key.revoked_at)}",
            )
            for key in one.keys
        ]
        output.print_table(f"keys of {one.address}", ("use", "key id", "from", "until", "revoked"), rows)
