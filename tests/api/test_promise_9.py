"""
Promise 9: what belongs to another participant answers, over the whole interface, like what does not exist.

Whole answers are compared as they come from the line, the status line and every header field in its place; the date alone,
which is the same for both within the second, is left out.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway.envelope import Event
from gateway.envelope.accept import examine
from gateway.ids import EnvelopeHash, MessageId, format_id
from gateway.ledger import Ref
from gateway.merkle import leaf_hash
from gateway.protocol import media
from tests.api.test_whole import whole

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.api.test_whole import Whole

STRANGER = "NCB-XA"  # an active participant that has to do with no message here


@pytest.fixture
async def gate(tmp_path: Path) -> AsyncIterator[Whole]:
    """A gateway over the real exchange."""
    async with whole(tmp_path) as one:
        yield one


async def answer(gate: Whole, method: str, path: str, body: bytes = b"", name: str = STRANGER) -> bytes:
    """Ask as a participant, and return every byte of the answer but those of its date."""
    fields = {"Content-Type": media.MSGPACK, "Content-Length": str(len(body))} if body else {}
    fields = gate.signed(method, path, gate.keyring(name), body, {**fields, "Connection": "close"})
    lines = "".join(f"{key}: {value}\r\n" for key, value in {"Host": gate.base.removeprefix("http://"), **fields}.items())
    raw = await gate.raw(f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body)
    whole_answer, dates = re.subn(rb"\r\nDate: [^\r]*", b"", raw)
    assert dates == 1, raw
    return whole_answer


async def accepted(gate: Whole) -> tuple[MessageId, EnvelopeHash]:
    """Let a message be accepted."""
    sealed = gate.behind.sealed("NCB-QM", ["GN-QN", "TRIB-QX-OTP"])
    await gate.behind.exchange.submit_sealed(sealed.submission)
    return examine(sealed.submission).header.message_id, sealed.envelope_hash


def status_of(message_id: bytes) -> str:
    """Return where a message's status is."""
    return f"{media.MESSAGES}/{format_id(MessageId(message_id))}"


@pytest.mark.parametrize("asker", [STRANGER, "GN-QN"])
async def test_the_status_of_anothers_message(gate: Whole, asker: str) -> None:
    """A stranger, and a recipient too, sees of a message that he did not send what he sees of none."""
    message_id, _ = await accepted(gate)
    assert b" 200 " in await answer(gate, "GET", status_of(message_id), name="NCB-QM")
    theirs = await answer(gate, "GET", status_of(message_id), name=asker)
    missing = await answer(gate, "GET", status_of(os.urandom(16)), name=asker)
    assert b" 404 " in theirs
    assert theirs == missing


@pytest.mark.parametrize("event", [Event.DELIVERED, Event.OPENED, Event.REJECTED])
async def test_a_receipt_for_anothers_delivery(gate: Whole, event: Event) -> None:
    """A receipt about an envelope that was sent to others is answered as one about an envelope that nobody sent."""
    _, envelope_hash = await accepted(gate)
    bodies = [
        msgspec.msgpack.encode([gate.behind.receipt(STRANGER, one, event)])
        for one in (envelope_hash, EnvelopeHash(os.urandom(32)))
    ]
    theirs, missing = [await answer(gate, "POST", media.RECEIPTS, body) for body in bodies]
    assert b'["not-found"]' in theirs
    assert theirs == missing


async def test_a_receipt_in_anothers_name(gate: Whole) -> None:
    """Whether that other has the delivery shows in nothing."""
    _, envelope_hash = await accepted(gate)
    bodies = [
        msgspec.msgpack.encode([gate.behind.receipt("GN-QN", one)]) for one in (envelope_hash, EnvelopeHash(os.urandom(32)))
    ]
    theirs, missing = [await answer(gate, "POST", media.RECEIPTS, body) for body in bodies]
    assert b'["not-found"]' in theirs
    assert theirs == missing


async def test_the_outcomes_of_others(gate: Whole) -> None:
    """Who has sent nothing reads the same before and after something happened to others."""
    before = await answer(gate, "GET", media.OUTCOMES)
    await accepted(gate)
    await gate.behind.ledger.unanswered([Ref(1, 0)], 1, gate.behind.parts.stamps.held)
    theirs = await answer(gate, "GET", media.OUTCOMES)
    own = await answer(gate, "GET", media.OUTCOMES, name="NCB-QM")
    assert theirs == before
    assert b"held" in own


async def test_the_inbox_of_others(gate: Whole) -> None:
    """A mailbox is read by its owner: another's mail shows in nothing."""
    before = await answer(gate, "GET", media.INBOX)
    await accepted(gate)
    assert await answer(gate, "GET", media.INBOX) == before


async def test_a_proof_of_no_leaf(gate: Whole) -> None:
    """The log answers about a leaf that no checkpoint covers yet as about one that nobody wrote."""
    await accepted(gate)
    events = await gate.behind.ledger.events(0, 100)
    written = next(row.leaf for row in events if row.leaf is not None and row.event == "accepted")
    theirs = await answer(gate, "GET", media.LOG_PROOFS + leaf_hash(written).hex())
    missing = await answer(gate, "GET", media.LOG_PROOFS + os.urandom(32).hex())
    assert b" 404 " in theirs
    assert theirs == missing


async def test_a_submission_under_anothers_id(gate: Whole) -> None:
    """Who does not sign as the sender learns nothing of which ids that sender used."""
    message_id, _ = await accepted(gate)
    answers = []
    for one in (message_id, MessageId(os.urandom(16))):
        submission = gate.behind.sealed("NCB-QM", ["GN-QN"], message_id=one).submission
        forged = submission.replace(examine(submission).seal.signature, bytes(64))
        got = await gate.ask("POST", media.MESSAGES, body=forged, media=media.SEALED)
        answers.append((got.status, got.body, {name: value for name, value in got.headers.items() if name != "date"}))
    assert answers[0] == answers[1]
