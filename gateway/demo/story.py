"""
What happens on the stage, scene by scene, through the SDK and the HTTP interface of a real gateway.

Every scene checks what it claims and raises `Failed` when it is not so; the last line is counted, not written.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from gateway.client import ContactPoint
from gateway.demo import intruder
from gateway.demo.catalogue import lines_beside
from gateway.demo.script import REQUESTS, RESPONSES, Line, content_of
from gateway.demo.stage import CAST, NETWORK, Stage
from gateway.demo.tally import Tally
from gateway.demo.view import View
from gateway.envelope import common_of
from gateway.ids import Address, Participant, make_address
from gateway.message import spec

if TYPE_CHECKING:
    from gateway.client.sending.send_receipt import SendReceipt
    from gateway.ledger import Ledger

__all__ = ["Failed", "Story"]

OFFLINE = "NCB-QN"
_SECOND_OFFICER = "second-officer"
_COPIED = "cooperation.request/arrest-and-surrender"  # the message that an intruder copies, alters and repeats


class Failed(Exception):  # noqa: N818  the demonstration failed
    """Something was not as the gateway promises."""


class Story:
    """
    One run.

    Args:
        stage: The network's files.
        url: Where the gateway listens.
        ledger: The gateway's database: what its operator, or a thief of it, can see.
        view: Shows what happens.
    """

    def __init__(self, stage: Stage, url: str, ledger: Ledger, view: View) -> None:
        self._stage = stage
        self._url = url
        self._ledger = ledger
        self._view = view
        self._open = AsyncExitStack()
        self._points: dict[str, ContactPoint] = {}
        self._sent: dict[str, SendReceipt] = {}
        self._rest: list[Line] = []
        self.tally = Tally()

    async def play(self) -> Tally:
        """Play every scene; raise Failed where one is not as promised."""
        async with self._open:
            self._view.scene("Everybody comes online once and publishes a delivery card")
            for member in CAST:
                await self._arrive(member.participant)
            self._view.scene(f"Requests and reports; {OFFLINE} is offline")
            for line in REQUESTS:
                await self._say(line)
            await self._gateway_view(REQUESTS)
            await self._intrusion()
            self._view.scene("Everybody but one reads")
            await self._read_all(except_for=OFFLINE)
            self._view.scene(f"{OFFLINE} comes back: nothing was lost meanwhile")
            await self._read_all()
            self._view.scene("Answers, one of them sealed by the gateway for a thin client")
            for line in RESPONSES:
                await self._say(line)
            await self._read_all()
            self._view.scene("The rest of the catalogue: every other example, sent and read")
            self._rest = lines_beside(self._sent)
            for line in self._rest:
                await self._say(line)
            await self._read_all()
            await self._check_status()
            await self._check_empty()
        return self.tally

    async def _arrive(self, name: str) -> None:
        point = ContactPoint.open(self._stage.home(name), passphrase=self._stage.passphrase)
        self._points[name] = await self._open.enter_async_context(point)
        await self._points[name].publish_card()
        self._view.arrived(name)

    async def _say(self, line: Line) -> None:
        hashes = {example: bytes(_hash(receipt)) for example, receipt in self._sent.items()}
        content = content_of(line, hashes, time.time())
        sender = self._points[line.sender]
        receipt = await sender.send(content, to=line.to, sealed_by_gateway=line.sealed_by_gateway, inherit=True)
        if spec(content.kind).needs_approval:
            receipt = await self._approved(line, receipt)
        if receipt.kept:
            raise Failed(f"{line.example}: no gateway took it")
        self._sent[line.example] = receipt
        self.tally.accept(_hash(receipt), line.to)
        self._view.sent(line, receipt, approved=spec(content.kind).needs_approval)

    async def _approved(self, line: Line, receipt: SendReceipt) -> SendReceipt:
        """Let the second officer read and sign what waits: with one signature nothing leaves."""
        if not receipt.waiting:
            raise Failed(f"{line.example}: left the home with one signature")
        sender = self._points[line.sender]
        shown = await sender.approval(receipt.message_id)
        return await sender.approve(
            receipt.message_id, self._stage.officers[line.sender], officer=_SECOND_OFFICER, draft=shown.draft
        )

    async def _gateway_view(self, lines: Sequence[Line]) -> None:
        """Show what the gateway's database has of each message."""
        self._view.scene("What the gateway could see of them: routing facts and ciphertext")
        for line in lines:
            stored = await self._ledger.find(_address(line.sender), self._sent[line.example].message_id)
            if stored is None:
                raise Failed(f"{line.example}: accepted and not in the ledger")
            self._view.seen_by_gateway(stored.number, stored.head)

    async def _intrusion(self) -> None:
        self._view.scene("An intruder with a copy of everything, and without keys of the network")
        forged = intruder.forged(_address("NCB-QM"), _address("TRIB-QX-OTP"), self._sent[_COPIED].accepted_at or 0)
        await self._refused("forged in the name of NCB-QM", forged)
        copy = await self._copied(_COPIED)
        marked_down = intruder.altered(copy, b"red/confidential", b"green/restricted")
        await self._refused("marked down from red/confidential", marked_down)
        status, body, _ = await intruder.post(self._url, copy)
        sender = next(line.sender for line in REQUESTS if line.example == _COPIED)
        stored = await self._ledger.find(_address(sender), self._sent[_COPIED].message_id)
        if stored is None or (status, body) != (200, stored.receipt):
            raise Failed(f"a repeated submission was answered with {status}")
        self._view.repeated()

    async def _refused(self, what: str, submission: bytes) -> None:
        before = await self._deliveries()
        status, _, code = await intruder.post(self._url, submission)
        if status < 400 or await self._deliveries() != before:
            raise Failed(f"a submission {what} was answered with {status}")
        self._view.refused(what, status, code)

    async def _deliveries(self) -> int:
        """Count them in whatever state: the good ones are on their way meanwhile."""
        return sum((await self._ledger.totals()).values())

    async def _copied(self, example: str) -> bytes:
        """Put a submission together again from the database: from what each of its recipients waits for."""
        line = next(line for line in REQUESTS if line.example == example)
        number = self._sent[example].number or 0
        stanzas: dict[int, bytes] = {}
        common = b""
        for name in line.to:
            for waiting in await self._ledger.inbox(_address(name), number - 1, 1 << 20):
                if waiting.number == number:
                    common = common_of(waiting.head, waiting.body)
                    stanzas |= {row.index: row.stanza for row in waiting.rows}
        return intruder.submission_of(common, [stanzas[index] for index in sorted(stanzas)])

    async def _read_all(self, except_for: str = "") -> None:
        for name, point in self._points.items():
            if name == except_for:
                continue
            async for delivery in point.inbox():
                await delivery.acknowledge()
                self.tally.open(delivery.envelope_hash, name)
                self._view.read(name, delivery)

    async def _check_status(self) -> None:
        """Every sender holds a signed receipt from each recipient."""
        for line in (*REQUESTS, *RESPONSES, *self._rest):
            status = await self._points[line.sender].status(self._sent[line.example].message_id)
            proved = {one.recipient for one in status.recipients if one.state == "opened" and one.proved}
            if proved != {_address(name) for name in line.to}:
                raise Failed(f"{line.example}: opened by {sorted(proved)} only")
        self._view.note("every sender holds a signed `opened` receipt of each recipient")

    async def _check_empty(self) -> None:
        """Nobody is handed anything twice."""
        before = self.tally.opened.total()
        await self._read_all()
        if self.tally.opened.total() != before:
            raise Failed("a message was handed over after its acknowledgement")
        self._view.note("nobody is handed anything a second time")


def _address(name: str) -> Address:
    return make_address(Participant(name), NETWORK)


def _hash(receipt: SendReceipt) -> bytes:
    if receipt.envelope_hash is None:
        raise Failed("a receipt that names no envelope")
    return receipt.envelope_hash
