"""
What the authority's folder holds, and under which names.

`authority.json` says which keys hold which role, and which generation of each officer's key files and which root is in force:
replacing it is the moment at which a rotation has happened. Drafts (`directory.json`, `revocations.json`, `cards/`) are trusted
by nobody; only what stands in `publication/` is signed. `root.json` stays the first root, where all trust starts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal, NamedTuple

import msgspec
from msgspec import Meta, Struct

from gateway.directory.entries import (
    Revocations,
    WhoIsWho,
    decode_revocations,
    decode_who,
    encode_revocations,
    encode_who,
)
from gateway.directory.publication import RoleHolders
from gateway.directory.roles import TufRole, metadata_file
from gateway.directory.view import Directory, build
from gateway.errors import Rejected
from gateway.ids import Network
from gateway.message.codec import decode
from gateway.network.files import read_file, replace_file
from gateway.network.request import OnlineHex
from gateway.trust.publication import read_publication

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["INVITATION_FILE", "PUBLICATION", "ROOT_FILE", "STATE_FILE", "AuthorityFolder", "Draft", "State"]

ROOT_FILE: Final = "root.json"
INVITATION_FILE: Final = "invitation.json"
PUBLICATION: Final = "publication"
STATE_FILE: Final = "authority.json"
_WHO_FILE: Final = "directory.json"
_REVOCATIONS_FILE: Final = "revocations.json"
_OFFICERS: Final = "officers"
_ROOTS: Final = "roots"
_FIRST: Final = 1  # generation of key files, version of the root
_Hex32 = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
_Count = Annotated[int, Meta(ge=1)]


class State(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    Who holds which role now.

    Args:
        form: Of this file.
        network: Its name.
        root: The officers' root keys, in the officers' order.
        targets: Their keys for who is who.
        revocations: Their keys for revocations.
        online: The gateway's role keys.
        generations: Which of its key files each officer uses; empty for the first of everybody.
        root_version: Of the root in force.
    """

    form: Literal["authority-1"] = "authority-1"
    network: str
    root: tuple[_Hex32, ...]
    targets: tuple[_Hex32, ...]
    revocations: tuple[_Hex32, ...]
    online: OnlineHex
    generations: tuple[_Count, ...] = ()
    root_version: _Count = _FIRST

    @classmethod
    def of(cls, network: str, holders: RoleHolders) -> State:
        """Return the state of a new network."""
        return cls(
            network=network,
            root=_hex(holders.root),
            targets=_hex(holders.targets),
            revocations=_hex(holders.revocations),
            online=OnlineHex.of(holders.online),
        )

    def holders(self) -> RoleHolders:
        """Return the public keys of all roles."""
        return RoleHolders(
            root=tuple(bytes.fromhex(key) for key in self.root),
            targets=tuple(bytes.fromhex(key) for key in self.targets),
            revocations=tuple(bytes.fromhex(key) for key in self.revocations),
            online=self.online.public(),
        )

    def rotated(self, holders: RoleHolders, generations: dict[int, int]) -> State:
        """Return the state after a new root: other holders, the next root, the generations in force."""
        return msgspec.structs.replace(
            State.of(self.network, holders),
            generations=tuple(generations[number] for number in sorted(generations)),
            root_version=self.root_version + 1,
        )

    def officers(self) -> dict[int, int]:
        """Return the generation of key files in force, by officer, from 1."""
        numbers = range(1, len(self.root) + 1)
        return dict(zip(numbers, self.generations or (_FIRST,) * len(self.root), strict=True))


class Draft(NamedTuple):
    """What is published next: who is who, and which keys are revoked."""

    who: WhoIsWho
    revocations: Revocations


class AuthorityFolder:
    """
    The files of one authority.

    Args:
        path: As `Authority.create` made it; `home-missing` where there is none.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not (path / STATE_FILE).is_file():
            raise Rejected(f"no authority in {path}", code="home-missing", hint="make one: gateway network init")
        self.state = decode(read_file(path / STATE_FILE), State)

    @property
    def network(self) -> Network:
        """Its name."""
        return Network(self.state.network)

    @property
    def officers(self) -> Path:
        """The folder of the officers' key files."""
        return self.path / _OFFICERS

    @property
    def publication(self) -> Path:
        """The folder that is carried to gateways."""
        return self.path / PUBLICATION

    def root(self) -> bytes:
        """Return the first root: what everything is verified from."""
        return read_file(self.path / ROOT_FILE)

    def roots(self) -> dict[str, bytes]:
        """Return every root in force so far, by its name in a publication."""
        later = {version: self._root_path(version) for version in range(_FIRST + 1, self.state.root_version + 1)}
        found = {metadata_file(TufRole.ROOT, version): read_file(path) for version, path in later.items()}
        return {metadata_file(TufRole.ROOT, _FIRST): self.root(), **found}

    def newest_root(self) -> bytes:
        """Return the root in force."""
        return self.root() if self.state.root_version == _FIRST else read_file(self._root_path(self.state.root_version))

    def commit(self, state: State, root: bytes) -> None:
        """Put a new root and its holders in force: all or nothing, whenever the machine stops."""
        replace_file(self._root_path(state.root_version), root)
        replace_file(self.path / STATE_FILE, msgspec.json.encode(state))
        self.state = state

    def draft(self) -> Draft:
        """Return what is published next."""
        who = decode_who(read_file(self.path / _WHO_FILE))
        return Draft(who, decode_revocations(read_file(self.path / _REVOCATIONS_FILE)))

    def write(self, draft: Draft) -> None:
        """Replace the draft: revocations first, for a participant must not come back before its keys are gone."""
        for name, data in self.drafted(draft).items():
            replace_file(self.path / name, data)

    @staticmethod
    def drafted(draft: Draft) -> dict[str, bytes]:
        """Return the files of a draft by name."""
        return {_REVOCATIONS_FILE: encode_revocations(draft.revocations), _WHO_FILE: encode_who(draft.who)}

    def cards(self) -> dict[str, bytes]:
        """Return the key cards that requests brought; later ones are published by their holders."""
        return {path: data for path, data in read_publication(self.path).items() if path.startswith("cards/")}

    def write_card(self, path: str, card: bytes) -> None:
        """Keep the key card of a request."""
        replace_file(self.path / path, card)

    def view(self, draft: Draft, cards: dict[str, bytes] | None = None) -> Directory:
        """Return a draft as homes will read it; raises what they would."""
        who, revocations = encode_who(draft.who), encode_revocations(draft.revocations)
        return build(self.network, 0, who, self.cards() | (cards or {}), revocations)

    def _root_path(self, version: int) -> Path:
        return self.path / _ROOTS / f"{version}.root.json"


def _hex(keys: tuple[bytes, ...]) -> tuple[str, ...]:
    return tuple(key.hex() for key in keys)
