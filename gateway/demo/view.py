"""What the demonstration shows; text that came in a message is made safe for a terminal first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from rich.console import Console
from rich.text import Text

from gateway.envelope import decode_header
from gateway.message import CooperationRequest, InformationReport, RequestResponse
from gateway.message.show import visible

if TYPE_CHECKING:
    from gateway.client.delivery import Delivery
    from gateway.client.outbox import SendReceipt
    from gateway.demo.script import Line
    from gateway.message import Content

__all__ = ["View"]

_SHOWN: Final = 64  # characters of a content


class View:
    """Prints the scenes."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def scene(self, title: str) -> None:
        """Begin a scene."""
        self._console.print(Text(f"\n{title}", style="bold"))

    def note(self, text: str) -> None:
        """Say something that was checked."""
        self._console.print(Text(f"  {visible(text)}"))

    def arrived(self, name: str) -> None:
        """Somebody is there, with a published delivery card."""
        self.note(f"{name:<12} trusts the directory from the root it was given, and can be sealed to")

    def sent(self, line: Line, receipt: SendReceipt) -> None:
        """A message was accepted."""
        how = "gateway" if line.sealed_by_gateway else "author"
        self.note(f"{line.sender:<12} -> {', '.join(line.to):<44} {line.example:<38} sealed by the {how}, no. {receipt.number}")

    def seen_by_gateway(self, number: int, head: bytes) -> None:
        """Show the header, which is not hidden from the gateway, and the size of the core that carries it."""
        core, *_ = msgspec.msgpack.decode(head)
        header = decode_header(msgspec.msgpack.decode(core)[3])
        self.note(
            f"no. {number}: {header.sender} to {header.recipients}, {header.kind} {header.handling} {header.urgency}; "
            f"addressees {header.addressees.hex()[:16]}..., content: sealed"
        )

    def refused(self, what: str, status: int, code: str) -> None:
        """A bad submission changed nothing."""
        self.note(f"{what}: refused with {status} {code}, nothing changed")

    def repeated(self) -> None:
        """A repeated submission got the first receipt."""
        self.note("repeated byte for byte: 200 with the first receipt, nothing changed")

    def read(self, name: str, delivery: Delivery) -> None:
        """Somebody read a message."""
        said = visible(_gist(delivery.content))[:_SHOWN]
        self.note(f"{name:<12} reads no. {delivery.number:<3} from {delivery.sender:<18} {delivery.kind:<22} {said}")


def _gist(content: Content) -> str:
    """Return what a reader sees first."""
    match content:
        case CooperationRequest():
            return content.body.facts
        case RequestResponse():
            return f"{content.body.state}: {content.body.explanation or ''}"
        case InformationReport():
            return content.body.items[0].text
        case _:
            return content.kind
