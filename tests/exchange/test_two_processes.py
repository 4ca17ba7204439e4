"""Two gateway processes on one PostgreSQL ledger and one RabbitMQ: what one cannot do, the other does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.broker.rabbitmq import RabbitBroker
from gateway.config import DirectoryConfig
from gateway.envelope import Sealed, examine
from gateway.errors import Rejected
from gateway.exchange import Exchange, Session
from gateway.ledger import Ledger
from tests.support.exchange import MAILBOX_BYTES, MemoryPublication, Stage, address, make_parts, staged
from tests.support.ports import free_port
from tests.support.rabbitmq import RabbitNode

pytestmark = [pytest.mark.broker, pytest.mark.postgres]


class Site:
    """What the processes share."""

    def __init__(self, folder: Path, url: str, node: RabbitNode, prefix: str) -> None:
        self.folder = folder
        self.url = url
        self.node = node
        self.prefix = prefix

    def broker(self, port: int | None = None) -> RabbitBroker:
        """Return a line to the shared node, or to a port where nobody answers."""
        url = self.node.url if port is None else f"amqp://guest:guest@127.0.0.1:{port}/"
        return RabbitBroker([url], MAILBOX_BYTES, self.prefix)

    @asynccontextmanager
    async def first(self, broker: RabbitBroker | None = None) -> AsyncIterator[Stage]:
        """Run the first process, with the world around it."""
        async with staged(self.folder, broker=broker or self.broker(), url=self.url, shared=True) as stage:
            yield stage

    @asynccontextmanager
    async def another(self, stage: Stage) -> AsyncIterator[Exchange]:
        """Run another process in the same world."""
        async with await Ledger.open(self.url, migrate=False, clock=stage.clock) as ledger:
            parts = make_parts(
                stage.world,
                ledger=ledger,
                broker=self.broker(),
                clock=stage.clock,
                publication=MemoryPublication(),
                memory=self.folder / "other-memory",
                shared=True,
            )
            exchange = Exchange(parts, mailbox_bytes=MAILBOX_BYTES, schedule=DirectoryConfig(), volatile=False)
            await exchange.start()
            try:
                yield exchange
            finally:
                await exchange.close()


@pytest.fixture
def site(tmp_path: Path, postgres_url: str, rabbit_node: RabbitNode, prefix: str) -> Site:
    """A shared ledger and a shared broker."""
    return Site(tmp_path, postgres_url, rabbit_node, prefix)


async def opened(exchange: Exchange, name: str) -> Session:
    """Open a session with credit."""
    session = await exchange.open_session(address(name))
    session.credit(1000, 1 << 30)
    return session


async def handed(session: Session, count: int) -> list[int]:
    """Return the numbers of the next deliveries."""
    found: list[int] = []
    async with asyncio.timeout(20):
        while len(found) < count:
            found += [number for number, _ in await session.next()]
    return found


async def submitted(stage: Stage, count: int) -> Sequence[Sealed]:
    """Let the first process accept messages."""
    made = [stage.sealed("NCB-QM", ["GN-QN"]) for _ in range(count)]
    for sealed in made:
        await stage.exchange.submit_sealed(sealed.submission)
    return made


async def states(stage: Stage, sealed: Sealed) -> dict[str, str]:
    """Return where a message's deliveries stand."""
    return await stage.states("NCB-QM", examine(sealed.submission).header.message_id)


async def test_what_one_accepts_the_other_hands_over(site: Site) -> None:
    """A recipient's session may be at another process than its sender's; its receipt is seen by both."""
    async with site.first() as stage, site.another(stage) as other:
        session = await opened(other, "GN-QN")
        made = await submitted(stage, 20)
        assert await handed(session, 20) == list(range(1, 21))
        receipts = [stage.receipt("GN-QN", sealed.envelope_hash) for sealed in made]
        assert await session.record(receipts) == [""] * 20
        assert await states(stage, made[-1]) == {"GN-QN": "delivered"}


async def test_the_rows_of_a_process_that_died_are_taken_over(site: Site) -> None:
    """Promise 1: what a process accepted and could not convey before it died is conveyed by the other."""
    async with site.first(site.broker(free_port())) as stage:
        made = await submitted(stage, 20)
        await stage.exchange.close()
        async with site.another(stage) as other:
            session = await opened(other, "GN-QN")
            assert await handed(session, 20) == list(range(1, 21))
            receipts = [stage.receipt("GN-QN", sealed.envelope_hash) for sealed in made]
            assert await session.record(receipts) == [""] * 20
        assert (await stage.totals())["delivered"] == 20


async def test_what_a_dead_process_had_in_hand_comes_again(site: Site) -> None:
    """What was handed over by a process that died, and not answered, is handed over by the other; nothing is lost."""
    async with site.first() as stage, site.another(stage) as other:
        await submitted(stage, 5)
        older = await opened(stage.exchange, "GN-QN")
        assert await handed(older, 5) == [1, 2, 3, 4, 5]
        await stage.exchange.close()
        session = await opened(other, "GN-QN")
        assert sorted(await handed(session, 5)) == [1, 2, 3, 4, 5]


async def test_a_session_at_the_other_process_replaces_this_one(site: Site) -> None:
    """One inbox session for each participant, whichever process it is at: the older one gives back what it held."""
    async with site.first() as stage, site.another(stage) as other:
        older = await opened(stage.exchange, "GN-QN")
        assert list(await older.next()) == []
        newer = await opened(other, "GN-QN")
        await submitted(stage, 1)
        waiting = asyncio.create_task(handed(newer, 1))
        with pytest.raises(Rejected) as caught:
            await handed(older, 1)
        assert caught.value.code == "session-replaced"
        await older.close()
        assert await waiting == [1]


async def test_a_message_sent_to_both_is_accepted_once(site: Site) -> None:
    """Promise 4: the same bytes at two processes at once get one receipt."""
    async with site.first() as stage, site.another(stage) as other:
        sealed = stage.sealed("NCB-QM", ["GN-QN"])
        answers = await asyncio.gather(
            *(exchange.submit_sealed(sealed.submission) for exchange in (stage.exchange, other) for _ in range(3))
        )
        assert sorted(answer.status for answer in answers) == [200, 200, 200, 200, 200, 202]
        assert len({answer.body for answer in answers}) == 1
