"""
A network whose keys the test holds, served by a real gateway, with every kind of participant that must be refused.

`Town.prepare` writes what `gateway serve` needs: configuration, key file, and a ledger with the directory in it. Who may not
do what is written beside the names below.
"""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from gateway.directory.cards import (
    KEY_CARD_S,
    CardKey,
    DeliveryCard,
    DeliveryCardKey,
    KeyCard,
    sign_delivery_card,
    sign_key_card,
)
from gateway.directory.entries import KeyRevocation, Status
from gateway.directory.keyfiles import encrypt_gateway_keys
from gateway.envelope import (
    DeliveryKey,
    Header,
    MemoryKeyring,
    PublicKey,
    Signature,
    SigningKey,
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
from tests.scenario.process import Served
from tests.support.network import Member, World, counter_rng, make_member, make_world
from tests.support.ports import free_ports

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from gateway.envelope import Keyring, Sealed

__all__ = ["DAY", "READER", "SENDER", "THIRD", "VISITORS", "OneUse", "Town", "address"]

DAY: Final = 86_400
NETWORK: Final = Network("icn")
SENDER, READER, THIRD = "NCB-QM", "GN-QN", "TRIB-QX-OTP"  # who may do everything
SUSPENDED: Final = "NCB-XB"
REVOKED: Final = "NCB-XC"  # its agent, author and delivery keys are revoked
OUTDATED: Final = "NCB-XD"  # it has closed keys and one that begins tomorrow, beside good ones
CENTRE: Final = "GS-XE"  # sends no requests
UNCLEARED: Final = "NCB-XF"  # up to official-use-only
PICKY: Final = "NCB-XG"  # takes reports only
UNREADY: Final = "NCB-XH"  # has no delivery card yet
VISITORS: Final = tuple(f"UNIT-{letter}{digit}" for letter in "QR" for digit in range(10, 22))  # open a session each
PASSPHRASE: Final = b"fictional passphrase of a gateway"
_QUICK: Final = Cost(1, 8 << 20)  # the key file lives as long as the test


class OneUse(MemoryKeyring):
    """
    Signs everything with the key of one use, whatever is asked.

    Args:
        keyring: Of a participant.
        use: Of its keys.
    """

    def __init__(self, keyring: MemoryKeyring, use: Use) -> None:
        super().__init__(keyring.address, [], [])
        self._inner = keyring
        self._one = use

    def sign(self, use: Use, message: bytes) -> Signature:
        """Sign with the wrong key."""
        del use
        return self._inner.sign(self._one, message)


def address(name: str, network: str = NETWORK) -> Address:
    """Return the address of a participant."""
    return make_address(Participant(name), Network(network))


@dataclass
class Town:
    """
    The network, and a folder for its gateway.

    Args:
        folder: Where everything lies.
        taken: What is accepted before anything bad comes; `taken_ids` are its ids.
        unseen: The same, and READER is none of its recipients.
    """

    folder: Path
    now: int = field(default_factory=lambda: int(time.time()))
    world: World = field(init=False)
    strangers: World = field(init=False)
    taken: list[Sealed] = field(init=False)
    taken_ids: list[MessageId] = field(init=False)
    unseen: Sealed = field(init=False)

    def __post_init__(self) -> None:
        self.world = make_world([SENDER, READER, THIRD, SUSPENDED, REVOKED, CENTRE, UNCLEARED, PICKY, *VISITORS], self.now)
        self.strangers = make_world([SENDER, "NCB-XA"], self.now, network="other")
        self.port, self.operations_port = free_ports(2)
        self._spoil()
        self.taken_ids = [MessageId(new_uuid7(self.now * 1000, os.urandom(10))) for _ in range(4)]
        self.taken = [self.sealed([READER, THIRD], message_id=one) for one in self.taken_ids]
        self.unseen = self.sealed([THIRD, CENTRE])

    def _spoil(self) -> None:
        """Give everybody the standing that stands beside the names."""
        world = self.world
        world.change(SUSPENDED, status=Status.SUSPENDED)
        world.change(CENTRE, roles=("coordination",))
        world.change(UNCLEARED, clearance="official-use-only")
        world.change(PICKY, kinds_accepted=("information.report",))
        revoked = world.member(REVOKED)
        publics = [*(key.public for key in revoked.signing), *(key.public for key in revoked.delivery)]
        world.revoked = tuple(KeyRevocation(key_id=one.key_id.hex(), revoked_at=self.now - 60) for one in publics)
        for name in (UNREADY, OUTDATED):
            world.members[address(name)] = make_member(name)
        world.publish()
        world.put_cards({f"cards/{UNREADY}/key": world.member(UNREADY).key_card(self.now), **self._outdated_cards()})

    def _outdated_cards(self) -> dict[str, bytes]:
        member = self.world.member(OUTDATED)
        start = self.now - 40 * DAY
        windows = [(use, first, last) for use in (Use.AGENT, Use.AUTHOR) for first, last in _WINDOWS]
        keys = [CardKey.of(key, start, start + KEY_CARD_S) for key in member.signing]
        for use, first, last in windows:
            keys.append(CardKey.of(self.odd_key(use, first), self.now + first * DAY, self.now + last * DAY))
        card = KeyCard(address=member.address, serial=1, issued=start, expires=start + KEY_CARD_S, keys=tuple(keys))
        delivery = [DeliveryCardKey(key=member.delivery[0].public.key, not_before=self.now - 300, not_after=self.now + DAY)]
        for first, last in _WINDOWS:
            key = self.odd_delivery_key(first).public.key
            delivery.append(DeliveryCardKey(key=key, not_before=self.now + first * DAY, not_after=self.now + last * DAY))
        listed = DeliveryCard(
            address=member.address,
            serial=1,
            issued=self.now,
            expires=self.now + DAY,
            keys=tuple(delivery),
            suites=(1,),
            reads=(),
        )
        folder = f"cards/{OUTDATED}"
        return {
            f"{folder}/key": sign_key_card(card, member.identity),
            f"{folder}/delivery": sign_delivery_card(listed, member.keyring),
        }

    def odd_key(self, use: Use, first_day: int) -> SigningKey:
        """Return a key of OUTDATED that is good from that day, counted from today, and not now."""
        return SigningKey.generate(address(OUTDATED), use, counter_rng(f"{use}/{first_day}"))

    def odd_delivery_key(self, first_day: int) -> DeliveryKey:
        """Return a delivery key of OUTDATED that is not good now."""
        return DeliveryKey.generate(address(OUTDATED), Use.DELIVERY, counter_rng(f"delivery/{first_day}"))

    @property
    def ledger_url(self) -> str:
        """The gateway's SQLite file."""
        return f"sqlite:///{self.folder / 'gateway.db'}"

    def member(self, name: str) -> Member:
        """Return a participant with its secrets."""
        return self.world.member(name)

    def prepare(self) -> Served:
        """Write what the gateway needs, and return it, not yet started."""
        gate, roles = self.world.gate, self.world.online._keys
        for name, data in {
            "gateway.keys": encrypt_gateway_keys(gate.signing, roles, PASSPHRASE, os.urandom, _QUICK),
            "passphrase": PASSPHRASE,
            "root.json": self.world.root,
            "gateway.toml": self._configuration().encode(),
        }.items():
            (self.folder / name).touch(mode=0o600)
            (self.folder / name).write_bytes(data)
        asyncio.run(self._publish())
        return Served(self.folder / "gateway.toml", self.port, self.folder / "gateway.log")

    async def _publish(self) -> None:
        async with await Ledger.open(self.ledger_url, migrate=True) as ledger:
            await ledger.publish_directory(0, self.world.files)

    def _configuration(self) -> str:
        return f"""\
address = "{self.world.gate.address}"
listen = {{ port = {self.port} }}
operations = {{ port = {self.operations_port}, log_level = "warning" }}
keys = {{ file = "gateway.keys", passphrase_file = "passphrase" }}
ledger = {{ url = "{self.ledger_url}" }}
broker = {{ urls = ["memory"] }}
directory = {{ root = "root.json", publication = "publication" }}
"""

    def header(self, recipients: Sequence[str], **changes: Any) -> tuple[bytes, list[Any]]:
        """Write a header, and draw its addressees."""
        now = int(time.time())
        addressees = draw_addressees([Address(one) if "@" in one else address(one) for one in recipients], os.urandom)
        sender = address(changes.pop("sender", SENDER))
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

    def strange_keyring(self, name: str = SENDER) -> MemoryKeyring:
        """Return keys in a participant's name that nobody listed."""
        uses = (Use.AUTHOR, Use.AGENT, Use.APPROVAL)
        return MemoryKeyring(address(name), [SigningKey.generate(address(name), use, os.urandom) for use in uses], [])


_WINDOWS: Final = ((-20, -1), (1, 20))  # days of use, counted from today: over, and not yet
