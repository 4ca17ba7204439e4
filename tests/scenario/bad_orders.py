"""Bad orders on the operators' listener: signed by the wrong key, at another time, twice, or about what is not there."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, Final

import msgspec

from gateway.envelope import Use, contexts
from gateway.protocol import media
from gateway.protocol.action import Action, sign_action
from tests.scenario.bad import Bad
from tests.scenario.lines import plain
from tests.scenario.town import SENDER

if TYPE_CHECKING:
    from gateway.envelope import SigningKey
    from tests.scenario.rogues import Rogues

__all__ = ["good_order", "ordered", "orders"]

_encode: Final = msgspec.msgpack.Encoder().encode
_TARGETS: Final = ("1", "0/0", "1/0/0", "01/0", "1/-1", "+1/0", "1/00", "9999999999999999999/0", "*", "x")
_REASONS: Final = ("", "two\nlines", "x" * 201, "\x1b[31m", "\x00", "\x9b")
_SHAPES: Final = (b"\xc0", b"\x90", b"\x93\xc4\x00\xc4\x00\xc4\x00", b"\xdd" + b"\xff" * 4, b"\x81\xa0\xc0", b"\x93" * 400)


def ordered(body: bytes, kind: str = media.MSGPACK) -> bytes:
    """Return the request that gives an order."""
    return plain("POST", media.OPERATIONS, {"Content-Type": kind}, body)


def good_order(town: Rogues, target: str = "1/0", **changes: Any) -> bytes:
    """Return an order that is signed as it must be."""
    fields = {"version": "A1", "verb": "release", "target": target, "reason": "for a test", "at": int(time.time())}
    return sign_action(Action(**{**fields, "nonce": os.urandom(16), **changes}), town.world.gateway)


def orders(town: Rogues) -> list[Bad]:
    """Return every class."""
    return [*_forms(town), *_signatures(town), *_words(town)]


def _signed(elements: list[Any], key: SigningKey) -> bytes:
    """Sign elements whatever they are."""
    action = _encode(elements)
    return _encode([action, key.key_id, key.sign(contexts.action_message(action))])


def _elements(**changes: Any) -> list[Any]:
    fields = {"version": "A1", "verb": "release", "target": "1/0", "reason": "for a test", "at": int(time.time())}
    return list({**fields, "nonce": os.urandom(16), **changes}.values())


def _forms(town: Rogues) -> list[Bad]:
    """Bytes that are no signed action."""
    operator = town.world.gate.key(Use.OPERATOR)

    def made(**changes: Any) -> bytes:
        return ordered(_signed(_elements(**changes), operator))

    return [
        Bad("an order of another shape", ("malformed",), lambda n: ordered(_SHAPES[n % 6])),
        Bad("an order that is noise", ("malformed",), lambda _: ordered(b"\xc1" + os.urandom(60))),
        Bad("an order that is too long", ("too-large",), lambda n: ordered(bytes(4000 + n % 100))),
        Bad("an order of another type", ("unsupported-media",), lambda n: ordered(good_order(town), f"text/x{n}")),
        Bad("an order of another version", ("malformed",), lambda n: made(version=f"B{n}")),
        Bad("an order for no reason", ("malformed",), lambda n: made(reason=_REASONS[n % 6])),
        Bad("an order without a nonce", ("malformed",), lambda n: made(nonce=bytes(n % 16))),
    ]


def _signatures(town: Rogues) -> list[Bad]:
    """Signed with keys that must not count, or over something else."""

    def forged(number: int) -> bytes:
        data = bytearray(good_order(town))
        data[-1 - number % 64] ^= 1
        return ordered(bytes(data))

    keys = {
        "the agent key": town.world.gate.key(Use.AGENT),
        "the log key": town.world.gate.key(Use.LOG),
        "a participant's key": town.member(SENDER).key(Use.AGENT),
    }
    return [
        *(
            Bad(f"an order with {name}", ("signature-bad",), lambda _, key=key: ordered(_signed(_elements(), key)))  # type: ignore[misc]
            for name, key in keys.items()
        ),
        Bad("an order with a damaged signature", ("signature-bad",), forged),
        Bad("an order of long ago", ("clock-skew",), lambda n: ordered(good_order(town, at=int(time.time()) - 360 - n))),
        Bad("an order of the future", ("clock-skew",), lambda n: ordered(good_order(town, at=int(time.time()) + 360 + n))),
    ]


def _words(town: Rogues) -> list[Bad]:
    """Signed well, and nothing that can be done."""
    return [
        Bad("an unknown verb", ("bad-request",), lambda n: ordered(good_order(town, verb=f"destroy-{chr(97 + n % 26)}"))),
        Bad("a target that is none", ("bad-request",), lambda n: ordered(good_order(town, _TARGETS[n % 10]))),
        Bad("a delivery that is not held", ("not-found",), lambda n: ordered(good_order(town, f"{n + 1}/0"))),
    ]
