"""
`gateway proof ID`: write one file that proves a message to anybody who knows the key of the log.

Its author may name recipients (`--name`), who stay hidden otherwise; a recipient shows itself and what it signed. The content
goes in only with `--with-content`. The file is made new and readable by its owner alone: it may say who wrote to whom.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli import output
from gateway.cli.evidence import print_statement
from gateway.cli.homes import AsJson, GatewayUrls, HomeFolder, PassphraseFile, Place, locate, opened, run

if TYPE_CHECKING:
    from gateway.client.proof.evidence import Collected, ProofWish
    from gateway.ids import MessageId

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("proof")(proof)


def proof(
    message_id: Annotated[
        str,
        typer.Argument(metavar="ID", help="Message id, as `send` or `inbox` printed it.", show_default=False),
    ],
    home: HomeFolder,
    *,
    out: Annotated[Path | None, typer.Option("--out", help="File to write; ID.evidence by default.")] = None,
    name: Annotated[
        list[str] | None, typer.Option("--name", help="Recipient to name, or `all`; may be repeated.", show_default=False)
    ] = None,
    with_content: Annotated[bool, typer.Option("--with-content", help="Show what the message says.")] = False,
    cosigned: Annotated[bool, typer.Option("--cosigned", help="Wait for the cosignature of a witness.")] = False,
    passphrase_file: PassphraseFile = None,
    gateway: GatewayUrls = None,
    as_json: AsJson = False,
) -> None:
    """Write the evidence for a message that this home sent or got."""
    from gateway.client.proof.evidence import WAIT_S, ProofWish

    key = _id(message_id)
    target = out or Path(f"{message_id}.evidence")
    _require_new(target)
    place = locate(home, passphrase_file, gateway)
    # Witnesses are asked once a minute at most.
    wish = ProofWish(tuple(name or ()), with_content, cosigned, 60 + WAIT_S if cosigned else WAIT_S)
    found = run(lambda: _collect(key, wish, place))
    if found is None:
        raise typer.Exit(output.Exit.INTERRUPTED)
    _write(target, found.bundle)
    print_statement(found.statement, as_json=as_json, bundle=str(target))


async def _collect(message_id: MessageId, wish: ProofWish, place: Place) -> Collected:
    async with opened(place) as contact_point:
        return await contact_point.proof(message_id, wish)


def _id(text: str) -> MessageId:
    from gateway.errors import Rejected
    from gateway.ids import MessageId, parse_id

    try:
        return MessageId(parse_id(text))
    except Rejected as exc:
        hint = "give the message_id that `gateway send` or `gateway inbox` printed"
        raise Rejected(exc.detail, code=exc.code, hint=hint) from exc


def _require_new(target: Path) -> None:
    from gateway.errors import Rejected

    if target.exists():
        raise Rejected(f"{target} is there already", code="bad-request", hint="name another file: --out FILE")


def _write(target: Path, bundle: bytes) -> None:
    from gateway.errors import Rejected

    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(bundle)
    except OSError as exc:
        raise Rejected(f"cannot write {target}: {exc.strerror}", code="bad-request", hint="name another: --out FILE") from exc
