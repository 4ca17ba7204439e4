"""
One vector of what a gateway is handed: a sealed submission or clear text, what the gateway knows, and what it must find.

Built with the forge of the envelopes; here it hands over all stanzas, or the text that it would have sealed.
Spec: schemas/envelope.md, "Accepting", "Clear text" and "Vectors".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gateway.envelope import (
    PublicKey,
    Use,
    check_clear,
    check_submission,
    examine,
    examine_clear,
    rows,
    seal_clear,
)
from gateway.errors import CannotOpen, Rejected
from gateway.ids import Address
from tests.envelope.world import GATEWAY, NOW, World, keyring, stream
from tests.vectors.envelope_case import compact, given
from tests.vectors.envelope_forge import Forge

GIVEN = ("directory_versions", "gateways", "kinds", "keys")  # what an opener is given too


class SealedForge(Forge):
    """Everything about one sealed submission."""

    form = "sealed"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.now = NOW + 60

    def handed_over(self, common: bytes) -> bytes:
        """Put together what the gateway gets."""
        return self.layer("submission", [common, self.stanzas])


class ClearForge(Forge):
    """Everything about one submission of clear text; `delivery` builds it without sealing anything."""

    form = "clear"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.now = NOW + 60
        self.sealer = GATEWAY
        self.header["kind"] = "request.response"

    def delivery(self) -> bytes:
        """Build the clear text."""
        header, _ = self.written()
        pairs = [[one.recipient, one.blind] for one in self.addressees]
        return self.layer("clear", [header, pairs, *self.author_signed, self.content])


@dataclass(frozen=True)
class Submitted:
    """One file to be; as `Case` of the envelopes."""

    name: str
    about: str
    code: str
    reason: str
    make: Callable[[Any], object]
    forge: Callable[[str], SealedForge | ClearForge] = SealedForge


def build(case: Submitted) -> dict[str, Any]:
    """Build the file of a case, and make sure that it does what it says."""
    forge = case.forge(case.name)
    case.make(forge)
    submission = forge.delivery()
    expected = run(forge.form, submission, forge.world, forge.now)
    if case.code and expected != {"code": case.code, "reason": case.reason}:
        raise AssertionError(f"{case.name}: {expected}, not {case.code} {case.reason}")
    if not case.code and "message_id" not in expected:
        raise AssertionError(f"{case.name}: {expected}")
    facts = given(forge)
    return {
        "name": case.name,
        "about": case.about,
        "form": forge.form,
        "me": GATEWAY,
        "now": forge.now,
        **{name: facts[name] for name in GIVEN},
        "submission": compact(submission),
        "expected": expected,
    }


def run(form: str, submission: bytes, world: World, now: int) -> dict[str, Any]:
    """Let the gateway judge, and return what happened."""
    try:
        return _sealed(submission, world, now) if form == "sealed" else _clear(submission, world, now)
    except CannotOpen as refused:
        return {"code": refused.code, "reason": refused.reason}
    except Rejected as refused:
        return {"code": refused.code, "reason": refused.code}


def _sealed(submission: bytes, world: World, now: int) -> dict[str, Any]:
    examined = examine(submission)
    check_submission(examined, world, now, world.delivery_key_ok)
    return {
        "envelope_hash": examined.envelope_hash.hex(),
        "message_id": examined.header.message_id.hex(),
        "sender": examined.header.sender,
        "kind": examined.header.kind,
        "rows": [[row.recipient, *(sibling.hex() for sibling in row.proof)] for row in rows(examined)],
    }


def _clear(submission: bytes, world: World, now: int) -> dict[str, Any]:
    examined = examine_clear(submission)
    check_clear(examined, world, now, GATEWAY)
    keys = {one.recipient: key for one in examined.addressees if (key := _delivery_key(one.recipient, world, now))}
    sealed = seal_clear(examined, keys, keyring=keyring(GATEWAY), directory_version=7, rng=stream("sealing"))
    check_submission(examine(sealed.submission), world, now, world.delivery_key_ok)
    return {
        "submission_hash": examined.submission_hash.hex(),
        "message_id": examined.header.message_id.hex(),
        "sender": examined.header.sender,
        "kind": examined.header.kind,
        "recipients": [one.recipient for one in examined.addressees],
        "content": examined.content.decode(),
    }


def _delivery_key(address: Address, world: World, now: int) -> PublicKey | None:
    records = [one for one in world.records.values() if (one.address, one.use) == (address, Use.DELIVERY) and one.current(now)]
    newest = max(records, key=lambda record: record.not_before, default=None)
    return PublicKey(newest.address, newest.use, newest.key) if newest else None
