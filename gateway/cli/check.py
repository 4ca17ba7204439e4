"""
`gateway check CONFIG`: would this gateway start, and what is set?

Everything is read that a start reads first, the key file too where its passphrase is at hand without asking. Ledger and broker
are neither opened nor contacted. Passwords are not shown.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from msgspec import Struct

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("check")(check)


def check(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="The gateway's TOML file.")],
    *,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check a configuration file and print what counts."""
    from gateway.cli import output
    from gateway.cli.serve import given_passphrase
    from gateway.config import load
    from gateway.server import preflight

    loaded = load(config)
    values = dict(_values(loaded, ""))
    missing = [path for path in _needed(values) if not Path(path).exists()]
    if json:
        output.print_json({"config": values, "missing": missing})
    else:
        output.print_table(str(config), ("setting", "value"), [(name, _shown(value)) for name, value in values.items()])
        for path in missing:
            output.note(f"missing: {path}")
    if not missing:
        passphrase = given_passphrase(loaded.keys)
        if passphrase is None:
            output.note("not opened: the key file; set keys.passphrase_file to have it checked")
        for warning in preflight(loaded, passphrase):
            output.note(f"warning: {warning}")
    if missing:
        raise typer.Exit(output.Exit.REJECTED)


def _values(section: Struct, prefix: str) -> Iterator[tuple[str, object]]:
    """Yield every setting under its name in the file; addresses without their passwords."""
    import msgspec

    from gateway.config import without_password

    for name in section.__struct_fields__:
        value = getattr(section, name)
        if isinstance(value, msgspec.Struct):
            yield from _values(value, f"{prefix}{name}.")
        elif isinstance(value, tuple):
            told = [" ".join(msgspec.structs.astuple(one)) if isinstance(one, msgspec.Struct) else one for one in value]
            yield f"{prefix}{name}", [without_password(one) for one in told]
        elif isinstance(value, Path | str):
            yield f"{prefix}{name}", without_password(str(value))
        else:
            yield f"{prefix}{name}", value


def _needed(values: dict[str, object]) -> list[str]:
    """Return the files without which a start fails."""
    names = (
        "keys.file",
        "keys.passphrase_file",
        "directory.root",
        "audit.timestamp_ca",
        "listen.tls_certificate",
        "listen.tls_key",
        "listen.client_ca",
        "operations.tls_certificate",
        "operations.tls_key",
        "operations.client_ca",
    )
    return [str(values[name]) for name in names if values[name] is not None]


def _shown(value: object) -> str:
    match value:
        case None:
            return "(not set)"
        case bool():
            return str(value).lower()
        case list():
            return ", ".join(map(str, value))
        case _:
            return str(value)
