"""What the standing rules may look at of a message: who, to whom, which kind, how marked. Nothing of it changes with time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.envelope.header import Header
    from gateway.ids import Address, Kind

__all__ = ["Parties", "parties"]


class Parties(NamedTuple):
    """
    The parties of a message.

    Args:
        sender: As its author signed it.
        sealer: The same, or a gateway.
        kind: A name that may not be in the registry.
        handling: The code as its author wrote it.
        recipients: In order, whatever the order of the message, which is drawn by lot; those of this network alone where
            another one relayed it.
    """

    sender: Address
    sealer: Address
    kind: Kind
    handling: str
    recipients: tuple[Address, ...]


def parties(header: Header, recipients: Iterable[Address]) -> Parties:
    """Return the parties of a header and its recipients."""
    return Parties(header.sender, header.sealer, header.kind, header.handling, tuple(sorted(recipients)))
