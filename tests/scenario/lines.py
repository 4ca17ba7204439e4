"""
HTTP by hand: exactly these bytes go out, and what comes back is read as it is.

A client library would mend what a hostile client sends, and is slower than the gateway. One line is used by one thread.
"""

from __future__ import annotations

import os
import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple, Self

import msgspec

from gateway.errors import CODES
from gateway.protocol.request import NONCE_BYTES, HttpRequest, sign_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.envelope import Keyring

__all__ = ["HOST", "Answer", "Line", "plain", "signed"]

HOST: Final = "gateway.example"
_PIECE: Final = 65_536


class _Told(msgspec.Struct):
    code: str = ""
    status: int = 0
    outcomes: list[str] = []


class Answer(NamedTuple):
    """What came back; status 0 when the line was closed without an answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def codes(self) -> list[str]:
        """The code of a problem, the outcome of each receipt, or else the status."""
        media = self.headers.get("content-type", "")
        if media == "application/problem+json":
            told = msgspec.json.decode(self.body, type=_Told)
            fits = told.code in CODES and told.status == self.status == CODES[told.code].status
            return [told.code if fits else f"{told.code} with status {self.status}"]
        if media == "application/json" and self.body.startswith(b'{"outcomes"'):
            return msgspec.json.decode(self.body, type=_Told).outcomes
        return [str(self.status)]


def plain(method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> bytes:
    """Return a request as it travels; a body brings its length."""
    fields = {"Host": HOST, **(headers or {})}
    if body and "Content-Length" not in fields and "Transfer-Encoding" not in fields:
        fields["Content-Length"] = str(len(body))
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body


def signed(
    keyring: Keyring,
    method: str,
    path: str,
    *,
    body: bytes = b"",
    kind: str = "",
    at: float = 0.0,
    host: str = HOST,
) -> dict[str, str]:
    """Return the headers of a signed request; `at` is now unless told otherwise."""
    fields = {"Content-Type": kind} if kind else {}
    request = HttpRequest(method, f"http://{host}{path}", {"Host": host, **fields}, body)
    return sign_request(request, keyring, at or time.time(), os.urandom(NONCE_BYTES))


class Line:
    """
    A connection that is made when it is needed, and made again when the gateway closed it.

    Args:
        port: On loopback.
        timeout_s: For each step.
    """

    def __init__(self, port: int, timeout_s: float = 20.0) -> None:
        self._port = port
        self._timeout_s = timeout_s
        self._socket: socket.socket | None = None
        self._received = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    def ask(self, request: bytes) -> Answer:
        """Send one request and return its answer."""
        line = self._opened()
        with suppress(BrokenPipeError, ConnectionResetError):  # refused before all of it was read: the answer is there
            line.sendall(request)
        try:
            answer = self._answer(line)
        except ConnectionResetError:
            answer = Answer(0, {}, b"")
        if not answer.status or answer.headers.get("connection", "").lower() == "close" or self._ended(line):
            self.close()
        return answer

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
        self._socket, self._received = None, b""

    def _opened(self) -> socket.socket:
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=self._timeout_s)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._socket

    def _answer(self, line: socket.socket) -> Answer:
        while b"\r\n\r\n" not in self._received:
            if not self._more(line):
                return Answer(0, {}, self._received)
        head, _, self._received = self._received.partition(b"\r\n\r\n")
        first, *fields = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
        size = int(headers.get("content-length", "0"))
        while len(self._received) < size and self._more(line):
            pass
        body, self._received = self._received[:size], self._received[size:]
        if first.startswith("HTTP/1.0 "):  # the answer to what was no request; its line ends with it
            headers.setdefault("connection", "close")
        return Answer(int(first.split()[1]), headers, body)

    def _more(self, line: socket.socket) -> bool:
        piece = line.recv(_PIECE)
        self._received += piece
        return bool(piece)

    def _ended(self, line: socket.socket) -> bool:
        """Say whether the gateway has hung up already; nothing else may come on its own account."""
        line.settimeout(0)
        try:
            return not line.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except ConnectionResetError:
            return True
        finally:
            line.settimeout(self._timeout_s)
