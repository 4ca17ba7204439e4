"""
Vector cases of signed problems: refusals that a gateway stands by, and one file for each way to be nobody's word.

Spec: schemas/api.md, "Signed problems".
"""

from __future__ import annotations

from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gateway.envelope import KeyRecord, SigningKey, Use, contexts
from gateway.errors import Rejected
from gateway.ids import Address
from gateway.protocol.refusal import verify_problem
from tests.envelope.world import DAY, GATEWAY, NETWORK, NOW, SENDER, World, signing_key
from tests.vectors.envelope_case import compact
from tests.vectors.envelope_forge import flip

__all__ = ["CASES", "ProblemCase", "build", "record_of"]

ABROAD = Address("GW-QZ@other")
PROBLEM = (
    b'{"type":"urn:gateway:problem:kind-not-allowed","title":"the sender may not send this kind","status":403,'
    b'"code":"kind-not-allowed","detail":"NCB-QM@icn may not send cooperation.request",'
    b'"hint":"ask the authority, or choose another kind","server_time":4070908800}'
)


@dataclass
class Refused:
    """A signed refusal to be, and what its reader knows."""

    request: bytes = b"\x92a submission, which is opaque here"
    problem: bytes = PROBLEM
    received_at: int = NOW + 2
    key: SigningKey = field(default_factory=lambda: signing_key(GATEWAY, Use.AGENT))
    signed: Callable[[bytes, bytes], bytes] = contexts.problem_message
    spoil: Callable[[str], str] = lambda text: text
    spoil_request: Callable[[bytes], bytes] = lambda data: data
    spoil_problem: Callable[[bytes], bytes] = lambda data: data
    world: World = field(default_factory=lambda: World.of([SENDER], [GATEWAY, ABROAD]))

    def field_(self) -> str:
        """Return the value of `Problem-Signature`."""
        signature = self.key.sign(self.signed(self.request, self.problem))
        return self.spoil(b64encode(self.key.key_id + signature).decode())


Setup = Callable[[Refused], object]


@dataclass(frozen=True)
class ProblemCase:
    """One file to be; `code` is "" for a refusal that counts."""

    name: str
    about: str
    code: str
    make: Setup = lambda _: None


def given(**changes: object) -> Setup:
    """Return a setup that changes what is named."""

    def make(refused: Refused) -> None:
        for name, value in changes.items():
            setattr(refused, name, value)

    return make


def document(old: bytes, new: bytes) -> Setup:
    """Return a setup in which the gateway signs another document."""
    return given(problem=PROBLEM.replace(old, new))


def listed(not_before: int = NOW - DAY, not_after: int = NOW + DAY, revoked: int | None = None) -> Setup:
    """Return a setup in which the gateway's agent key has these times."""

    def make(refused: Refused) -> None:
        public = signing_key(GATEWAY, Use.AGENT).public
        refused.world.records[public.key_id] = KeyRecord.of(public, not_before, not_after, revoked)

    return make


def _spare_bit(text: str) -> str:
    """Return another spelling of the same bytes: a bit set that base64 leaves over."""
    assert text.endswith("=")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    at = len(text.rstrip("=")) - 1
    other = text[:at] + alphabet[alphabet.index(text[at]) + 1] + text[at + 1 :]
    assert b64decode(other) == b64decode(text)
    return other


def _url_alphabet(text: str) -> str:
    other = urlsafe_b64encode(b64decode(text)).decode()
    assert other != text
    return other


BAD, FORM = "signature-bad", "malformed"
CASES = [
    ProblemCase("valid", "A refusal that a gateway signed.", ""),
    ProblemCase("valid-empty-request", "The request has no body.", "", given(request=b"")),
    ProblemCase("valid-key-first-second", "The key is good from this second on.", "", listed(NOW)),
    ProblemCase("valid-key-last-second", "The key is good until the next second.", "", listed(not_after=NOW + 1)),
    ProblemCase("valid-revoked-later", "The key was revoked a second after it came.", "", listed(revoked=NOW + 3)),
    ProblemCase("valid-received-long-after", "It was long on its way.", "", given(received_at=NOW + 400 * DAY)),
    ProblemCase("field-empty", "No signature at all.", BAD, given(spoil=lambda _: "")),
    ProblemCase("field-cut", "A group of base64 is missing.", BAD, given(spoil=lambda text: text[:-4])),
    ProblemCase("field-longer", "A group of base64 too many.", BAD, given(spoil=lambda text: text + "AAAA")),
    ProblemCase("field-space", "A space before it.", BAD, given(spoil=lambda text: " " + text[:-1])),
    ProblemCase("field-padding", "The padding is left out.", BAD, given(spoil=lambda text: text.rstrip("="))),
    ProblemCase("field-url-alphabet", "The alphabet for addresses.", BAD, given(spoil=_url_alphabet)),
    ProblemCase("field-spare-bit", "Another spelling of the same bytes.", BAD, given(spoil=_spare_bit)),
    ProblemCase("field-as-structured", "Between colons, as RFC 8941 does.", BAD, given(spoil=lambda text: f":{text}:")),
    ProblemCase("key-unknown", "A key nobody knows.", BAD, given(key=signing_key(GATEWAY, Use.AGENT, 2))),
    ProblemCase("key-author", "A key for another use.", BAD, given(key=signing_key(GATEWAY, Use.AUTHOR))),
    ProblemCase("key-of-a-participant", "No gateway's key.", BAD, given(key=signing_key(SENDER, Use.AGENT))),
    ProblemCase("key-of-another-network", "A gateway of another network.", BAD, given(key=signing_key(ABROAD, Use.AGENT))),
    ProblemCase("key-not-yet", "The key is good from the next second on.", BAD, listed(NOW + 1)),
    ProblemCase("key-closed", "The key was good until this second.", BAD, listed(not_after=NOW)),
    ProblemCase("key-revoked", "The key was revoked when it came: its time may be a lie.", BAD, listed(revoked=NOW + 2)),
    ProblemCase("signature-of-another-request", "A bit of the request.", BAD, given(spoil_request=flip(0))),
    ProblemCase("signature-of-another-problem", "A bit of the document.", BAD, given(spoil_problem=flip(10))),
    ProblemCase(
        "signature-turned",
        "Request and document change places.",
        BAD,
        given(signed=lambda a, b: contexts.problem_message(b, a)),
    ),
    ProblemCase(
        "signature-of-an-action", "Signed under another label.", BAD, given(signed=lambda _, b: contexts.action_message(b))
    ),
    ProblemCase(
        "signature-bit", "A bit of the signature.", BAD, given(spoil=lambda t: b64encode(flip(20)(b64decode(t))).decode())
    ),
    ProblemCase("time-missing", "Nobody knows when.", FORM, document(b',"server_time":4070908800', b"")),
    ProblemCase("time-fraction", "A time that is no whole second.", FORM, document(b"4070908800", b"4070908800.0")),
    ProblemCase("time-text", "A time as text.", FORM, document(b"4070908800", b'"4070908800"')),
    ProblemCase("time-negative", "A time before all times.", FORM, document(b"4070908800", b"-1")),
    ProblemCase(
        "time-too-large", "A number that not every language holds.", FORM, document(b"4070908800", b"9007199254740992")
    ),
    ProblemCase("code-missing", "Nobody knows why.", FORM, document(b'"code":"kind-not-allowed",', b"")),
    ProblemCase("code-twice", "Two reasons.", FORM, document(b'"status":403', b'"code":"conflict"')),
    ProblemCase("code-upper-case", "A code of another spelling.", FORM, document(b'"code":"kind', b'"code":"Kind')),
    ProblemCase("no-object", "A list.", FORM, given(problem=b'["kind-not-allowed",4070908800]')),
    ProblemCase("no-json", "Not JSON.", FORM, given(problem=b"kind-not-allowed")),
    ProblemCase("no-utf8", "Not text.", FORM, document(b"NCB-QM@icn may", b"NCB-QM@icn\xff may")),
    ProblemCase("too-large", "A document above 64 KiB.", "too-large", given(problem=PROBLEM + bytes(64 << 10))),
]


def build(case: ProblemCase) -> dict[str, Any]:
    """Build the file of a case, and make sure that it does what it says."""
    refused = Refused()
    case.make(refused)
    value = refused.field_()
    request, problem = refused.spoil_request(refused.request), refused.spoil_problem(refused.problem)
    expected = _judge(refused, value, request, problem)
    if expected.get("code", "") != case.code:
        raise AssertionError(f"{case.name}: {expected}, not {case.code}")
    return {
        "name": case.name,
        "about": case.about,
        "network": NETWORK,
        "gateways": sorted(refused.world.gateways),
        "received_at": refused.received_at,
        "keys": [record_of(one) for one in refused.world.records.values() if one.use in {Use.AGENT, Use.AUTHOR}],
        "request": compact(request),
        "problem": compact(problem),
        "field": value,
        "expected": expected,
    }


def record_of(record: KeyRecord) -> dict[str, Any]:
    """Return a key as the files write it."""
    times = {"not_before": record.not_before, "not_after": record.not_after, "revoked_at": record.revoked_at}
    return {"address": record.address, "use": str(record.use), "key": record.key.hex(), **times}


def _judge(refused: Refused, value: str, request: bytes, problem: bytes) -> dict[str, Any]:
    try:
        found = verify_problem(
            value,
            request_body=request,
            problem=problem,
            answers=refused.world,
            network=NETWORK,
            received_at=refused.received_at,
        )
    except Rejected as exc:
        return {"code": exc.code}
    return {"gateway": found.gateway, "refused_as": found.code, "server_time": found.server_time}
