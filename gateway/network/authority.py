"""
The authority's work: enter participants, change their standing, let two officers publish.

`publish` lets two officers sign the draft into `publication/`, which is carried to the gateway; all else but `create` changes
the draft alone, which is trusted by nobody: only what is signed is. Nobody is ever taken off the list, so an id is never given
to another. Spec: schemas/directory.md, "Enrolment", "Life of keys", "Publication"; schemas/relay.md, "Peering".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from gateway.directory.entries import GROUP_PATTERN, WhoIsWho, encode_revocations, encode_who
from gateway.directory.publication import make_revocations_files, make_targets_files
from gateway.directory.repository import newest_version
from gateway.directory.roles import TufRole
from gateway.errors import Rejected
from gateway.ids import Address, KeyId, Network
from gateway.network.entering import Decision, asked, entered, refuse_strange
from gateway.network.files import replace_file
from gateway.network.founding import Plan, found
from gateway.network.officers import Officer, destroy_old, open_officers
from gateway.network.peering import with_peer, without_peer
from gateway.network.request import decode_request, fingerprint
from gateway.network.standing import Revoke, entry_of, reenrolled, resumed, revoked, suspended
from gateway.network.state import AuthorityFolder, Draft
from gateway.trust.publication import read_publication

if TYPE_CHECKING:
    from gateway.directory.peers import Peer
    from gateway.directory.publication import RoleHolders

__all__ = ["Added", "Authority", "in_order", "numbered", "publish_signed"]

_WRITTEN: Final = ("targets/", "cards/", TufRole.ROOT, TufRole.REVOCATIONS, TufRole.TARGETS)  # folders, and roles of metadata


@dataclass(frozen=True, slots=True)
class Added:
    """Who was entered, and the fingerprint of the request that people compare."""

    address: Address
    fingerprint: str


class Authority:
    """
    The folder of a network's authority.

    Args:
        folder: As `create` made it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = AuthorityFolder(folder)

    @classmethod
    def create(cls, folder: Path, plan: Plan, gateway_request: bytes, passphrases: Sequence[bytes], now: float) -> Authority:
        """Make a network; see `gateway.network.founding.found`."""
        found(folder, plan, gateway_request, passphrases, now)
        return cls(folder)

    @property
    def network(self) -> Network:
        """Its name."""
        return self._folder.network

    @property
    def who(self) -> WhoIsWho:
        """The draft of who is who."""
        return self._folder.draft().who

    @property
    def draft(self) -> Draft:
        """Who is who and revocations, as they are published next."""
        return self._folder.draft()

    def add(self, request: bytes, decision: Decision, now: float) -> Added:
        """
        Enter a participant into the draft.

        Args:
            request: Its `request.json`; compare the fingerprint with the participant before `publish`.
            decision: Roles, clearance, kinds, and whether it comes back after a revocation.
            now: Unix seconds.

        Raises:
            Rejected: `network-differs`, `possession`, `card-bad`, `key-taken` (a key or the id stands in the directory
                already), `config` (an unknown role or network, or a participant that cannot come back); the draft is unchanged.
        """
        paper = decode_request(request)
        path = f"cards/{paper.participant}/key"
        draft = self._folder.draft()
        refuse_strange(draft.who, decision)
        if decision.again:
            entry, card = asked(draft.who.network, paper, decision, now)
            draft = reenrolled(draft, entry, card, self._folder.cards().get(path))
        else:
            draft = Draft(entered(draft.who, paper, decision, now), draft.revocations)
        directory = self._folder.view(draft, {path: paper.card})
        if path in directory.held_back:
            raise Rejected(f"the key card of {paper.address} cannot be used", code=directory.held_back[path])
        self._folder.write_card(path, paper.card)
        self._folder.write(draft)
        return Added(Address(paper.address), fingerprint(request))

    def set_group(self, name: str, members: Sequence[str]) -> None:
        """Make or replace a group; without members it is removed. All members must be enrolled, else `config`."""
        if not re.fullmatch(GROUP_PATTERN, name):
            hint = "group names have small letters, digits and hyphens, e.g. all-units"
            raise Rejected(f"not a group's name: {name[:64]!r}", code="config", hint=hint)
        draft = self._folder.draft()
        unknown = set(members) - {entry.participant for entry in draft.who.entries}
        if unknown:
            raise Rejected(f"not enrolled: {min(unknown)[:64]!r}", code="config", hint="name participants, e.g. NCB-QM")
        groups = {**draft.who.groups, name: tuple(members)}
        if not members:
            del groups[name]
        self._folder.write(Draft(msgspec.structs.replace(draft.who, groups=groups), draft.revocations))

    def suspend(self, participant: str) -> None:
        """Let a participant neither send nor receive for now; `config` for one that is not enrolled, or was revoked."""
        self._folder.write(suspended(self._folder.draft(), participant))

    def resume(self, participant: str) -> None:
        """Let a suspended participant take part again; `config` as for `suspend`."""
        self._folder.write(resumed(self._folder.draft(), participant))

    def revoke(self, participant: str, revoke: Revoke, now: float) -> None:
        """
        Revoke a participant with all its keys, or the keys that are named alone.

        Raises:
            Rejected: `config`: not enrolled, no key id, another's key, or a time in the future; the draft is unchanged.
        """
        draft = self._folder.draft()
        entry = entry_of(draft, participant)
        directory = self._folder.view(draft)
        for key in revoke.keys:
            record = directory.key(KeyId(bytes.fromhex(key))) if re.fullmatch("[0-9a-f]{32}", key) else None
            if record is not None and record.address != entry.address:
                raise Rejected(f"{key} is a key of {record.address}", code="config", hint="gateway network show")
        card = self._folder.cards().get(f"cards/{entry.participant}/key")
        self._folder.write(revoked(draft, participant, revoke, card, now))

    def add_peer(self, peer: Peer, *, replace: bool = False) -> None:
        """Name another network as a peer, or change what was said; errors as `gateway.network.peering.with_peer`."""
        self._folder.write(with_peer(self._folder.draft(), peer, self._folder.newest_root(), replace=replace))

    def remove_peer(self, network: str) -> None:
        """Let another network be a peer no more, from the publication on; `config` for one that is none."""
        self._folder.write(without_peer(self._folder.draft(), network))

    def publish(self, passphrases: Sequence[bytes] | Mapping[int, bytes], now: float) -> Path:
        """
        Let the officers sign the draft into `publication/`, one version above the last.

        Args:
            passphrases: Of officers 1, 2, ... or by the officers' numbers.
            now: Unix seconds; the revocations are due again within 72 h.

        Returns:
            The folder to carry to the gateway.
        """
        folder = self._folder
        officers = open_officers(folder.officers, numbered(passphrases), folder.state.officers())
        return publish_signed(folder, list(officers.values()), now)


def numbered(passphrases: Sequence[bytes] | Mapping[int, bytes]) -> Mapping[int, bytes]:
    """Return passphrases by officer; a sequence is that of officers 1, 2, ..."""
    return passphrases if isinstance(passphrases, Mapping) else dict(enumerate(passphrases, start=1))


def in_order(names: Iterable[str]) -> list[str]:
    """
    Return the names of a publication's files in the order of writing: by kind, then by version as a number.

    What metadata names comes before it, who signs before what is signed, and revocations before who is who: whoever looks
    meanwhile, or after the machine stopped, finds nobody back before his keys are gone.
    """
    return sorted(names, key=_place)


def _place(name: str) -> tuple[int, int, str]:
    folder, _, file = name.partition("/")
    if folder != "metadata":
        return _WRITTEN.index(f"{folder}/"), 0, name
    version, _, role = file.removesuffix(".json").partition(".")
    return _WRITTEN.index(TufRole(role)), int(version), name


def publish_signed(
    folder: AuthorityFolder, officers: Sequence[Officer], now: float, holders: RoleHolders | None = None
) -> Path:
    """
    Write what these officers sign into `publication/`; see `Authority.publish`.

    Args:
        folder: The authority's.
        officers: Who sign.
        now: Unix seconds.
        holders: To whom revocations and cards are delegated; None for those in force.
    """
    published = read_publication(folder.publication)
    draft = folder.draft()
    revocations = encode_revocations(draft.revocations)
    files = make_revocations_files(
        newest_version(published, TufRole.REVOCATIONS) + 1, revocations, [one.revocations for one in officers], now
    )
    files |= make_targets_files(
        newest_version(published, TufRole.TARGETS) + 1,
        encode_who(draft.who),
        holders or folder.state.holders(),
        [one.targets for one in officers],
        now,
    )
    files |= folder.roots() | folder.cards()
    for name in in_order(files):
        replace_file(folder.publication / name, files[name])
    destroy_old(folder.officers, folder.state.officers())
    return folder.publication
