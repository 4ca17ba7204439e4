"""Bad questions: signed by the wrong key, over other words, at another time, or about what is not there."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Final

from gateway.envelope import MemoryKeyring, Use
from gateway.ids import format_id, new_uuid7
from gateway.protocol import media
from tests.scenario import rogues as names
from tests.scenario.bad import Bad
from tests.scenario.bad_requests import UPGRADE
from tests.scenario.lines import HOST, plain, signed
from tests.scenario.rogues import OneUse, Rogues
from tests.scenario.town import READER, SENDER, THIRD, address

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.envelope import Keyring

__all__ = ["asking"]


_AFTER: Final = ("=", "=-1", "=1.0", "=1&after=2", "=99999999999999999999", "=%31x", "=1%00", "")


_IDS: Final = ("x", "0" * 36, "A" * 36, "urn:uuid:" + "0" * 32, "0" * 32)
_BUNDLES: Final = (b"{}", b"[1]", b"[null]", b'["\xff"]', b"[" * 5_000 + b"]" * 5_000, b"[" + b'"x",' * 1024 + b'"x"]')


def asking(town: Rogues) -> list[Bad]:
    """Return every class."""
    return [*_signed_by(town), *_signed_over(town), *_asked_wrongly(town)]


def _signed_by(town: Rogues) -> list[Bad]:
    """Signed with keys that must not count."""
    good = town.member(READER).keyring

    def with_key(keyring: Keyring) -> Callable[[int], bytes]:
        return lambda _: plain("GET", media.INBOX, signed(keyring, "GET", media.INBOX))

    outdated = MemoryKeyring(address(names.OUTDATED), [town.odd_key(Use.AGENT, -20)], [])
    keys = {
        "a key that nobody listed": town.strange_keyring(),
        "a namesake of another network": town.strangers.member(SENDER).keyring,
        "the author key": OneUse(good, Use.AUTHOR),
        "a revoked key": town.member(names.REVOKED).keyring,
        "a closed key": outdated,
    }
    return [
        *(Bad(f"signed with {name}", ("signature-bad",), with_key(one)) for name, one in keys.items()),
        Bad("signed by a suspended participant", ("sender-unknown",), with_key(town.member(names.SUSPENDED).keyring)),
    ]


def _signed_over(town: Rogues) -> list[Bad]:
    """Signed with a good key over something else, in another form, or at another time."""
    good = town.member(READER).keyring
    path = media.INBOX

    def bad(name: str, make: Callable[[int], bytes], code: str = "signature-bad") -> Bad:
        return Bad(f"signed {name}", (code,), make)

    def asked(number: int, method: str = "GET", over: str = path, **changes: str) -> bytes:
        del number
        return plain("GET", path, {**signed(good, method, over), **{key.replace("_", "-"): to for key, to in changes.items()}})

    def edited(name: str, old: str, new: str) -> Callable[[int], bytes]:
        def make(_: int) -> bytes:
            fields = signed(good, "GET", path)
            assert old in fields[name], fields[name]
            fields[name] = fields[name].replace(old, new, 1)
            return plain("GET", path, fields)

        return make

    def late(by_s: int) -> Callable[[int], bytes]:
        return lambda number: plain(
            "GET", path, signed(good, "GET", path, at=time.time() + by_s + (number if by_s > 0 else -number))
        )

    body = b"\x91\xc4\x01x"
    receipts = {**signed(good, "POST", media.RECEIPTS, body=body, kind=media.MSGPACK)}
    return [
        bad("over another method", lambda n: asked(n, "POST")),
        bad("over another path", lambda n: asked(n, over=media.RECEIPTS)),
        bad("over another query", lambda n: asked(n, over=f"{path}?after={n}")),
        bad(
            "for another gateway",
            lambda n: plain("GET", path, {**signed(good, "GET", path, host=f"h{n}.example"), "Host": HOST}),
        ),
        bad("without the query", edited("Signature-Input", ' "@query"', "")),
        bad("with another tag", edited("Signature-Input", "gateway-v1", "gateway-v2")),
        bad("with another algorithm", edited("Signature-Input", "ed25519", "hmac-sha256")),
        bad("without nonce", edited("Signature-Input", ";nonce=", ";once=")),
        bad("with zeros", lambda n: asked(n, Signature=f"gateway=:{'A' * 86}==:")),
        bad("with what is no signature", lambda n: asked(n, Signature="(" * (n + 1))),
        bad("with what is no input", lambda n: asked(n, Signature_Input="(" * (n + 1))),
        bad("over another body", lambda n: plain("POST", media.RECEIPTS, receipts, body + bytes([n % 256]))),
        bad("long ago", late(-360), "clock-skew"),
        bad("in the future", late(360), "clock-skew"),
    ]


def _asked_wrongly(town: Rogues) -> list[Bad]:
    """Signed well, and nothing that can be answered."""
    keyring = town.member(THIRD).keyring

    def asked(path: str) -> bytes:
        return plain("GET", path, signed(keyring, "GET", path))

    def status(message_id: str) -> bytes:
        return asked(f"{media.MESSAGES}/{message_id}")

    def session(path: str = media.INBOX, **changes: str) -> bytes:
        fields = {**UPGRADE, **{name.replace("_", "-"): value for name, value in changes.items()}}
        return plain("GET", path, {**signed(keyring, "GET", path), **fields})

    def bundle(body: bytes) -> bytes:
        path = media.DIRECTORY_BUNDLE
        return plain("POST", path, signed(keyring, "POST", path, body=body, kind=media.JSON), body)

    def at(path: str, number: int) -> bytes:
        return asked(f"{media.DIRECTORY}targets/{path.format(number)}")

    return [
        Bad("asked after what is no number", ("bad-request",), lambda n: asked(f"{media.INBOX}?after{_AFTER[n % 8]}")),
        Bad("outcomes after what is no number", ("bad-request",), lambda n: asked(f"{media.OUTCOMES}?after{_AFTER[n % 8]}")),
        Bad("status of what is no id", ("malformed",), lambda n: status(_IDS[n % 5])),
        Bad("status of nothing", ("not-found",), lambda _: status(format_id(new_uuid7(1, os.urandom(10))))),
        Bad("status of another's message", ("not-found",), lambda n: status(format_id(town.taken_ids[n % 4]))),
        Bad("a file that is not in the directory", ("not-found",), lambda n: at("cards/NCB-X{}/key", n)),
        Bad("a path out of the directory", ("not-found",), lambda n: at("../" * (n % 50 + 1) + "etc/passwd{}", n)),
        Bad("a bundle that is none", ("malformed",), lambda n: bundle(_BUNDLES[n % 6])),
        Bad("a session with parameters", ("bad-request",), lambda n: session(f"{media.INBOX}?after={n}")),
        Bad("a session of another protocol", ("bad-request",), lambda n: session(Upgrade=f"h{n}c")),
        Bad("a session of another version", ("bad-request",), lambda n: session(Sec_WebSocket_Version=str(n % 12))),
        Bad("a session with a bad key", ("bad-request",), lambda n: session(Sec_WebSocket_Key="A" * n)),
    ]
