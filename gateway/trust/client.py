"""
python-tuf's client as this project needs it: another clock, a fetching function, and a prefetch.

python-tuf reads the machine's clock and its own connections; here both are given. Foreign exceptions leave as the codes of
the error table. What a bundle brought is used once and verified like anything that was fetched.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from tuf.api.exceptions import DownloadError, DownloadHTTPError
from tuf.api.metadata import Targets
from tuf.ngclient import FetcherInterface, Updater

from gateway.directory.metadata import refusals, utc
from gateway.directory.roles import TufRole
from gateway.errors import GatewayError, Rejected, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tuf.api.metadata import TargetFile

__all__ = ["Fetcher", "TufClient", "translated"]

_BASE = "metadata/"


class Fetcher(FetcherInterface):
    """
    Hands python-tuf the bytes of `fetch`.

    Args:
        fetch: Path (`metadata/timestamp.json`) to bytes; Rejected `not-found` where there is no such file.
    """

    def __init__(self, fetch: Callable[[str], bytes]) -> None:
        self._get = fetch

    def _fetch(self, url: str) -> Iterator[bytes]:
        try:
            return iter((self._get(url),))
        except Rejected as exc:
            if exc.code != "not-found":
                raise
            # python-tuf learns from a 404 that there is no newer root.
            raise DownloadHTTPError(f"{url} is not there", 404) from exc


class TufClient(Updater):
    """One refresh of one cache folder; a new object for each refresh, as python-tuf asks."""

    def __init__(self, folder: Path, root: bytes, fetch: Callable[[str], bytes], now: float) -> None:
        super().__init__(str(folder), _BASE, fetcher=Fetcher(fetch), bootstrap=root)
        # Its reference time is the only clock that it has.
        self._trusted_set.reference_time = utc(now)

    def targets_of(self, role: str) -> dict[str, TargetFile]:
        """Return what a role that was loaded in this refresh says about its targets."""
        signed = self._trusted_set[role]
        return dict(signed.targets) if isinstance(signed, Targets) else {}

    def versions(self) -> dict[str, int]:
        """Return the version of each role that was loaded in this refresh."""
        return {role: self._trusted_set[role].version for role in TufRole if role in self._trusted_set}


@contextmanager
def translated() -> Iterator[None]:
    """Translate python-tuf's errors: what `fetch` raised comes out as it went in, all else as a code."""
    try:
        with refusals():
            yield
    except DownloadError as exc:
        cause = exc.__cause__
        # A file that is missing (404) is no attack: a gateway that has lost it may find it again.
        if isinstance(cause, GatewayError) and not isinstance(exc, DownloadHTTPError):
            raise cause from exc
        raise Unavailable(f"the directory cannot be fetched: {exc}") from exc
    except OSError as exc:
        raise Unavailable(f"the cache of the directory cannot be used: {exc.strerror}") from exc
