"""
The authority's folder: who is enrolled, in which groups, and what was published.

`create` makes officers' keys, root and invitation; `add` and `set_group` change the draft; `publish` lets two officers sign it
into `publication/`, which is carried to the gateway. The draft is never trusted by anybody: only what is signed is. Nobody is
ever taken off the list, so an id is never given twice. Spec: schemas/directory.md, "Enrolment", "Publication".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import UNSET, Struct

from gateway.directory.entries import (
    GATEWAY_ROLE,
    GROUP_PATTERN,
    Clearance,
    Entry,
    Revocations,
    Status,
    WhoIsWho,
    decode_revocations,
    decode_who,
    encode_revocations,
    encode_who,
)
from gateway.directory.publication import RoleHolders, make_revocations_files, make_root, make_targets_files
from gateway.directory.repository import newest_version
from gateway.directory.roles import TufRole, metadata_file
from gateway.directory.view import build
from gateway.envelope.keyfile import MODERATE, Cost
from gateway.errors import Rejected
from gateway.ids import Address, Network, network_of
from gateway.message.codec import decode
from gateway.network.enrolment import refuse_roles
from gateway.network.files import read_file, replace_file, write_new
from gateway.network.officers import Officer, holders_of, open_officers, refuse_shared, write_officers
from gateway.network.request import (
    Invitation,
    OnlineHex,
    Request,
    decode_invitation,
    decode_request,
    encode_paper,
    fingerprint,
    refuse_url,
    verify_request,
)
from gateway.trust.publication import read_publication

__all__ = ["INVITATION_FILE", "PUBLICATION", "ROOT_FILE", "Added", "Authority", "Decision", "Plan"]

ROOT_FILE: Final = "root.json"
INVITATION_FILE: Final = "invitation.json"
PUBLICATION: Final = "publication"
_STATE_FILE: Final = "authority.json"
_WHO_FILE: Final = "directory.json"
_REVOCATIONS_FILE: Final = "revocations.json"
_OFFICERS: Final = "officers"
_Hex32 = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]


class _State(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the folder is told when it is made: the public keys of all roles."""

    form: Literal["authority-1"] = "authority-1"
    network: str
    root: tuple[_Hex32, ...]
    targets: tuple[_Hex32, ...]
    revocations: tuple[_Hex32, ...]
    online: OnlineHex

    @classmethod
    def of(cls, network: str, holders: RoleHolders) -> _State:
        return cls(
            network=network,
            root=tuple(key.hex() for key in holders.root),
            targets=tuple(key.hex() for key in holders.targets),
            revocations=tuple(key.hex() for key in holders.revocations),
            online=OnlineHex.of(holders.online),
        )

    def holders(self) -> RoleHolders:
        return RoleHolders(
            root=tuple(bytes.fromhex(key) for key in self.root),
            targets=tuple(bytes.fromhex(key) for key in self.targets),
            revocations=tuple(bytes.fromhex(key) for key in self.revocations),
            online=self.online.public(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """
    A network to be made.

    Args:
        network: Its name.
        gateways: Base addresses, handed out with the invitation.
        exercise: True for a network for training.
        tls_ca: PEM of the CA that the gateways' certificates come from; None is one that systems trust.
        cost: What a guess at an officer's passphrase costs.
    """

    network: Network
    gateways: tuple[str, ...]
    exercise: bool = False
    tls_ca: str | None = None
    cost: Cost = MODERATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """
    What the authority decides about a request.

    Args:
        roles: What the participant may do; empty takes what it wished for.
        clearance: The highest confidentiality that it may be sent.
        kinds_accepted: Kinds that it takes; `*` for all.
    """

    roles: tuple[str, ...] = ()
    clearance: Clearance = "restricted"
    kinds_accepted: tuple[str, ...] = ("*",)


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
        self._folder = folder
        if not (folder / _STATE_FILE).is_file():
            raise Rejected(f"no authority in {folder}", code="home-missing", hint="make one: gateway network init")
        self._state = decode(read_file(folder / _STATE_FILE), _State)

    @classmethod
    def create(
        cls,
        folder: Path,
        plan: Plan,
        gateway_request: bytes,
        passphrases: Sequence[bytes],
        now: float,
    ) -> Authority:
        """
        Make a network: officers' keys, root and invitation; the gateway is its first participant.

        Args:
            folder: Must not have a network yet.
            plan: Name, addresses, exercise or not.
            gateway_request: `request.json` of `gateway enrol --as-gateway`.
            passphrases: One for each officer, at least two.
            now: Unix seconds.

        Raises:
            Rejected: `home-exists`, `passphrase` (fewer than two, or one twice), `malformed` (an address or CA that no home
                would take), or what is wrong with the request; nothing was made.
        """
        if (folder / _STATE_FILE).exists():
            raise Rejected(f"{folder} has a network already", code="home-exists")
        refuse_shared(passphrases)
        request = decode_request(gateway_request)
        if not isinstance(request.online, OnlineHex):
            raise Rejected("this is not the request of a gateway", code="card-bad")
        officers = [Officer.generate() for _ in passphrases]
        holders = holders_of(officers, request.online.public())
        root = make_root(1, holders, [officer.root for officer in officers if officer.root is not None], now)
        invitation = _invitation(plan, root)
        who = WhoIsWho(network=plan.network, exercise=plan.exercise, entries=(), groups={})
        draft = _entered(who, request, Decision(clearance="official-use-only", kinds_accepted=()), now)
        files = {
            _WHO_FILE: encode_who(draft),
            _REVOCATIONS_FILE: encode_revocations(Revocations(network=plan.network, keys=())),
            ROOT_FILE: root,
            INVITATION_FILE: invitation,
            f"{PUBLICATION}/{metadata_file(TufRole.ROOT, 1)}": root,
            f"cards/{request.participant}/key": request.card,
            _STATE_FILE: msgspec.json.encode(_State.of(plan.network, holders)),
        }
        write_officers(folder / _OFFICERS, officers, passphrases, plan.cost)
        write_new(folder, files)
        return cls(folder)

    @property
    def network(self) -> Network:
        """Its name."""
        return Network(self._state.network)

    @property
    def who(self) -> WhoIsWho:
        """The draft."""
        return decode_who(read_file(self._folder / _WHO_FILE))

    def add(self, request: bytes, decision: Decision, now: float) -> Added:
        """
        Enter a participant into the draft.

        Args:
            request: Its `request.json`; compare the fingerprint with the participant before `publish`.
            decision: Roles, clearance, kinds.
            now: Unix seconds.

        Raises:
            Rejected: `network-differs`, `possession`, `card-bad`, `key-taken` (a key or the id stands in the directory
                already), `config` (an unknown role); the draft is unchanged.
        """
        paper = decode_request(request)
        draft = _entered(self.who, paper, decision, now)
        path = f"cards/{paper.participant}/key"
        directory = build(self.network, 0, encode_who(draft), {**self._cards(), path: paper.card}, None)
        if path in directory.held_back:
            raise Rejected(f"the key card of {paper.address} cannot be used", code=directory.held_back[path])
        replace_file(self._folder / path, paper.card)
        replace_file(self._folder / _WHO_FILE, encode_who(draft))
        return Added(Address(paper.address), fingerprint(request))

    def set_group(self, name: str, members: Sequence[str]) -> None:
        """Make or replace a group; without members it is removed. All members must be enrolled, else `config`."""
        if not re.fullmatch(GROUP_PATTERN, name):
            hint = "group names have small letters, digits and hyphens, e.g. all-units"
            raise Rejected(f"not a group's name: {name[:64]!r}", code="config", hint=hint)
        unknown = set(members) - {entry.participant for entry in self.who.entries}
        if unknown:
            raise Rejected(f"not enrolled: {min(unknown)[:64]!r}", code="config", hint="name participants, e.g. NCB-QM")
        groups = {**self.who.groups, name: tuple(members)}
        if not members:
            del groups[name]
        replace_file(self._folder / _WHO_FILE, encode_who(msgspec.structs.replace(self.who, groups=groups)))

    def publish(self, passphrases: Sequence[bytes], now: float) -> Path:
        """
        Let the officers sign the draft into `publication/`, one version above the last.

        Args:
            passphrases: Of officer 1, officer 2, ...
            now: Unix seconds; the revocations are due again within 72 h.

        Returns:
            The folder to carry to the gateway.
        """
        officers = open_officers(self._folder / _OFFICERS, passphrases)
        published = read_publication(self._folder / PUBLICATION)
        revocations = encode_revocations(decode_revocations(read_file(self._folder / _REVOCATIONS_FILE)))
        files = make_revocations_files(
            newest_version(published, TufRole.REVOCATIONS) + 1, revocations, [one.revocations for one in officers], now
        )
        files |= make_targets_files(
            newest_version(published, TufRole.TARGETS) + 1,
            encode_who(self.who),
            self._state.holders(),
            [one.targets for one in officers],
            now,
        )
        files |= self._cards()
        # Targets first: who looks while this is written finds each file that the metadata names.
        for name in sorted(files, reverse=True):
            replace_file(self._folder / PUBLICATION / name, files[name])
        return self._folder / PUBLICATION

    def _cards(self) -> dict[str, bytes]:
        """Return the key cards that requests brought; later ones are published by their holders."""
        return {path: data for path, data in read_publication(self._folder).items() if path.startswith("cards/")}


def _invitation(plan: Plan, root: bytes) -> bytes:
    """Write the invitation; what no participant could use is refused here."""
    for url in plan.gateways:
        refuse_url(url)
    invitation = Invitation(
        network=plan.network,
        exercise=plan.exercise,
        root=root.decode(),
        gateways=plan.gateways,
        tls_ca=UNSET if plan.tls_ca is None else plan.tls_ca,
    )
    data = encode_paper(invitation)
    decode_invitation(data)
    return data


def _entered(who: WhoIsWho, request: Request, decision: Decision, now: float) -> WhoIsWho:
    """Return the list with one participant more; refuses an id that was ever given."""
    verify_request(request, now)
    roles = decision.roles or request.roles
    refuse_roles(roles)
    if (GATEWAY_ROLE in roles) != (GATEWAY_ROLE in request.roles):
        raise Rejected("a gateway's request makes a gateway, and no other does", code="config")
    if network_of(Address(request.address)) != who.network:
        raise Rejected(f"{request.address} asks for another network than {who.network}", code="network-differs")
    if any(entry.participant == request.participant for entry in who.entries):
        raise Rejected(f"{request.participant} was enrolled before; an id is never given twice", code="key-taken")
    entry = Entry(
        participant=request.participant,
        address=request.address,
        name=request.name,
        country=request.country,
        organisation_type=request.organisation_type,
        roles=roles,
        status=Status.ACTIVE,
        clearance=decision.clearance,
        kinds_accepted=decision.kinds_accepted,
        identity=request.identity,
    )
    return msgspec.structs.replace(who, entries=(*who.entries, entry))
