"""
A peer's directory as a gateway holds it: taken as a whole from whoever brings it, never older than it was.

It comes in pieces, from anybody; `gateway.directory.mirror` says how far they verify. The whole is read as a home reads it: it
must be of the expected network, nothing in it may be older than what is held, and no card may have a lower serial.
What was verified last stays in use; `STALE_AFTER_S` says for how long mail is taken and sealed by it.
Spec: schemas/relay.md, "The directory of a peer".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.directory.cards import DeliveryCard, KeyCard, card_path
from gateway.directory.metadata import read_repository, root_chain
from gateway.directory.mirror import ROOT_FILE, Look, look
from gateway.directory.roles import AUTHORITY_ROLES, TIMESTAMP_FILE, TufRole, metadata_file
from gateway.directory.view import Directory, build_from
from gateway.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.ids import Network

__all__ = ["STALE_AFTER_S", "Brought", "Copy", "Expected", "bring", "read_copy"]

STALE_AFTER_S: Final = 7 * 86_400  # after the timestamp expired: as long as a home seals without a fresh directory


@dataclass(frozen=True, slots=True)
class Expected:
    """Whose directory it must be: the network, whether it is an exercise, and the root that is pinned for it."""

    network: Network
    exercise: bool
    root: bytes


@dataclass(frozen=True, slots=True)
class Copy:
    """
    A peer's directory that verified as a whole.

    Args:
        files: By name; those of the version before too, for a home in the middle of a refresh.
        look: See `Look`; nothing is missing.
        directory: What it says.
    """

    files: Mapping[str, bytes]
    look: Look
    directory: Directory

    @property
    def of_version(self) -> dict[str, bytes]:
        """The files of this version alone."""
        return {name: self.files[name] for name in self.look.names}


@dataclass(frozen=True, slots=True)
class Brought:
    """
    What became of files that somebody brought.

    Args:
        look: How far they verify, with what is held.
        files: Those that are not held yet and that a verified signature names: worth keeping until the rest comes.
        copy: The whole; None while something is missing.
    """

    look: Look
    files: Mapping[str, bytes]
    copy: Copy | None


def read_copy(files: Mapping[str, bytes], expected: Expected) -> Copy:
    """
    Verify a whole repository, however old.

    Raises:
        Rejected: `directory-untrusted`, `directory-rollback`, `network-differs` or `key-taken`.
    """
    directory = build_from(read_repository(files, expected.root, None))
    if (directory.network, directory.exercise) != (expected.network, expected.exercise):
        here = f"{directory.network}, exercise {directory.exercise}"
        raise Rejected(f"a directory of {here}; expected {expected.network}, {expected.exercise}", code="network-differs")
    return Copy(files, look(files, expected.root, None), directory)


def bring(
    copy: Copy | None, kept: Mapping[str, bytes], brought: Mapping[str, bytes], expected: Expected, now: float
) -> Brought:
    """
    Take in files that somebody brought.

    Args:
        copy: What is held; None before the first.
        kept: `Brought.files` of an earlier time, while not all was there.
        brought: File name to bytes; what nothing names is passed over. Without any timestamp nothing is judged.
        expected: Whose directory it must be.
        now: Unix seconds.

    Raises:
        Rejected: `directory-untrusted`, `directory-rollback`, `directory-expired`, `network-differs`, `key-taken` or
            `card-serial`; what is held stays as it is.
    """
    held = {} if copy is None else copy.files
    roots = {name: data for name, data in held.items() if ROOT_FILE.fullmatch(name)}
    files = {**held, **kept, **brought, **roots}
    if TIMESTAMP_FILE not in brought and TIMESTAMP_FILE not in kept:
        return Brought(_without_timestamp(roots, expected.root), {}, None)
    if copy is not None and not _is_news(copy, files):
        return Brought(copy.look, {}, copy)
    found = look(files, expected.root, now, brought.keys())
    if not found.metas and not all(name == TIMESTAMP_FILE or ROOT_FILE.fullmatch(name) for name in brought):
        # Who brings the timestamp alone asks what is wanted; who brings more says that it is the directory.
        raise Rejected("the timestamp is not signed by the keys of the newest root", code="directory-untrusted")
    if copy is not None:
        _check_not_older(copy, found, files)
    used = {name: files[name] for name in found.names.difference(found.missing)}
    news = {name: data for name, data in used.items() if held.get(name) != data}
    if found.missing:
        return Brought(found, news, None)
    whole = read_copy(used, expected)
    if copy is not None:
        _check_serials(copy.directory, whole.directory)
        before = {name: held[name] for name in copy.look.names if name in held}
        whole = Copy({**before, **used}, whole.look, whole.directory)
    return Brought(found, news, whole)


def _is_news(copy: Copy, files: Mapping[str, bytes]) -> bool:
    """Say whether there is another timestamp, or the next root."""
    next_root = metadata_file(TufRole.ROOT, copy.look.root + 1)
    return files[TIMESTAMP_FILE] != copy.files[TIMESTAMP_FILE] or next_root in files


def _without_timestamp(roots: Mapping[str, bytes], root: bytes) -> Look:
    newest = root_chain(roots, root)
    return Look(root=newest.version, numbering=frozenset(), missing=(TIMESTAMP_FILE,))


def _check_not_older(copy: Copy, found: Look, files: Mapping[str, bytes]) -> None:
    """Refuse what is older than what is held; where other keys number, their numbers begin anew, the authority's never do."""
    held = copy.look
    numbered = found.numbering == held.numbering
    if numbered and 0 < found.timestamp <= held.timestamp and files[TIMESTAMP_FILE] != copy.files[TIMESTAMP_FILE]:
        raise Rejected(f"timestamp {found.timestamp}, {held.timestamp} is held", code="directory-rollback")
    for role, meta in found.metas.items():
        before = held.metas[role]
        if not numbered and role not in AUTHORITY_ROLES:
            continue
        if meta.version < before.version:
            raise Rejected(f"{role} {meta.version}, {before.version} is held", code="directory-rollback")
        if meta.version == before.version and meta.hashes != before.hashes:
            raise Rejected(f"another {role} {meta.version} than the one that is held", code="directory-untrusted")


def _check_serials(before: Directory, after: Directory) -> None:
    cards: list[KeyCard | DeliveryCard] = [*before.key_cards.values(), *before.delivery_cards.values()]
    held = {card_path(card): card.serial for card in cards}
    news: list[KeyCard | DeliveryCard] = [*after.key_cards.values(), *after.delivery_cards.values()]
    for card in news:
        if card.serial < held.get(card_path(card), 0):
            raise Rejected(f"{card_path(card)} has serial {card.serial}, {held[card_path(card)]} is held", code="card-serial")
