"""A reply is held against the marking of what it answers, as far as a blind gateway can see it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from gateway.errors import Rejected
from gateway.ids import MessageId, new_uuid7

if TYPE_CHECKING:
    from tests.support.exchange import Stage

PARENT = "amber+strict/confidential"


async def asked(stage: Stage) -> bytes:
    """Let NCB-QM ask GN-QN something; return the envelope hash."""
    sealed = stage.sealed("NCB-QM", ["GN-QN"], handling=PARENT)
    await stage.exchange.submit_sealed(sealed.submission)
    return sealed.envelope_hash


async def replied(stage: Stage, sender: str, to: str, in_reply_to: bytes, handling: str) -> int:
    """Submit a reply; return the status."""
    changes: dict[str, Any] = {"handling": handling, "message_id": MessageId(new_uuid7(1, os.urandom(10)))}
    sealed = stage.sealed(sender, [to], in_reply_to=in_reply_to, **changes)
    return (await stage.exchange.submit_sealed(sealed.submission)).status


@pytest.mark.parametrize("handling", ["amber/confidential", "amber+strict/restricted", "clear/official-use-only"])
async def test_a_reply_that_is_marked_more_laxly_is_refused(stage: Stage, handling: str) -> None:
    """Whoever got a message cannot answer it with a lower header; the refusal is proved, and nothing is kept."""
    parent = await asked(stage)
    before = await stage.totals()
    with pytest.raises(Rejected, match="rule reply-marking") as caught:
        await replied(stage, "GN-QN", "NCB-QM", parent, handling)
    assert (caught.value.code, caught.value.proved) == ("handling-laxer", True)
    assert await stage.totals() == before


@pytest.mark.parametrize("handling", [PARENT, "red/confidential"])
async def test_a_reply_that_is_as_strict_is_taken(stage: Stage, handling: str) -> None:
    """The same marking or a stricter one goes through."""
    assert await replied(stage, "GN-QN", "NCB-QM", await asked(stage), handling) == 202


async def test_an_author_lowers_the_marking_of_its_own_message(stage: Stage) -> None:
    """Only the originator may downgrade, and a gateway lets it."""
    assert await replied(stage, "NCB-QM", "GN-QN", await asked(stage), "green/restricted") == 202


async def test_a_stranger_learns_nothing_about_anothers_message(stage: Stage) -> None:
    """Promise 9: whoever did not get a message is answered as if it did not exist."""
    parent = await asked(stage)
    for unseen in (parent, bytes(32)):
        assert await replied(stage, "TRIB-QX-OTP", "NCB-QM", unseen, "green/restricted") == 202
