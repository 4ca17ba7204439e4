"""
`gateway gateway-keys`: see and replace a gateway's own keys.

`rotate` writes the key file anew, old keys kept while they overlap, and `gateway.card` beside it, which `gateway serve`
publishes at its next start. With `--online` it makes role keys too, and a request for `gateway network rotate --online`. The
identity key comes from the safe and goes back there.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from gateway.cli import output
from gateway.cli.passphrase import read_passphrase
from gateway.errors import Rejected

if TYPE_CHECKING:  # loaded when the command runs: `gateway --help` stays fast
    from collections.abc import Collection

    from gateway.directory.cards import KeyCard
    from gateway.directory.publication import OnlinePublic
    from gateway.envelope.keys import SigningKey, Use
    from gateway.envelope.trust import KeyRecord

__all__ = ["register"]

_CARD: Final = ".card"
_REQUEST: Final = "request.json"
_ONLINE_REQUEST: Final = "online-request.json"
_SOON: Final = ", within ten minutes"
KeyFile = Annotated[Path, typer.Option("--gateway-keys", help="gateway.keys of the gateway.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    keys = typer.Typer(help="See and replace the keys of a gateway.", no_args_is_help=True, rich_markup_mode=None)
    keys.command("list")(show)
    keys.command("rotate")(rotate)
    app.add_typer(keys, name="gateway-keys")


def show(gateway_keys: KeyFile, *, json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the keys of the gateway's last card, and what ends soon; no passphrase is needed."""
    rows = _rows(_card(gateway_keys)[1], time.time())
    if json:
        output.print_json(rows)
        return
    table = [(row["use"], row["key_id"], output.date(row["from"]), output.date(row["until"]), row["state"]) for row in rows]
    output.print_table("", ("use", "key id", "from", "until", "state"), table)


def rotate(
    gateway_keys: KeyFile,
    identity: Annotated[Path, typer.Option(help="identity.key of the gateway, from the safe.")],
    use: Annotated[list[str] | None, typer.Option(help="agent, log or operator; may be repeated. Default: all.")] = None,
    passphrase_file: Annotated[Path | None, typer.Option(help="Passphrase of gateway.keys. Default: ask.")] = None,
    identity_passphrase_file: Annotated[Path | None, typer.Option(help="Of identity.key. Default: the same.")] = None,
    card: Annotated[
        Path | None, typer.Option(help="Its card in the directory, where gateway.card was refused. Default: gateway.card.")
    ] = None,
    *,
    online: Annotated[bool, typer.Option("--online", help="Replace the online role keys too.")] = False,
    lost: Annotated[bool, typer.Option("--lost", help="Others may have the present keys: close them in ten minutes.")] = False,
) -> None:
    """Make new keys, listed a day before they begin."""
    from gateway.directory.keyfiles import decrypt_gateway_keys, encrypt_gateway_keys
    from gateway.network.files import read_file, replace_file
    from gateway.network.gateway_keys import new_online, rotate_gateway

    passphrase = read_passphrase(passphrase_file)
    held = decrypt_gateway_keys(read_file(gateway_keys), passphrase)
    signer = _identity(identity, passphrase if identity_passphrase_file is None else read_passphrase(identity_passphrase_file))
    last = _card(gateway_keys)[0] if card is None else read_file(card)
    made = rotate_gateway(held, signer, last, _uses(use), time.time(), at_once=lost)
    roles = held.roles
    if online:
        roles, public = new_online(held)
        request = _online_request(gateway_keys.parent / _REQUEST, made.card, public)
    # Keys before what lists them: a card whose keys were lost would leave the gateway without a voice.
    replace_file(gateway_keys, encrypt_gateway_keys(made.signing, roles, passphrase, os.urandom))
    replace_file(gateway_keys.with_suffix(_CARD), made.card)
    output.note(f"new keys in {gateway_keys}; next: put identity.key back in the safe and start the gateway anew{_SOON * lost}")
    if online:
        replace_file(gateway_keys.parent / _ONLINE_REQUEST, request)
        output.note(f"      and give {_ONLINE_REQUEST} to the authority: gateway network rotate --online")


def _card(path: Path) -> tuple[bytes, KeyCard]:
    """Return the gateway's last card: of its last rotation, else of its enrolment."""
    from gateway.directory.cards import KeyCard, parse_card
    from gateway.network import decode_request
    from gateway.network.files import read_file

    rotated = path.with_suffix(_CARD)
    data = read_file(rotated) if rotated.is_file() else decode_request(read_file(path.parent / _REQUEST)).card
    card = parse_card(data)[1]
    if not isinstance(card, KeyCard):
        raise Rejected(f"{rotated} is no key card", code="card-bad")
    return data, card


def _rows(card: KeyCard, now: float) -> list[dict[str, Any]]:
    from gateway.directory.expiry import KEY_WARN_S

    records = card.records()
    last = {record.use: record.not_after for record in sorted(records, key=lambda record: record.not_after)}

    def state(record: KeyRecord) -> str:
        if now >= record.not_after:
            return "over"
        if now < record.not_before:
            return "next"
        return "ends soon" if last[record.use] - now < KEY_WARN_S else "in use"  # one that has a successor may end

    return [
        {
            "use": record.use,
            "key_id": record.key_id.hex(),
            "from": record.not_before,
            "until": record.not_after,
            "state": state(record),
        }
        for record in records
    ]


def _uses(names: Collection[str] | None) -> tuple[Use, ...]:
    from gateway.network.gateway_keys import ROTATED_USES

    unknown = set(names or ()).difference(ROTATED_USES)
    if unknown:
        raise Rejected(f"not a use: {min(unknown)[:40]!r}", code="config", hint=f"one of {', '.join(ROTATED_USES)}")
    return tuple(use for use in ROTATED_USES if not names or use in names)


def _identity(path: Path, passphrase: bytes) -> SigningKey:
    from gateway.envelope.keyfile import decrypt_keys
    from gateway.envelope.keys import SigningKey, Use
    from gateway.network.files import read_file

    for key in decrypt_keys(read_file(path), passphrase):
        if isinstance(key, SigningKey) and key.public.use is Use.IDENTITY:
            return key
    raise Rejected(f"{path} has no identity key", code="bad-key")


def _online_request(path: Path, card: bytes, public: OnlinePublic) -> bytes:
    import msgspec

    from gateway.network import decode_request, encode_paper
    from gateway.network.files import read_file
    from gateway.network.request import OnlineHex

    paper = decode_request(read_file(path))
    return encode_paper(msgspec.structs.replace(paper, key_card=card.hex(), online=OnlineHex.of(public)))
