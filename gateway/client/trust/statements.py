"""
Whose word counts about what this home sent: the recipient's, its own network's gateway's, and that of the recipient's network.

A gateway of any other network is a stranger to the message, whatever its own directory says of it. `refused` is the word of the
recipient's network alone; so is the `accepted` by which it took over what was relayed.
Spec: schemas/relay.md, "Answers".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.envelope.receipt import GATEWAY_EVENTS, Event, SignedReceipt, verify_receipt
from gateway.errors import Rejected
from gateway.ids import network_of

if TYPE_CHECKING:
    from gateway.envelope.receipt import Receipt
    from gateway.envelope.trust import Answers
    from gateway.ids import Address

__all__ = ["proved_statement", "took_over"]


def proved_statement(signed: SignedReceipt, answers: Answers, sender: Address) -> Receipt:
    """
    Prove what was signed about a message, and that it was for its signer to say.

    Args:
        signed: The receipt.
        answers: Of the directory, with its peers.
        sender: Who sent the message.

    Raises:
        Rejected: `signature-bad`; it proves nothing.
    """
    receipt = verify_receipt(signed, answers)
    if receipt.event in GATEWAY_EVENTS and not _for_it_to_say(receipt, sender):
        raise Rejected(f"receipt {receipt.event} of {receipt.subject}, signed by {receipt.signer}", code="signature-bad")
    return receipt


def took_over(receipt: Receipt, sender: Address, recipient: Address) -> bool:
    """Say whether this is the acceptance by which a recipient's own network took a message over from the sender's."""
    network = network_of(recipient)
    said = receipt.event is Event.ACCEPTED and receipt.subject == sender
    return said and network_of(receipt.signer) == network != network_of(sender)


def _for_it_to_say(receipt: Receipt, sender: Address) -> bool:
    here, there, said_by = network_of(sender), network_of(receipt.subject), network_of(receipt.signer)
    match receipt.event:
        case Event.ACCEPTED:
            return receipt.subject == sender
        case Event.REFUSED:
            return said_by == there != here
        case _:
            return said_by in {here, there}
