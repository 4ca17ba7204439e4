"""TLS: does the key belong to the certificate, is the chain one, and how long does it last?"""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from gateway.doctor.finding import Finding, fail, ok, warn

__all__ = ["chain", "expiry", "key_fits", "look"]

_DAY_S: Final = 86_400
WARN_S: Final = 21 * _DAY_S
_MEND_FILE: Final = "put the leaf first, then its issuers, in PEM"


def look(certificate: Path, key: Path, client_ca: Path | None, now: float) -> list[Finding]:
    """Look at the TLS files of a listener."""
    findings = [key_fits(certificate, key)]
    for name, file in (("tls", certificate), ("tls.client-ca", client_ca)):
        if file is None:
            continue
        try:
            certificates = x509.load_pem_x509_certificates(file.read_bytes())
        except (OSError, ValueError) as exc:
            findings.append(fail(f"{name}.file", f"{file}: {type(exc).__name__}", _MEND_FILE))
            continue
        findings.append(expiry(f"{name}.expiry", certificates, now))
        if file is certificate:
            findings.append(chain(certificates))
    return findings


def key_fits(certificate: Path, key: Path) -> Finding:
    """Look whether a listener could use both files together."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as exc:
        reason = getattr(exc, "reason", None) or type(exc).__name__
        return fail("tls.key", f"{certificate} and {key}: {reason}", "give the key that the certificate was made for")
    return ok("tls.key", "the key belongs to the certificate")


def expiry(check: str, certificates: list[x509.Certificate], now: float) -> Finding:
    """Judge when the first certificate of a file ends."""
    first = min(certificates, key=lambda one: one.not_valid_after_utc)
    left_s = first.not_valid_after_utc.timestamp() - now
    seen = f"{first.subject.rfc4514_string()} ends {first.not_valid_after_utc:%Y-%m-%d}"
    if left_s <= 0:
        return fail(check, seen, "renew it now: nobody can connect")
    if any(one.not_valid_before_utc.timestamp() > now for one in certificates):
        return fail(check, "a certificate is not good yet", "compare the clock, or wait")
    return warn(check, seen, "renew it") if left_s < WARN_S else ok(check, seen)


def chain(certificates: list[x509.Certificate]) -> Finding:
    """Judge whether each certificate is issued by the next one."""
    for place, one in enumerate(certificates[1:]):
        try:
            certificates[place].verify_directly_issued_by(one)
        except (ValueError, TypeError, InvalidSignature):
            return fail("tls.chain", f"certificate {place + 1} is not issued by certificate {place + 2}", _MEND_FILE)
    last = certificates[-1]
    if len(certificates) == 1 and last.issuer == last.subject:
        return warn("tls.chain", "self-signed", "participants must have this certificate: gateway tls; better one of a CA")
    return ok("tls.chain", f"{len(certificates)} certificates, up to one issued by {last.issuer.rfc4514_string()}")
