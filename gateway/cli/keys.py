"""
`gateway keys`: see a home's keys, make new ones, keep them safe.

Signing keys are rotated with the identity key, which is fetched from where it is kept offline and put back; a delivery key is
renewed by the software itself, and needs nothing. Whatever ends a rotation half-way, the next command of the home finishes it.
A second officer's key is a file of its own: `officer` makes it, or takes the one that is there, and lets the key card list it.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli import output
from gateway.cli.homes import AsJson, GatewayUrls, HomeFolder, PassphraseFile, Place, at_home, locate
from gateway.cli.officer import OfficerPassphraseFile, open_key, read_officer_passphrase, the_key
from gateway.cli.passphrase import read_passphrase
from gateway.errors import Rejected

if TYPE_CHECKING:  # loaded when the command runs: `gateway --help` stays fast
    from gateway.client import ContactPoint, KeyStatus
    from gateway.envelope.keys import SigningKey, Use
    from gateway.ids import Address, KeyId

__all__ = ["register"]

BackupPassphraseFile = Annotated[
    Path | None,
    typer.Option("--backup-passphrase-file", help="Read the backup's own passphrase from this file; else ask."),
]


IdentityPassphraseFile = Annotated[
    Path | None, typer.Option(help="Passphrase of identity.key. Default: the home's, else asked for.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    keys = typer.Typer(name="keys", help="See, make new, back up and restore the keys of a home.", no_args_is_help=True)
    keys.command("list")(show)
    keys.command("rotate")(rotate)
    keys.command("officer")(officer)
    keys.command("backup")(backup)
    keys.command("restore")(restore)
    app.add_typer(keys)


def show(home: HomeFolder, passphrase_file: PassphraseFile = None, as_json: AsJson = False) -> None:
    """List the keys of a home, whether they are published, and what is due."""
    place = locate(home, passphrase_file)
    found = at_home(place, lambda point: point.keys())
    if as_json:
        output.print_json([one.to_json() for one in found])
    else:
        columns = ("use", "key_id", "from", "until", "state", "published", "due")
        output.print_table("", columns, [_row(one) for one in found])


def rotate(
    uses: Annotated[list[str], typer.Argument(metavar="USE...", help="author, agent, delivery.", show_default=False)],
    home: HomeFolder,
    identity: Annotated[Path | None, typer.Option(help="identity.key, for signing keys.")] = None,
    lost: Annotated[bool, typer.Option("--lost", help="Others may have the present keys: close them now.")] = False,
    passphrase_file: PassphraseFile = None,
    identity_passphrase_file: IdentityPassphraseFile = None,
    gateway: GatewayUrls = None,
) -> None:
    """Make new keys and publish them."""
    wanted = _uses(uses)
    place = locate(home, passphrase_file, gateway)
    key = None if identity is None else _identity(identity, place, identity_passphrase_file)
    at_home(place, lambda point: point.rotate(wanted, identity=key, lost=lost))
    output.note(f"new: {', '.join(uses)}; see gateway keys list")
    if key is not None:
        output.note("next: put identity.key back to where it is kept offline")


def officer(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="To write, e.g. officer.key; or its key is taken.", show_default=False)
    ],
    home: HomeFolder,
    *,
    identity: Annotated[Path, typer.Option(help="identity.key, which signs the key card.", show_default=False)],
    closes: Annotated[
        list[str] | None, typer.Option("--closes", metavar="KEY_ID", help="Close another approval key; may be repeated.")
    ] = None,
    officer_passphrase_file: OfficerPassphraseFile = None,
    passphrase_file: PassphraseFile = None,
    identity_passphrase_file: IdentityPassphraseFile = None,
    gateway: GatewayUrls = None,
) -> None:
    """Make a second officer's approval key in a file of its own, and publish it."""
    closed = [_key_id(one) for one in closes or ()]
    place = locate(home, passphrase_file, gateway)
    key = _identity(identity, place, identity_passphrase_file)
    secret = read_officer_passphrase(officer_passphrase_file, place.passphrase, confirm=not file.exists())
    made = at_home(place, lambda point: _officer(point, (file, secret), key, closed))
    output.note(f"{file}: approval key {made}, on the key card")
    output.note("next: put identity.key back to where it is kept offline, and give the officer its file")


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="To write; must not be there.", show_default=False)],
    home: HomeFolder,
    passphrase_file: PassphraseFile = None,
    backup_passphrase_file: BackupPassphraseFile = None,
) -> None:
    """Write the keys into an encrypted file: no messages, and not the identity key."""
    from gateway.network.files import write_new

    place = locate(home, passphrase_file)
    secret = read_passphrase(backup_passphrase_file, confirm=True, name="backup-passphrase")
    made = at_home(place, lambda point: point.backup(secret))
    write_new(file.parent, {file.name: made})
    output.note(f"{file}: keys, cards, root of trust, gateways; not in it: messages, receipts, identity.key")
    output.note("next: keep it apart from its passphrase, and destroy older backups: they open what this home destroys")


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="As `gateway keys backup` wrote it.", show_default=False)],
    home: Annotated[Path, typer.Option("--home", help="Folder to make.", show_default=False)],
    passphrase_file: PassphraseFile = None,
    backup_passphrase_file: BackupPassphraseFile = None,
) -> None:
    """Make a home from a backup; at its first contact it continues where the directory stands."""
    from gateway.client.home.backup import restore_home
    from gateway.network.files import read_file

    data = read_file(file, "not-found")
    secret = read_passphrase(backup_passphrase_file, name="backup-passphrase")
    address = restore_home(data, secret, home, read_passphrase(passphrase_file, confirm=True))
    output.note(f"{home} is the home of {address}; messages are not in a backup")
    output.note("next: gateway inbox; what was sealed to keys that are lost is told to its authors, who send it anew")


async def _officer(point: ContactPoint, file: tuple[Path, bytes], identity: SigningKey, closes: list[KeyId]) -> str:
    """Write the officer's file before anything lists its key: whatever ends this, the same command goes on."""
    from gateway.ids import format_id

    key = await asyncio.to_thread(_officers_key, *file, point.address)
    await point.add_officer(key, identity=identity, closes=closes)
    return format_id(key.key_id)


def _officers_key(path: Path, secret: bytes, address: Address) -> SigningKey:
    from gateway.envelope.keys import SigningKey, Use
    from gateway.network.enrolment import write_officer

    if path.exists():
        return open_key(path, secret, Use.APPROVAL)
    key = SigningKey.generate(address, Use.APPROVAL, os.urandom)
    write_officer(key, path, secret)
    return key


def _uses(names: list[str]) -> list[Use]:
    from gateway.client.trust.keys import ROTATED
    from gateway.envelope.keys import Use

    if Use.APPROVAL in names:
        hint = "gateway keys officer FILE --identity IDENTITY.KEY"
        raise Rejected("an approval key lives in a file of its officer's own", code="bad-request", hint=hint)
    known = {"delivery": Use.DELIVERY, **{str(use): use for use in ROTATED}}
    unknown = set(names).difference(known)
    if unknown:
        raise typer.BadParameter(f"not a use: {min(unknown)[:64]!r}, one of {', '.join(sorted(known))}")
    return [known[name] for name in names]


def _identity(path: Path, place: Place, passphrase_file: Path | None) -> SigningKey:
    """Open the identity key: with its own passphrase, else with the home's, else with one that is asked for."""
    from gateway.envelope.keyfile import decrypt_keys
    from gateway.envelope.keys import Use
    from gateway.network.files import read_file

    data = read_file(path, "not-found")
    if passphrase_file is not None:
        keys = decrypt_keys(data, read_passphrase(passphrase_file))
    else:
        try:
            keys = decrypt_keys(data, place.passphrase)
        except Rejected as exc:
            if exc.code != "passphrase":
                raise
            keys = decrypt_keys(data, read_passphrase(None, name="identity-passphrase"))
    return the_key(keys, Use.IDENTITY, path)


def _key_id(text: str) -> KeyId:
    from gateway.ids import KeyId, parse_id

    try:
        return KeyId(parse_id(text))
    except Rejected as exc:
        raise typer.BadParameter(f"not a key id as gateway keys list prints it: {text[:64]!r}") from exc


def _row(one: KeyStatus) -> list[str]:
    told: dict[str, Any] = one.to_json()
    due = one.due or ""
    if one.due_at is not None:
        due += f" {_date(one.due_at)}"
    published = output.in_words("published", one.published)
    return [one.use, told["key_id"], _date(one.not_before), _date(one.not_after), one.state, published, due]


def _date(at: int | None) -> str:
    return "" if at is None else output.date(at)[:10]
