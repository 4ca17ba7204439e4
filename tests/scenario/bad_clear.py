"""Bad clear text for the gateway to seal: every ambiguity of JSON, what its schema and rules refuse, and bad packing of it."""

from __future__ import annotations

import os
import random
import time
from typing import TYPE_CHECKING, Any, Final

import msgspec

from gateway.envelope import Use
from gateway.ids import format_id
from gateway.protocol import media
from tests.client.examples import path
from tests.scenario import rogues as names
from tests.scenario.bad import Bad, posted, raw
from tests.scenario.rogues import OneUse, Rogues
from tests.scenario.town import DAY, READER, SENDER, THIRD, address

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["clear"]

ANSWERED: Final = bytes.fromhex("90" * 32)  # what the example answers
_BASE: Final = msgspec.json.encode(msgspec.json.decode(path("request.response/questions").read_bytes()))
_TEXT: Final = b'"expected_by":"2099-07-01"'

# What is put in the place of one member; %d makes no two alike.
_JSON: Final[dict[str, bytes]] = {
    "a name twice": _TEXT + b"," + _TEXT,
    "a name twice, once escaped": _TEXT + b',"expected\\u005fby":"2099-07-02"',
    "U+0000 as an escape": b'"note%d":"\\u0000"',
    "U+0000 in a name": b'"\\u0000%d":1',
    "a raw control character": b'"note":"\x01%d"',
    "a lone high surrogate": b'"note%d":"\\ud83d"',
    "a lone low surrogate": b'"note%d":"\\udc00"',
    "a surrogate in UTF-8": b'"note%d":"\xed\xa0\x80"',
    "bytes that are not UTF-8": b'"note%d":"\xff"',
    "an integer above 2^53-1": b'"note":9007199254740992%d',
    "an integer below -(2^53-1)": b'"note":-9007199254740992%d',
    "an integer of many digits": b'"note":' + b"9" * 400 + b"%d",
    "a fraction": b'"note":%d.5',
    "a whole float": b'"note":%d.0',
    "an exponent": b'"note":%de2',
    "infinity": b'"note":%de999',
    "not a number": b'"note%d":NaN',
    "null": b'"note%d":null',
    "a leading zero": b'"note":0%d',
    "33 levels": b'"note%d":' + b"[" * 32 + b"]" * 32,
    "thousands of levels": b'"note%d":' + b"[" * 9_000 + b"]" * 9_000,
    "a trailing comma": _TEXT + b",",
    "a comment": _TEXT + b"/*%d*/",
    "single quotes": b"'note%d':1",
}
_SCHEMA: Final[dict[str, tuple[str, bytes]]] = {
    "a day that is none": ("content-schema", b'"expected_by":"2099-02-%d"'),
    "a day that is a number": ("content-schema", b'"expected_by":%d'),
}
_TIMES: Final = (
    "2099-07-01 10:00:00Z", "2099-07-01T10:00:00", "2099-07-01t10:00:00Z", "2099-07-01T10:00:00z", "2099-07-01T10:00:00+00:00",
    "2099-07-01T10:00:60Z", "2099-07-01T24:00:00Z", "2099-02-30T10:00:00Z", "2099-07-01T10:00:00.1234567Z", "2099-07-01",
    "2099-07-01T10:00Z", " 2099-07-01T10:00:00Z", "2099-07-01T10:00:00Z\\n", "20990701T100000Z", "4086669600",
)  # fmt: skip


def clear(town: Rogues) -> list[Bad]:
    """Return every class."""
    found = [_bad(town, f"clear: {name}", "content-json", _member(text)) for name, text in _JSON.items()]
    found += [_bad(town, f"clear: {name}", code, _member(text)) for name, (code, text) in _SCHEMA.items()]
    return [*found, *_whole(town), *_members(town), *_repeats(town), *_checks(town), *_packing(town)]


def _member(text: bytes) -> Callable[[int], bytes]:
    def make(number: int) -> bytes:
        return _BASE.replace(_TEXT, text.replace(b"%d", b"%d" % (number + 30)))

    return make


def _bad(town: Rogues, name: str, code: str, make: Callable[[int], bytes], share: float = 1.0, **changes: Any) -> Bad:
    def request(number: int) -> bytes:
        fields = {key: value() if callable(value) else value for key, value in changes.items()}
        return posted(town.clear(make(number), **{"in_reply_to": ANSWERED, **fields}), media.SIGNED)

    return Bad(name, (code,), request, share)


def _whole(town: Rogues) -> list[Bad]:
    """The text as a whole."""
    return [
        _bad(town, "clear: nothing", "content-json", lambda _: b""),
        _bad(town, "clear: a byte order mark", "content-json", lambda _: b"\xef\xbb\xbf" + _BASE),
        _bad(town, "clear: UTF-16", "content-json", lambda _: _BASE.decode().encode("utf-16")),
        _bad(town, "clear: two documents", "content-json", lambda number: _BASE + b"%d" % number),
        _bad(town, "clear: an end that is missing", "content-json", lambda number: _BASE[: -1 - number % 200]),
        _bad(town, "clear: random bytes", "content-json", lambda number: b"\x00" + os.urandom(number % 2000)),
        _bad(town, "clear: an array", "content-schema", lambda number: b"[%d]" % number),
        _bad(town, "clear: text beyond all limits", "too-large", lambda number: bytes(number % 50), 0.1)._replace(
            make=lambda number: posted(_oversized(town, number), media.SIGNED)
        ),
        _bad(town, "clear: a million values", "content-json", lambda _: b'{"a":[' + b"0," * 500_000 + b"0]}", 0.1),
    ]


def _oversized(town: Rogues, number: int) -> bytes:
    form = msgspec.msgpack.decode(town.clear(_BASE, in_reply_to=ANSWERED))
    form[4] = b'"' + b"x" * ((1 << 20) + number) + b'"'
    return msgspec.msgpack.encode(form)


def _with(**members: Any) -> Callable[[int], bytes]:
    """Return content with members replaced; a function gets the number, None leaves the member out."""

    def make(number: int) -> bytes:
        made = {name: value(number) if callable(value) else value for name, value in members.items()}
        content = {**msgspec.json.decode(_BASE), **made}
        return msgspec.json.encode({name: value for name, value in content.items() if value is not None})

    return make


def _members(town: Rogues) -> list[Bad]:
    """What the schema and the rules between fields refuse."""
    unknown = _with(critical=lambda number: [f"example.unknown{number}"], ext=lambda number: {f"example.unknown{number}": {}})
    amber = {"confidentiality": "official-use-only", "onward": "organisation"}
    denied = {"present": False, "categories": ["names"]}
    return [
        _bad(town, "clear: an unknown critical extension", "must-understand", unknown, 2),
        _bad(town, "clear: no marking", "content-schema", _with(handling=None)),
        _bad(town, "clear: no purpose", "content-schema", _with(purpose=[])),
        _bad(town, "clear: no body", "content-schema", _with(body=None)),
        _bad(
            town,
            "clear: an unknown state",
            "content-schema",
            _with(body=lambda number: {"request_ref": ANSWERED.hex(), "state": f"maybe{number}"}),
        ),
        _bad(town, "clear: an unknown purpose", "content-schema", _with(purpose=lambda number: [f"RPD99-{number}"])),
        _bad(town, "clear: an unknown marking", "content-schema", _with(handling={**amber, "tlp": "white"})),
        _bad(
            town,
            "clear: a caveat without its text",
            "content-rule",
            _with(handling={**amber, "tlp": "amber", "restrictions": ["H3"]}),
        ),
        _bad(town, "clear: a denial of personal data that it holds", "content-rule", _with(personal_data=denied)),
        _bad(town, "clear: odd times", "content-schema", _with(created=lambda number: _TIMES[number % len(_TIMES)]), 3),
        _bad(town, "clear: a number that is true", "content-schema", _with(sequence=True)),
        _bad(town, "clear: a number that is text", "content-schema", _with(sequence="1")),
        _bad(town, "clear: a language that is none", "content-schema", _with(language=lambda number: f"-{number}")),
    ]


def _repeats(town: Rogues) -> list[Bad]:
    """Header fields that the content repeats with another value."""
    differing: dict[str, Callable[[int], object]] = {
        "kind": lambda _: "cooperation.request",
        "schema_version": lambda number: f"1.0.{number + 1}",
        "message_id": lambda _: format_id(os.urandom(16)),
        "conversation_id": lambda _: format_id(os.urandom(16)),
        "sender": lambda _: address(THIRD),
        "created": lambda number: f"2098-07-01T10:00:{number % 60:02}Z",
        "expires": lambda number: f"2098-07-01T10:00:{number % 60:02}.5Z",
        "urgency": lambda _: "flash",
        "respond_by": lambda number: f"2098-07-01T10:00:{number % 60:02}Z",
        "in_reply_to": lambda _: os.urandom(32).hex(),
        "handling": lambda _: {"tlp": "green", "confidentiality": "official-use-only"},
    }
    found = [
        _bad(town, f"clear: another {name} than the header", "content-header", _with(**{name: value}))
        for name, value in differing.items()
    ]
    body = {"request_ref": "91" * 32, "state": "clarify", "questions": ["Which?"]}
    return [*found, _bad(town, "clear: an answer to another message", "content-header", _with(body=body))]


def _checks(town: Rogues) -> list[Bad]:
    """Good content that this gateway may not seal or pass on."""

    def good(name: str, code: str, **changes: Any) -> Bad:
        return _bad(town, f"clear: {name}", code, lambda _: _BASE, **changes)

    now = time.time
    strange = town.strange_keyring()
    agent = OneUse(town.member(SENDER).keyring, Use.AGENT)
    return [
        good("a kind that only its author seals", "sealer-not-allowed", kind="information.report"),
        good("for its author to seal", "sealer-not-allowed", sealer=address(SENDER)),
        good("for a participant to seal", "sealer-not-allowed", sealer=address(THIRD)),
        good("a kind that nobody knows", "sealer-not-allowed", kind="notice.unheard-of"),
        good("a schema that nobody knows", "schema-unknown", schema_version="9.0.0"),
        good("an author key that nobody listed", "cannot-open", keyring=strange),
        good("signed with the agent key", "cannot-open", keyring=agent),
        good("of a revoked author", "cannot-open", sender=names.REVOKED),
        good("of a suspended sender", "sender-unknown", sender=names.SUSPENDED),
        good("expired", "expired", created=lambda: int(now()) - 600, expires=lambda: int(now()) - 1),
        good("created in the future", "out-of-time", created=lambda: int(now()) + 400),
        good("to nobody known", "recipient-unknown", recipients=[READER, "NCB-XZ"]),
        good("to a suspended participant", "recipient-unknown", recipients=[READER, names.SUSPENDED]),
        good("to one without card", "recipient-key", recipients=[READER, names.UNREADY]),
        good("to one who takes other kinds", "kind-not-accepted", recipients=[READER, names.PICKY]),
        good("above a clearance", "clearance", recipients=[names.UNCLEARED], handling="amber/restricted"),
        good("living too long", "out-of-time", expires=lambda: int(now()) + 91 * DAY),
    ]


def _packing(town: Rogues) -> list[Bad]:
    """Forms of the submission."""
    good = town.clear(_BASE, [READER, THIRD], in_reply_to=ANSWERED)

    def edited(change: Callable[[list[Any]], object]) -> Callable[[int], bytes]:
        def make(_: int) -> bytes:
            form = msgspec.msgpack.decode(good)
            change(form)
            return posted(msgspec.msgpack.encode(form), media.SIGNED)

        return make

    def flip(form: list[Any]) -> None:
        data = bytearray(form[4])
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
        form[4] = bytes(data)

    changes: dict[str, tuple[str, Callable[[list[Any]], object]]] = {
        "a bit of the content": ("cannot-open", flip),
        "a signature of zeros": ("cannot-open", lambda form: form.__setitem__(3, bytes(64))),
        "another key": ("cannot-open", lambda form: form.__setitem__(2, os.urandom(16))),
        "a sixth element": ("malformed", lambda form: form.append(None)),
        "no content": ("malformed", lambda form: form.pop()),
        "no addressees": ("malformed", lambda form: form.__setitem__(1, [])),
        "a short blind": ("malformed", lambda form: form[1][0].__setitem__(1, bytes(15))),
        "an addressee too few": ("addressees-differ", lambda form: form[1].pop()),
        "an addressee twice": ("recipient-repeated", lambda form: form[1].append(form[1][0])),
        "addressees in another order": ("addressees-differ", lambda form: form[1].reverse()),
        "a header that is text": ("malformed", lambda form: form.__setitem__(0, "header")),
        "a key id in another spelling": ("not-canonical", lambda form: form.__setitem__(2, raw("c50010" + "00" * 16))),
    }
    return [Bad(f"clear: {name}", (code,), edited(change)) for name, (code, change) in changes.items()]
