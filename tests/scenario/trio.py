"""Three gateway processes behind one address, on one database and one broker: a network that outlives each of them."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.protocol import media
from tests.scenario.lines import Line, plain
from tests.scenario.process import Served, serving
from tests.support.balancer import Balancer
from tests.support.ports import free_ports

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.scenario.town import Town

__all__ = ["GATEWAYS", "Trio", "serving_three"]

GATEWAYS: Final = 3


@dataclass
class Trio:
    """
    What runs.

    Args:
        town: The network; its port is the balancer's.
        balancer: Before the gateways.
        gateways: One after the other may be killed, stopped and started.
        operations_ports: Of each.
    """

    town: Town
    balancer: Balancer
    gateways: list[Served]
    operations_ports: list[int]

    async def metric(self, number: int, name: str) -> float:
        """Return a metric of one gateway; 0 of one that does not run."""

        def ask() -> str:
            with Line(self.operations_ports[number]) as line:
                return line.ask(plain("GET", media.METRICS)).body.decode()

        try:
            lines = (await asyncio.to_thread(ask)).splitlines()
        except OSError:
            return 0.0
        return next(float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{name} "))

    async def with_session(self) -> int:
        """Return which gateway holds the one session that there is."""
        held = [await self.metric(number, "gateway_sessions") for number in range(GATEWAYS)]
        assert sum(held) == 1, held
        return held.index(1)


@asynccontextmanager
async def serving_three(town: Town) -> AsyncIterator[Trio]:
    """Serve a network by three gateways while the context is open."""
    first, *more = free_ports(2 * GATEWAYS)
    ports, operations_ports = [first, *more[: GATEWAYS - 1]], more[GATEWAYS - 1 :]
    async with AsyncExitStack() as stack:
        balancer = await stack.enter_async_context(Balancer(ports))
        town.port = balancer.port
        await town.prepare()
        text = (town.folder / "gateway.toml").read_text()
        gateways = []
        for number, (port, operations_port) in enumerate(zip(ports, operations_ports, strict=True)):
            config = town.folder / f"gateway-{number}.toml"
            config.touch(mode=0o600)
            own = text.replace(f"port = {town.port} }}", f"port = {port} }}")
            config.write_text(own.replace(f"port = {town.operations_port},", f"port = {operations_port},"))
            served = Served(config, port, town.folder / f"gateway-{number}.log")
            gateways.append(await stack.enter_async_context(serving(served)))
        yield Trio(town, balancer, gateways, operations_ports)
