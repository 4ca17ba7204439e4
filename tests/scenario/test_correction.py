"""A correction over a real gateway process: by who read the message, who has it waiting, who is silent, who never had it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from gateway.ids import ConversationId, format_id
from gateway.message.handling import Handling
from gateway.message.system.correction import Correction, CorrectionBody
from gateway.protocol import media
from tests.client.examples import content, drain
from tests.scenario.town import SENDER, Town

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.client import ContactPoint
    from gateway.ids import EnvelopeHash, MessageId
    from tests.scenario.conftest import Setup

READ, WAITS, SILENT, NEVER = "GN-QN", "GN-QA", "GN-QB", "GN-QC"


@pytest.fixture
async def town(setup: Setup) -> AsyncIterator[Town]:
    """Serve a network with four who may have a message, on both set-ups."""
    town = setup.town(names=(SENDER, READ, WAITS, SILENT, NEVER))
    async with town.served():
        yield town


def correction(target: EnvelopeHash, right: MessageId) -> Correction:
    """Say that a message has another one right."""
    body = CorrectionBody(target=target.hex(), new_message_id=format_id(right), changed=("/body/facts",))
    return Correction(handling=Handling(tlp="amber+strict", confidentiality="restricted"), purpose=("RPD10-c",), body=body)


async def shown(point: ContactPoint, *, acknowledge: bool = True) -> dict[EnvelopeHash, MessageId | None]:
    """Return what is handed over, and which message has it right."""
    return {one.envelope_hash: one.corrected_by for one in await drain(point, acknowledge=acknowledge)}


async def test_every_holder_applies_it_or_is_outstanding(town: Town) -> None:
    """Who opened the correction is proved to have it; the silent one stays on the list, and reads nothing without it either."""
    async with town.home(SENDER) as sender, town.home(READ) as read, town.home(WAITS) as waits:
        wrong = await sender.send(content(), to=[READ, WAITS, SILENT])
        right = await sender.send(content(), to=[READ, WAITS, SILENT])
        target, conversation = wrong.envelope_hash, wrong.conversation_id
        assert target is not None
        assert (await shown(read))[target] is (await shown(waits, acknowledge=False))[target] is None
        said = correction(target, right.message_id)
        await sender.send(said, to=[READ, WAITS, SILENT], conversation_id=conversation)
        [status] = await sender.outstanding()
        everybody = (town.address(WAITS), town.address(SILENT), town.address(READ))
        assert (status.because, status.target, status.waiting) == ("correction", target, everybody)

        assert len(await shown(read)) == 1
        ancestor = await read._parts.lineage.find(target)
        assert ancestor is not None
        assert ancestor.corrected_by == right.message_id
        await shown(waits, acknowledge=False)  # its home learns of the correction while the application has the message
        assert (await shown(waits))[target] == right.message_id
        [status] = await sender.outstanding()
        assert status.waiting == (town.address(SILENT),)
        answers = {one.recipient: one.answer for one in status.holders}
        assert answers == {town.address(READ): "opened", town.address(WAITS): "opened", town.address(SILENT): None}
        async with town.home(SILENT) as silent:  # it comes back, and has them all at once
            await shown(silent, acknowledge=False)
            assert (await shown(silent))[target] == right.message_id
        assert await sender.outstanding() == []


async def test_who_never_had_it_knows_when_it_comes(town: Town) -> None:
    """A correction that is faster than its message: opened all the same, and the message is handed over with it."""
    conversation = ConversationId(os.urandom(16))
    late = town.sealed([NEVER], content=content().raw, handling="amber+strict/restricted", conversation_id=conversation)
    async with town.home(SENDER) as sender, town.home(NEVER) as never:
        right = await sender.send(content(), to=[NEVER])
        said = correction(late.envelope_hash, right.message_id)
        await sender.send(said, to=[NEVER], conversation_id=conversation)
        assert len(await shown(never)) == 2
        assert await sender.outstanding() == []
        await sender._parts.transport.submit(late.submission, media.SEALED, lambda told, *_: told)
        assert await shown(never) == {late.envelope_hash: right.message_id}
