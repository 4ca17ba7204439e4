"""
`gateway proof ID`: write one file that proves a message to anybody who knows the key of the log.

Its author may name recipients (`--name`), who stay hidden otherwise; a recipient shows itself and what it signed. The content
goes in only with `--with-content`. The file is made new and readable by its owner alone: it may say who wrote to whom.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli import names
from gateway.cli.evidence import print_statement
from gateway.cli.files import write_new
from gateway.cli.homes import AsJson, GatewayUrls, HomeFolder, PassphraseFile, at_home, locate

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

    key = names.message_id(message_id, "`gateway send` or `gateway inbox`")
    target = out or Path(f"{message_id}.evidence")
    _require_new(target)
    place = locate(home, passphrase_file, gateway)
    # Witnesses are asked once a minute at most.
    wish = ProofWish(tuple(name or ()), with_content, cosigned, 60 + WAIT_S if cosigned else WAIT_S)
    found = at_home(place, lambda point: point.proof(key, wish))
    write_new(target, found.bundle)
    print_statement(found.statement, as_json=as_json, bundle=str(target))


def _require_new(target: Path) -> None:
    from gateway.errors import Rejected

    if target.exists():
        raise Rejected(f"{target} is there already", code="bad-request", hint="name another file: --out FILE")
