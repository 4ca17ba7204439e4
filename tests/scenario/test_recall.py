"""A recall over a real gateway process: by who has read the message, who has it waiting, who is away, and who never had it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.client.records import receipt_rows
from gateway.envelope.receipt import parse_receipt
from gateway.errors import Rejected
from gateway.message import instant
from gateway.message.handling import Handling
from gateway.message.system.recall import Recall, RecallBody
from gateway.protocol import media
from tests.client.examples import content, drain
from tests.client.remains import ciphertexts, found_in
from tests.scenario.town import SENDER, Town

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.client import ContactPoint
    from gateway.client.sent.recalling import Mode
    from gateway.ids import EnvelopeHash
    from tests.scenario.conftest import Setup

READ, WAITS, AWAY, NEVER = "GN-QN", "GN-QA", "GN-QB", "GN-QC"
DONE = {"delete": "deleted", "stop-use": "use-stopped"}


@pytest.fixture
async def town(setup: Setup) -> AsyncIterator[Town]:
    """Serve a network with four who may have a message, on both set-ups."""
    town = setup.town(names=(SENDER, READ, WAITS, AWAY, NEVER))
    async with town.served():
        yield town


async def said(point: ContactPoint, target: EnvelopeHash) -> list[tuple[str, str | None]]:
    """Return what a home signed about a message, in order."""
    found = await point._parts.home.store.read(lambda connection: receipt_rows.of_envelope(connection, target))
    return [(one.event, one.reason) for one in (parse_receipt(data).receipt for data in found)]


async def shown(point: ContactPoint, *, acknowledge: bool = True) -> list[tuple[str, str | None]]:
    """Return the kinds that are handed over, and what was done about each."""
    return [(one.kind, one.recall) for one in await drain(point, acknowledge=acknowledge)]


@pytest.mark.parametrize("mode", ["delete", "stop-use"])
async def test_every_holder_obeys_or_is_outstanding(town: Town, mode: Mode) -> None:
    """Each answers signed for what it has; the silent one stays on the author's list, and gets no use of it either."""
    homes = town.folder / "homes"
    async with town.home(SENDER) as sender, town.home(READ) as read, town.home(WAITS) as waits:
        sent = await sender.send(content(), to=[READ, WAITS, AWAY])
        target = sent.envelope_hash
        assert target is not None
        assert await shown(read) == await shown(waits, acknowledge=False) == [("cooperation.request", None)]
        held = ciphertexts(homes / READ, "arrived") + ciphertexts(homes / WAITS, "arrived")
        await sender.recall(target, "wrong person", mode=mode)
        [status] = await sender.outstanding()
        assert status.waiting == (town.address(WAITS), town.address(AWAY), town.address(READ))

        assert await shown(read) == [("system.recall", DONE[mode])]
        assert ("system.recall", DONE[mode]) in await shown(waits, acknowledge=False)
        assert [kind for kind, _ in await shown(waits)] == ["system.recall"]  # and not what waited
        assert await said(read, target) == [("delivered", None), ("opened", None), ("destroyed", DONE[mode])]
        assert await said(waits, target) == [("delivered", None), ("rejected", "recalled"), ("destroyed", DONE[mode])]
        for point in (read, waits):
            with pytest.raises(Rejected, match="recalled"):
                await point.forward(target, to=[SENDER])
        assert await shown(sender) == []
        for point in (sender, read, waits):  # what proves it stays
            proof = await point.proof(sent.message_id)
            assert proof.statement.envelope_hash == target
    left = [found_in(homes / name, held) for name in (READ, WAITS)]
    assert left == [[], []] if mode == "delete" else all(left)
    async with town.home(AWAY) as away:  # it was silent, and comes back
        first = await shown(away, acknowledge=False)
        assert ("cooperation.request", None) not in await shown(away)
        assert ("system.recall" in {kind for kind, _ in first}, (await said(away, target))[-1][0]) == (True, "destroyed")


async def test_who_never_had_it_refuses_it_when_it_comes(town: Town) -> None:
    """A recall that is faster than its message: answered at once, and the gateway ends the message before it is handed over."""
    late = town.sealed([NEVER], content=content().raw, handling="amber+strict/restricted")
    body = RecallBody(
        target=late.envelope_hash.hex(), reason="wrong person", mode="delete", confirm_by=instant(town.now + 3600)
    )
    marking = Handling(tlp="amber+strict", confidentiality="restricted")
    async with town.home(SENDER) as sender, town.home(NEVER) as never:
        await sender.send(Recall(handling=marking, purpose=("RPD10-c",), body=body), to=[NEVER])
        assert await shown(never) == [("system.recall", "never-had")]
        await sender._parts.transport.submit(late.submission, media.SEALED, lambda told, *_: told)
        assert await shown(never) == []
        assert await said(never, late.envelope_hash) == [("destroyed", "never-had")]
