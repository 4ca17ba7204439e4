"""
`gateway send FILE.json --to A --to B`: send a message file.

A message file is content that says its kind, with whatever header fields its author wishes. The exit code is 0 when a gateway
accepted it, 3 when it is kept until one can be reached, 1 when it is refused.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli import output
from gateway.cli.homes import AsJson, GatewayUrls, HomeFolder, PassphraseFile, opened, run

if TYPE_CHECKING:
    from gateway.client import SendReceipt

__all__ = ["register"]

MAX_FILE_BYTES = (1 << 20) + 1  # a content above 1 MiB is refused by its own rule, after one byte more


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("send")(send)


def send(
    file: Annotated[Path, typer.Argument(help="The message file, `-` for standard input.", show_default=False)],
    to: Annotated[list[str], typer.Option("--to", help="Participant, address or group; may be repeated.", show_default=False)],
    home: HomeFolder,
    passphrase_file: PassphraseFile = None,
    gateway: GatewayUrls = None,
    sealed_by_gateway: Annotated[
        bool, typer.Option("--sealed-by-gateway", help="Let the gateway seal it; for kinds that allow it.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Send a message to participants and groups."""
    receipt = run(lambda: _send(_read(file), to, (home, passphrase_file, gateway), sealed_by_gateway=sealed_by_gateway))
    if receipt is None:
        raise typer.Exit(output.Exit.INTERRUPTED)
    _show(receipt, as_json=as_json)
    raise typer.Exit(output.Exit.UNAVAILABLE if receipt.kept else output.Exit.OK)


async def _send(data: bytes, to: list[str], where: tuple[Any, ...], *, sealed_by_gateway: bool) -> SendReceipt:
    from gateway.message import read_message_file

    _, content, _ = read_message_file(data)
    async with opened(*where) as contact_point:
        return await contact_point.send(content, to, sealed_by_gateway=sealed_by_gateway)


def _read(file: Path) -> bytes:
    from gateway.errors import Rejected

    try:
        if str(file) == "-":
            return sys.stdin.buffer.read(MAX_FILE_BYTES)
        with file.open("rb") as stream:
            return stream.read(MAX_FILE_BYTES)
    except OSError as exc:
        raise Rejected(f"cannot read {file}: {exc.strerror}", code="bad-request") from exc


def _show(receipt: SendReceipt, *, as_json: bool) -> None:
    if as_json:
        output.print_json(receipt.to_json())
        return
    found = receipt.to_json()
    output.print_table("", ("", ""), [(name, str(value)) for name, value in found.items() if value is not None])
    if receipt.kept:
        output.note("no gateway could be reached: the message is kept, and goes out with the next command or a followed inbox")
