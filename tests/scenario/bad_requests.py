"""Bad requests: not HTTP, not of this interface, or not signed."""

from __future__ import annotations

import gzip
import os
from typing import TYPE_CHECKING, Final

from gateway.ids import format_id
from gateway.protocol import media
from tests.scenario.bad import Bad
from tests.scenario.lines import HOST, plain, signed
from tests.scenario.rogues import Rogues
from tests.scenario.town import READER

if TYPE_CHECKING:
    from collections.abc import Callable


__all__ = ["UPGRADE", "requests"]

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


def requests(town: Rogues) -> list[Bad]:
    """Return every class."""
    found = [Bad(f"HTTP: {name}", ("bad-request",), make) for name, make in _NOT_HTTP.items()]
    return [*found, *_of_no_resource(), *_unsigned(town)]


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


def _unsigned(town: Rogues) -> list[Bad]:
    def asked(number: int, drop: str = "") -> bytes:
        method, path = _ASKED[number % 3]
        fields = signed(town.member(READER).keyring, method, path) if drop else {}
        return plain(method, path, {name: value for name, value in fields.items() if name != drop})

    status = f"{media.MESSAGES}/{format_id(os.urandom(16))}"
    return [
        Bad("asked without signature", ("signature-missing",), asked, 3),
        Bad("asked without signature input", ("signature-missing",), lambda number: asked(number, "Signature-Input")),
        Bad("asked with input alone", ("signature-missing",), lambda number: asked(number, "Signature")),
        Bad("status without signature", ("signature-missing",), lambda _: plain("GET", status)),
        Bad("a session without signature", ("signature-missing",), lambda _: plain("GET", media.INBOX, UPGRADE)),
    ]


UPGRADE: Final = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}
