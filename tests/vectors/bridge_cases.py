"""
Vector cases of files between bridges: files that count, what their numbers show, and one file for each defect.

Spec: schemas/relay.md, "Bridge".
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from gateway.envelope import SigningKey, Use, contexts
from gateway.errors import Rejected
from gateway.ids import Address, Network
from gateway.protocol.bridge import Reader, Seen, parse_key, show_key
from tests.envelope.world import signing_key
from tests.vectors.envelope_forge import flip, pack, raw

__all__ = ["CASES", "BridgeCase", "build", "outcome"]

OURS, THEIRS = Address("BRIDGE-EU@icn"), Address("BRIDGE-ICN@eu-network")
STRANGER = Address("NCB-QM@icn")
PLACES = {"version": 0, "type": 1, "origin": 2, "target": 3, "sequence": 4, "payload": 5}
RECEIPTS = [7, [[8, b"a signed receipt"], [11, b"another one"]]]
ANSWERED = [sha256(b"a statement of ours").digest(), "", pack([["", [b"a signed receipt"]]])]


@dataclass
class Made:
    """A file to be, and what its reader knows."""

    key: SigningKey = field(default_factory=lambda: signing_key(THEIRS, Use.AGENT))
    elements: list[Any] = field(default_factory=lambda: ["B1", "forwards", "eu-network", "icn", 5, pack([b"a forward"])])
    label: Callable[[bytes], bytes] = contexts.bridge_message
    spoil: Callable[[list[Any]], object] = lambda _: None
    cut: Callable[[bytes], bytes] = bytes
    own: str = "icn"
    floor: int = 4
    above: list[int] = field(default_factory=list)

    def data(self) -> bytes:
        """Return the file."""
        statement = pack(self.elements)
        parts = [statement, self.key.key_id, self.key.sign(self.label(statement))]
        self.spoil(parts)
        return self.cut(pack(parts))


Setup = Callable[[Made], object]


@dataclass(frozen=True)
class BridgeCase:
    """One file to be; `code` is "" for one that counts."""

    name: str
    about: str
    code: str
    make: Setup = lambda _: None


def given(**changes: object) -> Setup:
    """Return a setup that changes what is named."""

    def make(made: Made) -> None:
        for name, value in changes.items():
            if name in PLACES:
                made.elements[PLACES[name]] = value
            else:
                setattr(made, name, value)

    return make


def receipts(payload: Any) -> Setup:
    """Return a setup of a file of receipts."""
    return given(type="receipts", payload=pack(payload))


def answers(payload: Any) -> Setup:
    """Return a setup of an answer."""
    return given(type="answers", payload=pack(payload))


def spoiled(change: Callable[[list[Any]], object]) -> Setup:
    """Return a setup that changes the signed file."""
    return lambda made: setattr(made, "spoil", change)


BAD, FORM, CANON, WAY = "signature-bad", "malformed", "not-canonical", "network-differs"
CASES = [
    BridgeCase("valid-forwards", "A page of forwards, the next file that is due.", ""),
    BridgeCase("valid-directory", "Files of a directory.", "", given(type="directory", payload=pack([["a", b"b"]]))),
    BridgeCase("valid-receipts", "Receipts with their positions, and where they continue from.", "", receipts(RECEIPTS)),
    BridgeCase("valid-answers", "What a gateway answered to one of our files.", "", answers(ANSWERED)),
    BridgeCase("valid-refusal", "A gateway refused what our file asked.", "", answers([ANSWERED[0], "peer-unknown", b""])),
    BridgeCase("valid-second-key", "The other key of that bridge.", "", given(key=signing_key(THEIRS, Use.AGENT, 2))),
    BridgeCase("valid-payload-not-read", "A payload that a gateway refuses, not the bridge.", "", given(payload=b"\xc1")),
    BridgeCase("valid-first", "The first file of all.", "", given(sequence=1, floor=0)),
    BridgeCase("valid-again", "A number that came before: it is done again, and counted.", "", given(sequence=4)),
    BridgeCase("valid-again-above", "A number that came before, above one that is missing.", "", given(sequence=7, above=[7])),
    BridgeCase("valid-ahead", "Two files before it are missing.", "", given(sequence=7)),
    BridgeCase("valid-late", "One that was missing.", "", given(sequence=5, above=[6, 8])),
    BridgeCase(
        "key-unknown", "A third key of that bridge, which nobody told us.", BAD, given(key=signing_key(THEIRS, Use.AGENT, 3))
    ),
    BridgeCase("key-of-another-use", "Its key for another use.", BAD, given(key=signing_key(THEIRS, Use.AUTHOR))),
    BridgeCase("key-of-a-stranger", "A participant of our network.", BAD, given(key=signing_key(STRANGER, Use.AGENT))),
    BridgeCase(
        "own-file",
        "A file of ours that came back.",
        BAD,
        given(key=signing_key(OURS, Use.AGENT), origin="icn", target="eu-network"),
    ),
    BridgeCase("signature-bit", "A bit of the signature.", BAD, spoiled(lambda s: s.__setitem__(2, flip(0)(s[2])))),
    BridgeCase("payload-bit", "A bit of the payload.", BAD, spoiled(lambda s: s.__setitem__(0, flip(-1)(s[0])))),
    BridgeCase("signed-under-another-label", "Signed as a receipt is.", BAD, given(label=contexts.receipt_message)),
    BridgeCase("signed-without-label", "Signed without a label.", BAD, given(label=bytes)),
    BridgeCase("for-another-network", "A file for a third network.", WAY, given(target="net-three")),
    BridgeCase("from-another-network", "It says that it comes from a third network.", WAY, given(origin="net-three")),
    BridgeCase("way-turned-round", "From us to them, signed by them.", WAY, given(origin="icn", target="eu-network")),
    BridgeCase("version-unknown", "Another version.", "unknown-version", given(version="B2")),
    BridgeCase("empty", "No bytes.", FORM, given(cut=lambda _: b"")),
    BridgeCase("truncated", "The last byte is missing.", FORM, given(cut=lambda data: data[:-1])),
    BridgeCase("truncated-early", "Half of it.", FORM, given(cut=lambda data: data[: len(data) // 2])),
    BridgeCase("bytes-after-it", "A byte too many.", FORM, given(cut=lambda data: data + b"\x00")),
    BridgeCase("text", "A text file.", FORM, given(cut=lambda _: b"a letter\n")),
    BridgeCase("type-unknown", "A type that does not exist.", FORM, given(type="letters")),
    BridgeCase("network-upper-case", "A network of another spelling.", FORM, given(target="ICN")),
    BridgeCase("sequence-zero", "Numbers begin with 1.", FORM, given(sequence=0)),
    BridgeCase("sequence-as-text", "A number as text.", FORM, given(sequence="5")),
    BridgeCase("payload-as-array", "A payload that is not bytes.", FORM, given(payload=[b"a forward"])),
    BridgeCase("element-extra", "A seventh element.", FORM, lambda made: made.elements.append(None)),
    BridgeCase("element-missing", "No payload.", FORM, lambda made: made.elements.pop()),
    BridgeCase("signed-element-extra", "A fourth element.", FORM, spoiled(lambda s: s.append(None))),
    BridgeCase("key-id-of-15-bytes", "A key id that is too short.", FORM, spoiled(lambda s: s.__setitem__(1, s[1][:15]))),
    BridgeCase("receipts-none", "Receipts without a receipt.", FORM, receipts([7, []])),
    BridgeCase("receipts-position-as-text", "A position as text.", FORM, receipts([7, [["8", b"a signed receipt"]]])),
    BridgeCase("answers-digest-of-31-bytes", "A digest that is too short.", FORM, answers([bytes(31), "", b""])),
    BridgeCase("answers-code-upper-case", "A code of another spelling.", FORM, answers([bytes(32), "Busy", b""])),
    BridgeCase("sequence-longer-spelling", "The number has a longer spelling.", CANON, given(sequence=raw("cd0005"))),
    BridgeCase(
        "key-id-bin16",
        "The key id says its length in two bytes.",
        CANON,
        spoiled(lambda s: s.__setitem__(1, raw("c50010" + s[1].hex()))),
    ),
]


def build(case: BridgeCase) -> dict[str, Any]:
    """Build the file of a case, and make sure that it does what it says."""
    made = Made()
    case.make(made)
    vector = {
        "name": case.name,
        "about": case.about,
        "own": made.own,
        "their_keys": [show_key(signing_key(THEIRS, Use.AGENT, number).public) for number in (1, 2)],
        "seen": [made.floor, made.above],
        "file": b64encode(made.data()).decode(),
    }
    expected = outcome(vector, made.data())
    if expected.get("code", "") != case.code:
        raise AssertionError(f"{case.name}: {expected}, not {case.code}")
    return {**vector, "expected": expected}


def outcome(vector: dict[str, Any], data: bytes) -> dict[str, Any]:
    """Return what came of a file in the words of the vector."""
    try:
        file = Reader(Network(vector["own"]), [parse_key(text) for text in vector["their_keys"]]).read(data)
    except Rejected as refused:
        return {"code": refused.code}
    seen = Seen(vector["seen"][0], list(vector["seen"][1]))
    again = seen.take(file.sequence)
    shown = {"type": str(file.type), "sequence": file.sequence, "payload": b64encode(file.payload).decode()}
    return {**shown, "digest": file.digest.hex(), "again": again, "missing": seen.missing}
