"""
The directory as a participant trusts it: what verifies from the root that it was given at enrolment, and nothing else.

A refresh either ends with a newer good copy or changes nothing: rollback, freeze, mixing of files, expiry, a lower serial and
another network are refused with their codes and the last good copy stays. With no fresh copy a home opens always and seals
for at most 7 days. Synchronous: call it in a thread. Two processes may share a folder.
Spec: schemas/directory.md, "Reading", "Offline".
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.directory.cards import card_path
from gateway.directory.metadata import Contents, read_repository, root_chain, target_name
from gateway.directory.roles import CARD_PATHS, DIRECTORY_PATH, REVOCATIONS_PATH, TufRole, metadata_file
from gateway.directory.view import Directory, build_from
from gateway.errors import Rejected, Unavailable
from gateway.trust.client import TufClient, translated
from gateway.trust.store import Copy, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from tuf.api.metadata import TargetFile

    from gateway.directory.cards import DeliveryCard, KeyCard
    from gateway.ids import Network

__all__ = ["SEAL_FOR_S", "Expected", "TrustedDirectory"]

SEAL_FOR_S: Final = 7 * 86_400  # for so long a home seals with what it has; it opens always


@dataclass(frozen=True, slots=True)
class Expected:
    """The one network that a home belongs to; an exercise and a real network never meet."""

    network: Network
    exercise: bool


class TrustedDirectory:
    """
    The verified directory of one home.

    Args:
        folder: Its cache, for it alone (0700).
        root: The root that was given at enrolment.
        fetch: Path (`metadata/timestamp.json`) to bytes; raises Rejected `not-found`, or Unavailable.
        clock: Unix seconds.
        bundle: Fetches many targets in one request, as far as it has them; None fetches them one by one.
        expected: The home's network; None takes what the root leads to.
    """

    def __init__(
        self,
        folder: Path,
        root: bytes,
        fetch: Callable[[str], bytes],
        clock: Callable[[], float],
        *,
        bundle: Callable[[Sequence[str]], Mapping[str, bytes]] | None = None,
        expected: Expected | None = None,
    ) -> None:
        self._root = root
        self._fetch = fetch
        self._clock = clock
        self._bundle = bundle
        self._expected = expected
        self._store = Store(folder)
        self._read: tuple[tuple[int, int], Directory] | None = None

    @property
    def age_s(self) -> float:
        """Seconds since a refresh last succeeded, in any process of this home; infinite before the first."""
        at = self._store.confirmed_at()
        # One in the future was noted before the clock was set back: it is no reason to look later.
        return math.inf if at is None else abs(self._clock() - at)

    def last(self) -> Directory | None:
        """
        Return the last good copy, however old, or None before the first refresh.

        Raises:
            Rejected: The copy on disk does not verify from the root: it was changed.
        """
        mark = self._store.mark()
        if mark is None:
            return None
        if self._read is None or self._read[0] != mark:
            copy = self._store.read()
            if copy is None:
                return None
            self._read = mark, self._checked(read_repository(copy.files, self._root, None))
        return self._read[1]

    def for_sealing(self, limit_s: float = SEAL_FOR_S) -> Directory:
        """
        Return the last good copy if it is fresh enough to seal with.

        Raises:
            Rejected: `directory-stale`, no refresh succeeded for `limit_s`.
        """
        directory = self.last()
        if directory is None or self.age_s > limit_s:
            raise Rejected(f"the directory is {self.age_s:.0f} s old, sealing needs {limit_s:.0f}", code="directory-stale")
        return directory

    def refresh(self) -> Directory:
        """
        Fetch what is new, verify it, and keep it.

        Raises:
            Rejected: `directory-rollback`, `directory-expired`, `directory-untrusted`, `card-serial`, `key-taken` or
                `network-differs`; the last good copy is what it was.
            Unavailable: It could not be fetched; likewise.
        """
        with self._store.locked():
            old = self._store.read() or Copy(files={}, serials={})
            with translated():
                files = self._fetched(old.files)
            directory = self.last() if files == old.files else self._kept(files, old)
            assert directory is not None  # the same files as before are there
            self._store.confirm(self._clock())
            return directory

    def _kept(self, files: dict[str, bytes], old: Copy) -> Directory:
        """Verify what is new and replace the copy. Not needed for the same files: python-tuf has checked their expiry."""
        directory = self._checked(read_repository(files, self._root, self._clock()))
        # A thief of the online keys could have counted far ahead: after their rotation the numbers begin where they were.
        if not old.files or self._numbering(files) == self._numbering(old.files):
            self._check_not_older(directory)
        self._store.write(Copy(files=files, serials=_serials(directory, old.serials)))
        mark = self._store.mark()
        self._read = (mark, directory) if mark is not None else None
        return directory

    def _check_not_older(self, directory: Directory) -> None:
        """Refuse a lower version even if python-tuf's own files were lost."""
        last = self.last()
        if last is not None and directory.version < last.version:
            raise Rejected(f"directory {directory.version}, {last.version} was seen", code="directory-rollback")

    def _numbering(self, files: Mapping[str, bytes]) -> frozenset[str]:
        """Return who numbers the versions: the keys that the newest root lists for the snapshot."""
        return frozenset(root_chain(files, self._root).roles[TufRole.SNAPSHOT].keyids)

    def _checked(self, contents: Contents) -> Directory:
        directory = build_from(contents)
        found = Expected(directory.network, directory.exercise)
        if self._expected is not None and found != self._expected:
            raise Rejected(f"this home belongs to {self._expected}, here is {found}", code="network-differs")
        return directory

    def _fetched(self, have: Mapping[str, bytes]) -> dict[str, bytes]:
        """Run python-tuf's client and return the files of the version that it verified."""
        client = TufClient(self._store.metadata, self._root, self._fetch, self._clock())
        try:
            client.refresh()
            # Asking for one path loads its role; a card that nobody has loads `cards`.
            client.get_targetinfo(REVOCATIONS_PATH)
            client.get_targetinfo(CARD_PATHS.replace("*", "none"))
        finally:
            self._store.protect()
        infos = [
            client.targets_of(TufRole.TARGETS)[DIRECTORY_PATH],
            client.targets_of(TufRole.REVOCATIONS)[REVOCATIONS_PATH],
            *client.targets_of(TufRole.CARDS).values(),
        ]
        return {**self._metadata(client.versions()), **self._targets(infos, have)}

    def _metadata(self, versions: Mapping[str, int]) -> dict[str, bytes]:
        """Return the metadata that python-tuf keeps, under the names that it has in a repository."""
        folder = self._store.metadata
        files = {f"metadata/{path.name}": path.read_bytes() for path in (folder / "root_history").glob("*.root.json")}
        for role in set(TufRole) - {TufRole.ROOT}:
            files[metadata_file(role, versions[role])] = (folder / f"{role}.json").read_bytes()
        return files

    def _targets(self, infos: Iterable[TargetFile], have: Mapping[str, bytes]) -> dict[str, bytes]:
        wanted = {target_name(info): info for info in infos}
        missing = [name for name in wanted if name not in have]
        bundled = self._bundle(missing) if self._bundle is not None and missing else {}
        files: dict[str, bytes] = {}
        for name, info in wanted.items():
            data = have.get(name) or bundled.get(name) or self._target(name)
            info.verify_length_and_hashes(data)
            files[name] = data
        return files

    def _target(self, name: str) -> bytes:
        try:
            return self._fetch(name)
        except Rejected as exc:
            if exc.code != "not-found":
                raise
            raise Unavailable(f"the gateway does not have {name}") from exc


def _serials(directory: Directory, seen: Mapping[str, int]) -> dict[str, int]:
    """Return the highest serials; a card that is held back or missing keeps the one that was seen."""
    serials = dict(seen)
    cards: list[KeyCard | DeliveryCard] = [*directory.key_cards.values(), *directory.delivery_cards.values()]
    for card in cards:
        path = card_path(card)
        if card.serial < serials.get(path, 0):
            raise Rejected(f"{path} has serial {card.serial}, {serials[path]} was seen", code="card-serial")
        serials[path] = card.serial
    return serials
