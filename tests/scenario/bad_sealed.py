"""Bad submissions that their author sealed: forms, spellings, damage, signatures, times, standing, recipients."""

from __future__ import annotations

import os
import random
import time
from typing import TYPE_CHECKING, Any, Final

from gateway.envelope import MemoryKeyring, Use
from gateway.protocol import media
from tests.scenario import rogues as names
from tests.scenario.bad import Bad, Layers, bin32, posted, put, raw
from tests.scenario.lines import plain
from tests.scenario.rogues import OneUse, Rogues
from tests.scenario.town import DAY, READER, SENDER, THIRD, address

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["sealed"]

KIND, CREATED = 3, 5  # places in the header
# Places in the common part whose every bit is signed.
_SIGNED: Final = {"root of stanzas": 2, "commitment": 3, "body": 4}
_FORMS: Final[dict[str, tuple[str, Any]]] = {
    "a later version": ("unknown-version", put("common", 0, lambda _: f"E{random.randint(2, 99)}")),
    "a version that is a number": ("malformed", put("common", 0, 1)),
    "an eighth element": ("malformed", lambda one: one.common.append(None)),
    "a missing element": ("malformed", lambda one: one.common.pop()),
    "a third element of the submission": ("malformed", lambda one: one.top.append(None)),
    "a short commitment": ("malformed", put("common", 3, lambda data: data[:31])),
    "a seal without signature": ("malformed", put("common", 5, lambda pair: pair[:1])),
    "an approval that is false": ("malformed", put("common", 6, value=False)),
    "a body that is not padded": ("malformed", put("common", 4, lambda body: body + b"\0")),
    "a body that is too short": ("malformed", put("common", 4, lambda body: body[:1000])),
    "a body of another spelling": ("not-canonical", put("common", 4, bin32)),
    "suite 2": ("unknown-suite", put("core", 0, 2)),
    "a suite that is text": ("malformed", put("core", 0, "1")),
    "a long ephemeral key": ("malformed", put("core", 2, lambda key: key + b"\0")),
    "a directory version in three bytes": ("not-canonical", put("core", 1, raw("cd0007"))),
    "a directory version above 53 bits": ("malformed", put("core", 1, 2**53)),
    "a core beyond its limit": ("too-large", put("core", 3, bytes(1281))),
    "a header beyond its limit": ("too-large", put("header", 14, [bytes(32)] * 27)),
    "a header without blobs": ("malformed", lambda one: one.header.pop()),
    "a message id of 15 bytes": ("malformed", put("header", 0, lambda data: data[:15])),
    "a sender in lower case": ("malformed", put("header", 1, "ncb-qm@icn")),
    "a sender with a line feed": ("malformed", put("header", 1, "NCB-QM@icn\n")),
    "a sender without network": ("malformed", put("header", 1, "NCB-QM")),
    "a sender that is not UTF-8": ("malformed", put("header", 1, raw("aaff43422d514d4069636e"))),
    "a sender in a longer spelling": ("not-canonical", put("header", 1, raw("d90a4e43422d514d4069636e"))),
    "a kind in upper case": ("malformed", put("header", KIND, "Cooperation.Request")),
    "a schema version of two numbers": ("malformed", put("header", 4, "1.0")),
    "a time that is a float": ("malformed", put("header", CREATED, float)),
    "a time below zero": ("malformed", put("header", CREATED, -1)),
    "a time that is an extension": ("malformed", put("header", CREATED, raw("d6ff00000000"))),
    "a time in nine bytes": ("not-canonical", put("header", CREATED, lambda at: raw(f"cf{at:016x}"))),
    "an unknown urgency": ("malformed", put("header", 7, "asap")),
    "an unknown marking": ("malformed", put("header", 8, "white/restricted")),
    "an answer to nothing": ("malformed", put("header", 10, bytes(16))),
    "no recipients": ("malformed", put("header", 12, 0)),
    "4097 recipients": ("malformed", put("header", 12, 4097)),
    "a stanza beyond its limit": ("too-large", put("stanza", 0, "A" * 200)),
    "a stanza without blind": ("malformed", lambda one: one.stanzas[0].pop(1)),
    "a short wrap": ("malformed", put("stanza", 3, lambda wrap: wrap[:47])),
    "no stanza": ("malformed", lambda one: one.stanzas.clear()),
    "one stanza too few": ("addressees-differ", lambda one: one.stanzas.pop()),
    "stanzas in another order": ("addressees-differ", lambda one: one.stanzas.reverse()),
    "a stanza twice": ("recipient-repeated", lambda one: one.stanzas.append(one.stanzas[0])),
    "a blind of one's own": ("addressees-differ", put("stanza", 1, lambda _: os.urandom(16))),
    "a key of one's own in a stanza": ("addressees-differ", put("stanza", 2, lambda _: os.urandom(16))),
    "a wrap of one's own": ("addressees-differ", put("stanza", 3, lambda _: os.urandom(48))),
    "another recipient in a stanza": ("addressees-differ", put("stanza", 0, address(names.UNCLEARED))),
    "a seal of a key that nobody has": ("cannot-open", put("common", 5, lambda pair: [os.urandom(16), pair[1]])),
    "a signature of zeros": ("cannot-open", put("common", 5, lambda pair: [pair[0], bytes(64)])),
    "an approval of nobody": ("cannot-open", put("common", 6, lambda _: [os.urandom(16), os.urandom(64)])),
    "a message id of another message": ("cannot-open", put("header", 0, lambda _: os.urandom(16))),
    "an ephemeral key of one's own": ("cannot-open", put("core", 2, lambda _: os.urandom(32))),
}
_BYTES: Final[dict[str, Callable[[bytes, int], bytes]]] = {
    "nothing": lambda _, __: b"",
    "random bytes": lambda _, number: b"\xc1" + os.urandom(number % 3000),
    "a map": lambda data, _: b"\x82" + data[1:],
    "bytes left over": lambda data, number: data + os.urandom(1 + number % 40),
    "an end that is missing": lambda data, number: data[: -1 - number % 900],
    "an array that says its length in three bytes": lambda data, _: b"\xdc\0\x02" + data[1:],
}
_SPELLED: Final = {"an array that says its length in three bytes": "not-canonical"}


def sealed(town: Rogues) -> list[Bad]:
    """Return every class."""
    good = [town.sealed([READER, THIRD]).submission for _ in range(16)]

    def bad(name: str, code: str, make: Callable[[bytes, int], bytes], share: float = 1.0) -> Bad:
        return Bad(f"sealed: {name}", (code,), lambda number: posted(make(good[number % 16], number)), share)

    changed = [bad(name, code, _changing(change)) for name, (code, change) in _FORMS.items()]
    spoiled = [bad(name, _SPELLED.get(name, "malformed"), spoil) for name, spoil in _BYTES.items()]
    flips = [bad(f"a bit of the {name}", "cannot-open", _changing(_flipping(place)), 2) for name, place in _SIGNED.items()]
    return [*changed, *spoiled, *flips, *_signed_well(town), *_sealed_by(town), *_recipients(town), *_large()]


def _changing(change: Callable[[Layers], object]) -> Callable[[bytes, int], bytes]:
    def make(submission: bytes, _: int) -> bytes:
        layers = Layers(submission)
        change(layers)
        return layers.pack()

    return make


def _flipping(place: int) -> Callable[[Layers], object]:
    def flip(layers: Layers) -> None:
        data = bytearray(layers.common[place])
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
        layers.common[place] = bytes(data)

    return flip


def _signed_well(town: Rogues) -> list[Bad]:
    """Signed by who says so, and not allowed."""
    taken = town.taken_ids

    def bad(name: str, code: str, make: Callable[[int], dict[str, Any]], share: float = 1.0) -> Bad:
        return Bad(f"sealed: {name}", (code,), lambda number: posted(town.sealed(**make(number)).submission), share)

    now = time.time
    return [
        bad("expired", "expired", lambda n: {"created": int(now()) - 500 - n, "expires": int(now()) - n}),
        bad("created in the future", "out-of-time", lambda n: {"created": int(now()) + 360 + n}),
        bad("created long ago", "out-of-time", lambda n: {"created": int(now()) - 7 * DAY - 60 - n}),
        bad("living too long", "out-of-time", lambda n: {"expires": int(now()) + 90 * DAY + 60 + n}),
        bad(
            "sealed with a directory to come", "directory-ahead", lambda n: {"version": town.world.directory.version + 1000 + n}
        ),
        bad("sealed by another participant", "sealer-not-allowed", lambda _: {"sealer": address(THIRD)}),
        bad("a request sealed by the gateway", "sealer-not-allowed", lambda _: {"sealer": town.world.gate.address}),
        bad(
            "a gateway of another network",
            "sealer-not-allowed",
            lambda _: {"kind": "request.response", "sealer": address("GW-ICN", "other"), "version": 0},
        ),
        bad("a kind that needs an approval, for all that is known", "approval-missing", lambda n: {"kind": f"notice.kind-{n}"}),
        bad(
            "a kind that is not in the registry",
            "kind-unknown",
            lambda n: {"kind": f"notice.kind-{n}", "approver": town.member(SENDER).keyring},
        ),
        bad("a kind that its sender may not send", "kind-not-allowed", lambda _: {"sender": names.CENTRE}),
        bad(
            "a kind that one recipient does not take",
            "kind-not-accepted",
            lambda _: {"recipients": [READER, names.PICKY]},
        ),
        bad(
            "above the clearance of one recipient",
            "clearance",
            lambda _: {"recipients": [READER, names.UNCLEARED], "handling": "red/confidential"},
        ),
        bad("a message id of another message", "conflict", lambda n: {"message_id": taken[n % 4]}),
        bad("a suspended sender", "sender-unknown", lambda _: {"sender": names.SUSPENDED}),
    ]


def _sealed_by(town: Rogues) -> list[Bad]:
    """Sealed with keys that must not count; all answer alike."""

    def outdated(first_day: int) -> MemoryKeyring:
        return MemoryKeyring(address(names.OUTDATED), [town.odd_key(Use.AGENT, first_day)], [])

    author = OneUse(town.member(SENDER).keyring, Use.AUTHOR)
    makes: dict[str, Callable[[], dict[str, Any]]] = {
        "a key that nobody listed": lambda: {"keyring": town.strange_keyring()},
        "the key of another participant": lambda: {"keyring": town.member(THIRD).keyring},
        "the author key": lambda: {"keyring": author},
        "a revoked key": lambda: {"sender": names.REVOKED},
        "a closed key": lambda: {"sender": names.OUTDATED, "keyring": outdated(-20)},
        "a key of tomorrow": lambda: {"sender": names.OUTDATED, "keyring": outdated(1)},
        "a namesake's key of another network": lambda: {"keyring": town.strangers.member(SENDER).keyring},
        "a sender whom nobody knows": lambda: {
            "sender": SENDER,
            "sealer": address("NCB-XZ"),
            "keyring": town.strange_keyring(),
        },
    }
    codes = {"a sender whom nobody knows": "sealer-not-allowed"}

    def bad(name: str, make: Callable[[], dict[str, Any]]) -> Bad:
        code = codes.get(name, "cannot-open")
        return Bad(f"sealed with {name}", (code,), lambda _: posted(town.sealed(**make()).submission))

    found = [bad(name, make) for name, make in makes.items()]
    approver = town.strange_keyring()
    approved = Bad(
        "sealed: approved by a stranger", ("cannot-open",), lambda _: posted(town.sealed(approver=approver).submission)
    )
    return [*found, approved]


def _recipients(town: Rogues) -> list[Bad]:
    """Sealed to keys that are not current delivery keys of who is named."""
    other = town.public(address(THIRD))

    def to(name: str, keys: dict[Any, Any] | None = None) -> bytes:
        return posted(town.sealed([READER, name], keys=keys or {}).submission)

    def outdated(first_day: int) -> bytes:
        return to(names.OUTDATED, {address(names.OUTDATED): town.odd_delivery_key(first_day).public})

    def swapped() -> bytes:
        layers = Layers(town.sealed([READER]).submission)
        layers.stanzas[0][2] = other.key_id
        return posted(layers.pack())

    return [
        Bad("sealed to nobody known", ("recipient-key",), lambda number: to(f"NCB-X{number % 10}")),
        Bad("sealed to another network", ("recipient-key",), lambda _: to(address("NCB-XA", "other"))),
        Bad("sealed to one without card", ("recipient-key",), lambda _: to(names.UNREADY)),
        Bad("sealed to a revoked key", ("recipient-key",), lambda _: to(names.REVOKED)),
        Bad("sealed to a closed key", ("recipient-key",), lambda _: outdated(-20)),
        Bad("sealed to a key of tomorrow", ("recipient-key",), lambda _: outdated(1)),
        Bad("sealed to a suspended participant", ("recipient-unknown",), lambda _: to(names.SUSPENDED)),
        Bad("sealed with another recipient's key id", ("addressees-differ",), lambda _: swapped()),
    ]


def _large() -> list[Bad]:
    """Beyond the size that is read at all; the first is refused before its body is sent."""
    fields = {"Content-Type": media.SEALED, "Connection": "close"}
    announced = plain("POST", media.MESSAGES, {**fields, "Content-Length": str(media.MAX_SUBMISSION_BYTES + 1)})
    piece = b"10000\r\n" + bytes(65_536) + b"\r\n"
    streamed = plain("POST", media.MESSAGES, {**fields, "Transfer-Encoding": "chunked"})
    whole = streamed + piece * (media.MAX_SUBMISSION_BYTES // 65_536 + 2) + b"0\r\n\r\n"
    return [
        Bad("sealed: announced too large", ("too-large",), lambda _: announced, 0.5),
        Bad("sealed: streamed too large", ("too-large",), lambda _: whole, 0.2),
    ]
