"""
What the authority has and what it has published, for people: no passphrase is needed and nothing is changed.

The draft shows what the next publication will say, the publication what two officers signed. Keys are those of the cards that
requests brought; later cards are published by their holders at a gateway. Spec: schemas/directory.md, "Warnings".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from gateway.directory.expiry import KEY_WARN_S, metadata_late
from gateway.directory.published import Published, verify_publication
from gateway.directory.repository import newest_version
from gateway.directory.roles import AUTHORITY_ROLES, TufRole
from gateway.errors import Rejected
from gateway.ids import Address
from gateway.network.files import read_file
from gateway.network.standing import entry_of
from gateway.network.state import PUBLICATION, ROOT_FILE, AuthorityFolder
from gateway.trust.publication import read_publication

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.directory.cards import KeyCard
    from gateway.directory.entries import Entry
    from gateway.directory.view import Directory

__all__ = ["KeyLine", "Overview", "ParticipantLine", "RoleLine", "overview", "published", "verify_folder"]


class RoleLine(Struct, frozen=True, kw_only=True):
    """A role of the publication; `late` when it is time to publish or to rotate."""

    role: str
    version: int
    expires: int
    late: bool


class KeyLine(Struct, frozen=True, kw_only=True):
    """A key that the authority knows; `revoked_at` and `reason` as the draft has them, else None."""

    use: str
    key_id: str
    not_before: int
    not_after: int
    revoked_at: int | None
    reason: str | None


class ParticipantLine(Struct, frozen=True, kw_only=True):
    """A participant: `status` of the draft, `published` of the publication, None where it is not in it yet."""

    address: str
    name: str
    status: str
    published: str | None
    roles: tuple[str, ...]
    clearance: str
    keys: tuple[KeyLine, ...]
    ends: int | None


class Overview(Struct, frozen=True, kw_only=True):
    """
    An authority at one glance.

    Args:
        network: Its name.
        exercise: True for a network for training.
        roles: Of the publication; empty before the first.
        waiting: Whether the draft differs from what is published.
        participants: All of them, or the one that was asked for.
        warnings: What needs somebody soon, in words.
    """

    network: str
    exercise: bool
    roles: tuple[RoleLine, ...]
    waiting: bool
    participants: tuple[ParticipantLine, ...]
    warnings: tuple[str, ...]


def overview(path: Path, now: float, participant: str | None = None) -> Overview:
    """
    Look at an authority's folder.

    Args:
        path: The folder.
        now: Unix seconds, for warnings.
        participant: Its id or address; None for all.

    Raises:
        Rejected: `config` (not enrolled), or the publication does not verify.
    """
    folder = AuthorityFolder(path)
    draft = folder.draft()
    view = folder.view(draft)
    signed = published(folder)
    entries = draft.who.entries if participant is None else (entry_of(draft, participant),)
    waiting = signed is None or (signed.who, signed.revocations) != draft
    lines = tuple(_line(entry, view, signed) for entry in entries)
    roles = _roles(signed, now) if signed else ()
    return Overview(
        network=draft.who.network,
        exercise=draft.who.exercise,
        roles=roles,
        waiting=waiting,
        participants=lines,
        warnings=(*_about_roles(roles, now), *_about_cards(lines, now)),
    )


def verify_folder(path: Path, now: float, root: Path | None = None) -> tuple[RoleLine, ...]:
    """
    Verify a publication as gateways and homes will: thresholds, hashes, ages, cards.

    Args:
        path: An authority's folder, or a publication that was carried somewhere.
        now: Unix seconds.
        root: The root to start from; None takes the authority's own.

    Raises:
        Rejected: `directory-untrusted`, `directory-expired`, `card-bad` and the like; `home-missing` without a root.
    """
    inside = path / PUBLICATION
    files = read_publication(inside if inside.is_dir() else path)
    signed = verify_publication(files, read_file(root or path / ROOT_FILE), now)
    for card, code in signed.held_back.items():
        raise Rejected(f"the publication brings {card}, which cannot be used", code=code)
    return _roles(signed, now)


def published(folder: AuthorityFolder) -> Published | None:
    """Return what two officers signed last, verified whatever its age; None before the first publication."""
    files = read_publication(folder.publication)
    if not newest_version(files, TufRole.TARGETS):
        return None
    return verify_publication(files, folder.root(), None)


def _roles(signed: Published, now: float) -> tuple[RoleLine, ...]:
    return tuple(
        RoleLine(
            role=role,
            version=signed.versions[role],
            expires=signed.expires[role],
            late=metadata_late(role, signed.expires[role], now),
        )
        for role in AUTHORITY_ROLES
    )


def _line(entry: Entry, view: Directory, signed: Published | None) -> ParticipantLine:
    card = view.key_cards.get(Address(entry.address))
    statuses = {one.address: one.status for one in signed.who.entries} if signed else {}
    return ParticipantLine(
        address=entry.address,
        name=entry.name,
        status=entry.status,
        published=statuses.get(entry.address),
        roles=entry.roles,
        clearance=entry.clearance,
        keys=_keys(card, view) if card else (),
        ends=card.expires if card else None,
    )


def _keys(card: KeyCard, view: Directory) -> tuple[KeyLine, ...]:
    revoked = [(record, view.revoked.get(record.key_id)) for record in card.records()]
    return tuple(
        KeyLine(
            use=record.use,
            key_id=record.key_id.hex(),
            not_before=record.not_before,
            not_after=record.not_after,
            revoked_at=found.at if found else None,
            reason=found.reason if found else None,
        )
        for record, found in revoked
    )


def _about_roles(roles: tuple[RoleLine, ...], now: float) -> list[str]:
    mend = {TufRole.ROOT: "gateway network rotate"}
    told = {True: "has expired", False: "expires soon"}
    return [
        f"{line.role} {told[line.expires <= now]}: {mend.get(TufRole(line.role), 'gateway network publish')}"
        for line in roles
        if line.late
    ]


def _about_cards(lines: tuple[ParticipantLine, ...], now: float) -> list[str]:
    return [
        f"the key card that {line.address} enrolled with ends soon or has ended: see that it published a newer one"
        for line in lines
        if line.status == "active" and line.ends is not None and line.ends - now < KEY_WARN_S
    ]
