"""
The relay over HTTP: what it fetches and brings at home, and at the other network's gateway.

At home asks the one participant that the directory names as the relay of that network; at the other side a relay of a peer, or
a relay of this network (a bridge). To everybody else there is no peer (`peer-unknown`), so nobody learns who may ask.
A request that waits looks twice a second whether its asker still may: a peer that was removed is nobody within a second.
Spec: schemas/relay.md, "Requests".
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, TypeVar

from gateway.api.answers import reply
from gateway.api.query import numbers
from gateway.api.routes import Answered, Body, Call, Handler, Parameter, Route
from gateway.ending import end
from gateway.errors import Rejected
from gateway.ids import Network, Participant, make_address, network_of
from gateway.protocol import media, relaying
from gateway.protocol.relaying import Bodies

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence

    from aiohttp import web

    from gateway.api.auth import Authenticator
    from gateway.api.border_ports import PeersPort, RelayPort
    from gateway.api.ports import Standing

__all__ = ["RelayRoutes"]

LOOK_S: Final = 0.5  # between two looks whether an asker that waits still may
_FRAMING_BYTES: Final = 64 << 10  # lengths, numbers and codes of a full request
_MAX_BODY_BYTES: Final = relaying.MAX_FORWARDS_BYTES + _FRAMING_BYTES
_MAX_LEASE_BYTES: Final = 1024
_MAX_RECEIPTS_BYTES: Final = relaying.MAX_RECEIPTS * media.MAX_RECEIPT_BYTES + _FRAMING_BYTES
_NO_STORE: Final = {"Cache-Control": "no-store"}

_EPOCH: Final = Parameter("epoch", "Of the lease", {"type": "integer", "minimum": 0}, required=True)
_AFTER: Final = Parameter("after", "Only what has a position beyond this one", {"type": "integer", "minimum": 0})
_WAIT: Final = Parameter(
    "wait", "Seconds to wait until there is something", {"type": "integer", "minimum": 0, "maximum": relaying.MAX_WAIT_S}
)

T = TypeVar("T")


class RelayRoutes:
    """
    The routes of the relay.

    Args:
        relay: Does what is asked.
        peers: Knows whose directory is stale.
        authenticator: Watches over who waits.
        directory: Returns who is who now.
        clock: Unix seconds.
    """

    def __init__(
        self,
        relay: RelayPort,
        peers: PeersPort,
        authenticator: Authenticator,
        directory: Callable[[], Standing],
        clock: Callable[[], float],
    ) -> None:
        self._relay = relay
        self._peers = peers
        self._authenticator = authenticator
        self._directory = directory
        self._clock = clock
        self._stopping = False

    def stop(self) -> None:
        """Let nobody wait any more: relays come back to another gateway."""
        self._stopping = True

    def routes(self) -> list[Route]:
        """Return the rows of the table."""
        return [*self._home(), *self._other()]

    def _home(self) -> list[Route]:
        return [
            _row("POST", "lease/{network}", self.lease, "Be, or stay, the active relay to a network, or release it",
                 Answered("The lease", media.JSON, relaying.Lease), problems=("malformed", "session-replaced"),
                 body=Body((media.JSON,), _MAX_LEASE_BYTES, relaying.LeaseWish), changes=True),
            _row("GET", "forwards/{network}", self.forwards, "What waits for the relay to a network",
                 Answered("MessagePack [[number, forward], ...]", media.MSGPACK), problems=("session-replaced",),
                 parameters=[_EPOCH, _WAIT], waits_s=relaying.MAX_WAIT_S),
            _row("POST", "answers/{network}", self.answers, "Bring what the other gateway answered to forwards",
                 Answered("MessagePack [code, ...]", media.MSGPACK), problems=("malformed", "session-replaced"),
                 body=Body((media.MSGPACK,), _MAX_BODY_BYTES), parameters=[_EPOCH], changes=True),
            _row("POST", "receipts/{network}", self.receipts_from, "Bring receipts about mail to a network",
                 Answered("MessagePack [code, ...]", media.MSGPACK), problems=("malformed", "session-replaced"),
                 body=Body((media.MSGPACK,), _MAX_RECEIPTS_BYTES), parameters=[_EPOCH], changes=True),
        ]  # fmt: skip

    def _other(self) -> list[Route]:
        return [
            _row("POST", "forwards", self.take, "Bring forwards of another network: MessagePack [forward, ...]",
                 Answered("MessagePack [[code, [signed receipt, ...]], ...]", media.MSGPACK),
                 problems=("malformed", "directory-stale"), body=Body((media.MSGPACK,), _MAX_BODY_BYTES),
                 carriers=True, changes=True),
            _row("GET", "receipts/{network}", self.receipts_for, "Receipts about mail from a network",
                 Answered("MessagePack [[position, signed receipt], ...]", media.MSGPACK), problems=("directory-stale",),
                 parameters=[_AFTER, _WAIT], carriers=True, waits_s=relaying.MAX_WAIT_S),
        ]  # fmt: skip

    async def lease(self, call: Call) -> web.StreamResponse:
        """Lease the lane to a network."""
        network, wish = self._lane(call), Bodies.lease_wish.decode(call.body)
        lease = await self._relay.lease(network, wish.holder, wish.epoch, release=wish.release)
        found = relaying.Lease(lease.epoch, lease.until, lease.after)
        return reply(Bodies.lease.encode(found), media.JSON, headers=_NO_STORE)

    async def forwards(self, call: Call) -> web.StreamResponse:
        """Hand out what waits."""
        network, query = self._lane(call), self._query(call, epoch=None, wait=0)
        work = self._relay.forwards(network, query["epoch"], query["wait"])
        found = await self._waited(call, work, lambda: self._lane(call))
        return _packed(Bodies.forward_page.encode(list(found)))

    async def answers(self, call: Call) -> web.StreamResponse:
        """Take what the other gateway said."""
        network, query = self._lane(call), self._query(call, epoch=None)
        codes = await self._relay.answered(network, query["epoch"], Bodies.numbered_answers.decode(call.body))
        return _packed(Bodies.codes.encode(list(codes)))

    async def receipts_from(self, call: Call) -> web.StreamResponse:
        """Take receipts of the other network."""
        network, query = self._lane(call), self._query(call, epoch=None)
        after, receipts = Bodies.receipts_taken.decode(call.body)
        codes = await self._relay.receipts_from(network, query["epoch"], after, receipts)
        return _packed(Bodies.codes.encode(list(codes)))

    async def take(self, call: Call) -> web.StreamResponse:
        """Take forwards."""
        carrier = self._carrier(call)
        found = await self._relay.take(Bodies.forwards.decode(call.body), carrier)
        return _packed(Bodies.answers.encode([(code, list(receipts)) for code, receipts in found]))

    async def receipts_for(self, call: Call) -> web.StreamResponse:
        """Hand out receipts to the relay of the network that they are about."""
        query = self._query(call, after=0, wait=0)
        network = self._about(call)
        work = self._relay.receipts_for(network, query["after"], query["wait"])
        found = await self._waited(call, work, lambda: self._about(call), carriers=True)
        return _packed(Bodies.receipt_page.encode(list(found)))

    def _lane(self, call: Call) -> Network:
        """Return the network of a lane whose relay is asking."""
        directory, network = self._directory(), Network(call.parameter)
        peer = directory.borders.get(network)
        if peer is None or call.who().address != make_address(Participant(peer.relay), directory.network):
            raise Rejected("no peer, or not one whose relay you are", code="peer-unknown")
        return network

    def _carrier(self, call: Call) -> Network | None:
        """Return the network whose relay is asking; None for one of this network."""
        directory, asker = self._directory(), call.who().address
        network = network_of(asker)
        if network == directory.network:
            entry = directory.entry(asker)
            if entry is None or not entry.is_relay:
                raise Rejected("not a relay", code="peer-unknown")
            return None
        if network not in directory.borders:
            raise Rejected(f"{network} is no peer", code="peer-unknown")
        if self._peers.stale(network, self._clock()):
            raise Rejected(f"the directory of {network} was not renewed for too long: bring it", code="directory-stale")
        return network

    def _about(self, call: Call) -> Network:
        """Return the network whose receipts are asked for: the asker's own, or any peer for a bridge."""
        network, carrier = Network(call.parameter), self._carrier(call)
        if network not in self._directory().borders or carrier not in {None, network}:
            raise Rejected("no peer, or not one whose relay you are", code="peer-unknown")
        return network

    def _query(self, call: Call, **defaults: int | None) -> Mapping[str, int]:
        found = numbers(call.request.raw_path, **defaults)
        if found.get("wait", 0) > relaying.MAX_WAIT_S:
            raise Rejected(f"wait is at most {relaying.MAX_WAIT_S}", code="bad-request")
        return found

    async def _waited(
        self, call: Call, work: Coroutine[Any, Any, Sequence[T]], still: Callable[[], object], *, carriers: bool = False
    ) -> Sequence[T]:
        """Wait for work that waits itself; end it when its asker may not ask any more, or the gateway stops."""
        task = asyncio.ensure_future(work)
        try:
            while True:
                done, _ = await asyncio.wait({task}, timeout=LOOK_S)
                if done:
                    return task.result()
                still()
                self._authenticator.standing(call.who(), carriers=carriers)
                if self._stopping:
                    return []
        finally:
            await end([task])


def _row(
    method: str, path: str, handler: Handler, summary: str, answered: Answered, *, problems: Sequence[str] = (), **more: Any
) -> Route:
    return Route(
        method=method,
        path=media.RELAY + path,
        handler=handler,
        summary=summary,
        answers={200: answered},
        problems=("peer-unknown", *problems),
        signed=True,
        **more,
    )


def _packed(data: bytes) -> web.StreamResponse:
    return reply(data, media.MSGPACK, headers=_NO_STORE)
