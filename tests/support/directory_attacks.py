"""
A gateway that serves a world's directory, and the ways in which it or the line to it can misbehave.

Each attack is one function: it changes what is served (or the clock) and returns the code that a home must refuse it with.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec
from securesystemslib.signer import Key
from tuf.api.metadata import Root, Timestamp

from gateway.directory.metadata import parse, sign_metadata
from gateway.directory.publication import make_root
from gateway.directory.repository import OnlineSigner
from gateway.directory.roles import LIFETIME_S, TIMESTAMP_FILE, RoleKey, TufRole, metadata_file
from gateway.envelope.keys import DeliveryKey, Use
from gateway.errors import Rejected, Unavailable
from tests.support.network import World, counter_rng, make_world

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["ATTACKS", "NAMES", "SimulatedGateway"]

NAMES = ("NCB-QM", "GN-QN", "TRIB-QX-OTP")


@dataclass
class SimulatedGateway:
    """Serves the world's files, and misbehaves as a test tells it."""

    world: World
    asked: list[str] = field(default_factory=list)
    bundles: list[list[str]] = field(default_factory=list)
    files: dict[str, bytes] = field(init=False)
    down: bool = False

    def __post_init__(self) -> None:
        self.serve()

    def serve(self) -> None:
        """Serve what the world has now."""
        self.files = dict(self.world.files)

    def fetch(self, path: str) -> bytes:
        """Answer one request of a home."""
        self.asked.append(path)
        if self.down:
            raise Unavailable("no gateway answers")
        if path not in self.files:
            raise Rejected(code="not-found")
        return self.files[path]

    def bundle(self, paths: Sequence[str]) -> Mapping[str, bytes]:
        """Answer a request for many files at once."""
        self.bundles.append(list(paths))
        return {path: self.files[path] for path in paths if path in self.files}


def rollback(world: World, served: SimulatedGateway) -> str:
    """Serve an older timestamp than the home has seen."""
    served.files[TIMESTAMP_FILE] = make_world(NAMES, world.now).files[TIMESTAMP_FILE]
    served.files |= {name: data for name, data in world.files.items() if name != TIMESTAMP_FILE}
    return "directory-rollback"


def freeze(world: World, served: SimulatedGateway) -> str:
    """Serve the same timestamp for longer than it lives."""
    world.now += LIFETIME_S[TufRole.TIMESTAMP] + 1
    return "directory-expired"


def stale_revocations(world: World, served: SimulatedGateway) -> str:
    """Keep signing, but hide the authority's revocations for more than 72 h."""
    world.now += LIFETIME_S[TufRole.REVOCATIONS] + 1
    served.files |= world.online.add_cards(served.files, {}, world.now)
    return "directory-expired"


def mix(world: World, served: SimulatedGateway) -> str:
    """Serve an old list of cards under the name of the new one."""
    newest = max(name for name in served.files if name.endswith(".cards.json"))
    served.files[newest] = served.files["metadata/1.cards.json"]
    return "directory-untrusted"


def damaged_target(world: World, served: SimulatedGateway) -> str:
    """Serve a card with one bit flipped."""
    for name in [name for name in served.files if name.endswith(".delivery")]:
        data = served.files[name]
        served.files[name] = data[:-1] + bytes([data[-1] ^ 1])
    return "directory-untrusted"


def lower_serial(world: World, served: SimulatedGateway) -> str:
    """Publish an older card again, signed with the gateway's own keys."""
    old = world.member("NCB-QM").delivery_card(world.now, serial=0)
    served.files |= world.online.add_card(served.files, "cards/NCB-QM/delivery", old, world.now)
    return "card-serial"


def other_online_keys(world: World, served: SimulatedGateway) -> str:
    """Sign snapshot and timestamp with keys that the root does not name."""
    rng = counter_rng("thief")
    thief = OnlineSigner(snapshot=RoleKey(rng(32)), timestamp=RoleKey(rng(32)), cards=RoleKey(rng(32)))
    served.files |= thief.add_cards(served.files, {}, world.now)
    return "directory-untrusted"


def one_officer(world: World, served: SimulatedGateway) -> str:
    """Let one officer alone publish."""
    world.officers.pop()
    served.files |= forged_publication(world, served)
    return "directory-untrusted"


def one_officer_twice(world: World, served: SimulatedGateway) -> str:
    """Let one officer sign for two."""
    world.officers[1] = world.officers[0]
    served.files |= forged_publication(world, served)
    return "directory-untrusted"


def root_of_others(world: World, served: SimulatedGateway) -> str:
    """Serve a next root that the officers of the last one did not sign."""
    rng = counter_rng("others")
    others = [RoleKey(rng(32)), RoleKey(rng(32))]
    holders = msgspec.structs.replace(world.holders, root=tuple(key.public for key in others))
    served.files[metadata_file(TufRole.ROOT, 2)] = make_root(2, holders, others, world.now)
    return "directory-untrusted"


def endless(world: World, served: SimulatedGateway) -> str:
    """Answer with more bytes than a timestamp can have."""
    served.files[TIMESTAMP_FILE] = b" " * 20_000
    return "directory-untrusted"


def nonsense(world: World, served: SimulatedGateway) -> str:
    """Answer with something that is no metadata."""
    served.files[TIMESTAMP_FILE] = b"<html>sign in to the network</html>"
    return "directory-untrusted"


def one_key_under_two_ids(world: World, served: SimulatedGateway) -> str:
    """Let one officer meet the threshold twice: the next root, signed by both in error, lists one key under two ids."""
    root = parse(Root, world.root).signed
    root.version = 2
    first = root.roles[TufRole.ROOT].keyids[0]
    root.add_key(Key.from_dict("0" * 64, root.keys[first].to_dict()), TufRole.ROOT)
    served.files[metadata_file(TufRole.ROOT, 2)] = sign_metadata(root, world.officer_keys(TufRole.ROOT))
    return "directory-untrusted"


def threshold_of_one(world: World, served: SimulatedGateway) -> str:
    """Lower a threshold to one in the next root, signed by both officers in error."""
    root = parse(Root, world.root).signed
    root.version = 2
    root.roles[TufRole.TARGETS].threshold = 1
    served.files[metadata_file(TufRole.ROOT, 2)] = sign_metadata(root, world.officer_keys(TufRole.ROOT))
    return "directory-untrusted"


def fast_forward(world: World, served: SimulatedGateway) -> str:
    """Name a snapshot far ahead, so that every later one would look old."""
    timestamp = parse(Timestamp, served.files[TIMESTAMP_FILE]).signed
    timestamp.version += 1_000_000
    timestamp.snapshot_meta.version += 1_000_000
    served.files[TIMESTAMP_FILE] = sign_metadata(timestamp, [RoleKey(counter_rng("thief")(32))])
    return "directory-untrusted"


def stolen_key(world: World, served: SimulatedGateway) -> str:
    """Publish a card that lists another participant's delivery key."""
    thief, victim = world.member("GN-QN"), world.member("NCB-QM")
    # As if the secret had been copied too, which is more than a thief of a public key has.
    thief.delivery = (DeliveryKey.from_seed(thief.address, Use.DELIVERY, victim.delivery[0].unsafe_export()),)
    card = thief.delivery_card(world.now, serial=9)
    served.files |= world.online.add_card(served.files, "cards/GN-QN/delivery", card, world.now)
    return "key-taken"


def lost_file(world: World, served: SimulatedGateway) -> str:
    """Withhold a file that is signed for."""
    served.files = {name: data for name, data in served.files.items() if not name.endswith(".snapshot.json")}
    return "unavailable"


def silence(world: World, served: SimulatedGateway) -> str:
    """Answer nothing."""
    served.down = True
    return "unavailable"


ATTACKS = [
    rollback,
    freeze,
    stale_revocations,
    mix,
    damaged_target,
    lower_serial,
    other_online_keys,
    one_officer,
    one_officer_twice,
    one_key_under_two_ids,
    threshold_of_one,
    fast_forward,
    root_of_others,
    endless,
    nonsense,
    stolen_key,
    lost_file,
    silence,
]


def forged_publication(world: World, served: SimulatedGateway) -> dict[str, bytes]:
    """Return a publication as the officers there are can sign it, with snapshot and timestamp for it."""
    news = world.publication()
    return {**news, **world.online.add_cards({**served.files, **news}, {}, world.now)}
