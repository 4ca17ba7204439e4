"""
The TLS line from a home to its gateways: 1.3 or nothing, names verified, one private CA in place of the system's.

What a home is told of it lies in the home, encrypted. Python's `ssl` reads a private key from a file alone, so the key meets
the disk only under a password that is drawn for that one reading. TLS guards the line; who somebody is, signatures say.
Spec: schemas/directory.md, "Enrolment".
"""

from __future__ import annotations

import os
import ssl
import tempfile
from functools import cache
from pathlib import Path
from typing import Final

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat, load_pem_private_key

from gateway.errors import Rejected

__all__ = ["SYSTEM_CA", "Tls", "client_context", "read_pem"]

MAX_PEM_BYTES: Final = 64 << 10  # a chain of a few certificates


class Tls(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, kw_only=True):
    """
    What a home is told about TLS.

    Args:
        ca: PEM; a gateway's certificate must come from exactly this CA. None trusts the system's.
        certificate: PEM with its chain, shown to a gateway that asks for one (mutual TLS). None shows nothing.
        key: PEM of its private key, not encrypted; goes with `certificate`.
    """

    ca: str | None = None
    certificate: str | None = None
    key: str | None = None

    def __repr__(self) -> str:
        return f"Tls(ca: {self.ca is not None}, certificate: {self.certificate is not None})"


SYSTEM_CA: Final = Tls()


def client_context(tls: Tls) -> ssl.SSLContext:
    """
    Return the context of a home's connections; reads files: in a thread.

    All homes of a process that trust the system's CAs have one context, and with it the CAs of when the first was opened.

    Raises:
        Rejected: `config`: the CA, the certificate or its key cannot be used.
    """
    return _system_context() if tls == SYSTEM_CA else _own_context(tls)


@cache
def _system_context() -> ssl.SSLContext:
    context = _bare_context()
    context.load_default_certs()
    return context


def _own_context(tls: Tls) -> ssl.SSLContext:
    context = _bare_context()
    if (tls.certificate is None) != (tls.key is None):
        raise Rejected("a client certificate and its key belong together", code="config")
    try:
        if tls.ca is None:
            context.load_default_certs()
        else:
            context.load_verify_locations(cadata=tls.ca)
        if tls.certificate is not None and tls.key is not None:
            _show(context, tls.certificate, tls.key)
    except (ssl.SSLError, ValueError, TypeError, UnsupportedAlgorithm) as exc:
        raise Rejected(f"CA, client certificate or its key cannot be used: {type(exc).__name__}", code="config") from exc
    return context


def _bare_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # verifies certificate and host name
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


def read_pem(path: Path) -> str:
    """Return the text of a PEM file; Rejected `config` when it cannot be one."""
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_PEM_BYTES + 1)
    except OSError as exc:
        raise Rejected(f"cannot read {path}: {exc.strerror}", code="config") from exc
    if len(data) > MAX_PEM_BYTES or not data.isascii():
        raise Rejected(f"{path} is no PEM file of at most {MAX_PEM_BYTES} bytes", code="config")
    return data.decode()


def _show(context: ssl.SSLContext, certificate: str, key: str) -> None:
    """Load the client certificate from a file that holds its key encrypted, and is gone when this returns."""
    password = os.urandom(32).hex().encode()
    read = load_pem_private_key(key.encode(), password=None)
    sealed = read.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password))
    with tempfile.NamedTemporaryFile(prefix="gateway-tls-") as file:
        file.write(certificate.encode() + b"\n" + sealed)
        file.flush()
        context.load_cert_chain(file.name, password=password)
