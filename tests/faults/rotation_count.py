"""
The judgement over keys that were rotated under fire: from what stands on the disk and what was promised, in plain values.

Imports nothing of `gateway`. `HomeJudge` never lets a home sign with a key that nobody knows, or lose one that is sealed to;
`DirectoryJudge` wants every version, card and entry in the log, and keeps the word of every answer; `OfficeJudge` wants a
folder that verifies at every moment. Each remembers what it saw: nothing may go back.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final, NamedTuple

import msgspec

__all__ = ["DirectoryFacts", "DirectoryJudge", "HomeFacts", "HomeJudge", "OfficeFacts", "OfficeJudge"]

LABEL: Final = b"env1/directory\x00"


@dataclass(frozen=True, kw_only=True)
class HomeFacts:
    """
    One home and what the directory says of it; keys by their ids.

    Args:
        signs: The key that signs now, by use.
        waits: The key that is to sign next, by use.
        opens: Delivery keys whose secret is there.
        listed: Every key that the directory lists for it.
        good: Those that may sign, or be sealed to, now.
        sealed_to: Those of them that are delivery keys.
        serials: Of its key card and its delivery card.
    """

    signs: Mapping[str, str]
    waits: Mapping[str, str]
    opens: frozenset[str]
    listed: frozenset[str]
    good: frozenset[str]
    sealed_to: frozenset[str]
    serials: tuple[int, int]


class HomeJudge:
    """Looks at one home, again after each kill."""

    def __init__(self) -> None:
        self._last: HomeFacts | None = None

    def look(self, facts: HomeFacts, *, finished: bool = False) -> list[str]:
        """Return what is broken; at the end no key may wait, and none that signs may be closed."""
        faults = [f"signs with a key that nobody knows: {use}" for use, key in facts.signs.items() if key not in facts.listed]
        for use, key in facts.signs.items():
            successor = None if finished else facts.waits.get(use)
            if key not in facts.good and successor not in facts.good:
                faults.append(f"signs with a closed key and has no other: {use}")
        faults += [f"what is sealed to {key} is lost" for key in sorted(facts.sealed_to - facts.opens)]
        if self._last is not None:
            faults += [f"lost the delivery key {key}" for key in sorted(self._last.opens - facts.opens)]
            faults += [f"{key} is not listed any more" for key in sorted(self._last.listed - facts.listed)]
            faults += _fell("the serials", self._last.serials, facts.serials)
        if finished:
            faults += [f"a key still waits: {use}" for use in facts.waits]
            faults += [] if facts.sealed_to else ["nobody can seal to it"]
        self._last = facts
        return faults


@dataclass(frozen=True, kw_only=True)
class DirectoryFacts:
    """
    A directory that verified from the root, and the log over it.

    Args:
        version: Of the snapshot.
        snapshot: SHA-256 of the snapshot's metadata.
        roots: SHA-256 of each root's metadata, by version.
        who: `directory.json`.
        revocations: `revocations.json`.
        cards: The signed cards, by path.
        serials: Of these.
        leaves: All leaves of the log, in order.
    """

    version: int
    snapshot: bytes
    roots: Mapping[int, bytes]
    who: bytes
    revocations: bytes
    cards: Mapping[str, bytes]
    serials: Mapping[str, int]
    leaves: list[bytes]


class DirectoryJudge:
    """Looks at one directory, again after each kill."""

    def __init__(self) -> None:
        self._version = 0
        self.leaves = 0

    def look(self, facts: DirectoryFacts, promises: Iterable[str]) -> list[str]:
        """Return what is broken; `promises` are all lines of all lives."""
        readable = [msgspec.msgpack.decode(leaf[len(LABEL) :]) for leaf in facts.leaves if leaf.startswith(LABEL)]
        self.leaves = len(readable)
        faults = _fell("the version", (self._version,), (facts.version,))
        faults += [f"no leaf for {what}" for what, leaf in _wanted(facts) if leaf not in map(_comparable, readable)]
        faults += self._versions(facts, readable)
        cards = {(path, sha256(card).hexdigest()) for kind, path, card in _of(readable, "card")}
        for line in promises:
            match line.split():
                case ["answered", path, serial, digest] if len(digest) == 2 * sha256().digest_size:
                    if (path, digest) not in cards:
                        faults.append(f"an answered card has no leaf: {path} {serial}")
                    if facts.serials.get(path, 0) < int(serial):
                        faults.append(f"an answered card is gone: {path} {serial}")
                case ["served", version] if int(version) > facts.version:
                    faults.append(f"version {version} was served and is gone")
        self._version = facts.version
        return faults

    @staticmethod
    def _versions(facts: DirectoryFacts, readable: list[list[Any]]) -> list[str]:
        """Every version once, each above the one before, and nothing after the last."""
        numbers = [number for _, number, *_ in _of(readable, "version")]
        faults = [f"two views of version {number}" for number, count in Counter(numbers).items() if count > 1]
        if numbers != sorted(numbers) or (numbers and numbers[-1] != facts.version):
            faults.append("the versions in the log are not in order")
        if readable and readable[-1][0] != "version":
            faults.append("leaves without a version after them")
        return faults


@dataclass(frozen=True, kw_only=True)
class OfficeFacts:
    """
    An authority's folder.

    Args:
        refused: Why a gateway would not take the publication in; None where one that followed and one that is new both do.
        versions: Of root, targets and revocations in the publication.
        who: SHA-256 of the `directory.json` in it, in hex.
        revocations: Likewise.
        keys: Names of the officers' key files.
        in_force: Those that are used.
        over: Those that were used; one of a rotation that was not committed is neither.
        invited: Whether the invitation begins with the newest root.
    """

    refused: str | None
    versions: tuple[int, int, int]
    who: str
    revocations: str
    keys: frozenset[str]
    in_force: frozenset[str]
    over: frozenset[str]
    invited: bool


@dataclass
class OfficeJudge:
    """Looks at one authority's folder, again after each kill."""

    _versions: tuple[int, ...] = field(default=(0, 0, 0))

    def look(self, facts: OfficeFacts, promises: Iterable[str], *, finished: bool = False) -> list[str]:
        """Return what is broken; at the end the last draft is published, and nothing old is left."""
        drafts = [(who, revocations) for word, who, revocations in map(str.split, promises) if word == "draft"]
        faults = [] if facts.refused is None else [f"the publication is refused: {facts.refused}"]
        faults += _fell("a version", self._versions, facts.versions)
        faults += [f"a key in force is gone: {name}" for name in sorted(facts.in_force - facts.keys)]
        whos, rows = [who for who, _ in drafts], [row for _, row in drafts]
        if facts.who not in whos or facts.revocations not in rows:
            faults.append("the publication is no draft's")
        elif whos.index(facts.who) > _last(rows, facts.revocations):
            faults.append("who is who is newer than the revocations")
        if finished:
            faults += [] if (facts.who, facts.revocations) == drafts[-1] else ["the last draft is not published"]
            faults += [f"an old key is left: {name}" for name in sorted(facts.keys & facts.over)]
            faults += [] if facts.invited else ["the invitation begins with an old root"]
        self._versions = facts.versions
        return faults


class _Leaf(NamedTuple):
    kind: str
    rest: tuple[Any, ...]


def _of(readable: list[list[Any]], kind: str) -> list[list[Any]]:
    return [leaf for leaf in readable if leaf[0] == kind]


def _comparable(leaf: list[Any]) -> _Leaf:
    """Return a leaf in which JSON is compared by what it says."""
    kind, *rest = leaf
    return _Leaf(kind, (json.loads(rest[0]),) if kind in {"entry", "peer", "revocation"} else tuple(rest))


def _wanted(facts: DirectoryFacts) -> Iterable[tuple[str, _Leaf]]:
    """Yield what must have a leaf, because it is served now."""
    for entry in json.loads(facts.who)["entries"]:
        yield f"the entry of {entry['participant']}", _Leaf("entry", (entry,))
    for peer in json.loads(facts.who).get("peers", ()):
        yield f"the peer {peer['network']}", _Leaf("peer", (peer,))
    for row in json.loads(facts.revocations)["keys"]:
        yield f"the revocation of {row['key_id']}", _Leaf("revocation", (row,))
    for path, card in facts.cards.items():
        yield path, _Leaf("card", (path, card))
    for number, digest in facts.roots.items():
        yield f"root {number}", _Leaf("root", (number, digest))
    hashes = facts.snapshot, sha256(facts.who).digest(), sha256(facts.revocations).digest()
    yield f"version {facts.version}", _Leaf("version", (facts.version, *hashes))


def _fell(what: str, before: tuple[int, ...], now: tuple[int, ...]) -> list[str]:
    return [f"{what} fell from {before} to {now}"] if any(new < old for old, new in zip(before, now, strict=True)) else []


def _last(rows: list[str], row: str) -> int:
    return len(rows) - 1 - rows[::-1].index(row)
