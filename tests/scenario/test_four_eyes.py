"""Four eyes over a real gateway process, which can read nothing and still knows whether a second officer signed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from gateway.envelope.keys import MemoryKeyring, Signature, SigningKey, Use
from gateway.errors import Rejected
from gateway.protocol import media
from tests.client.examples import RESPONSE, content, drain
from tests.scenario.asking import ask
from tests.scenario.lines import plain
from tests.scenario.town import READER, SENDER, Town
from tests.support.four_eyes import needs_approval, write_site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.scenario.conftest import Setup

SECOND = "officer-07"
KINDS = ("cooperation.request", "request.response")


class Elsewhere(MemoryKeyring):
    """An officer whose signature is over something else."""

    def sign(self, use: Use, message: bytes) -> Signature:
        """Sign another envelope."""
        return super().sign(use, message + b"?")


@pytest.fixture
async def town(embedded: Setup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    """Serve a network in which two kinds need a second officer, here and in the gateway's process."""
    site = write_site(tmp_path / "site", *KINDS)
    inherited = {**os.environ, "PYTHONPATH": f"{site}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    monkeypatch.setattr("tests.scenario.process.environment", lambda folder=None: inherited)
    town = embedded.town()
    with needs_approval(KINDS[0]), needs_approval(KINDS[1]):
        async with town.served():
            yield town


def officer(town: Town) -> SigningKey:
    """Return the approval key that the sender's card lists."""
    return town.member(SENDER).key(Use.APPROVAL)


async def posted(town: Town, body: bytes, kind: str = media.SEALED) -> list[str]:
    """Post a submission; return the code of a refusal, or the status."""
    return (await ask(town, plain("POST", media.MESSAGES, {"content-type": kind}, body))).codes


async def test_two_signatures_send_what_one_cannot(town: Town) -> None:
    """Promise 2: with one it stays at home; approved, it arrives, and the recipient can say who approved it."""
    async with town.home(SENDER) as sender, town.home(READER) as reader:
        sent = await sender.send(content(), to=[READER])
        assert (sent.waiting, await drain(reader)) == (True, [])
        [shown] = await sender.approvals()
        approved = await sender.approve(sent.message_id, officer(town), officer=SECOND, draft=shown.draft)
        [delivery] = await drain(reader)
        status = await sender.status(sent.message_id)
        proof = await sender.proof(sent.message_id)
    assert (approved.number is not None, delivery.message_id) == (True, sent.message_id)
    assert delivery.approved_by == officer(town).key_id
    assert delivery.content.raw == shown.content.raw
    assert status.count("opened") == 1
    assert proof.statement.approved


async def test_a_blind_gateway_knows_whether_two_signed(town: Town) -> None:
    """Promise 7: without a good signature of the sender's second officer nothing is accepted."""
    stranger = SigningKey.generate(town.address(SENDER), Use.APPROVAL, os.urandom)
    approvers = {
        "nobody": (None, "approval-missing"),
        "a stranger": (MemoryKeyring(town.address(SENDER), [stranger]), "cannot-open"),
        "another participant": (town.member(READER).keyring, "cannot-open"),
        "the agent key": (MemoryKeyring(town.address(SENDER), [_twin(town)]), "cannot-open"),
        "an officer of another envelope": (Elsewhere(town.address(SENDER), [officer(town)]), "cannot-open"),
        "an officer": (town.member(SENDER).keyring, "202"),
    }
    for who, (approver, told) in approvers.items():
        assert (who, await posted(town, town.sealed(approver=approver).submission)) == (who, [told])


async def test_clear_text_of_such_a_kind_is_refused(town: Town) -> None:
    """Promise 2: what needs a second officer is sealed by its author alone, and the SDK does not hand it over either."""
    body = town.clear(content(RESPONSE).raw)
    assert await posted(town, body, media.SIGNED) == ["approval-missing"]
    async with town.home(SENDER) as sender:
        with pytest.raises(Rejected, match="approval-missing"):
            await sender.send(content(RESPONSE), to=[READER], sealed_by_gateway=True)


def _twin(town: Town) -> SigningKey:
    """Return the agent key of the sender's software, called an approval key."""
    return SigningKey.from_seed(town.address(SENDER), Use.APPROVAL, town.member(SENDER).key(Use.AGENT).unsafe_export())
