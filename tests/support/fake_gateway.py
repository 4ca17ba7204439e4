"""
A gateway for tests of the client: the real HTTP interface over an exchange in memory that keeps the rules of the envelope.

Misbehaviour is one line each: `down = True` takes nothing, `mute = True` takes a submission and loses the answer, `damage`
changes deliveries on their way through a session, `unrecorded = True` never records a receipt, `silent = True` hands nothing
over on sessions, `no_cards = True` publishes none, `forged` is the answer to every submission, `closed_keys` are refused,
`stranger` is the refusal of every submission by somebody who has no key, `quota_s` says that a sender's share is used up for so
many seconds, `damage_signature` changes signatures of refusals,
`view` is what receipts say of the log. What happened is in `events`. `peer_files` are the directories of other networks.
"""

from __future__ import annotations

import os
import time
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from gateway.api.app import HttpApi, Parts
from gateway.api.limits import HttpLimits
from gateway.directory.cards import DeliveryCard, parse_card
from gateway.directory.possession import Challenge, check_answers, make_challenge
from gateway.directory.registrar import accept_card
from gateway.envelope.accept import check_seal, check_submission, examine, head, make_delivery, rows
from gateway.envelope.clear import check_clear, check_clear_author, encode_sealed_answer, examine_clear, seal_clear
from gateway.envelope.keys import PublicKey, Use
from gateway.envelope.receipt import Event, LogView, Receipt, make_receipt, parse_receipt, verify_receipt
from gateway.errors import GatewayError, Rejected, Unavailable, Uncertain
from gateway.ids import Address, EnvelopeHash, KeyId, MessageId, network_of
from gateway.message import spec
from gateway.ops.health import Health
from gateway.ops.metrics import Metrics
from gateway.policy import admit
from gateway.protocol.refusal import sign_problem
from gateway.resources import schemas_path
from tests.support.fake_log import FakeLog
from tests.support.fake_relay import FakePeers, FakeRelay
from tests.support.fake_session import FakeSession, Message, RecipientView, Row, Submitted, View

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence

    from gateway.api.ports import SessionPort
    from gateway.envelope.accept import Examined
    from tests.support.network import World

__all__ = ["FakeGateway", "Submitted", "fake_gateway"]


class FakeGateway:
    """
    Keeps the rules of an exchange; see `gateway.api.ports.ExchangePort`.

    Args:
        world: The network; cards that are published go there.
        clock: Unix seconds.
    """

    def __init__(self, world: World, clock: Callable[[], float]) -> None:
        self.world = world
        self.clock = clock
        self.log = FakeLog(world.gate.key(Use.LOG).unsafe_export())
        self.view: LogView | None = None
        self.messages: dict[tuple[Address, bytes], Message] = {}
        self.sessions: dict[Address, FakeSession] = {}
        self.events: list[tuple[str, Address, bytes]] = []
        self.epochs = 0
        self.numbers = 0
        self.down = False
        self.mute = False
        self.unrecorded = False
        self.silent = False
        self.no_cards = False
        self.forged: bytes | None = None
        self.closed_keys: set[bytes] = set()
        self.told: list[tuple[Address, bytes]] = []
        self.stranger: Rejected | None = None
        self.quota_s: int | None = None
        self.submissions = 0
        self.damage_signature: Callable[[str], str] = lambda field_: field_
        self.damage: Callable[[bytes], bytes] = lambda delivery: delivery
        self.base = ""
        self.peer_files: dict[str, Callable[[], Mapping[str, bytes]]] = {}

    def waiting(self, recipient: Address) -> list[Row]:
        """Return what a recipient has not answered, in order."""
        found = [row for message in self.messages.values() for row in message.rows if row.recipient == recipient]
        return sorted((row for row in found if row.state == "accepted"), key=lambda row: row.number)

    def states(self) -> dict[str, int]:
        """Count the deliveries in each state."""
        found = [row.state for message in self.messages.values() for row in message.rows]
        return {state: found.count(state) for state in set(found)}

    async def submit_sealed(self, body: bytes) -> Submitted:
        """Accept a sealed submission."""
        self._reachable()
        self._strange()
        self._share()
        examined, now = examine(body), int(self.clock())
        with _proving(lambda: check_seal(examined, self.world.answers, now)):
            return self._answered(self._take(examined, body, lambda _head, receipt: receipt))

    async def submit_signed(self, body: bytes) -> Submitted:
        """Seal and accept clear text."""
        self._reachable()
        self._strange()
        clear = examine_clear(body)
        known = self.messages.get((clear.header.sender, clear.header.message_id))
        if known is not None and known.submission == body:
            return self._answered(Submitted(200, known.answer))
        now = int(self.clock())
        with _proving(lambda: check_clear_author(clear, self.world.answers, now)):
            check_clear(clear, self.world.answers, now, self.world.gate.address)
        records = [self.world.directory.delivery_key(one.recipient, now) for one in clear.addressees]
        keys = {record.address: PublicKey(record.address, record.use, record.key) for record in records if record}
        sealed = seal_clear(clear, keys, self.world.gateway, self.world.directory.version, os.urandom)
        examined = examine(sealed.submission)
        return self._answered(self._take(examined, body, lambda head_, receipt: encode_sealed_answer(receipt, head_)))

    async def status(self, asker: Address, message_id: MessageId) -> View:
        """Tell a sender what became of its message."""
        self._reachable()
        message = self.messages.get((asker, message_id))
        if message is None:
            raise Rejected(code="not-found")
        states = [RecipientView(row.recipient, row.state, row.at, row.reason, row.receipt) for row in message.rows]
        return View(message.rows[0].number, message.rows[0].envelope_hash, message.at, states)

    async def receipts(self, asker: Address, receipts: Sequence[bytes]) -> list[str]:
        """Record receipts."""
        self._reachable()
        return [self._record(asker, data) for data in receipts]

    async def inbox(self, asker: Address, after: int) -> tuple[list[bytes], bool]:
        """Return what waits or was delivered and not answered, undamaged."""
        self._reachable()
        found = [row for message in self.messages.values() for row in message.rows if row.recipient == asker]
        open_ = [row for row in found if row.number > after and row.state in {"accepted", "delivered"}]
        return [row.delivery for row in sorted(open_, key=lambda row: row.number)], False

    async def outcomes(self, asker: Address, after: int) -> list[tuple[int, bytes]]:
        """Return the receipts in `told` that are the asker's, beyond a number."""
        self._reachable()
        return [(seq, data) for seq, (sender, data) in enumerate(self.told, 1) if sender == asker and seq > after]

    def require_session(self, asker: Address) -> None:
        """Let everybody open sessions."""

    async def open_session(self, asker: Address) -> SessionPort:
        """Open a session; an older one is replaced."""
        self._reachable()
        self.epochs += 1
        older = self.sessions.get(asker)
        session = self.sessions[asker] = FakeSession(self, asker, self.epochs)
        if older is not None:
            older.failure = Rejected(code="session-replaced")
            older.changed.set()
        return session

    async def remember_nonce(self, asker: Address, nonce: bytes, expires: int) -> bool:
        """Believe that every nonce is new."""
        return True

    async def challenge(self, asker: Address, card: bytes) -> Sequence[Challenge]:
        """Challenge the keys of a card."""
        self._reachable()
        return make_challenge(card, self.world.gateway, self.clock(), os.urandom)

    async def publish_card(self, asker: Address, card: bytes, answers: Sequence[bytes]) -> None:
        """Publish a card whose keys are proved."""
        self._reachable()
        if self.no_cards:
            raise Unavailable("takes no cards for a test")
        parsed, now = parse_card(card)[1], self.clock()
        if isinstance(parsed, DeliveryCard):
            check_answers(card, answers, self.world.gateway, now)
        directory = self.world.directory
        if parsed not in {directory.key_cards.get(asker), directory.delivery_cards.get(asker)}:
            path = accept_card(directory, asker, card, now)
            self.events.append(("card", asker, card))
            self.world.put_cards({path: card})
        if self.mute:
            raise Uncertain("the answer is lost for a test")

    async def directory_files(self, names: Sequence[str]) -> Mapping[str, bytes]:
        """Return files of the directory."""
        self._reachable()
        return {name: self.world.files[name] for name in names if name in self.world.files}

    def hold(self, row: Row, reason: str) -> None:
        """Hold a delivery and tell its author."""
        sender = next(sender for (sender, _), message in self.messages.items() if row in message.rows)
        row.state, row.reason = "held", reason
        row.receipt = self.receipt(Event.HELD, row.envelope_hash, row.recipient, reason=reason)
        self.told.append((sender, row.receipt))

    def break_sessions(self, reason: Exception | None = None) -> None:
        """End every session."""
        for session in list(self.sessions.values()):
            session.failure = reason or Unavailable("the gateway stops")
            session.changed.set()

    def sign(self, request_body: bytes, problem: bytes) -> str:
        """Sign a refusal."""
        return self.damage_signature(sign_problem(request_body, problem, self.world.gateway))

    def _reachable(self) -> None:
        if self.down:
            raise Unavailable("down for a test")

    def _strange(self) -> None:
        if self.stranger is not None:
            raise Rejected(self.stranger.detail, code=self.stranger.code)

    def _share(self) -> None:
        self.submissions += 1
        if self.quota_s is not None:
            error = Unavailable(code="quota")
            error.retry_after_s = self.quota_s
            raise error

    def _answered(self, answer: Submitted) -> Submitted:
        if self.mute:
            raise Uncertain("the answer is lost for a test")
        return answer if self.forged is None else Submitted(answer.status, self.forged)

    def _take(self, examined: Examined, body: bytes, answer_of: Callable[[bytes, bytes], bytes]) -> Submitted:
        header, now = examined.header, int(self.clock())
        known = self.messages.get((header.sender, header.message_id))
        if known is not None:
            if known.submission != body:
                raise Rejected(code="conflict")
            return Submitted(200, known.answer)
        if self.world.joined:
            self.world.read()  # what a relay brought meanwhile
        check_submission(examined, self.world.answers, now, self._key_ok)
        admit(header, [one.recipient for one in examined.stanzas], self.world.directory, now)
        self.numbers += 1
        accepted = self.receipt(Event.ACCEPTED, examined.envelope_hash, header.sender, self.numbers)
        made = [
            Row(
                self.numbers,
                row.recipient,
                examined.envelope_hash,
                make_delivery(examined.common_bytes, row.index, row.stanza, row.proof, [accepted]),
                state="accepted" if network_of(row.recipient) == self.world.network else "outbound",
                at=now,
            )
            for row in rows(examined)
        ]
        answer = answer_of(head(examined), accepted)
        self.messages[header.sender, header.message_id] = Message(now, body, answer, made, header.kind)
        for row in made:
            if row.recipient in self.sessions:
                self.sessions[row.recipient].changed.set()
        return Submitted(202, answer)

    def _key_ok(self, recipient: Address, key_id: KeyId, at: int) -> bool:
        return key_id not in self.closed_keys and self.world.directory.delivery_key_ok(recipient, key_id, at)

    def receipt(
        self,
        event: Event,
        envelope_hash: EnvelopeHash,
        subject: Address,
        number: int | None = None,
        reason: str | None = None,
    ) -> bytes:
        """Sign a receipt of this gateway."""
        receipt = Receipt(
            event=event,
            envelope_hash=envelope_hash,
            subject=subject,
            signer=self.world.gate.address,
            at=int(self.clock()),
            number=number,
            log=self.view,
            reason=reason,
            salt=os.urandom(16),
        )
        return make_receipt(receipt, self.world.gateway)

    def _record(self, asker: Address, data: bytes) -> str:
        try:
            receipt = verify_receipt(parse_receipt(data), self.world.answers)
        except GatewayError as exc:
            return exc.code
        found = [row for message in self.messages.values() for row in message.rows]
        row = next((one for one in found if (one.recipient, one.envelope_hash) == (asker, receipt.envelope_hash)), None)
        if row is None:
            return "not-found"
        self.events.append((receipt.event, asker, receipt.envelope_hash))
        if receipt.event == Event.DESTROYED:
            self.told += [(sender, data) for (sender, _), message in self.messages.items() if row in message.rows]
            return ""
        ended = row.state in {"opened", "rejected"}
        if not ended and not (receipt.event == Event.DELIVERED and row.state == "delivered"):
            row.state, row.at, row.reason, row.receipt = str(receipt.event), receipt.at, receipt.reason, data
            [(sender, message)] = [(who, one) for (who, _), one in self.messages.items() if row in one.rows]
            if receipt.event == Event.REJECTED or (receipt.event == Event.OPENED and spec(message.kind).opened_is_told):
                self.told.append((sender, data))
        return ""


@contextmanager
def _proving(check: Callable[[], None]) -> Iterator[None]:
    """Mark a refusal of what its sender signed well."""
    try:
        yield
    except Rejected as refusal:
        with suppress(Rejected):
            check()
            refusal.proved = True
        raise


@asynccontextmanager
async def fake_gateway(world: World, clock: Callable[[], float] = time.time, **limits: Any) -> AsyncIterator[FakeGateway]:
    """Serve a fake gateway on loopback; `base` is its address."""
    gateway = FakeGateway(world, clock)
    parts = Parts(
        exchange=gateway,
        log=gateway.log,
        relay=FakeRelay(),
        peers=FakePeers(gateway.peer_files),
        directory=lambda: world.directory,
        health=Health({}),
        metrics=Metrics(),
        clock=clock,
        rng=os.urandom,
        sign_problem=gateway.sign,
        schemas=schemas_path(),
        limits=HttpLimits(linger_s=0.2, **limits),
    )
    api = HttpApi(parts)
    await api.start("127.0.0.1", 0)
    gateway.base = f"http://127.0.0.1:{api.port}"
    try:
        yield gateway
    finally:
        await api.stop(0.5)
