"""
A network whose keys the test holds, served by a real gateway process.

`Town.prepare` writes what `gateway serve` needs: configuration, key file, and a ledger with the directory in it. Messages are
sealed here with the participants' keys; `home` makes one of them a home for the SDK.
"""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from gateway.client import ContactPoint
from gateway.client.home.create import create_home
from gateway.client.home.home import Home
from gateway.directory.keyfiles import encrypt_gateway_keys
from gateway.envelope import (
    DeliveryKey,
    Header,
    PublicKey,
    Use,
    addressees_hash,
    draw_addressees,
    encode_clear,
    encode_header,
    seal,
    sign_content,
)
from gateway.envelope.keyfile import Cost
from gateway.ids import Address, ConversationId, Kind, MessageId, Network, Participant, make_address, new_uuid7
from gateway.ledger import Ledger
from tests.scenario.process import Served, serving
from tests.support.network import Member, World, make_world
from tests.support.ports import free_ports

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence
    from pathlib import Path

    from gateway.envelope import Keyring, Sealed

__all__ = ["DAY", "READER", "SENDER", "THIRD", "Town", "address"]

DAY: Final = 86_400
NETWORK: Final = "icn"
SENDER, READER, THIRD = "NCB-QM", "GN-QN", "TRIB-QX-OTP"  # who may do everything
PASSPHRASE: Final = b"fictional passphrase of a gateway"
_QUICK: Final = Cost(1, 8 << 20)  # key files and homes live as long as the test


def address(name: str, network: str = NETWORK) -> Address:
    """Return the address of a participant."""
    return make_address(Participant(name), Network(network))


@dataclass(kw_only=True)
class Town:
    """
    The network, and a folder for its gateway.

    Args:
        folder: Where everything lies.
        names: Participants.
        network: Its name.
        exercise: Whether it is one for training.
        ledger: Address of an empty, migrated database; None is a SQLite file in the folder.
        brokers: AMQP addresses, or `memory`.
        limits: TOML of the section `limits`.
        log_level: Of the gateway.
        clock: Of the homes, Unix seconds.
    """

    folder: Path
    names: Sequence[str] = (SENDER, READER, THIRD)
    network: str = NETWORK
    exercise: bool = False
    ledger: str | None = None
    brokers: Sequence[str] = ("memory",)
    limits: str = ""
    log_level: str = "warning"
    clock: Callable[[], float] = time.time
    now: int = field(default_factory=lambda: int(time.time()))
    world: World = field(init=False)
    port: int = field(init=False)
    operations_port: int = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.world = make_world(self.names, self.now, network=self.network, exercise=self.exercise)
        self.port, self.operations_port = free_ports(2)

    @property
    def ledger_url(self) -> str:
        """The gateway's ledger."""
        return self.ledger or f"sqlite:///{self.folder / 'gateway.db'}"

    @property
    def log(self) -> Path:
        """What the gateway wrote to standard error."""
        return self.folder / "gateway.log"

    def address(self, name: str) -> Address:
        """Return the address of a participant of this network; an address stays what it is."""
        return Address(name) if "@" in name else address(name, self.network)

    def member(self, name: str) -> Member:
        """Return a participant with its secrets."""
        return self.world.member(name)

    async def prepare(self) -> Served:
        """Write what the gateway needs, and return it, not yet started."""
        gate = self.world.gate
        roles = [(role, keys[0]) for role, keys in self.world.online._keys.items()]
        for name, data in {
            "gateway.keys": encrypt_gateway_keys(gate.signing, roles, PASSPHRASE, os.urandom, _QUICK),
            "passphrase": PASSPHRASE,
            "root.json": self.world.root,
            "gateway.toml": self._configuration().encode(),
        }.items():
            (self.folder / name).touch(mode=0o600)
            (self.folder / name).write_bytes(data)
        async with await Ledger.open(self.ledger_url, migrate=self.ledger is None) as ledger:
            await ledger.directory.publish(0, self.world.files)
        return Served(self.folder / "gateway.toml", self.port, self.log)

    @asynccontextmanager
    async def served(self) -> AsyncIterator[Served]:
        """Serve it while the context is open."""
        async with serving(await self.prepare()) as served:
            yield served

    @asynccontextmanager
    async def home(self, name: str, **odd: Any) -> AsyncIterator[ContactPoint]:
        """
        Open a participant's home, made when it is first named; its delivery key is the one that stands in the directory.

        Args:
            name: Participant.
            odd: What its enrolment told it otherwise than this network says: `root`, `gateways` or `exercise`.
        """
        folder = self.folder / "homes" / name
        if not folder.exists():
            await self._make_home(folder, self.member(name), odd)
        async with ContactPoint.open(folder, passphrase=PASSPHRASE, clock=self.clock) as point:
            yield point

    async def _make_home(self, folder: Path, member: Member, odd: Mapping[str, Any]) -> None:
        folder.parent.mkdir(exist_ok=True)
        told = {"root": self.world.root, "gateways": [f"http://127.0.0.1:{self.port}"], "exercise": self.exercise, **odd}
        keys = [member.key(Use.AUTHOR), member.key(Use.AGENT)]
        create_home(folder, address=member.address, keys=keys, passphrase=PASSPHRASE, cost=_QUICK, **told)
        home = await asyncio.to_thread(Home.unlock, folder, PASSPHRASE)
        await home.add_delivery_key(member.delivery[0], member.delivery_card(self.now), None)
        await home.close()

    def _configuration(self) -> str:
        return f"""\
address = "{self.world.gate.address}"
listen = {{ port = {self.port} }}
operations = {{ port = {self.operations_port}, log_level = "{self.log_level}" }}
keys = {{ file = "gateway.keys", passphrase_file = "passphrase" }}
ledger = {{ url = "{self.ledger_url}" }}
broker = {{ urls = [{", ".join(f'"{one}"' for one in self.brokers)}], prefix = "p{self.port}-" }}
directory = {{ root = "root.json", publication = "publication" }}
limits = {{ {self.limits} }}
"""

    def header(self, recipients: Sequence[str], **changes: Any) -> tuple[bytes, list[Any]]:
        """Write a header, and draw its addressees."""
        now = int(time.time())
        addressees = draw_addressees([self.address(one) for one in recipients], os.urandom)
        sender = self.address(changes.pop("sender", SENDER))
        fields = {
            "message_id": MessageId(new_uuid7(now * 1000, os.urandom(10))),
            "sender": sender,
            "sealer": sender,
            "kind": Kind("cooperation.request"),
            "schema_version": "1.0.0",
            "created": now,
            "expires": now + DAY,
            "urgency": "normal",
            "handling": "amber/official-use-only",
            "conversation_id": ConversationId(os.urandom(16)),
            "recipients": len(addressees),
            "addressees": addressees_hash(addressees),
            "blobs": (),
        }
        return encode_header(Header(**{**fields, **changes})), addressees

    def sealed(
        self,
        recipients: Sequence[str] = (READER,),
        *,
        keyring: Keyring | None = None,
        keys: Mapping[Address, PublicKey] | None = None,
        version: int | None = None,
        approver: Keyring | None = None,
        content: bytes = b"{}",
        **changes: Any,
    ) -> Sealed:
        """Seal a message; what is not said is as it must be."""
        header, addressees = self.header(recipients, **changes)
        own = self.member(changes.get("sender", SENDER)).keyring
        listed = {one.recipient: self.public(one.recipient) for one in addressees}
        return seal(
            header,
            content,
            author=sign_content(header, content, own),
            addressees=addressees,
            keys={**listed, **(keys or {})},
            keyring=keyring or own,
            directory_version=self.world.directory.version if version is None else version,
            rng=os.urandom,
            approver=approver,
        )

    def clear(
        self, content: bytes, recipients: Sequence[str] = (READER,), *, keyring: Keyring | None = None, **changes: Any
    ) -> bytes:
        """Hand over clear text to be sealed by the gateway."""
        fixed = {"kind": "request.response", "sealer": self.world.gate.address}
        header, addressees = self.header(recipients, **{**fixed, **changes})
        author = sign_content(header, content, keyring or self.member(changes.get("sender", SENDER)).keyring)
        return encode_clear(header, addressees, author, content)

    def public(self, recipient: Address) -> PublicKey:
        """Return the newest delivery key of a recipient, or one that nobody listed."""
        record = self.world.directory.delivery_key(recipient, self.now)
        if record is not None:
            return PublicKey(recipient, Use.DELIVERY, record.key)
        member = self.world.members.get(recipient)
        if member is not None and member.delivery:
            return member.delivery[0].public
        return DeliveryKey.generate(recipient, Use.DELIVERY, os.urandom).public
