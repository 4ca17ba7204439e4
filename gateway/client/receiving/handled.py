"""
By which handling code a message is handled here: the strictest of what its author signed and what that means in this network.

Only a message from another network can mean more here than it says, by the table that the own authority signed for that peer.
What was signed is never rewritten; the code that applied when it was taken is kept with it, and never gets laxer.
Spec: schemas/relay.md, "Peering".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.directory.peers import strictest
from gateway.errors import Rejected
from gateway.ids import network_of

if TYPE_CHECKING:
    from gateway.directory.view import Directory
    from gateway.envelope.header import Header

__all__ = ["handled_as", "still_handled_as"]


def handled_as(header: Header, directory: Directory) -> str:
    """
    Return the code by which a message that comes is handled.

    Raises:
        Rejected: `handling-unknown`: the table for its sender's network does not list its code.
    """
    meant = _meant(header, directory)
    if meant is None:
        raise Rejected(f"{header.handling} of {network_of(header.sender)} means nothing here", code="handling-unknown")
    return meant


def still_handled_as(header: Header, kept: str, directory: Directory | None) -> str:
    """Return the code by which a message that was taken before is handled now; a table that changed makes it stricter alone."""
    before = kept or header.handling
    meant = None if directory is None else _meant(header, directory)
    return before if meant is None else strictest(before, meant)


def _meant(header: Header, directory: Directory) -> str | None:
    network = network_of(header.sender)
    if network == directory.network:
        return header.handling
    peer = directory.borders.get(network)
    return None if peer is None else peer.meant_here(header.handling)
