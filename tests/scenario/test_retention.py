"""When a conversation is over and its time too: no piece of it in any file, and what was proved stays proved."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from gateway.client.proof.evidence import ProofWish
from gateway.config import RetentionConfig
from gateway.evidence.anchors import Anchors, log_keys
from gateway.evidence.verify import verify
from gateway.exchange.erase import Eraser
from tests.client.remains import ciphertexts, found_in
from tests.scenario.theatre import DAY, playing, say

if TYPE_CHECKING:
    from pathlib import Path

    from tests.scenario.theatre import Theatre
    from tests.support.rabbitmq import RabbitNode

pytestmark = [pytest.mark.broker]

ASKER, ASKED = "NCB-QM", "NCB-QN"
CANARY = "a fictional canary of the mine of QM"
SEALED = "SELECT head FROM message UNION ALL SELECT body FROM message UNION ALL SELECT stanza FROM delivery"


def sealed(folder: Path) -> list[bytes]:
    """Return what the ledger has of messages now: headers, sealed bodies, stanzas."""
    connection = sqlite3.connect(folder / "gateway.db")
    try:
        return [bytes(data) for (data,) in connection.execute(SEALED) if data is not None]
    finally:
        connection.close()


async def erase(theatre: Theatre) -> None:
    """Let homes and gateway do what they do by themselves, now."""
    parts = theatre.gateway.exchange._parts
    await Eraser(replace(parts, retention=RetentionConfig(days=1))).round()
    for point in theatre.points.values():
        await point.run_retention()


async def test_nothing_is_left_of_a_conversation_but_its_proofs(tmp_path: Path, rabbit_node: RabbitNode) -> None:
    """A question and its answer: looked for as text, as sealed for the way, and as each home had encrypted it."""
    async with playing(tmp_path / "town", None, rabbit_node.url) as theatre:
        asker, folder = theatre.points[ASKER], theatre.town.folder
        kept: dict[str, Any] = {"retention": {"review_on": theatre.day(35)}, "expires": None, "respond_by": None}
        asked = await theatre.sends(ASKER, say("cooperation.request/hear-a-witness", body__facts=CANARY * 3, **kept), [ASKED])
        secrets = sealed(folder)
        await theatre.reads(ASKED)
        answer = say("request.response/refused", asked, **kept)
        answered = await theatre.sends(ASKED, answer, [ASKER], asked)
        # What it answers is named by its hash, which stays in tombstones.
        secrets += [data.replace(asked.envelope_hash, b"") for data in sealed(folder)]
        await theatre.reads(ASKER)
        for table in ("arrived", "outgoing"):
            secrets += [data for who in (ASKER, ASKED) for data in ciphertexts(folder / "homes" / who, table)]
        history = (await theatre.case(ASKER, asked)).conversation.history
        message_id, answer_id = (said.turn.message_id for said in history)
        proof = await asker.proof(message_id, ProofWish(["all"], with_content=True))
        assert found_in(folder, secrets), "they are there before"
        directory = await asker.directory()
        anchors = Anchors(log_keys(directory, directory.gateways()[0]))
        for _ in range(3):
            await theatre.jump(25 * DAY)
        await erase(theatre)
        assert found_in(folder, secrets) == []
        assert found_in(folder, [CANARY.encode()]) == found_in(rabbit_node.folder, [CANARY.encode()]) == []
        statement = verify(proof.bundle, anchors)
        assert (statement.envelope_hash, statement.anchored) == (asked.envelope_hash, True)
        assert [said.turn.erased for said in (await theatre.case(ASKED, asked)).conversation.history] == [True, True]
        assert (await asker.proof(answer_id, ProofWish())).statement.envelope_hash == answered.envelope_hash
