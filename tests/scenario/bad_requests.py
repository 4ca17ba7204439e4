"""Bad requests: not HTTP, not of this interface, not signed, or signed by the wrong key, over other words, at another time."""

from __future__ import annotations

import gzip
import os
import time
from typing import TYPE_CHECKING, Any, Final

from gateway.envelope import MemoryKeyring, Use
from gateway.ids import format_id, new_uuid7
from gateway.protocol import media
from gateway.protocol.request import HttpRequest, RequestSigner
from tests.scenario import town as names
from tests.scenario.bad import Bad
from tests.scenario.lines import HOST, plain
from tests.scenario.town import Town, address

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.envelope import Keyring

__all__ = ["requests", "signed"]

_SEALED: Final = {"Content-Type": media.SEALED}
_HEAD: Final = f"POST {media.MESSAGES} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: {media.SEALED}\r\n".encode()
_NOT_HTTP: Final[dict[str, Callable[[int], bytes]]] = {
    "a TLS greeting": lambda number: b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes([number % 256]) * 64 + b"\r\n\r\n",
    "another version": lambda number: f"GET / HTTP/9.{number % 10}\r\nHost: a\r\n\r\n".encode(),
    "a field without colon": lambda number: f"GET / HTTP/1.1\r\nHost: a\r\nbad{number}\r\n\r\n".encode(),
    "a NUL in a field": lambda number: f"GET / HTTP/1.1\r\nHost: a\r\nX{number}: a\0b\r\n\r\n".encode(),
    "a folded field": lambda number: f"GET / HTTP/1.1\r\nHost: a\r\nX{number}: a\r\n b\r\n\r\n".encode(),
    "two lengths": lambda number: _HEAD + f"Content-Length: 1\r\nContent-Length: {number + 2}\r\n\r\nab".encode(),
    "a negative length": lambda number: _HEAD + f"Content-Length: -{number + 1}\r\n\r\n".encode(),
    "a length and chunks": lambda _: _HEAD + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a chunk that is none": lambda _: _HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    "a request line too long": lambda number: b"GET /" + b"a" * (5_000 + number) + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    "a field too long": lambda number: b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * (9_000 + number) + b"\r\n\r\n",
    "too many fields": lambda number: b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: a\r\n" * (70 + number % 50) + b"\r\n",
    "an expectation": lambda number: _HEAD + f"Expect: miracle-{number}\r\nContent-Length: 1\r\n\r\na".encode(),
    "random bytes": lambda number: b"\x80" + os.urandom(number % 500).replace(b"\n", b"") + b"\r\n\r\n",
}
_MEDIA: Final = (
    "text/plain", "application/json", "application/octet-stream", "application/vnd.gateway.sealed; charset=utf-8",
    "Application/vnd.gateway.sealed", "application/*", "*/*", "multipart/form-data; boundary=x",
)  # fmt: skip


def requests(town: Town) -> list[Bad]:
    """Return every class."""
    found = [Bad(f"HTTP: {name}", ("bad-request",), make) for name, make in _NOT_HTTP.items()]
    return [*found, *_of_no_resource(), *_unsigned(town), *_signed_wrongly(town), *_asked_wrongly(town)]


def signed(
    keyring: Keyring,
    method: str,
    path: str,
    *,
    body: bytes = b"",
    kind: str = "",
    at: float = 0.0,
    nonce: bytes = b"",
    host: str = HOST,
) -> dict[str, str]:
    """Return the headers of a signed request."""
    fields = {"Content-Type": kind} if kind else {}
    request = HttpRequest(method, f"http://{host}{path}", {"Host": host, **fields}, body)
    return RequestSigner(keyring).sign(request, at or time.time(), nonce or os.urandom(16))


def _of_no_resource() -> list[Bad]:
    def posted(**fields: str) -> bytes:
        named = {name.replace("_", "-"): value for name, value in fields.items()}
        return plain("POST", media.MESSAGES, {**_SEALED, **named}, b"\x92")

    paths = ("/", "/v1", "/v1/messages/", "/v1//messages", "/V1/messages", "/v1/messages%2f", "/metrics", "/v1/schemas/../x")
    schemas = ("nothing", "..", "a//b", "%2e%2e/x", ".hidden", "README.md\0".replace("\0", "%00"))
    return [
        Bad("HTTP: a path that is not there", ("not-found",), lambda number: plain("GET", f"{paths[number % 8]}?{number}")),
        Bad(
            "HTTP: a schema that is not there", ("not-found",), lambda number: plain("GET", media.SCHEMAS + schemas[number % 6])
        ),
        Bad(
            "HTTP: another method",
            ("method-not-allowed",),
            lambda number: plain(("DELETE", "PATCH", "PUT", "GET", "OPTIONS")[number % 5], media.MESSAGES),
        ),
        Bad("HTTP: another media type", ("unsupported-media",), lambda number: posted(Content_Type=_MEDIA[number % 8])),
        Bad("HTTP: no media type", ("unsupported-media",), lambda _: plain("POST", media.MESSAGES, None, b"\x92")),
        Bad(
            "HTTP: a compressed body",
            ("unsupported-media",),
            lambda number: plain(
                "POST",
                media.MESSAGES,
                {**_SEALED, "Content-Encoding": ("gzip", "br", "identity")[number % 3]},
                gzip.compress(bytes(100_000)),
            ),
        ),
        Bad(
            "HTTP: a body where none belongs",
            ("bad-request",),
            lambda number: plain("GET", "/healthz", None, bytes(1 + number)),
        ),
        Bad("HTTP: no host", ("bad-request",), lambda _: f"GET {media.INBOX} HTTP/1.1\r\n\r\n".encode()),
    ]


_ASKED: Final = (
    ("GET", media.INBOX), ("GET", f"{media.DIRECTORY}metadata/timestamp.json"), ("GET", f"{media.DIRECTORY}targets/x"),
)  # fmt: skip


def _unsigned(town: Town) -> list[Bad]:
    def asked(number: int, drop: str = "") -> bytes:
        method, path = _ASKED[number % 3]
        fields = signed(town.member(names.READER).keyring, method, path) if drop else {}
        return plain(method, path, {name: value for name, value in fields.items() if name != drop})

    status = f"{media.MESSAGES}/{format_id(os.urandom(16))}"
    return [
        Bad("asked without signature", ("signature-missing",), asked, 3),
        Bad("asked without signature input", ("signature-missing",), lambda number: asked(number, "Signature-Input")),
        Bad("asked with input alone", ("signature-missing",), lambda number: asked(number, "Signature")),
        Bad("status without signature", ("signature-missing",), lambda _: plain("GET", status)),
        Bad("a session without signature", ("signature-missing",), lambda _: plain("GET", media.INBOX, _UPGRADE)),
    ]


_UPGRADE: Final = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


def _signed_wrongly(town: Town) -> list[Bad]:
    good = town.member(names.READER).keyring
    path = media.INBOX

    class AuthorAsAgent(MemoryKeyring):
        """Signs with the author key whatever is asked."""

        def sign(self, use: Use, message: bytes) -> Any:
            del use
            return good.sign(Use.AUTHOR, message)

    def with_key(keyring: Keyring) -> Callable[[int], bytes]:
        return lambda _: plain("GET", path, signed(keyring, "GET", path))

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
    outdated = MemoryKeyring(address(names.OUTDATED), [town.odd_key(Use.AGENT, -20)], [])
    keys = {
        "a key that nobody listed": town.strange_keyring(),
        "a namesake of another network": town.strangers.member(names.SENDER).keyring,
        "the author key": AuthorAsAgent(good.address, [], []),
        "a revoked key": town.member(names.REVOKED).keyring,
        "a closed key": outdated,
    }
    return [
        *(Bad(f"signed with {name}", ("signature-bad",), with_key(one)) for name, one in keys.items()),
        Bad("signed by a suspended participant", ("sender-unknown",), with_key(town.member(names.SUSPENDED).keyring)),
        Bad("signed over another method", ("signature-bad",), lambda _: plain("GET", path, signed(good, "POST", path))),
        Bad("signed over another path", ("signature-bad",), lambda _: plain("GET", path, signed(good, "GET", media.RECEIPTS))),
        Bad(
            "signed over another query",
            ("signature-bad",),
            lambda n: plain("GET", f"{path}?after={n}", signed(good, "GET", path)),
        ),
        Bad(
            "signed for another gateway",
            ("signature-bad",),
            lambda _: plain("GET", path, {**signed(good, "GET", path, host="other.example"), "Host": HOST}),
        ),
        Bad("signed without the query", ("signature-bad",), edited("Signature-Input", ' "@query"', "")),
        Bad("signed with another tag", ("signature-bad",), edited("Signature-Input", "gateway-v1", "gateway-v2")),
        Bad("signed with another algorithm", ("signature-bad",), edited("Signature-Input", "ed25519", "hmac-sha256")),
        Bad("signed without nonce", ("signature-bad",), edited("Signature-Input", ";nonce=", ";once=")),
        Bad(
            "a signature of zeros",
            ("signature-bad",),
            lambda _: plain("GET", path, {**signed(good, "GET", path), "Signature": f"gateway=:{'A' * 86}==:"}),
        ),
        Bad(
            "a signature that is none",
            ("signature-bad",),
            lambda n: plain("GET", path, {**signed(good, "GET", path), "Signature": "(" * (n + 1)}),
        ),
        Bad(
            "signature input that is none",
            ("signature-bad",),
            lambda n: plain("GET", path, {**signed(good, "GET", path), "Signature-Input": "(" * (n + 1)}),
        ),
        Bad(
            "signed over another body",
            ("signature-bad",),
            lambda n: plain("POST", media.RECEIPTS, receipts, body + bytes([n % 256])),
        ),
        Bad("signed long ago", ("clock-skew",), late(-360)),
        Bad("signed in the future", ("clock-skew",), late(360)),
    ]


def _asked_wrongly(town: Town) -> list[Bad]:
    """Signed well, and nothing that can be answered."""
    keyring = town.member(names.THIRD).keyring

    def asked(path: str) -> bytes:
        return plain("GET", path, signed(keyring, "GET", path))

    def session(path: str = media.INBOX, **changes: str) -> bytes:
        fields = {**_UPGRADE, **{name.replace("_", "-"): value for name, value in changes.items()}}
        return plain("GET", path, {**signed(keyring, "GET", path), **fields})

    def bundle(body: bytes) -> bytes:
        path = media.DIRECTORY_BUNDLE
        return plain("POST", path, signed(keyring, "POST", path, body=body, kind=media.JSON), body)

    after = (
        "after=",
        "after=-1",
        "after=1.0",
        "after=1&after=2",
        "before=1",
        "after=99999999999999999999",
        "after=%31x",
        "after=1%00",
    )
    ids = ("x", "0" * 36, "A" * 36, "urn:uuid:" + "0" * 32, "0" * 32)
    deep = b"[" * 5_000 + b"]" * 5_000
    bodies = (b"", b"{}", b"[1]", b"[null]", b'["\xff"]', deep, b"[" + b'"x",' * 1024 + b'"x"]')
    return [
        Bad("asked after what is no number", ("bad-request",), lambda n: asked(f"{media.INBOX}?{after[n % 8]}")),
        Bad("status of what is no id", ("malformed",), lambda n: asked(f"{media.MESSAGES}/{ids[n % 5]}")),
        Bad(
            "status of nothing", ("not-found",), lambda _: asked(f"{media.MESSAGES}/{format_id(new_uuid7(1, os.urandom(10)))}")
        ),
        Bad(
            "status of another's message",
            ("not-found",),
            lambda n: asked(f"{media.MESSAGES}/{format_id(town.taken_ids[n % 4])}"),
        ),
        Bad(
            "a file that is not in the directory",
            ("not-found",),
            lambda n: asked(f"{media.DIRECTORY}targets/cards/NCB-X{n}/key"),
        ),
        Bad(
            "a path out of the directory",
            ("not-found",),
            lambda n: asked(f"{media.DIRECTORY}targets/{'../' * (n % 50 + 1)}etc/passwd"),
        ),
        Bad("a bundle that is none", ("malformed",), lambda n: bundle(bodies[1 + n % 6])),
        Bad("a session with parameters", ("bad-request",), lambda n: session(f"{media.INBOX}?after={n}")),
        Bad("a session of another protocol", ("bad-request",), lambda n: session(Upgrade=f"h{n}c")),
        Bad("a session of another version", ("bad-request",), lambda n: session(Sec_WebSocket_Version=str(n % 12))),
        Bad("a session with a bad key", ("bad-request",), lambda n: session(Sec_WebSocket_Key="A" * n)),
    ]
