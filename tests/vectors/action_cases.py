"""
Vector cases of operator actions: orders that count, and one file for each way to be none.

Spec: schemas/api.md, "Operations".
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gateway.envelope import KeyRecord, SigningKey, Use, contexts
from gateway.errors import Rejected
from gateway.ids import Address
from gateway.protocol.action import parse_action, verify_action
from tests.envelope.world import DAY, GATEWAY, NOW, SENDER, World, signing_key
from tests.vectors.envelope_forge import flip, pack, raw
from tests.vectors.problem_cases import record_of

__all__ = ["CASES", "ActionCase", "build"]

ORDER = ("A1", "release", "41/0", "the line was repaired", NOW, bytes(range(16)))
SECOND = Address("GW-QY@icn")
PLACES = {"version": 0, "verb": 1, "target": 2, "reason": 3, "at": 4, "nonce": 5}


@dataclass
class Ordered:
    """A signed action to be, and what the gateway knows."""

    now: int = NOW + 60
    key: SigningKey = field(default_factory=lambda: signing_key(GATEWAY, Use.OPERATOR))
    elements: list[Any] = field(default_factory=lambda: list(ORDER))
    signed: Callable[[bytes], bytes] = contexts.action_message
    spoil: Callable[[list[Any]], object] = lambda _: None
    world: World = field(default_factory=lambda: World.of([SENDER], [GATEWAY, SECOND]))

    def __post_init__(self) -> None:
        for address in (GATEWAY, SECOND):
            self.world.add(signing_key(address, Use.OPERATOR).public)

    def data(self) -> bytes:
        """Return the signed action."""
        action = pack(self.elements)
        parts = [action, self.key.key_id, self.key.sign(self.signed(action))]
        self.spoil(parts)
        return pack(parts)


Setup = Callable[[Ordered], object]


@dataclass(frozen=True)
class ActionCase:
    """One file to be; `code` is "" for an action that counts."""

    name: str
    about: str
    code: str
    make: Setup = lambda _: None


def given(**changes: object) -> Setup:
    """Return a setup that changes what is named."""

    def make(ordered: Ordered) -> None:
        for name, value in changes.items():
            if name in PLACES:
                ordered.elements[PLACES[name]] = value
            else:
                setattr(ordered, name, value)

    return make


def listed(not_before: int = NOW - DAY, not_after: int = NOW + DAY, revoked: int | None = None) -> Setup:
    """Return a setup in which the operator key has these times."""

    def make(ordered: Ordered) -> None:
        public = signing_key(GATEWAY, Use.OPERATOR).public
        ordered.world.records[public.key_id] = KeyRecord.of(public, not_before, not_after, revoked)

    return make


def spoiled(change: Callable[[list[Any]], object]) -> Setup:
    """Return a setup that changes the signed action."""
    return lambda ordered: setattr(ordered, "spoil", change)


BAD, FORM, LATE = "signature-bad", "malformed", "clock-skew"
CASES = [
    ActionCase("valid", "An order to release a held delivery.", ""),
    ActionCase("valid-unknown-verb", "The form knows no verbs: who does it knows them.", "", given(verb="any-verb")),
    ActionCase("valid-reason-of-any-script", "A reason in the operator's own language.", "", given(reason="ремонт окончен")),
    ActionCase("valid-longest", "Target and reason at their limit.", "", given(target="1" * 200, reason="x" * 200)),
    ActionCase("valid-oldest", "Signed five minutes ago.", "", given(now=NOW + 300)),
    ActionCase("valid-ahead", "Signed by a clock that is five minutes ahead.", "", given(now=NOW - 300)),
    ActionCase("valid-key-first-second", "The key is good from this second on.", "", listed(NOW + 60)),
    ActionCase("valid-key-last-second", "The key is good until the next second.", "", listed(not_after=NOW + 61)),
    ActionCase("too-old", "Signed more than five minutes ago.", LATE, given(now=NOW + 301)),
    ActionCase("too-far-ahead", "Signed by a clock that is more than five minutes ahead.", LATE, given(now=NOW - 301)),
    ActionCase("key-unknown", "A key nobody knows.", BAD, given(key=signing_key(GATEWAY, Use.OPERATOR, 2))),
    ActionCase("key-agent", "The gateway's key for another use.", BAD, given(key=signing_key(GATEWAY, Use.AGENT))),
    ActionCase("key-of-another-gateway", "An operator of another gateway.", BAD, given(key=signing_key(SECOND, Use.OPERATOR))),
    ActionCase("key-of-a-participant", "A participant's key.", BAD, given(key=signing_key(SENDER, Use.AGENT))),
    ActionCase("key-not-yet", "The key is good from the next second on.", BAD, listed(NOW + 61)),
    ActionCase("key-closed", "The key was good until this second.", BAD, listed(not_after=NOW + 60)),
    ActionCase("key-revoked", "The key was revoked in this second.", BAD, listed(revoked=NOW + 60)),
    ActionCase("signature-bit", "A bit of the signature.", BAD, spoiled(lambda s: s.__setitem__(2, flip(0)(s[2])))),
    ActionCase("signature-of-another-action", "A bit of the nonce.", BAD, spoiled(lambda s: s.__setitem__(0, flip(-1)(s[0])))),
    ActionCase("signature-of-a-receipt", "Signed under another label.", BAD, given(signed=contexts.receipt_message)),
    ActionCase("version-unknown", "Another version.", FORM, given(version="A2")),
    ActionCase("verb-empty", "No verb.", FORM, given(verb="")),
    ActionCase("verb-upper-case", "A verb of another spelling.", FORM, given(verb="Release")),
    ActionCase("target-empty", "No target.", FORM, given(target="")),
    ActionCase("target-with-space", "A target with a space.", FORM, given(target="41 0")),
    ActionCase("target-too-long", "A target of 201 characters.", FORM, given(target="1" * 201)),
    ActionCase("reason-empty", "No reason.", FORM, given(reason="")),
    ActionCase("reason-of-two-lines", "A reason that would be two lines of a log.", FORM, given(reason="one\ntwo")),
    ActionCase("reason-with-control", "A reason that speaks to a terminal.", FORM, given(reason="\x9b31m red")),
    ActionCase("reason-too-long", "A reason of 201 characters.", FORM, given(reason="x" * 201)),
    ActionCase("at-fraction", "A time that is no whole second.", FORM, given(at=float(NOW))),
    ActionCase("at-negative", "A time before all times.", FORM, given(at=-1)),
    ActionCase("nonce-of-15-bytes", "A nonce that is too short.", FORM, given(nonce=bytes(15))),
    ActionCase("nonce-as-text", "A nonce as text.", FORM, given(nonce="0" * 16)),
    ActionCase("element-extra", "An element too many.", FORM, lambda ordered: ordered.elements.append(None)),
    ActionCase("element-missing", "No nonce.", FORM, lambda ordered: ordered.elements.pop()),
    ActionCase("signed-element-extra", "A fourth element.", FORM, spoiled(lambda s: s.append(None))),
    ActionCase("key-id-of-15-bytes", "A key id that is too short.", FORM, spoiled(lambda s: s.__setitem__(1, s[1][:15]))),
    ActionCase("nonce-bin16", "The nonce has a longer spelling.", "not-canonical", given(nonce=raw("c50010" + "00" * 16))),
    ActionCase(
        "key-id-bin16",
        "The key id says its length in two bytes.",
        "not-canonical",
        spoiled(lambda s: s.__setitem__(1, raw("c50010" + s[1].hex()))),
    ),
    ActionCase("action-too-large", "An action above 1 KiB.", "too-large", given(reason="x" * 1000)),
    ActionCase("signed-too-large", "A signed action above 1120 bytes.", "too-large", given(reason="x" * 1100)),
]


def build(case: ActionCase) -> dict[str, Any]:
    """Build the file of a case, and make sure that it does what it says."""
    ordered = Ordered()
    case.make(ordered)
    data = ordered.data()
    expected = _judge(data, ordered)
    if expected.get("code", "") != case.code:
        raise AssertionError(f"{case.name}: {expected}, not {case.code}")
    uses = {Use.AGENT, Use.OPERATOR}
    return {
        "name": case.name,
        "about": case.about,
        "gateway": GATEWAY,
        "gateways": sorted(ordered.world.gateways),
        "now": ordered.now,
        "keys": [record_of(one) for one in ordered.world.records.values() if one.use in uses],
        "action": b64encode(data).decode(),
        "expected": expected,
    }


def _judge(data: bytes, ordered: Ordered) -> dict[str, Any]:
    try:
        signed = parse_action(data)
        action = verify_action(signed, ordered.world.key, GATEWAY, ordered.now)
    except Rejected as refused:
        return {"code": refused.code}
    fields = {"verb": action.verb, "target": action.target, "reason": action.reason, "at": action.at}
    return {**fields, "nonce": action.nonce.hex(), "leaf": signed.leaf.hex()}
