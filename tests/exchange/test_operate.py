"""Operators: what they sign is done once, leaves a leaf, and nothing else is done in their name."""

from __future__ import annotations

import asyncio
import io
import os
from typing import TYPE_CHECKING, Any

import pytest

from gateway.envelope import MemoryKeyring, SigningKey, Use, contexts
from gateway.errors import GatewayError, Unavailable
from gateway.exchange import Exchange
from gateway.ids import MessageId
from gateway.ledger import Ref
from gateway.protocol.action import Action, sign_action
from tests.support.exchange import Stage, address, staged

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from pathlib import Path

    from gateway.envelope import Keyring


def signed(stage: Stage, target: str = "1/0", keyring: Keyring | None = None, **changes: Any) -> bytes:
    """Order something as an operator of the stage's gateway does."""
    fields: dict[str, Any] = {"version": "A1", "verb": "release", "target": target, "reason": "the line was repaired"}
    fields |= {"at": int(stage.clock()), "nonce": os.urandom(16)}
    return sign_action(Action(**{**fields, **changes}), keyring or stage.world.gateway)


async def refused(order: Awaitable[None]) -> str:
    """Return the code of a refusal."""
    with pytest.raises(GatewayError) as caught:
        await order
    return caught.value.code


async def held(stage: Stage) -> MessageId:
    """Let a delivery be held."""
    message_id = MessageId(os.urandom(16))
    await stage.exchange.submit_sealed(stage.sealed("NCB-QM", ["GN-QN"], message_id=message_id).submission)
    await stage.ledger.unanswered([Ref(1, 0)], 1, stage.parts.stamps.held)
    assert await stage.states("NCB-QM", message_id) == {"GN-QN": "held"}
    return message_id


async def leaves(stage: Stage, event: str = "action") -> list[bytes | None]:
    """Return the leaves of the events of one name."""
    return [row.leaf for row in await stage.ledger.events(0, 1000) if row.event == event]


async def test_a_held_delivery_is_released_once_and_leaves_its_leaf(stage: Stage, quiet: io.BytesIO) -> None:
    """Promise 6: the delivery goes to its recipient again, and the signed order is a leaf of the audit log."""
    message_id = await held(stage)
    order = signed(stage)
    await stage.exchange.operate(order)
    session = await stage.open("GN-QN")
    async with asyncio.timeout(10):
        ((number, _),) = await session.next()
    assert number == 1
    assert "held" not in (await stage.states("NCB-QM", message_id)).values()
    assert await leaves(stage) == [contexts.action_leaf(order)]
    assert b"the line was repaired" in quiet.getvalue()
    assert 'gateway_operator_actions_total{outcome="done",verb="release"} 1.0' in stage.parts.metrics.render().decode()


async def test_an_order_is_done_once(stage: Stage) -> None:
    """The same signed order again does nothing, though the delivery is held once more."""
    await held(stage)
    order = signed(stage)
    await stage.exchange.operate(order)
    await stage.ledger.unanswered([Ref(1, 0)], 1, stage.parts.stamps.held)
    assert await refused(stage.exchange.operate(order)) == "nonce-used"
    assert len(await leaves(stage)) == 1


async def test_another_process_does_not_do_it_again(tmp_path: Path, postgres_url: str) -> None:
    """Two gateway processes on one ledger remember together what was ordered."""
    async with staged(tmp_path, shared=True, url=postgres_url) as one, staged(tmp_path, shared=True, url=postgres_url) as two:
        await held(one)
        order = signed(one)
        codes = await asyncio.gather(*(refused_or_done(stage.exchange, order) for stage in (one, two, one, two)))
        assert sorted(codes) == ["", "nonce-used", "nonce-used", "nonce-used"]
        assert len(await leaves(two)) == 1


async def refused_or_done(exchange: Exchange, order: bytes) -> str:
    """Return "" for what was done, else the code."""
    try:
        await exchange.operate(order)
    except GatewayError as exc:
        return exc.code
    return ""


async def test_without_the_ledger_nothing_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An order whose nonce cannot be remembered is refused, and may be given again when the ledger is back."""
    async with staged(tmp_path) as stage:
        message_id = await held(stage)

        async def away(*_: object) -> bool:
            raise Unavailable("away for a test")

        order = signed(stage)
        with monkeypatch.context() as patch:
            patch.setattr(stage.ledger, "remember_nonce", away)
            assert await refused(stage.exchange.operate(order)) == "unavailable"
        assert await stage.states("NCB-QM", message_id) == {"GN-QN": "held"}
        await stage.exchange.operate(order)
        assert len(await leaves(stage)) == 1


@pytest.mark.parametrize("target", ["2/0", "1/1", "999999999999999/4095"])
async def test_what_is_not_held_is_not_released(stage: Stage, target: str) -> None:
    """Nothing else changes its state by an order to release it, and no leaf says that it did."""
    message_id = await held(stage)
    assert await refused(stage.exchange.operate(signed(stage, target))) == "not-found"
    assert await stage.states("NCB-QM", message_id) == {"GN-QN": "held"}
    assert await leaves(stage) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"verb": "destroy"}, "bad-request"),
        ({"target": "1"}, "bad-request"),
        ({"target": "01/0"}, "bad-request"),
        ({"target": "0/0"}, "bad-request"),
        ({"target": "1/-1"}, "bad-request"),
        ({"target": "1/4096000"}, "bad-request"),
        ({"at": 1}, "clock-skew"),
    ],
)
async def test_an_order_that_is_none_changes_nothing(stage: Stage, changes: dict[str, Any], code: str) -> None:
    """Promise 7: an unknown verb, another target and an old order are refused."""
    message_id = await held(stage)
    assert await refused(stage.exchange.operate(signed(stage, **changes))) == code
    assert await stage.states("NCB-QM", message_id) == {"GN-QN": "held"}
    assert await leaves(stage) == []


async def test_an_order_is_good_for_five_minutes(stage: Stage) -> None:
    """Before and after that it is refused with the difference between the clocks."""
    await held(stage)
    for at in (int(stage.clock()) - 302, int(stage.clock()) + 302):
        assert await refused(stage.exchange.operate(signed(stage, at=at))) == "clock-skew"


async def test_only_this_gateways_operator_gives_orders(stage: Stage) -> None:
    """A participant's keys, a key that nobody published, and the gateway's other keys order nothing."""
    await held(stage)
    gate = stage.parts.address
    unpublished = SigningKey.generate(gate, Use.OPERATOR, os.urandom)
    agent = stage.world.gate.key(Use.AGENT)

    class AsOperator:
        """Signs an order with another key."""

        def __init__(self, key: SigningKey) -> None:
            self.key = key

        def sign(self, use: Use, message: bytes) -> Any:
            """Sign whatever the use."""
            return MemoryKeyring(self.key.public.address, [self.key]).sign(self.key.public.use, message)

    for key in (unpublished, agent, stage.world.member("NCB-QM").key(Use.AGENT)):
        order = signed(stage, keyring=AsOperator(key))  # type: ignore[arg-type]
        assert await refused(stage.exchange.operate(order)) == "signature-bad"
    assert await leaves(stage) == []


async def test_a_hold_is_ordered_and_let_go_with_its_leaves(stage: Stage) -> None:
    """Promise 6: what is kept beyond its time, and why no longer, is a leaf each; what is not there is refused without one."""
    conversation = "conversation/01910000-0000-7000-8000-000000000000"
    sealed = stage.sealed("NCB-QM", ["GN-QN"])
    await stage.exchange.submit_sealed(sealed.submission)
    message = f"message/{sealed.envelope_hash.hex()}"
    orders = [signed(stage, target, verb=verb) for target in (message, conversation) for verb in ("hold", "release-hold")]
    for order in orders:
        await stage.exchange.operate(order)
    assert await leaves(stage) == [contexts.action_leaf(order) for order in orders]
    for verb, target in (("hold", f"message/{'0' * 64}"), ("release-hold", message), ("release-hold", conversation)):
        assert await refused(stage.exchange.operate(signed(stage, target, verb=verb))) == "not-found"
    for target in ("message/5f", "conversation/5f", sealed.envelope_hash.hex(), f"{message}0", "1/0"):
        assert await refused(stage.exchange.operate(signed(stage, target, verb="hold"))) == "bad-request"
    assert len(await leaves(stage)) == 4


@pytest.mark.parametrize("body", [b"", b"\x93", bytes(2000), bytes(range(64))], ids=["none", "cut", "zeros", "noise"])
async def test_bytes_that_are_no_order_are_refused(stage: Stage, body: bytes) -> None:
    """Whatever comes, it has a code and no effect; its text is no label of a metric."""
    assert await refused(stage.exchange.operate(body)) in {"malformed", "too-large", "not-canonical"}
    assert 'verb="unknown"' in stage.parts.metrics.render().decode()


async def test_outcomes_are_told_to_their_author_alone(stage: Stage) -> None:
    """Promise 9: a held delivery is told to who sent it, and to nobody else."""
    await held(stage)
    ((seq, receipt),) = await stage.exchange.outcomes(address("NCB-QM"), 0)
    assert b"held" in receipt
    assert await stage.exchange.outcomes(address("NCB-QM"), seq) == []
    for other in ("GN-QN", "NCB-XA"):
        assert await stage.exchange.outcomes(address(other), 0) == []
