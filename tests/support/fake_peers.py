"""
Two fake gateways side by side: each serves the other's directory, and `carry` and `bring_home` are what a relay does.

What leaves is `outbound` until it is carried: taken over with a second acceptance, or refused for a reason. Receipts come back
as they stand at the other gateway. Which files a gateway has of a peer is one line: `peer_files[network] = dict`.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING
from unittest import mock

import msgspec

from gateway.api import app
from gateway.api.answers import reply
from gateway.api.routes import Answered, Body, Call, Route
from gateway.envelope.accept import make_delivery
from gateway.envelope.receipt import Event
from gateway.envelope.wire import DELIVERY, encode
from gateway.errors import Rejected
from gateway.ids import network_of
from gateway.protocol import media
from tests.support.fake_session import Message, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from aiohttp import web

    from tests.support.fake_gateway import FakeGateway

__all__ = ["bring_home", "carry", "serving_peers"]

_Files = dict[str, "Callable[[], Mapping[str, bytes]]"]


class _PeerRoutes:
    def __init__(self, files: _Files) -> None:
        self._files = files

    def routes(self) -> list[Route]:
        """Return the rows of the table."""
        return [
            Route(
                method="POST",
                path="/v1/peers/bundle/{network}",
                handler=self.bundle,
                summary="Several files of a peer's directory",
                answers={200: Answered("The files", media.MSGPACK)},
                body=Body((media.JSON,), 1 << 20),
                signed=True,
            ),
            Route(
                method="GET",
                path="/v1/peers/{path*}",
                handler=self.one,
                summary="One file of a peer's directory",
                answers={200: Answered("The file", media.OCTETS)},
                signed=True,
            ),
        ]

    async def one(self, call: Call) -> web.StreamResponse:
        """Return a file of a peer's directory."""
        network, _, name = call.parameter.partition("/")
        found = self._of(network)
        if name not in found:
            raise Rejected(code="not-found")
        return reply(found[name], media.OCTETS)

    async def bundle(self, call: Call) -> web.StreamResponse:
        """Return several."""
        found = self._of(call.parameter)
        names = [name for name in msgspec.json.decode(call.body, type=list[str]) if name in found]
        return reply(msgspec.msgpack.encode([(name, found[name]) for name in names]), media.MSGPACK)

    def _of(self, network: str) -> Mapping[str, bytes]:
        if network not in self._files:
            raise Rejected(code="peer-unknown")
        return self._files[network]()


@contextmanager
def serving_peers(files: _Files) -> Iterator[None]:
    """Let the interface that is made meanwhile serve the directories of peers."""
    table = app._table
    with mock.patch.object(app, "_table", lambda *parts: [*table(*parts), *_PeerRoutes(files).routes()]):
        yield


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
            there.messages[sender, message_id] = Message(int(there.clock()), b"", accepted, taken)
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
