"""
A hostile network, as a simulated peer of a real gateway: it has all its own keys, signs whatever it likes, and keeps a log to match.

`hostile.forward(...)` is a forward that is right in everything; each attack changes one thing. `hostile.bring(...)` hands forwards
over as its relay does, `hostile.publish()` its directory.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import msgspec

from gateway.directory.entries import encode_who
from gateway.directory.publication import make_targets_files
from gateway.directory.repository import newest_version
from gateway.directory.roles import TufRole
from gateway.envelope import (
    Event,
    Inclusion,
    Receipt,
    Use,
    examine,
    make_forward,
    make_receipt,
    parse_receipt,
    rows,
    signed_receipt_leaf,
)
from gateway.ids import Address, network_of
from gateway.merkle import inclusion_proof, leaf_hash, root_of
from gateway.protocol import media, relaying
from gateway.tlog.checkpoint import Checkpoint, encode_checkpoint
from gateway.tlog.note import ED25519, Note, VerifierKey, encode_note, sign_note
from tests.scenario.asking import ask
from tests.scenario.lines import plain, signed
from tests.scenario.town import Town
from tests.support.network import join

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from gateway.envelope import Keyring, Sealed
    from gateway.ids import EnvelopeHash
    from gateway.ledger import Lease
    from tests.scenario.lines import Answer
    from tests.support.network import Member

__all__ = ["EU", "AUTHOR", "DESK", "FAR_RELAY", "OUR_RELAY", "Hostile", "told"]

EU: Final = "eu-network"
AUTHOR, DESK, FAR_RELAY, OUR_RELAY = "GN-QX", "GS-EU", "RELAY-ICN", "RELAY-EU"


@dataclass
class Hostile:
    """
    The network, and the gateway that it attacks.

    Args:
        town: Whose gateway it is; names `OUR_RELAY` among its participants.
        folder: For what the hostile network would have in files.
        rules: Of the town for it; fields of `Peer`.
    """

    town: Town
    folder: Path
    rules: dict[str, Any] = field(default_factory=dict)
    own: Town = field(init=False)
    leaves: dict[Address, list[bytes]] = field(default_factory=dict)  # by gateway

    def __post_init__(self) -> None:
        self.own = Town(folder=self.folder, names=(AUTHOR, DESK, FAR_RELAY, "GN-QN"), network=EU, now=self.town.now)
        join(self.town.world, self.own.world, OUR_RELAY, **self.rules)
        join(self.own.world, self.town.world, FAR_RELAY)
        self.town.world.read()

    @property
    def gate(self) -> Member:
        """Its gateway."""
        return self.own.world.gate

    def sealed(self, to: str = "NCB-QM@icn", **changes: Any) -> Sealed:
        """Seal a message of its own participant."""
        return self.own.sealed([to], **{"sender": AUTHOR, **changes})

    def forward(self, sealed: Sealed | None = None, **odd: Any) -> bytes:
        """
        Make a forward of a message, by default a good one.

        Args:
            sealed: Else one of its own.
            odd: See `accepted`.
        """
        examined = examine((sealed or self.sealed()).submission)
        there = [row for row in rows(examined) if network_of(row.recipient) == self.town.network]
        receipt = self.accepted(examined.envelope_hash, **{"sender": examined.header.sender, **odd})
        return make_forward(examined.common_bytes, there, receipt, self.inclusion(receipt, odd.get("gate")))

    def accepted(self, envelope_hash: EnvelopeHash, *, sender: str, gate: Member | None = None, at: float = 0) -> bytes:
        """Sign an acceptance; by another gateway, or at another time, as told."""
        by = gate or self.gate
        receipt = Receipt(
            event=Event.ACCEPTED,
            envelope_hash=envelope_hash,
            subject=Address(sender),
            signer=by.address,
            at=int(at or time.time()),
            number=len(self.log(by)) + 1,
            salt=os.urandom(16),
        )
        return make_receipt(receipt, by.keyring)

    def log(self, gate: Member | None = None) -> list[bytes]:
        """Return the leaves of a gateway's log, to be changed."""
        return self.leaves.setdefault((gate or self.gate).address, [])

    def inclusion(self, receipt: bytes, gate: Member | None = None) -> Inclusion:
        """Let the log of a gateway grow by an acceptance, and prove it."""
        by = gate or self.gate
        self.log(by).append(signed_receipt_leaf(receipt))
        hashes = [leaf_hash(one) for one in self.log(by)]
        index = len(hashes) - 1
        key = next((one for one in by.signing if one.public.use is Use.LOG), self.gate.key(Use.LOG))
        origin = f"{by.address}/audit"
        text = encode_checkpoint(Checkpoint(origin, len(hashes), root_of(hashes)))
        note = encode_note(Note(text, (sign_note(text, VerifierKey(origin, ED25519, key.public.key), key.sign),)))
        return Inclusion(index, tuple(inclusion_proof(index, hashes)), note)

    def receipt(self, name: str, event: Event, envelope_hash: EnvelopeHash, **odd: Any) -> bytes:
        """Sign what happened to a message with a key of its own, whoever the receipt says that it is from."""
        address = self.own.address(name)
        member = self.gate if address == self.gate.address else self.own.world.members[address]
        fields = {"event": event, "envelope_hash": envelope_hash, "subject": address, "signer": address}
        fields |= {"at": int(time.time()), "salt": os.urandom(16)}
        return make_receipt(Receipt(**{**fields, **odd}), member.keyring)  # type: ignore[arg-type]

    async def bring(self, *forwards: bytes) -> list[tuple[str, list[bytes]]]:
        """Hand over forwards; the answer of each."""
        answer = await self.asked("POST", relaying.TAKE, msgspec.msgpack.encode(list(forwards)))
        assert answer.status == 200, answer
        found: list[tuple[str, list[bytes]]] = msgspec.msgpack.decode(answer.body)
        return found

    async def brought(self, *forwards: bytes) -> list[str]:
        """Hand over forwards; the code of each, that of a signed refusal too, `accepted` for what is taken."""
        return [code or told(receipts) for code, receipts in await self.bring(*forwards)]

    async def asked(self, method: str, path: str, body: bytes = b"", kind: str = media.MSGPACK) -> Answer:
        """Ask the gateway something as its relay."""
        return await self._as(self.own.member(FAR_RELAY).keyring, method, path, body, kind)

    async def our_relay(self, method: str, path: str, body: bytes = b"", kind: str = media.MSGPACK) -> Answer:
        """Let the town's honest relay bring what the hostile gateway told it."""
        return await self._as(self.town.member(OUR_RELAY).keyring, method, path, body, kind)

    async def lease(self) -> Lease:
        """Let the town's relay be the active one."""
        wish = relaying.Bodies.lease_wish.encode(relaying.LeaseWish("one", None))
        answer = await self.our_relay("POST", relaying.lease_path(self.own.world.network), wish, media.JSON)
        return relaying.Bodies.lease.decode(answer.body)  # type: ignore[return-value]

    async def forwards(self, epoch: int) -> list[tuple[int, bytes]]:
        """Let the town's relay fetch what waits."""
        answer = await self.our_relay("GET", relaying.forwards_path(self.own.world.network, epoch, 5))
        return list(relaying.Bodies.forward_page.decode(answer.body))

    async def answered(self, epoch: int, answers: Sequence[tuple[int, Sequence[bytes]]]) -> list[str]:
        """Let the town's relay bring answers; the code of each."""
        body = msgspec.msgpack.encode([(number, "", receipts) for number, receipts in answers])
        answer = await self.our_relay("POST", relaying.answers_path(self.own.world.network, epoch), body)
        return relaying.Bodies.codes.decode(answer.body)

    async def receipts(self, epoch: int, receipts: Sequence[bytes]) -> list[str]:
        """Let the town's relay bring receipts; the code of each."""
        body = msgspec.msgpack.encode((1, receipts))
        answer = await self.our_relay("POST", relaying.taken_path(self.own.world.network, epoch), body)
        return relaying.Bodies.codes.decode(answer.body)

    def sign_anything(self, change: Callable[[Any], object]) -> dict[str, bytes]:
        """Return its repository with a `directory.json` that no honest software would sign."""
        world = self.own.world
        who = json.loads(encode_who(world.listed()))
        change(who)
        version, keys = newest_version(world.files, TufRole.TARGETS) + 1, world.officer_keys(TufRole.TARGETS)
        files = {**world.files, **make_targets_files(version, json.dumps(who).encode(), world.holders, keys, world.now)}
        return {**files, **world.online._seal(files, world.now)}

    async def publish(self, files: Mapping[str, bytes] | None = None) -> list[str]:
        """Bring its directory, or other files; the code."""
        data = list((self.own.world.files if files is None else files).items())
        request = plain(
            "POST", relaying.publish_path(self.own.world.network), {"Content-Type": media.MSGPACK}, msgspec.msgpack.encode(data)
        )
        return (await ask(self.town, request)).codes

    async def _as(self, keyring: Keyring, method: str, path: str, body: bytes, kind: str) -> Answer:
        headers = signed(keyring, method, path, body=body, kind=kind if body else "")
        return await ask(self.town, plain(method, path, headers, body))


def told(receipts: list[bytes]) -> str:
    """Return `accepted`, or the reason of a refusal."""
    receipt = parse_receipt(receipts[0]).receipt
    return receipt.reason or str(receipt.event)
