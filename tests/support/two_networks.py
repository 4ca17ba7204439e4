"""
Two networks, each with an exchange of its own, and a relay that is a few calls.

`async with two_networks(tmp_path) as pair:` gives both; `pair.out.carry()` takes what waits at `icn` to `eu-network` and brings
the answers home, `pair.out.receipts()` brings the receipts; `pair.back` is the relay of the other network.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.envelope import examine
from gateway.protocol.relaying import decided
from tests.support.exchange import Clock, Neighbours, Stage, staged
from tests.support.network import join, make_pair
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

    from gateway.envelope import Event, Header, Sealed
    from gateway.ids import Network
    from gateway.ledger import RecipientStatus

__all__ = [
    "Carrier",
    "Pair",
    "changed",
    "ended",
    "header_of",
    "said",
    "send",
    "stands",
    "states",
    "two_networks",
]

Taken = tuple[str, "Sequence[bytes]"]


@dataclass
class Carrier:
    """A relay process of `home` that carries to `there`; a new one with another name stands for another process."""

    home: Stage
    there: Stage
    holder: str = "one"
    epoch: int | None = None
    after: int = 0
    forwards: list[bytes] = field(default_factory=list)  # all that were carried

    @property
    def network(self) -> Network:
        """Where it carries to."""
        return self.there.world.network

    async def lease(self) -> int:
        """Become the active one, or stay it."""
        lease = await self.home.exchange.relay.lease(self.network, self.holder, self.epoch)
        self.epoch, self.after = lease.epoch, lease.after
        return lease.epoch

    async def page(self, wait_s: float = 5) -> list[tuple[int, bytes]]:
        """Fetch what waits, all of it in the log."""
        await self.home.parts.audit.advance()
        return list(await self.home.exchange.relay.forwards(self.network, await self.lease(), wait_s))

    async def carry(self, wait_s: float = 5) -> list[str]:
        """Carry one page, bring the answers home, and return their codes."""
        page = await self.page(wait_s)
        taken = await self.hand_over([data for _, data in page])
        codes = await self.bring([(number, *answer) for (number, _), answer in zip(page, taken, strict=True)])
        assert not any(codes), codes
        return [code for code, _ in taken]

    async def hand_over(self, forwards: Sequence[bytes]) -> Sequence[Taken]:
        """Give forwards to the other gateway."""
        self.forwards += forwards
        return await self.there.exchange.relay.take(forwards, self.home.world.network)

    async def bring(self, answers: Sequence[tuple[int, str, Sequence[bytes]]]) -> Sequence[str]:
        """Bring answers home, as far as they decide."""
        told = [one for one in answers if decided(one[1])]
        return await self.home.exchange.relay.answered(self.network, await self.lease(), told)

    async def receipts(self, *, at_least: int = 1) -> list[str]:
        """Bring receipts home, and return their codes."""
        codes: list[str] = []

        async def enough() -> bool:
            epoch = await self.lease()
            found = await self.there.exchange.relay.receipts_for(self.home.world.network, self.after, 0)
            data = [receipt for _, receipt in found]
            after = found[-1][0] if found else self.after
            codes.extend(await self.home.exchange.relay.receipts_from(self.network, epoch, after, data))
            return len(codes) >= at_least

        await until(enough)
        return codes


@dataclass
class Pair:
    """Both networks; `out` carries from `icn`, `back` to it."""

    icn: Stage
    eu: Stage
    out: Carrier
    back: Carrier

    def join_anew(self, **changes: object) -> None:
        """Let `eu-network` state other rules for `icn`."""
        join(self.eu.world, self.icn.world, "RELAY-ICN", **changes)
        self.publish()

    def publish(self) -> None:
        """Let the authority of `eu-network` publish."""
        self.eu.publication.files = self.eu.world.publication()

    async def published(self) -> None:
        """Wait until the gateway of `eu-network` has taken that in."""

        async def taken_in() -> bool:
            return self.eu.publication.files is None

        await until(taken_in)


@asynccontextmanager
async def two_networks(folder: Path, **changes: object) -> AsyncIterator[Pair]:
    """
    Run both.

    Args:
        folder: For both ledgers.
        changes: Of what `eu-network` says of `icn`; fields of `Peer`.
    """
    clock = Clock()
    ours, theirs = make_pair(clock())
    if changes:
        join(theirs, ours, "RELAY-ICN", **changes)
    for name in (ours.network, theirs.network):
        (folder / name).mkdir()
    async with (
        staged(folder / ours.network, neighbours=Neighbours(ours, [theirs], clock)) as icn,
        staged(folder / theirs.network, neighbours=Neighbours(theirs, [ours], clock)) as eu,
    ):
        yield Pair(icn, eu, Carrier(icn, eu), Carrier(eu, icn))


async def send(stage: Stage, sender: str, to: Sequence[str], **changes: Any) -> Sealed:
    """Seal and submit."""
    sealed = stage.sealed(sender, to, **changes)
    await stage.exchange.submit_sealed(sealed.submission)
    return sealed


def header_of(sealed: Sealed) -> Header:
    """Return the header of what was sealed."""
    return examine(sealed.submission).header


async def stands(stage: Stage, sealed: Sealed, sender: str = "NCB-QM") -> list[RecipientStatus]:
    """Return how each delivery stands, in the order of the names of the recipients."""
    found = await stage.exchange.status(stage.address(sender), header_of(sealed).message_id)
    return sorted(found.recipients, key=lambda one: one.recipient)


async def states(stage: Stage, sealed: Sealed, sender: str = "NCB-QM") -> list[str]:
    """Return the states alone."""
    return [str(one.state) for one in await stands(stage, sealed, sender)]


async def ended(stage: Stage, sealed: Sealed) -> tuple[str, str | None]:
    """Return state and reason of the only delivery."""
    (one,) = await stands(stage, sealed)
    return str(one.state), one.reason


async def said(stage: Stage, name: str, sealed: Sealed, *events: Event) -> None:
    """Let a recipient hand in receipts."""
    receipts = [stage.receipt(name, sealed.envelope_hash, event) for event in events]
    assert await stage.exchange.receipts(stage.address(name), receipts) == [""] * len(events)


def changed(data: bytes, change: Callable[[list[Any]], object]) -> bytes:
    """Return a forward or a receipt with something else in it."""
    form = msgspec.msgpack.decode(data)
    change(form)
    return msgspec.msgpack.encode(form)
