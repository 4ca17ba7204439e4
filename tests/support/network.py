"""
A whole network in memory: authority, gateway, participants with keys and cards, and the repository that says so.

`make_world(["NCB-QM", "TRIB-QX-OTP"], now)` is all that a test of another part needs. Nothing is faked but randomness, which
is a counter, so that every run has the same keys.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import TYPE_CHECKING

from gateway.directory.cards import (
    DELIVERY_CARD_S,
    DELIVERY_KEY_S,
    KEY_CARD_S,
    CardKey,
    DeliveryCard,
    DeliveryCardKey,
    KeyCard,
    Reads,
    sign_delivery_card,
    sign_key_card,
)
from gateway.directory.entries import (
    Clearance,
    Entry,
    KeyRevocation,
    Revocations,
    Status,
    WhoIsWho,
    encode_revocations,
    encode_who,
)
from gateway.directory.metadata import read_repository
from gateway.directory.peers import Peer
from gateway.directory.publication import RoleHolders, make_revocations_files, make_root, make_targets_files
from gateway.directory.repository import OnlineSigner, newest_version
from gateway.directory.roles import RoleKey, TufRole, metadata_file
from gateway.directory.view import Directory, build_from, with_peers
from gateway.envelope.keys import DeliveryKey, MemoryKeyring, SigningKey, Use
from gateway.ids import Address, Network, Participant, make_address
from gateway.message.kind_spec import OPERATIONAL
from gateway.message.registry import KINDS
from gateway.policy import DirectoryAnswers

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Member", "World", "counter_rng", "join", "make_member", "make_pair", "make_world"]

NETWORK = Network("icn")
GATEWAY = Participant("GW-ICN")


def counter_rng(label: str) -> CounterRng:
    """Return a generator that gives the same bytes in every run."""
    return CounterRng(label)


@dataclass
class CounterRng:
    """Bytes of SHA-256 over a label and a counter; for tests alone."""

    label: str
    count: int = 0

    def __call__(self, size: int) -> bytes:
        """Return `size` bytes that were not returned before."""
        self.count += 1
        blocks = (sha256(f"{self.label}/{self.count}/{block}".encode()).digest() for block in range(size // 32 + 1))
        return b"".join(blocks)[:size]


@dataclass(kw_only=True)
class Member:
    """A participant with all its secrets."""

    entry: Entry
    identity: SigningKey
    signing: tuple[SigningKey, ...]
    delivery: tuple[DeliveryKey, ...]

    @property
    def address(self) -> Address:
        """Its address."""
        return Address(self.entry.address)

    @property
    def keyring(self) -> MemoryKeyring:
        """What its software uses: everything but the identity key."""
        return MemoryKeyring(self.address, self.signing, self.delivery)

    def key(self, use: Use) -> SigningKey:
        """Return its key for one use."""
        return next(key for key in self.signing if key.public.use is use)

    def key_card(self, now: int, serial: int = 1) -> bytes:
        """Sign a key card for the keys it has."""
        start = now - 300
        card = KeyCard(
            address=self.address,
            serial=serial,
            issued=start,
            expires=start + KEY_CARD_S,
            keys=tuple(CardKey.of(key, start, start + KEY_CARD_S) for key in self.signing),
        )
        return sign_key_card(card, self.identity)

    def delivery_card(self, now: int, serial: int = 1) -> bytes:
        """Sign a delivery card for the keys it has."""
        start = now - 300
        card = DeliveryCard(
            address=self.address,
            serial=serial,
            issued=now,
            expires=now + DELIVERY_CARD_S,
            keys=tuple(
                DeliveryCardKey(key=key.public.key, not_before=start, not_after=start + DELIVERY_KEY_S) for key in self.delivery
            ),
            suites=(1,),
            reads=tuple(Reads(kind=kind, versions=spec.readable) for kind, spec in sorted(KINDS.items())),
        )
        return sign_delivery_card(card, self.keyring)


def make_member(name: str, network: Network = NETWORK, *, gateway: bool = False) -> Member:
    """Make a participant; the same name has the same keys in every run."""
    address = make_address(Participant(name), network)
    rng = counter_rng(address)
    uses = (Use.AUTHOR, Use.AGENT, Use.APPROVAL, *((Use.LOG, Use.OPERATOR) if gateway else ()))
    identity = SigningKey.generate(address, Use.IDENTITY, rng)
    clearance: Clearance = "confidential"
    entry = Entry(
        participant=name,
        address=address,
        name=f"Fictional unit {name}",
        country="QM",
        organisation_type="gateway" if gateway else "unit",
        roles=("gateway",) if gateway else tuple(sorted(OPERATIONAL)),
        status=Status.ACTIVE,
        clearance=clearance,
        kinds_accepted=("*",),
        identity=identity.public.key.hex(),
    )
    return Member(
        entry=entry,
        identity=identity,
        signing=tuple(SigningKey.generate(address, use, rng) for use in uses),
        delivery=() if gateway else (DeliveryKey.generate(address, Use.DELIVERY, rng),),
    )


@dataclass(kw_only=True)
class World:
    """
    A network whose every part can be changed and published again.

    Args:
        now: Its clock, Unix seconds.
        members: All participants but the gateway.
        gate: The gateway's participant.
        joined: Networks whose directories are at hand here.
        files: The repository, as a gateway serves it.
    """

    network: Network
    exercise: bool
    now: int
    members: dict[Address, Member]
    gate: Member
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    revoked: tuple[KeyRevocation, ...] = ()
    peers: tuple[Peer, ...] = ()
    joined: list[World] = field(default_factory=list, repr=False, compare=False)
    files: dict[str, bytes] = field(default_factory=dict)
    officers: list[dict[TufRole, RoleKey]] = field(default_factory=list)
    online: OnlineSigner = field(init=False)
    root: bytes = field(init=False)
    directory: Directory = field(init=False)

    def __post_init__(self) -> None:
        rng = counter_rng(f"roles/{self.network}")
        self.officers = [{role: RoleKey.generate(rng) for role in TufRole} for _ in range(2)]
        self.online = OnlineSigner(snapshot=RoleKey(rng(32)), timestamp=RoleKey(rng(32)), cards=RoleKey(rng(32)))
        self.root = make_root(1, self.holders, self.officer_keys(TufRole.ROOT), self.now)
        self.publish()
        self.put_cards()

    @property
    def holders(self) -> RoleHolders:
        """Who holds which TUF role."""
        root, targets, revocations = (
            tuple(key.public for key in self.officer_keys(role))
            for role in (TufRole.ROOT, TufRole.TARGETS, TufRole.REVOCATIONS)
        )
        return RoleHolders(root=root, targets=targets, revocations=revocations, online=self.online.public)

    @property
    def keyrings(self) -> dict[Address, MemoryKeyring]:
        """Keyring by participant."""
        return {address: member.keyring for address, member in self.members.items()}

    @property
    def gateway(self) -> MemoryKeyring:
        """The gateway's keyring."""
        return self.gate.keyring

    @property
    def answers(self) -> DirectoryAnswers:
        """What the envelope asks."""
        return DirectoryAnswers(self.directory)

    def officer_keys(self, role: TufRole) -> list[RoleKey]:
        """Return both officers' keys for a role."""
        return [keys[role] for keys in self.officers]

    def member(self, name: str) -> Member:
        """Return a participant by its id."""
        return self.members[make_address(Participant(name), self.network)]

    def change(self, name: str, **changes: object) -> None:
        """Change an entry's fields; `publish` makes it known."""
        member = self.member(name)
        values = {field_: getattr(member.entry, field_) for field_ in Entry.__struct_fields__}
        self.members[member.address] = replace(member, entry=Entry(**{**values, **changes}))

    def listed(self) -> WhoIsWho:
        """Return who is who now."""
        entries = tuple(member.entry for member in (self.gate, *self.members.values()))
        return WhoIsWho(network=self.network, exercise=self.exercise, entries=entries, groups=self.groups, peers=self.peers)

    def publication(self) -> dict[str, bytes]:
        """Return what the authority publishes next."""
        who = encode_who(self.listed())
        revocations = encode_revocations(Revocations(network=self.network, keys=self.revoked))
        versions = [newest_version(self.files, role) + 1 for role in (TufRole.TARGETS, TufRole.REVOCATIONS)]
        targets = self.officer_keys(TufRole.TARGETS)
        roots = {name: data for name, data in self.files.items() if name.endswith(f".{TufRole.ROOT}.json")}
        return {
            metadata_file(TufRole.ROOT, 1): self.root,
            **roots,
            **make_targets_files(versions[0], who, self.holders, targets, self.now),
            **make_revocations_files(versions[1], revocations, self.officer_keys(TufRole.REVOCATIONS), self.now),
        }

    def publish(self) -> None:
        """Let the authority publish and the gateway take it in."""
        self.files |= self.online.import_publication(self.files, self.publication(), self.root, self.now)
        self.read()

    def rotate_online(self) -> None:
        """Give the gateway new online keys, by a new root that both officers sign, and publish."""
        version = newest_version(self.files, TufRole.ROOT) + 1
        rng = counter_rng(f"online/{self.network}/{version}")
        self.online = OnlineSigner(snapshot=RoleKey(rng(32)), timestamp=RoleKey(rng(32)), cards=RoleKey(rng(32)))
        root = make_root(version, self.holders, self.officer_keys(TufRole.ROOT), self.now)
        self.files[metadata_file(TufRole.ROOT, version)] = root
        self.publish()

    def put_cards(self, cards: dict[str, bytes] | None = None) -> None:
        """Publish cards, by default first ones for everybody."""
        if cards is None:
            cards = {"cards/" + self.gate.entry.participant + "/key": self.gate.key_card(self.now)}
            for member in self.members.values():
                cards[f"cards/{member.entry.participant}/key"] = member.key_card(self.now)
                cards[f"cards/{member.entry.participant}/delivery"] = member.delivery_card(self.now)
        self.files |= self.online.add_cards(self.files, cards, self.now)
        self.read()

    def read(self) -> None:
        """Read the repository again."""
        own = build_from(read_repository(self.files, self.root, self.now))
        self.directory = with_peers(own, [one.directory for one in self.joined])


def make_world(names: Iterable[str], now: float, *, network: str = NETWORK, exercise: bool = False) -> World:
    """
    Make a network.

    Args:
        names: Participants, e.g. `NCB-QM`; each may send and take every kind up to `confidential`.
        now: Unix seconds; cards begin five minutes earlier.
        network: Its name.
        exercise: True for a network for training.
    """
    members = [make_member(name, Network(network)) for name in names]
    return World(
        network=Network(network),
        exercise=exercise,
        now=int(now),
        members={member.address: member for member in members},
        gate=make_member(GATEWAY, Network(network), gateway=True),
    )


def join(ours: World, theirs: World, relay: str, **changes: object) -> None:
    """Let one network name the other as its peer, with a participant of its own as the relay; and know its directory."""
    ours.change(relay, roles=("relay",), kinds_accepted=())
    fields: dict[str, object] = {
        "network": theirs.network,
        "root": theirs.root,
        "endpoints": (f"https://gateway.{theirs.network}.example",),
        "relay": relay,
        "sends": ("*",),
        "takes": ("*",),
        "ceiling": "red/confidential",
    }
    ours.peers = (*(one for one in ours.peers if one.network != theirs.network), Peer(**{**fields, **changes}))  # type: ignore[arg-type]
    ours.joined = [*(one for one in ours.joined if one is not theirs), theirs]
    ours.publish()


def make_pair(now: float) -> tuple[World, World]:
    """Make two networks that are each other's peers: `icn` with NCB-QM and NCB-QN, `eu-network` with GN-QN and GN-QX."""
    ours = make_world(["NCB-QM", "NCB-QN", "RELAY-EU"], now)
    theirs = make_world(["GN-QN", "GN-QX", "RELAY-ICN"], now, network="eu-network")
    join(ours, theirs, "RELAY-EU")
    join(theirs, ours, "RELAY-ICN")
    ours.read()
    return ours, theirs
