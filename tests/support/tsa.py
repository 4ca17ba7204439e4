"""
A time-stamp service on loopback: `openssl ts -reply` with a CA that lives for a day.

Misbehaviour is one line: `read` changes the query before it is answered, `alter` the answer; `status` and `hang` do what they
say.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.support.ports import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

__all__ = ["Tsa", "time_stamping"]

QUERY: Final = "application/timestamp-query"
REPLY: Final = "application/timestamp-reply"
_DAY: Final = dt.timedelta(days=1)
_CONFIG: Final = """
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.3.6.1.4.1.99999.1
digests = sha256, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
"""


class Tsa:
    """
    One service with a CA of its own.

    Args:
        folder: Where its files go.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.ca = folder / "ca.pem"
        self.port = 0
        self.asked: list[bytes] = []
        self.alter: Callable[[bytes], bytes] = lambda reply: reply
        self.read: Callable[[bytes], bytes] = lambda query: query
        self.status = 200
        self.hang = False
        _write_keys(folder)
        (folder / "serial").write_text("01\n")
        (folder / "tsa.cnf").write_text(_CONFIG.format(folder=folder))

    @property
    def url(self) -> str:
        """Where it is asked."""
        return f"http://{LOOPBACK}:{self.port}/tsa"

    async def reply(self, query: bytes) -> bytes:
        """Return what the service answers to a query."""
        (self._folder / "query").write_bytes(query)
        made = await asyncio.create_subprocess_exec(
            *("openssl", "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query", "-out", "reply"),
            cwd=self._folder,
            stderr=asyncio.subprocess.PIPE,
        )
        _, told = await made.communicate()
        assert made.returncode == 0, told.decode()
        return (self._folder / "reply").read_bytes()

    async def answer(self, request: web.Request) -> web.Response:
        """Answer a request over HTTP."""
        query = await request.read()
        self.asked.append(query)
        assert request.headers["Content-Type"] == QUERY
        if self.hang:
            await asyncio.Event().wait()
        reply = await self.reply(self.read(query))
        return web.Response(body=self.alter(reply), status=self.status, content_type=REPLY)


@asynccontextmanager
async def time_stamping(folder: Path) -> AsyncIterator[Tsa]:
    """Run a service while the context is open."""
    tsa = Tsa(folder)
    app = web.Application()
    app.router.add_post("/tsa", tsa.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, LOOPBACK, 0)
    await site.start()
    tsa.port = runner.addresses[0][1]
    try:
        yield tsa
    finally:
        await runner.cleanup()


def _write_keys(folder: Path) -> None:
    """Make a CA and the certificate that it gives the service."""
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca_name, name = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in ("ca.example", "tsa.example"))
    ca = _begun(ca_name, ca_name, ca_key).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    stamping = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
    own = _begun(name, ca_name, key).add_extension(stamping, critical=True)
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(ca.sign(ca_key, hashes.SHA256()).public_bytes(pem))
    (folder / "tsa.pem").write_bytes(own.sign(ca_key, hashes.SHA256()).public_bytes(pem))
    form = serialization.PrivateFormat.PKCS8
    (folder / "tsa.key").write_bytes(key.private_bytes(pem, form, serialization.NoEncryption()))


def _begun(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    return made.serial_number(x509.random_serial_number()).not_valid_before(now - _DAY).not_valid_after(now + _DAY)
