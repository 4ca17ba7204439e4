"""
`gateway send FILE.json --to A --to B`: send a message file.

A message file is content that says its kind, with whatever header fields its author wishes. The exit code is 0 when a gateway
accepted it, 3 when it is kept until one can be reached or waits for a second officer, 1 when it is refused. A member that
nobody reads is most often a slip of the pen: it is refused before anything is signed, unless `--allow-unread` says that it is
meant.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NoReturn

import typer

from gateway.cli import output
from gateway.cli.homes import AsAlias, AsJson, GatewayUrls, HomeFolder, PassphraseFile, at_home, locate

if TYPE_CHECKING:
    from gateway.client import Channel, ContactPoint, SendReceipt
    from gateway.client.writing.compose import Wish
    from gateway.message import Content

__all__ = ["end_with", "register"]

MAX_TOLD: Final = 10  # names in one line
_UNREAD: Final = "correct or remove it; --allow-unread sends it as it stands"
_KEPT: Final = (
    "no gateway could be reached: the message is kept, and goes out with the next command or a followed inbox;"
    " do not send it again"
)
_SHARE: Final = (
    "this participant's share at the gateway is used up: the message is kept, and goes out with a followed inbox, or with the"
    " next command in {wait_s} s or later; do not send it again"
)
_ALSO: Final = (
    "the same request is not answered in {told}; nothing was sent there; to answer it too:"
    " gateway send FILE --in-reply-to {hash} --to {sender}"
)
_WAITING: Final = (
    "nothing was sent: this kind needs a second officer; next: gateway approve show {id}, then gateway approve sign {id}"
    " --officer-key FILE, or gateway approve refuse {id} --reason TEXT"
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("send")(send)


def send(
    file: Annotated[Path, typer.Argument(help="The message file, `-` for standard input.", show_default=False)],
    to: Annotated[list[str], typer.Option("--to", help="Participant, address or group; may be repeated.", show_default=False)],
    *,
    home: HomeFolder,
    alias: AsAlias = None,
    passphrase_file: PassphraseFile = None,
    gateway: GatewayUrls = None,
    in_reply_to: Annotated[
        str | None, typer.Option("--in-reply-to", metavar="HASH", help="Envelope hash of the message that it answers.")
    ] = None,
    inherit: Annotated[
        bool, typer.Option("--inherit", help="Raise the marking to what it inherits, in place of a refusal.")
    ] = False,
    sealed_by_gateway: Annotated[
        bool, typer.Option("--sealed-by-gateway", help="Let the gateway seal it; for kinds that allow it.")
    ] = False,
    allow_unread: Annotated[
        bool, typer.Option("--allow-unread", help="Send members that no reader of this version knows.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Send a message to participants and groups."""
    from gateway.cli.files import read_file
    from gateway.ids import format_id, parse_hash

    output.require_output("nothing was sent")
    content = _content(read_file(file), allow_unread=allow_unread)
    place = locate(home, passphrase_file, gateway, alias)
    wish: Wish = {"sealed_by_gateway": sealed_by_gateway, "inherit": inherit}
    if in_reply_to is not None:
        wish["in_reply_to"] = parse_hash(in_reply_to)
    doing = f"sending to {', '.join(to[:MAX_TOLD])}"

    async def sent(point: ContactPoint) -> tuple[SendReceipt, list[Channel]]:
        receipt = await point.send(content, to, **wish)
        return receipt, await point.cases.also_asked(content, wish.get("in_reply_to"))

    receipt, also = at_home(place, sent, doing)
    for one in also:
        output.note(_ALSO.format(told=one, hash=format_id(one.twin.envelope_hash), sender=one.twin.sender))
    end_with(receipt, as_json=as_json)


def end_with(receipt: SendReceipt, *, as_json: bool) -> NoReturn:
    """Show what became of a message, and end with the exit code that says it."""
    _show(receipt, as_json=as_json)
    raise typer.Exit(output.Exit.UNAVAILABLE if receipt.number is None else output.Exit.OK)


def _content(data: bytes, *, allow_unread: bool) -> Content:
    from gateway.errors import Rejected
    from gateway.message import read_message_file, unread_members

    _, content, _ = read_message_file(data)
    unread = () if allow_unread else unread_members(data, type(content))
    if unread:
        told = ", ".join(one.pointer + (f" ({one.meant}?)" if one.meant else "") for one in unread[:MAX_TOLD])
        raise Rejected(f"not read by anybody: {told}", code="content-schema", hint=_UNREAD)
    return content


def _show(receipt: SendReceipt, *, as_json: bool) -> None:
    """Print where a message stands, and on standard error what follows."""
    from gateway.errors import Unavailable

    told = receipt.to_json()
    try:
        if as_json:
            output.print_json(told)
        else:
            _print(receipt)
    except Unavailable as exc:
        # It is on its way whatever became of the output: the exit code must not invite to send it again.
        became = f"sent, number {receipt.number}" if receipt.number is not None else "kept" if receipt.kept else "waiting"
        output.note(f"{became}, as {told['message_id']}; {exc.detail}")
    if receipt.kept:
        output.note(_KEPT if receipt.retry_after_s is None else _SHARE.format(wait_s=receipt.retry_after_s))
    if receipt.waiting:
        output.note(_WAITING.format(id=told["message_id"]))


def _print(receipt: SendReceipt) -> None:
    told = receipt.to_json()
    names = told.pop("recipients")
    whom = ", ".join(names) if len(names) <= MAX_TOLD else f"{len(names)} recipients"
    told["kept"] = "waiting here for a gateway" if receipt.kept else None
    told["waiting"] = "for a second officer" if receipt.waiting else None
    became = "kept" if receipt.kept else "waiting" if receipt.waiting else "accepted"
    first = (f"{became} for", whom)
    output.print_pairs([first, *((name, output.in_words(name, value)) for name, value in told.items() if value is not None)])
