"""
A time-stamp service that always gives the same token: RFC 3161 written out, with deterministic ECDSA (RFC 6979).

Only what the vectors of evidence need: one policy, SHA-256, one certificate under one root. The keys are public seeds.
"""

from __future__ import annotations

import datetime as dt
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

__all__ = ["other_root", "root", "token"]

SEQUENCE, SET, OCTETS, INTEGER, OID, TIME = 0x30, 0x31, 0x04, 0x02, 0x06, 0x18
SIGNED_DATA, TST_INFO = "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"
CONTENT_TYPE, MESSAGE_DIGEST, SIGNING_CERTIFICATE = (
    "1.2.840.113549.1.9.3",
    "1.2.840.113549.1.9.4",
    "1.2.840.113549.1.9.16.2.47",
)
SHA256, ECDSA_SHA256, POLICY = "2.16.840.1.101.3.4.2.1", "1.2.840.10045.4.3.2", "1.3.6.1.4.1.99999.1"
BEGIN, END = dt.datetime(2098, 1, 1, tzinfo=dt.UTC), dt.datetime(2110, 1, 1, tzinfo=dt.UTC)


def der(tag: int, *parts: bytes) -> bytes:
    """Return a value of DER."""
    content = b"".join(parts)
    size = len(content)
    raw = size.to_bytes((size.bit_length() + 7) // 8 or 1)
    return bytes([tag]) + (raw if size < 128 else bytes([0x80 | len(raw)]) + raw) + content


def integer(value: int) -> bytes:
    """Return an INTEGER that is not negative."""
    return der(INTEGER, value.to_bytes(value.bit_length() // 8 + 1))


def oid(text: str) -> bytes:
    """Return an OBJECT IDENTIFIER."""
    first, second, *rest = map(int, text.split("."))
    out = bytes([first * 40 + second])
    for arc in rest:
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.insert(0, arc & 0x7F | 0x80)
        out += bytes(groups)
    return der(OID, out)


def key_of(name: str) -> ec.EllipticCurvePrivateKey:
    """Return the key that belongs to a name."""
    return ec.derive_private_key(int.from_bytes(sha256(f"time-stamp {name}".encode()).digest()), ec.SECP256R1())


def certificate(name: str, issuer: str) -> x509.Certificate:
    """Return the certificate of a service, or of a root that signs itself."""
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in (name, issuer)]
    made = x509.CertificateBuilder().subject_name(names[0]).issuer_name(names[1]).public_key(key_of(name).public_key())
    made = made.serial_number(7 if name == issuer else 8).not_valid_before(BEGIN).not_valid_after(END)
    if name == issuer:
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    else:
        made = made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    return made.sign(key_of(issuer), hashes.SHA256(), ecdsa_deterministic=True)


def pem(one: x509.Certificate) -> str:
    """Return a certificate as text."""
    return one.public_bytes(serialization.Encoding.PEM).decode()


def root() -> str:
    """Return the root of the service."""
    return pem(certificate("root.example", "root.example"))


def other_root() -> str:
    """Return a root that did not sign the service."""
    return pem(certificate("other.example", "other.example"))


def token(message: bytes, at: int) -> bytes:
    """Return the token of the service over a message, at a time in Unix seconds."""
    own = certificate("tsa.example", "root.example")
    digest = der(SEQUENCE, oid(SHA256))
    imprint = der(SEQUENCE, digest, der(OCTETS, sha256(message).digest()))
    time = dt.datetime.fromtimestamp(at, dt.UTC).strftime("%Y%m%d%H%M%SZ").encode()
    info = der(SEQUENCE, integer(1), oid(POLICY), imprint, integer(5), der(TIME, time))
    attributes = b"".join(sorted(_attributes(info, own)))
    signature = key_of("tsa.example").sign(der(SET, attributes), ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
    issuer = der(SEQUENCE, own.issuer.public_bytes(), integer(own.serial_number))
    algorithm = der(SEQUENCE, oid(ECDSA_SHA256))
    signer = der(SEQUENCE, integer(1), issuer, digest, der(0xA0, attributes), algorithm, der(OCTETS, signature))
    content = der(SEQUENCE, oid(TST_INFO), der(0xA0, der(OCTETS, info)))
    certificates = der(0xA0, own.public_bytes(serialization.Encoding.DER))
    signed = der(SEQUENCE, integer(3), der(SET, digest), content, certificates, der(SET, signer))
    return der(SEQUENCE, oid(SIGNED_DATA), der(0xA0, signed))


def _attributes(info: bytes, own: x509.Certificate) -> list[bytes]:
    hashed = der(OCTETS, sha256(own.public_bytes(serialization.Encoding.DER)).digest())
    return [
        der(SEQUENCE, oid(CONTENT_TYPE), der(SET, oid(TST_INFO))),
        der(SEQUENCE, oid(MESSAGE_DIGEST), der(SET, der(OCTETS, sha256(info).digest()))),
        der(SEQUENCE, oid(SIGNING_CERTIFICATE), der(SET, der(SEQUENCE, der(SEQUENCE, der(SEQUENCE, hashed))))),
    ]
