"""
The online side of the directory: a gateway takes in what the authority published and signs cards, snapshot and timestamp.

All files are kept by name (`metadata/3.targets.json`, `targets/<sha256>.directory.json`) in one mapping, the gateway's
ledger; each function takes that mapping and returns the files to add, so one commit publishes them all or none.
A version never goes down here: what is older than what is at hand is refused and nothing changes.
Spec: schemas/directory.md, "The gateway's part".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tuf.api.metadata import MetaFile, Root, Snapshot, Targets, Timestamp

from gateway.directory.entries import decode_who
from gateway.directory.metadata import parse, read_repository, sign_metadata, target_info, target_name, utc
from gateway.directory.publication import OnlinePublic
from gateway.directory.reenrolment import replaced_cards
from gateway.directory.roles import DIRECTORY_PATH, LIFETIME_S, TIMESTAMP_FILE, RoleKey, TufRole, metadata_file
from gateway.directory.view import build_from
from gateway.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tuf.api.metadata import Signed, TargetFile

__all__ = ["OnlineSigner", "newest_version", "superseded"]

RESUME_VERSIONS: Final = 1_000_000  # more cards and timestamps than a gateway has signed since any backup of it
_KEEP_VERSIONS: Final = 3  # a home in the middle of a refresh still finds the snapshot that it began with
_VERSIONED: Final = re.compile(r"metadata/(\d{1,10})\.([a-z]+)\.json")
_CARD_FILE: Final = re.compile(r"cards/[^/]+/(key|delivery)")


def newest_version(files: Mapping[str, bytes], role: TufRole) -> int:
    """Return the highest version of a role's metadata at hand; 0 when there is none."""
    found = (_VERSIONED.fullmatch(name) for name in files)
    return max((int(match[1]) for match in found if match and match[2] == role), default=0)


def superseded(files: Mapping[str, bytes]) -> list[str]:
    """
    Name the files that no refresh can still ask for: old metadata and targets that no kept version names.

    Roots stay for ever: a home that was away for years walks through all of them.
    """
    keep: set[str] = {TIMESTAMP_FILE}
    for role in (TufRole.SNAPSHOT, TufRole.TARGETS, TufRole.REVOCATIONS, TufRole.CARDS):
        newest = newest_version(files, role)
        for name in (metadata_file(role, version) for version in range(max(1, newest - _KEEP_VERSIONS + 1), newest + 1)):
            if name not in files:
                continue
            keep.add(name)
            if role != TufRole.SNAPSHOT:
                keep.update(target_name(info) for info in parse(Targets, files[name]).signed.targets.values())
    return [name for name in files if name not in keep and not name.endswith(f".{TufRole.ROOT}.json")]


class OnlineSigner:
    """
    Signs what a gateway may sign.

    Args:
        snapshot: Key of the snapshot role.
        timestamp: Key of the timestamp role.
        cards: Key of the delegated role `cards`.
        older: Keys before these, newest first: they sign until the authority has published the new ones.
    """

    def __init__(
        self, *, snapshot: RoleKey, timestamp: RoleKey, cards: RoleKey, older: Mapping[TufRole, Sequence[RoleKey]] | None = None
    ) -> None:
        newest = {TufRole.SNAPSHOT: snapshot, TufRole.TIMESTAMP: timestamp, TufRole.CARDS: cards}
        self._keys = {role: (key, *(older or {}).get(role, ())) for role, key in newest.items()}

    @property
    def public(self) -> OnlinePublic:
        """The public halves of the newest keys, for the authority's root and targets."""
        return OnlinePublic(**{str(role): keys[0].public for role, keys in self._keys.items()})

    def import_publication(
        self, files: Mapping[str, bytes], publication: Mapping[str, bytes], root: bytes, now: float
    ) -> dict[str, bytes]:
        """
        Take in what the authority signed.

        Args:
            files: What is at hand; empty at the first start.
            publication: The authority's files by name; key cards of new participants stand under their paths.
            root: The root of this gateway's configuration; everything must verify from it with its thresholds.
            now: Unix seconds.

        Returns:
            The files to add; empty when the publication has nothing new.

        Raises:
            Rejected: `directory-rollback` (older than what is at hand), `directory-untrusted`, `directory-expired`.
        """
        _check_not_older(files, publication)
        news = {name: data for name, data in _newest_of_authority(publication).items() if name not in files}
        present = _targets(files, TufRole.CARDS)
        brought = {path: data for path, data in publication.items() if _CARD_FILE.fullmatch(path)}
        cards = {path: data for path, data in brought.items() if path not in present}
        cards |= _reenrolled({**files, **news}, present, brought)
        if not news and not cards:
            return {}
        news.update(self._cards({**files, **news}, cards, now))
        news.update(self._seal({**files, **news}, now))
        # Nothing is published that a home would refuse: the whole is read as a home reads it.
        directory = build_from(read_repository({**files, **news}, root, now))
        unusable = [path for path in cards if path in directory.held_back]
        if unusable:
            raise Rejected(f"the publication brings {unusable[0]}, which cannot be used", code=directory.held_back[unusable[0]])
        return news

    def add_card(self, files: Mapping[str, bytes], path: str, data: bytes, now: float) -> dict[str, bytes]:
        """
        Publish one card that `gateway.directory.registrar` found good.

        Args:
            files: What is at hand.
            path: `cards/NCB-QM/key` or `cards/NCB-QM/delivery`.
            data: The signed card.
            now: Unix seconds.

        Returns:
            The files to add: the card, new cards, snapshot and timestamp metadata.
        """
        return self.add_cards(files, {path: data}, now)

    def add_cards(self, files: Mapping[str, bytes], cards: Mapping[str, bytes], now: float) -> dict[str, bytes]:
        """Publish several cards at once; see `add_card`."""
        unknown = [path for path in cards if not _CARD_FILE.fullmatch(path)]
        if unknown:
            raise Rejected(f"not the path of a card: {unknown[0][:80]!r}", code="card-bad")
        news = self._cards(files, cards, now)
        return {**news, **self._seal({**files, **news}, now)}

    def refresh(self, files: Mapping[str, bytes], now: float) -> dict[str, bytes]:
        """Sign again what has lived for half its time; empty when nothing is due."""
        if _due(parse(Snapshot, _newest(files, TufRole.SNAPSHOT)).signed, TufRole.SNAPSHOT, now) or _due(
            parse(Targets, _newest(files, TufRole.CARDS)).signed, TufRole.CARDS, now
        ):
            return self.add_cards(files, {}, now)
        if _due(parse(Timestamp, files[TIMESTAMP_FILE]).signed, TufRole.TIMESTAMP, now):
            return self._timestamp(files, now)
        return {}

    def resume(self, files: Mapping[str, bytes], now: float) -> dict[str, bytes]:
        """Sign all anew after a restore, with versions above any that the lost gateway can have given out."""
        news = self._cards(files, {}, now, RESUME_VERSIONS)
        return {**news, **self._seal({**files, **news}, now, RESUME_VERSIONS)}

    def _key(self, role: TufRole, files: Mapping[str, bytes]) -> RoleKey:
        """Return the newest key here that the authority lists for a role; the newest where it lists none of them."""
        listed = _listed(files, role)
        return next((key for key in self._keys[role] if key.public in listed), self._keys[role][0])

    def _cards(self, files: Mapping[str, bytes], cards: Mapping[str, bytes], now: float, step: int = 1) -> dict[str, bytes]:
        infos = {path: target_info(path, data) for path, data in cards.items()}
        version = newest_version(files, TufRole.CARDS) + step
        role = Targets(
            version=version,
            expires=utc(now + LIFETIME_S[TufRole.CARDS]),
            targets={**_targets(files, TufRole.CARDS), **infos},
        )
        news = {target_name(infos[path]): data for path, data in cards.items()}
        news[metadata_file(TufRole.CARDS, version)] = sign_metadata(role, [self._key(TufRole.CARDS, files)])
        return news

    def _seal(self, files: Mapping[str, bytes], now: float, step: int = 1) -> dict[str, bytes]:
        version = newest_version(files, TufRole.SNAPSHOT) + step
        meta = {
            f"{role}.json": MetaFile.from_data(newest_version(files, role), _newest(files, role), ["sha256"])
            for role in (TufRole.TARGETS, TufRole.REVOCATIONS, TufRole.CARDS)
        }
        snapshot = Snapshot(version=version, expires=utc(now + LIFETIME_S[TufRole.SNAPSHOT]), meta=meta)
        name = metadata_file(TufRole.SNAPSHOT, version)
        news = {name: sign_metadata(snapshot, [self._key(TufRole.SNAPSHOT, files)])}
        return {**news, **self._timestamp({**files, **news}, now, step)}

    def _timestamp(self, files: Mapping[str, bytes], now: float, step: int = 1) -> dict[str, bytes]:
        old = files.get(TIMESTAMP_FILE)
        data = _newest(files, TufRole.SNAPSHOT)
        timestamp = Timestamp(
            version=1 if old is None else parse(Timestamp, old).signed.version + step,
            expires=utc(now + LIFETIME_S[TufRole.TIMESTAMP]),
            snapshot_meta=MetaFile.from_data(newest_version(files, TufRole.SNAPSHOT), data, ["sha256"]),
        )
        return {TIMESTAMP_FILE: sign_metadata(timestamp, [self._key(TufRole.TIMESTAMP, files)])}


def _newest(files: Mapping[str, bytes], role: TufRole) -> bytes:
    try:
        return files[metadata_file(role, newest_version(files, role))]
    except KeyError as exc:
        raise Rejected(f"there is no {role} metadata yet; import a publication first", code="directory-untrusted") from exc


def _listed(files: Mapping[str, bytes], role: TufRole) -> set[bytes]:
    """Return the public keys that the newest root, or the newest targets for cards, list for a role."""
    if role is TufRole.CARDS:
        delegations = parse(Targets, _newest(files, TufRole.TARGETS)).signed.delegations
        if delegations is None or delegations.roles is None:
            return set()
        return {bytes.fromhex(delegations.keys[key].keyval["public"]) for key in delegations.roles[role].keyids}
    root = parse(Root, _newest(files, TufRole.ROOT)).signed
    return {bytes.fromhex(root.keys[key].keyval["public"]) for key in root.roles[role].keyids}


def _reenrolled(
    files: Mapping[str, bytes], present: Mapping[str, TargetFile], brought: Mapping[str, bytes]
) -> dict[str, bytes]:
    """Return the cards of participants whose identity key changed with this publication or an earlier one."""
    who = _targets(files, TufRole.TARGETS).get(DIRECTORY_PATH)
    if who is None or target_name(who) not in files:
        return {}
    published = {path: files[target_name(info)] for path, info in present.items() if target_name(info) in files}
    return replaced_cards(decode_who(files[target_name(who)]), published, brought)


def _targets(files: Mapping[str, bytes], role: TufRole) -> dict[str, TargetFile]:
    if newest_version(files, role) == 0:
        return {}
    return dict(parse(Targets, _newest(files, role)).signed.targets)


def _due(signed: Signed, role: TufRole, now: float) -> bool:
    return utc(now + LIFETIME_S[role] / 2) >= signed.expires


def _newest_of_authority(publication: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return every root, and the newest targets and revocations with the files that they name: older ones are history."""
    names = [name for name in publication if (match := _VERSIONED.fullmatch(name)) and match[2] == TufRole.ROOT]
    for role in (TufRole.TARGETS, TufRole.REVOCATIONS):
        names.append(metadata_file(role, newest_version(publication, role)))
        names.extend(target_name(info) for info in _targets(publication, role).values())
    return {name: publication[name] for name in names if name in publication}


def _check_not_older(files: Mapping[str, bytes], publication: Mapping[str, bytes]) -> None:
    for role in (TufRole.ROOT, TufRole.TARGETS, TufRole.REVOCATIONS):
        ours, theirs = newest_version(files, role), newest_version(publication, role)
        if theirs < ours:
            raise Rejected(f"the publication has {role} {theirs}, here is {ours} already", code="directory-rollback")
        name = metadata_file(role, ours)
        if theirs == ours and ours and publication[name] != files[name]:
            raise Rejected(f"the publication has another {role} {ours} than the one here", code="directory-untrusted")
