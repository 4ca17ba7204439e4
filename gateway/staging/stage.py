"""
Sets the stage: authority, gateway and participants of a fictional network, each with real keys and files.

What people do with `gateway enrol`, `gateway network` and an editor is done here by the same functions. Everything lies in one
folder, nothing is shared between the homes but what a participant would be given.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from gateway.client.home.create import create_home
from gateway.envelope.keyfile import Cost
from gateway.envelope.keys import SigningKey
from gateway.ids import Network, Participant, make_address
from gateway.network import ROOT_FILE, Authority, Decision, Plan
from gateway.network.enrolment import Profile, enrol, write_gateway, write_officer

__all__ = ["Entering", "Member", "Place", "Services", "Stage", "build", "enter", "publish"]

_OFFICERS: Final = (b"fictional passphrase of officer 1", b"fictional passphrase of officer 2")
_QUICK: Final = Cost(1, 8 << 20)  # these keys live as long as the stage and open nothing else


class Member(NamedTuple):
    """One participant of the cast; all fictional, countries from the codes that ISO leaves to users."""

    participant: Participant
    name: str
    country: str
    organisation_type: str
    role: str


class Entering(NamedTuple):
    """Where a participant's home is made, the address of the gateway that it is given, and who may know it (empty: all)."""

    home: Path
    url: str
    known_to: tuple[str, ...] = ()


class Place(NamedTuple):
    """Which network the stage shows; `exercise` makes it one for training, which real homes refuse, and the reverse."""

    network: Network
    gateway: Participant
    exercise: bool = False


@dataclass(frozen=True, slots=True)
class Services:
    """
    What the gateway stands on.

    Args:
        port: Where participants reach it, on loopback.
        operations_port: Where operators do.
        ledger: Address of the ledger; None is a SQLite file on the stage.
        brokers: AMQP addresses; empty is the broker in memory.
        log_level: Of the gateway; on a stage that shows a refusal, which is told as a warning, `error`.
    """

    port: int
    operations_port: int
    ledger: str | None = None
    brokers: Sequence[str] = ()
    log_level: str = "warning"


@dataclass(frozen=True, slots=True)
class Stage:
    """
    A network ready to run.

    Args:
        folder: Everything lies below it.
        passphrase: Of every home, and of the gateway's keys.
        place: Which network it is.
        officers: The approval key of each participant's second officer, who is somebody else and has it in a safe.
    """

    folder: Path
    passphrase: bytes
    place: Place
    officers: dict[str, SigningKey] = field(default_factory=dict, repr=False)

    @property
    def config(self) -> Path:
        """For `gateway serve`."""
        return self.folder / "gateway" / "gateway.toml"

    def home(self, participant: str) -> Path:
        """The home of a participant."""
        return self.folder / "homes" / participant

    def write_officer(self, participant: str, path: Path, passphrase: bytes) -> None:
        """Write a second officer's key file for `gateway approve`; `home-exists` where it is there."""
        write_officer(self.officers[participant], path, passphrase, _QUICK)


def build(folder: Path, services: Services, cast: Sequence[Member], place: Place, *, now: float) -> Stage:
    """Make a network of these participants; the gateway is not started."""
    stage = Stage(folder, os.urandom(16).hex().encode(), place)
    url = f"http://127.0.0.1:{services.port}"
    authority = _authority(stage, url, now)
    for member in cast:
        enter(stage, member, Entering(stage.home(member.participant), url), now)
    publication = authority.publish(_OFFICERS, now)
    _configure(stage, services, publication)
    return stage


def enter(stage: Stage, member: Member, entering: Entering, now: float) -> None:
    """Make a participant's home and let the authority enter it; `publish` puts that in force."""
    address = make_address(member.participant, stage.place.network)
    profile = Profile(
        address=address,
        name=member.name,
        country=member.country,
        organisation_type=member.organisation_type,
        roles=(member.role,),
    )
    enrolled = enrol(profile, now, officer=True)
    assert enrolled.officer is not None
    stage.officers[member.participant] = enrolled.officer
    create_home(
        entering.home,
        address=address,
        root=(stage.folder / "authority" / ROOT_FILE).read_bytes(),
        gateways=[entering.url],
        keys=enrolled.keys,
        passphrase=stage.passphrase,
        exercise=stage.place.exercise,
        cost=_QUICK,
    )
    decision = Decision(roles=(member.role,), clearance="confidential", known_to=entering.known_to)
    Authority(stage.folder / "authority").add(enrolled.request, decision, now)


def publish(stage: Stage, now: float) -> None:
    """Let the officers of a stage sign what its authority has entered since."""
    Authority(stage.folder / "authority").publish(_OFFICERS, now)


def _authority(stage: Stage, url: str, now: float) -> Authority:
    profile = Profile(
        address=make_address(stage.place.gateway, stage.place.network),
        name="Gateway of the fictional network",
        country="ZZ",
        organisation_type="gateway",
        roles=("gateway",),
    )
    gateway = enrol(profile, now)
    write_gateway(gateway, stage.folder / "gateway", stage.passphrase, _QUICK)
    plan = Plan(network=stage.place.network, gateways=(url,), exercise=stage.place.exercise, cost=_QUICK)
    return Authority.create(stage.folder / "authority", plan, gateway.request, _OFFICERS, now)


def _configure(stage: Stage, services: Services, publication: Path) -> None:
    """Write the file that an operator would; paths count from its folder."""
    secret = stage.folder / "gateway" / "passphrase"
    secret.touch(mode=0o600)
    secret.write_bytes(stage.passphrase)
    brokers = list(services.brokers) or ["memory"]
    stage.config.touch(mode=0o600)  # addresses of ledger and broker may hold passwords
    stage.config.write_text(
        f"""\
address = "{make_address(stage.place.gateway, stage.place.network)}"

[listen]
port = {services.port}

[operations]
port = {services.operations_port}
log_level = "{services.log_level}"

[keys]
passphrase_file = "passphrase"

[ledger]
url = "{services.ledger or "sqlite:///gateway.db"}"
migrate = true

[broker]
urls = [{", ".join(f'"{url}"' for url in brokers)}]

[directory]
root = "{stage.folder / "authority" / ROOT_FILE}"
publication = "{publication}"
"""
    )
