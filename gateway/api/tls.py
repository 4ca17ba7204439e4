"""TLS of a listener, as a section of a configuration says it: the participants', the operators', a relay's, a witness's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from gateway.api.listener import tls_context

if TYPE_CHECKING:
    import ssl
    from pathlib import Path

__all__ = ["TlsFiles", "tls_of"]


class TlsFiles(Protocol):
    """Where the PEM files of a listener lie."""

    @property
    def tls_certificate(self) -> Path | None:
        """The chain; None speaks plain HTTP."""

    @property
    def tls_key(self) -> Path | None:
        """Its private key."""

    @property
    def client_ca(self) -> Path | None:
        """Whose certificates clients must show; None asks for none."""


def tls_of(files: TlsFiles) -> ssl.SSLContext | None:
    """Return what a listener shows on the line; None where it speaks plain HTTP. Fails as `tls_context` does."""
    if files.tls_certificate is None or files.tls_key is None:
        return None
    return tls_context(files.tls_certificate, files.tls_key, files.client_ca)
