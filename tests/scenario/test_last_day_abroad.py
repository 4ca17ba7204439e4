"""A last day that a content names binds the holders in another network too, and what they sign about it comes home."""

from __future__ import annotations

import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from gateway.client import ContactPoint
from gateway.config import load
from gateway.demo.two.stage import EU, ICN, build_two
from gateway.relay.pauses import Time
from gateway.server import compose
from gateway.staging.pair import Side, relaying
from gateway.staging.stage import Services, publish
from tests.client.conftest import Clock
from tests.client.examples import drain
from tests.scenario.border import GN, QM, soon
from tests.scenario.theatre import DAY, say
from tests.support.ports import free_ports

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.client import Delivery, SendReceipt
    from gateway.ids import Address
    from gateway.server import Gateway

STOP_S = 1.0


class Abroad:
    """Both networks in this process, on one clock."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        services = [Services(port=one, operations_port=other) for one, other in (free_ports(2), free_ports(2))]
        self.sides = dict(zip((ICN, EU), build_two(folder, services, now=time.time()), strict=True))
        self._gateways: list[Gateway] = []
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for side in self.sides.values():
            gateway = await compose(load(side.stage.config), side.stage.passphrase, clock=self.clock)
            self._open.push_async_callback(gateway.stop, STOP_S)
            self._gateways.append(gateway)
        for ours, theirs in ((ICN, EU), (EU, ICN)):
            relay = relaying(self.sides[ours], self.sides[theirs], time=Time(self.clock))
            await self._open.enter_async_context(relay)
        self.qm, self.gn = [await self._arrive(side, who) for side, who in zip(self.sides.values(), (QM, GN), strict=True)]
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self._open.aclose()

    async def _arrive(self, side: Side, who: Address) -> ContactPoint:
        home = side.stage.home(who.partition("@")[0])
        point = ContactPoint.open(home, passphrase=side.stage.passphrase, clock=self.clock)
        await self._open.enter_async_context(point)
        await point.publish_card()
        return point

    async def met(self) -> None:
        """Wait until each can seal for the other."""

        async def known() -> bool:
            found = [await point._parts.directory.refresh() for point in (self.qm, self.gn)]
            pairs = zip(found, (GN, QM), strict=True)
            return all(directory.delivery_key(other, self.clock()) is not None for directory, other in pairs)

        await soon(known)

    async def jump(self, seconds: float) -> None:
        """Let time pass for everybody: authorities publish, gateways sign anew what would have ended."""
        self.clock.ahead_s += seconds
        for side in self.sides.values():
            publish(side.stage, self.clock())
        for gateway in self._gateways:
            await gateway.exchange._parts.directory.renew()


async def heard(point: ContactPoint, said: SendReceipt) -> Delivery:
    """Wait until a message arrives, and return it."""

    async def arrived() -> Delivery | None:
        return next((one for one in await drain(point) if one.envelope_hash == said.envelope_hash), None)

    return await soon(arrived)


async def test_holders_abroad_erase_it_at_its_last_day(tmp_path: Path) -> None:
    """Nobody sends anything: the holder's software destroys its copy by itself, and its receipt crosses the border."""
    async with Abroad(tmp_path) as abroad:
        await abroad.met()
        day = (datetime.fromtimestamp(abroad.clock(), UTC) + timedelta(days=1)).date().isoformat()
        kept: dict[str, Any] = {"retention": {"delete_after": day}, "expires": None, "respond_by": None}
        sent = await abroad.qm.send(say("cooperation.request/hear-a-witness", **kept), to=[GN])
        await heard(abroad.gn, sent)
        await abroad.jump(2 * DAY)
        [demand] = await abroad.qm.outstanding()
        assert (demand.because, demand.waiting) == ("expiry", (GN,))

        async def answered() -> bool:
            await drain(abroad.gn)
            return not await abroad.qm.outstanding()

        await soon(answered)
        [demand] = await abroad.qm.outstanding(everything=True)
        assert [(one.recipient, one.answer) for one in demand.holders] == [(GN, "expired")]
