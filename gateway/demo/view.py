"""What the demonstration shows; text that came in a message is made safe for a terminal first."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

import msgspec
from rich.console import Console
from rich.text import Text

from gateway.envelope import decode_header
from gateway.ids import participant_of
from gateway.message.information.cooperation_request import CooperationRequest
from gateway.message.information.information_report import InformationReport
from gateway.message.information.request_response import RequestResponse
from gateway.message.show import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.client.receiving.delivery import Delivery
    from gateway.client.sending.send_receipt import SendReceipt
    from gateway.demo.script import Line
    from gateway.message import Content

__all__ = ["View", "texts"]

_WIDTH: Final = 98  # columns after the indent of two; terminals of people and of papers have a hundred
_SHOWN: Final = 54  # of them for a content, cut between words


class View:
    """Prints the scenes."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def scene(self, title: str) -> None:
        """Begin a scene."""
        self._console.print(Text(f"\n{title}", style="bold"))

    def note(self, text: str) -> None:
        """Say something that was checked."""
        for line in textwrap.wrap(visible(text), _WIDTH, subsequent_indent="    ", break_on_hyphens=False):
            self._console.print(Text(f"  {line}"))

    def plain(self, text: str) -> None:
        """Say something that is to be copied: on a line of its own, uncut."""
        self._console.print(Text(visible(text)))

    def arrived(self, name: str) -> None:
        """Somebody is there, with a published delivery card."""
        self.note(f"{name:<12} trusts the directory from the root it was given, and can be sealed to")

    def sent(self, line: Line, receipt: SendReceipt, *, approved: bool) -> None:
        """A message was accepted."""
        how = ", sealed by the gateway" if line.sealed_by_gateway else ", signed by two officers" * approved
        self.note(f"no. {receipt.number:<3}{line.example:<46}{line.sender} to {', '.join(line.to)}{how}")

    def seen_by_gateway(self, number: int, head: bytes) -> None:
        """Show the header, which is not hidden from the gateway."""
        core, *_ = msgspec.msgpack.decode(head)
        header = decode_header(msgspec.msgpack.decode(core)[3])
        facts = f"{header.kind} {header.handling} {header.urgency}"
        self.note(f"no. {number:<3}{header.sender} to {header.recipients}: {facts}, content sealed")

    def refused(self, what: str, status: int, code: str) -> None:
        """A bad submission changed nothing."""
        self.note(f"{what}: refused with {status} {code}, nothing changed")

    def repeated(self) -> None:
        """A repeated submission got the first receipt."""
        self.note("repeated byte for byte: 200 with the first receipt, nothing changed")

    def read(self, name: str, delivery: Delivery) -> None:
        """Somebody read a message."""
        said = textwrap.shorten(visible(_gist(delivery.content)), _SHOWN, placeholder=" ...")
        self.note(f"{name:<12} reads no. {delivery.number:<3}from {participant_of(delivery.sender):<12} {said}")
        if delivery.handled_as != delivery.header.handling:
            self.note(f"{'':<12} {delivery.header.handling} there, handled as {delivery.handled_as} here")


def _gist(content: Content) -> str:
    """Return what a reader sees first."""
    match content:
        case CooperationRequest():
            return content.body.facts
        case RequestResponse():
            notes = (one.note for one in content.body.per_measure if one.note)
            return ": ".join(filter(None, (content.body.state, content.body.explanation or next(notes, None))))
        case InformationReport():
            return content.body.items[0].text
        case _:
            said = texts(msgspec.json.decode(content.raw)["body"])
            return f"{content.kind}: {max(said, key=lambda text: (' ' in text, len(text)), default='')}"


def texts(value: object) -> Iterator[str]:
    """Yield every text of decoded JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from texts(inner)
