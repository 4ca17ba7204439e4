"""
Two fake gateways side by side: each serves the other's directory, and `carry` and `bring_home` are what a relay does.

What leaves is `outbound` until it is carried: taken over with a second acceptance, or refused for a reason. Receipts come back
as they stand at the other gateway. Which files a gateway has of a peer is one line: `peer_files[network] = dict`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.envelope.accept import make_delivery
from gateway.envelope.form import encode
from gateway.envelope.receipt import Event
from gateway.envelope.wire import DELIVERY
from gateway.ids import network_of
from tests.support.fake_session import Message, Row

if TYPE_CHECKING:


    from tests.support.fake_gateway import FakeGateway

__all__ = ["bring_home", "carry"]

def carry(here: FakeGateway, there: FakeGateway, *, refuse: str | None = None) -> None:
    """Take what waits to the other network, and bring back what its gateway says: it takes it over, or refuses it."""
    for (sender, message_id), message in here.messages.items():
        rows = [row for row in message.rows if row.state == "outbound" and network_of(row.recipient) == there.world.network]
        if refuse is not None:
            for row in rows:
                row.state, row.reason = "refused", refuse
                row.receipt = there.receipt(Event.REFUSED, row.envelope_hash, row.recipient, reason=refuse)
                here.told.append((sender, row.receipt))
        elif rows:
            there.numbers += 1
            accepted = there.receipt(Event.ACCEPTED, rows[0].envelope_hash, sender, there.numbers)
            taken = [_taken(row, accepted, there.numbers) for row in rows]
            there.messages[sender, message_id] = Message(int(there.clock()), b"", accepted, taken, message.kind)
            for row in rows:
                row.state, row.receipt = "relayed", accepted


def bring_home(here: FakeGateway, there: FakeGateway) -> None:
    """Bring the newest receipt of each recipient there to the gateway of its author."""
    far = {(row.envelope_hash, row.recipient): row for message in there.messages.values() for row in message.rows}
    own = [(sender, message) for (sender, _), message in here.messages.items() if network_of(sender) == here.world.network]
    for sender, message in own:
        for row in message.rows:
            found = far.get((row.envelope_hash, row.recipient))
            if found is not None and found.receipt is not None:
                row.state, row.at, row.reason, row.receipt = found.state, found.at, found.reason, found.receipt
                here.told.append((sender, found.receipt))
    here.told += [one for one in there.told if network_of(one[0]) == here.world.network and one not in here.told]


def _taken(row: Row, accepted: bytes, number: int) -> Row:
    form = DELIVERY.decode(row.delivery)
    receipts = [*map(encode, form.accepted), accepted]
    delivery = make_delivery(form.common, form.index, form.stanza, form.proof, receipts)
    return Row(number, row.recipient, row.envelope_hash, delivery)
