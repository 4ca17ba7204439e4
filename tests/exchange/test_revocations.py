"""What waits for a key that was stolen is held, its author is told, and nothing new is taken for it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

import pytest

from gateway.directory.entries import KeyRevocation, RevocationReason
from gateway.envelope import Event, parse_receipt
from gateway.errors import Rejected
from gateway.exchange.revocations import AGAIN_S, StolenKeys
from tests.support.exchange import Stage, address
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Collection

    from gateway.ids import KeyId
    from gateway.ledger import Ledger
    from gateway.ledger.facts import SignEnd

NAME, SENDER = "NCB-QM", "GN-QN"


async def publish(stage: Stage, reason: RevocationReason) -> None:
    """Let the authority revoke the delivery key of a participant, and wait until the gateway knows."""
    key = stage.world.member(NAME).delivery[0].key_id
    row = KeyRevocation(key_id=key.hex(), revoked_at=int(stage.clock()) - 60, reason=reason)
    stage.world.revoked = (*stage.world.revoked, row)
    stage.world.publish()
    stage.publication.files = stage.world.files
    await until(lambda: key in stage.exchange.directory.revoked)


async def test_what_waits_for_a_stolen_key_is_held_and_its_author_is_told(stage: Stage) -> None:
    """The thief gets nothing any more, the other recipient gets everything, and the author has it in writing."""
    sealed = stage.sealed(SENDER, [NAME, "NCB-XA"])
    await stage.exchange.submit_sealed(sealed.submission)
    await publish(stage, RevocationReason.STOLEN)
    await StolenKeys(stage.parts).round()
    await stage.reached("held", 1)
    ((_, data),) = await stage.ledger.outcomes(address(SENDER), 0, 10)
    receipt = parse_receipt(data).receipt
    assert (receipt.event, receipt.reason, receipt.subject) == (Event.HELD, "key-revoked", address(NAME))
    assert receipt.envelope_hash == sealed.envelope_hash


async def test_a_submission_to_a_revoked_key_is_refused(stage: Stage) -> None:
    """Who still has the directory of before is told to refresh it and to seal anew."""
    sealed = stage.sealed(SENDER, [NAME])
    await publish(stage, RevocationReason.SUPERSEDED)
    with pytest.raises(Rejected, match="recipient-key"):
        await stage.exchange.submit_sealed(sealed.submission)


async def test_what_waits_for_a_key_that_was_replaced_is_delivered(flaky: Stage) -> None:
    """A key that somebody took out of use is still in its holder's hands alone."""
    await flaky.exchange.submit_sealed(flaky.sealed(SENDER, [NAME]).submission)
    await publish(flaky, RevocationReason.SUPERSEDED)
    await StolenKeys(flaky.parts).round()
    assert not (await flaky.totals()).get("held")


@dataclass
class Asked:
    """A ledger that notes what it is to hold."""

    keys: list[set[KeyId]] = field(default_factory=list)

    async def hold_sealed_to(self, key_ids: Collection[KeyId], sign: SignEnd, reason: str) -> int:
        """Note the keys."""
        self.keys.append(set(key_ids))
        return 0


async def test_what_another_process_accepts_meanwhile_is_found_by_a_second_look(flaky: Stage) -> None:
    """A process that has not read the new directory yet may accept for the stolen key; later there is nothing to look for."""
    ledger, key = Asked(), flaky.world.member(NAME).delivery[0].key_id
    stolen = StolenKeys(replace(flaky.parts, ledger=cast("Ledger", ledger)))
    await stolen.round()
    await publish(flaky, RevocationReason.STOLEN)
    for seconds in (0, 1, AGAIN_S, AGAIN_S, AGAIN_S):
        flaky.clock.jump(seconds)
        await stolen.round()
    assert ledger.keys == [{key}, {key}]
