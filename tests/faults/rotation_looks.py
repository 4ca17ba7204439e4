"""
The places where keys rotate under fire, and what stands there between two kills.

`served` is a network whose gateway works in this process: real exchange, real ledger, real HTTP. `Directory` publishes for a
gateway's directory, and reads it from the ledger's file. `Authority` is an authority's folder, with a gateway that follows it.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from contextlib import asynccontextmanager, closing
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tuf.api.metadata import Targets

from gateway.api.app import HttpApi
from gateway.api.app import Parts as ApiParts
from gateway.client import ContactPoint
from gateway.client.home.create import create_home
from gateway.client.home.held_keys import KeyState
from gateway.client.home.home import Home
from gateway.directory.cards import DeliveryCard, KeyCard, card_path
from gateway.directory.entries import KeyRevocation, RevocationReason
from gateway.directory.keyfiles import online_signer
from gateway.directory.metadata import parse, read_repository, target_name
from gateway.directory.repository import newest_version
from gateway.directory.roles import DIRECTORY_PATH, REVOCATIONS_PATH, TufRole, metadata_file
from gateway.directory.view import build_from
from gateway.envelope.keys import Use
from gateway.errors import Rejected
from gateway.ids import MessageId
from gateway.network import decode_invitation
from gateway.network.files import replace_file
from gateway.network.officers import daily_file, root_file
from gateway.network.state import AuthorityFolder
from gateway.ops import Health
from gateway.protocol.refusal import sign_problem
from gateway.resources import schemas_path
from gateway.trust.publication import read_publication
from tests.client.examples import content, drain
from tests.faults.rotating_directory import NAMES
from tests.faults.rotating_home import PASSPHRASE
from tests.faults.rotating_office import officer_passphrase, online_keys
from tests.faults.rotation_count import DirectoryFacts, HomeFacts, OfficeFacts
from tests.support.authority import CHEAP, NOW, Office
from tests.support.exchange import Stage, address, staged
from tests.support.fake_relay import FakeRelay
from tests.support.network import make_world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

__all__ = ["Authority", "Directory", "Network", "served"]

SENDER, *ROTATING = NAMES
OFFICERS: Final = 2
COUNTRIES: Final = ("QM", "QN", "QP")


class Network:
    """
    Participants at a gateway; all but the first rotate their keys.

    Args:
        folder: Of their homes.
        stage: The gateway's exchange.
        port: Where it listens.
    """

    def __init__(self, folder: Path, stage: Stage, port: int) -> None:
        self._folder = folder
        self._stage = stage
        self._sent: dict[str, MessageId] = {}
        self.rotating = ROTATING
        for name in NAMES:
            self._make(name, f"http://127.0.0.1:{port}")

    def home(self, name: str) -> Path:
        """Return a participant's home."""
        return self._folder / name

    def identity(self, name: str) -> bytes:
        """Return the secret of a participant's identity key."""
        return self._stage.world.member(name).identity.unsafe_export()

    async def send(self, label: str) -> None:
        """Send a message to all homes that rotate."""
        async with self._open(SENDER) as sender:
            self._sent[label] = (await sender.send(content(), to=self.rotating)).message_id

    async def unopened(self, name: str, labels: list[str]) -> list[str]:
        """Say which of these messages a home does not open, and whether the one that it sends is."""
        async with self._open(name) as home:
            opened = {one.message_id for one in await drain(home)}
            answer = await home.send(content(), to=[SENDER])
        async with self._open(SENDER) as sender:
            answers = {one.message_id for one in await drain(sender)}
        faults = [f"{name} does not open what was sent {label}" for label in labels if self._sent[label] not in opened]
        return faults if answer.message_id in answers else [*faults, f"nobody opens what {name} sends"]

    async def look(self, name: str) -> HomeFacts:
        """Return what a home holds, and what the gateway's directory says of it."""
        home = await asyncio.to_thread(Home.unlock, self.home(name), PASSPHRASE)
        rows = await home.store.read(home.shelf.rows)
        keyring = home.keyring
        await home.close()
        directory, now, me = self._stage.exchange.directory, int(time.time()), address(name)
        listed = {record.key_id.hex(): record for record in directory.all_keys() if record.address == me}
        good = frozenset(key for key, record in listed.items() if record.current(now))
        cards = directory.key_cards[me], directory.delivery_cards.get(me)
        signing = {row.use for row in rows if row.state is KeyState.HELD} - {Use.DELIVERY}
        return HomeFacts(
            signs={use: keyring.sign(use, b"").key_id.hex() for use in signing},
            waits={row.use: row.key_id.hex() for row in rows if row.state is KeyState.WAITING},
            opens=frozenset(row.key_id.hex() for row in rows if row.use is Use.DELIVERY and keyring.holds(row.key_id)),
            listed=frozenset(listed),
            good=good,
            sealed_to=frozenset(key for key in good if listed[key].use is Use.DELIVERY),
            serials=(cards[0].serial, 0 if cards[1] is None else cards[1].serial),
        )

    def _open(self, name: str) -> ContactPoint:
        return ContactPoint.open(self.home(name), passphrase=PASSPHRASE)

    def _make(self, name: str, gateway: str) -> None:
        world, member = self._stage.world, self._stage.world.member(name)
        create_home(
            self.home(name),
            address=member.address,
            root=world.root,
            gateways=[gateway],
            keys=[member.key(Use.AUTHOR), member.key(Use.AGENT)],
            passphrase=PASSPHRASE,
            exercise=world.exercise,
            cost=CHEAP,
        )


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[Network]:
    """Run a gateway with its homes."""
    async with staged(folder, NAMES) as stage:
        parts = stage.parts
        api = HttpApi(
            ApiParts(
                exchange=stage.exchange,
                log=parts.audit.reader,
                relay=FakeRelay(),
                peers=parts.directory.peers,
                directory=parts.directory.known,
                health=Health({}),
                metrics=parts.metrics,
                clock=parts.clock,
                rng=os.urandom,
                sign_problem=lambda body, problem: sign_problem(body, problem, parts.keyring),
                schemas=schemas_path(),
            )
        )
        await api.start("127.0.0.1", 0)
        try:
            yield Network(folder, stage, api.port)
        finally:
            await api.stop(0.5)


class Directory:
    """
    A gateway's directory in a ledger's file, and the folder that an authority publishes into.

    Args:
        folder: Of both.
    """

    def __init__(self, folder: Path) -> None:
        self.publication = folder / "publication"
        self.world_at = time.time()
        self._path = folder / "ledger.db"
        self._world = make_world(NAMES, self.world_at)
        self._count = 0
        for member in (self._world.gate, *self._world.members.values()):
            card = member.key_card(int(self.world_at))
            replace_file(self.publication / "cards" / member.entry.participant / "key", card)

    @property
    def url(self) -> str:
        """The ledger's address."""
        return f"sqlite:///{self._path}"

    def publish(self) -> None:
        """Publish another country for a participant, and another revocation."""
        world = self._world
        self._count += 1
        world.change(ROTATING[0], country=COUNTRIES[self._count % len(COUNTRIES)])
        key = sha256(self._count.to_bytes(4)).hexdigest()[:32]
        row = KeyRevocation(key_id=key, revoked_at=int(self.world_at), reason=RevocationReason.CEASED)
        world.revoked = (*world.revoked, row)
        news = world.publication()
        world.files |= news  # the next publication is one version above
        for name in sorted(news, key=lambda name: (not name.startswith("targets/"), name)):
            replace_file(self.publication / name, news[name])

    def look(self) -> DirectoryFacts:
        """Read the ledger's file and verify the directory from the root; raises what a home would."""
        with closing(sqlite3.connect(self._path)) as line:
            files = {str(name): bytes(data) for name, data in line.execute("SELECT name, data FROM directory_file") if data}
            leaves = [bytes(leaf) for (leaf,) in line.execute("SELECT leaf FROM event WHERE leaf IS NOT NULL ORDER BY seq")]
        found = read_repository(files, self._world.root, time.time())
        directory = build_from(found)
        if directory.held_back:
            raise Rejected(f"a card that cannot be used was published: {directory.held_back}", code="card-bad")
        cards: list[KeyCard | DeliveryCard] = [*directory.key_cards.values(), *directory.delivery_cards.values()]
        return DirectoryFacts(
            version=found.version,
            snapshot=found.snapshot_sha256,
            roots=_roots(files),
            who=found.who,
            revocations=found.revocations,
            cards=found.cards,
            serials={card_path(card): card.serial for card in cards},
            leaves=leaves,
        )

    def missing(self, facts: DirectoryFacts) -> list[str]:
        """Say what of the newest publication is not in the directory."""
        names = {TufRole.TARGETS: facts.who, TufRole.REVOCATIONS: facts.revocations}
        paths = {TufRole.TARGETS: DIRECTORY_PATH, TufRole.REVOCATIONS: REVOCATIONS_PATH}
        newest = {role: _target(self._world.files, role, path) for role, path in paths.items()}
        return [f"the newest {role} was not taken in" for role, data in names.items() if data != newest[role]]


class Authority:
    """
    An authority's folder, and a gateway that takes in what stands in its publication after each kill.

    Args:
        folder: Made here.
    """

    def __init__(self, folder: Path) -> None:
        self._office = Office(folder, [officer_passphrase(number, 1) for number in range(1, OFFICERS + 1)])
        self._files: dict[str, bytes] = {}
        self.path = self._office.path
        self.request = self._office.gate.request

    def look(self) -> OfficeFacts:
        """Read the folder as the next command does, and its publication as gateways do."""
        folder = AuthorityFolder(self.path)
        files = read_publication(folder.publication)
        newest = folder.roots()[metadata_file(TufRole.ROOT, folder.state.root_version)]
        invitation = decode_invitation((self.path / "invitation.json").read_bytes())
        versions = [newest_version(files, role) for role in (TufRole.ROOT, TufRole.TARGETS, TufRole.REVOCATIONS)]
        generations = folder.state.officers().items()
        return OfficeFacts(
            refused=self._taken_in(files, folder.state.root_version),
            versions=(versions[0], versions[1], versions[2]),
            who=sha256(_target(files, TufRole.TARGETS, DIRECTORY_PATH)).hexdigest(),
            revocations=sha256(_target(files, TufRole.REVOCATIONS, REVOCATIONS_PATH)).hexdigest(),
            keys=frozenset(path.name for path in folder.officers.iterdir() if not path.name.startswith(".")),
            in_force=frozenset(name(*one) for one in generations for name in (daily_file, root_file)),
            over=frozenset(
                name(number, old)
                for number, generation in generations
                for old in range(1, generation)
                for name in (daily_file, root_file)
            ),
            invited=invitation.root.encode() == newest,
        )

    def _taken_in(self, files: Mapping[str, bytes], root_version: int) -> str | None:
        """Let a gateway that followed take it in, and a new one."""
        later = (key for version in range(2, root_version + 1) for key in online_keys(version))
        online = online_signer([*self._office.gate.online.items(), *later])
        try:
            self._files |= online.import_publication(self._files, files, self._office.root, NOW)
            online.import_publication({}, files, self._office.root, NOW)
        except Rejected as exc:
            return f"{exc.code}: {exc.detail}"
        return None


def _roots(files: Mapping[str, bytes]) -> dict[int, bytes]:
    versions = range(1, newest_version(files, TufRole.ROOT) + 1)
    return {version: sha256(files[metadata_file(TufRole.ROOT, version)]).digest() for version in versions}


def _target(files: Mapping[str, bytes], role: TufRole, path: str) -> bytes:
    newest = files[metadata_file(role, newest_version(files, role))]
    return files[target_name(parse(Targets, newest).signed.targets[path])]
