"""Receipts of recipients: each is judged alone, and only its own subject may give it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.envelope import Event, examine
from gateway.ids import EnvelopeHash
from tests.support.exchange import Stage, address

if TYPE_CHECKING:
    from gateway.envelope import Sealed


async def accepted(stage: Stage, *recipients: str) -> Sealed:
    """Let a message be accepted."""
    sealed = stage.sealed("NCB-QM", recipients)
    await stage.exchange.submit_sealed(sealed.submission)
    return sealed


async def test_a_receipt_is_recorded_and_shown_to_the_sender(stage: Stage) -> None:
    """The sender sees the state and holds the recipient's own signature for it."""
    sealed = await accepted(stage, "GN-QN")
    signed = stage.receipt("GN-QN", sealed.envelope_hash, Event.OPENED)
    assert await stage.exchange.receipts(address("GN-QN"), [signed]) == [""]
    found = await stage.exchange.status(address("NCB-QM"), examine(sealed.submission).header.message_id)
    assert [(str(one.state), one.receipt) for one in found.recipients] == [("opened", signed)]


async def test_the_same_receipt_again_is_as_good(stage: Stage) -> None:
    """Handing receipts in is safe to retry."""
    sealed = await accepted(stage, "GN-QN")
    signed = stage.receipt("GN-QN", sealed.envelope_hash)
    assert await stage.exchange.receipts(address("GN-QN"), [signed, signed]) == ["", ""]
    assert await stage.exchange.receipts(address("GN-QN"), [signed]) == [""]


async def test_a_bad_receipt_does_not_spoil_the_others(stage: Stage) -> None:
    """Each receipt has an outcome of its own."""
    sealed = await accepted(stage, "GN-QN")
    good = stage.receipt("GN-QN", sealed.envelope_hash)
    forged = good[:-1] + bytes([good[-1] ^ 1])
    assert await stage.exchange.receipts(address("GN-QN"), [b"\x00", forged, good]) == ["malformed", "signature-bad", ""]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"subject": address("NCB-XA")}, "not-found"),
        ({"signer": address("NCB-XA")}, "not-found"),
        ({"event": Event.RECALLED}, "malformed"),
        ({"event": Event.DESTROYED, "reason": "a-long-story"}, "malformed"),
        ({"event": Event.HELD}, "malformed"),
        ({"at": 4_000_000_000}, "clock-skew"),
    ],
)
async def test_what_a_recipient_may_not_state_is_refused(stage: Stage, changes: dict[str, Any], code: str) -> None:
    """About others, about what only the gateway knows, or about the future, a recipient states nothing."""
    sealed = await accepted(stage, "GN-QN")
    signed = stage.receipt("GN-QN", sealed.envelope_hash, **changes)
    assert await stage.exchange.receipts(address("GN-QN"), [signed]) == [code]
    assert (await stage.totals())["delivered"] == 0


async def test_nobody_hands_in_the_receipt_of_another(stage: Stage) -> None:
    """Promise 9: a stolen receipt is as good as none."""
    sealed = await accepted(stage, "GN-QN")
    signed = stage.receipt("GN-QN", sealed.envelope_hash)
    assert await stage.exchange.receipts(address("NCB-XA"), [signed]) == ["not-found"]


async def test_what_was_not_for_the_asker_does_not_exist(stage: Stage) -> None:
    """Promise 9: a receipt for a message to somebody else is answered like one for no message at all."""
    sealed = await accepted(stage, "GN-QN")
    strange = stage.receipt("NCB-XA", sealed.envelope_hash)
    unknown = stage.receipt("NCB-XA", EnvelopeHash(bytes(32)))
    assert await stage.exchange.receipts(address("NCB-XA"), [strange, unknown]) == ["not-found", "not-found"]


async def test_many_receipts_are_one_commit(stage: Stage) -> None:
    """A client that was away hands in a hundred receipts at once."""
    sealed = [await accepted(stage, "GN-QN") for _ in range(100)]
    signed = [stage.receipt("GN-QN", one.envelope_hash) for one in sealed]
    assert set(await stage.exchange.receipts(address("GN-QN"), signed)) == {""}
    assert (await stage.totals())["delivered"] == 100
