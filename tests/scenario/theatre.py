"""
A network whose people hold conversations, on a clock that a test moves for everybody at once.

The gateway is the real one, in this process so that it can have the clock, on PostgreSQL and RabbitMQ; every home is one of the
SDK, open as long as the theatre. What a message says is an example of `schemas/examples` with a few places changed.
"""

from __future__ import annotations

import json
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest

from gateway.config import load
from gateway.envelope import Use
from gateway.errors import Rejected
from gateway.message import read_message_file, spec
from gateway.server import compose
from tests.client.conftest import Clock
from tests.client.examples import drain, path
from tests.scenario.town import PASSPHRASE, Town

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from gateway.client import Case, ContactPoint, SendReceipt, Standing
    from gateway.ids import ConversationId, EnvelopeHash, Kind, MessageId
    from gateway.message import Content
    from gateway.server import Gateway

__all__ = ["CAST", "DAY", "HOUR", "Line", "Theatre", "playing", "say"]

HOUR: Final = 3_600
DAY: Final = 86_400
CAST: Final = {
    "NCB-QM": "ncb",
    "NCB-QN": "ncb",
    "TRIB-QX-OTP": "tribunal",
    "GN-QN": "contact-point",
    "WCU-QP": "unit",
    "JA-QN": "judicial",
    "JA-QP": "judicial",
    "GS": "coordination",
}
_STOP_S: Final = 1.0


class Line(NamedTuple):
    """A message that was said."""

    envelope_hash: EnvelopeHash
    conversation_id: ConversationId
    number: int
    kind: Kind


@dataclass
class Theatre:
    """
    Everybody on the stage.

    Args:
        town: Keys and files.
        clock: Of the gateway and of all homes.
        gateway: Runs in this process.
        points: The open homes.
    """

    town: Town
    clock: Clock
    gateway: Gateway
    points: dict[str, ContactPoint]

    def day(self, ahead: float) -> str:
        """Return a day so many days from now, as content writes it."""
        return (datetime.fromtimestamp(self.clock(), UTC) + timedelta(days=ahead)).date().isoformat()

    async def says(self, who: str, content: Content, to: Sequence[str], re: Line | None = None, **wish: Any) -> Line:
        """Send a message, let a second officer approve it where its kind needs one, and let everybody read who got it."""
        line = await self.sends(who, content, to, re, **wish)
        for name in to:
            await self.reads(name)
        return line

    async def sends(self, who: str, content: Content, to: Sequence[str], re: Line | None = None, **wish: Any) -> Line:
        """As `says`, but nobody has read it yet."""
        point = self.points[who]
        if re is not None:
            wish = {"in_reply_to": re.envelope_hash, "conversation_id": re.conversation_id, "inherit": True} | wish
        receipt = await point.send(content, to, **wish)
        if receipt.waiting:
            receipt = await self.approves(who, receipt.message_id)
        return self.line(receipt, content)

    def line(self, receipt: SendReceipt, content: Content) -> Line:
        """Return what was accepted, to answer it."""
        assert receipt.envelope_hash is not None
        assert receipt.number is not None
        return Line(receipt.envelope_hash, receipt.conversation_id, receipt.number, content.kind)

    async def approves(self, who: str, message_id: MessageId) -> SendReceipt:
        """Let the second officer of a participant sign what waits in its home, with the key of its own."""
        key = self.town.member(who).key(Use.APPROVAL)
        return await self.points[who].approve(message_id, key, officer="officer-99")

    async def reads(self, who: str) -> None:
        """Walk through an inbox, and acknowledge everything."""
        await drain(self.points[who])

    async def case(self, who: str, line: Line) -> Case:
        """Return a conversation as one participant sees it."""
        return await self.points[who].cases.one(line.conversation_id)

    async def stands(self, who: str, first: Line, party: str = "") -> Standing:
        """Return where the thread of a first message stands for one participant, with a party."""
        case = await self.case(who, first)
        (found,) = (
            one
            for one in case.standings
            if one.thread.root.envelope_hash == first.envelope_hash and one.party == (party and self.town.address(party))
        )
        return found

    async def agree(self, first: Line, *who: str) -> list[tuple[int, str, str]]:
        """
        Check that participants who know the same messages see one history, and the same state, clock and debt of each side.

        Returns:
            Number, kind, and `crossed`, `late` or "" of each message.
        """
        seen = [_seen(await self.case(name, first)) for name in who]
        for other in seen[1:]:
            assert other.history == seen[0].history
            shared = other.sides.keys() & seen[0].sides.keys()
            assert shared
            assert {key: other.sides[key] for key in shared} == {key: seen[0].sides[key] for key in shared}
        return seen[0].history

    async def refused(self, who: str, content: Content, to: Sequence[str], re: Line) -> str:
        """Check that a message leads nowhere, and is refused before it is sent; return the hint."""
        with pytest.raises(Rejected) as caught:
            await self.sends(who, content, to, re)
        assert caught.value.code == "conversation-state"
        return caught.value.hint or ""

    async def jump(self, seconds: float) -> None:
        """Let time pass for everybody: the authority publishes, gateway and homes renew what would have ended."""
        self.clock.ahead_s += seconds
        world, publication = self.town.world, self.town.folder / "publication"
        world.now = int(self.clock())
        news = world.publication()
        world.files |= news
        for name, data in news.items():
            file = publication / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        await self.gateway.exchange._parts.directory.renew()
        for point in self.points.values():
            await point.publish_card()


class _Seen(NamedTuple):
    """What two homes compare: sides by number of the first message and party, and the history."""

    sides: dict[tuple[int, str], tuple[Any, ...]]
    history: list[tuple[int, str, str]]


def _seen(case: Case) -> _Seen:
    sides = {
        (one.thread.root.number, str(one.party)): (one.side.state, one.side.since, one.side.due, one.owed_by, one.pace)
        for one in case.standings
    }
    said = case.conversation.history
    return _Seen(
        sides, [(one.turn.number, one.turn.kind, "crossed" if one.crossed else "late" if one.late else "") for one in said]
    )


def say(example: str, re: Line | None = None, **changes: Any) -> Content:
    """
    Return an example with other values.

    Args:
        example: Its name.
        re: What it answers, for kinds that name it in the body.
        changes: `body__state="accepted"`; None leaves the member out.
    """
    said = json.loads(path(example).read_text())
    member = spec(said["kind"]).reply_member
    if re is not None and member is not None:
        said["body"][member] = re.envelope_hash.hex()
    for place, value in changes.items():
        *way, last = place.split("__")
        at = said
        for name in way:
            at = at.setdefault(name, {})
        at.pop(last, None)
        if value is not None:
            at[last] = value
    return read_message_file(json.dumps(said).encode())[1]


@asynccontextmanager
async def playing(folder: Path, ledger: str | None, broker: str) -> AsyncIterator[Theatre]:
    """Raise the curtain: a network on PostgreSQL and RabbitMQ, its gateway, and all homes."""
    clock = Clock()
    town = Town(folder=folder, names=tuple(CAST), ledger=ledger, brokers=(broker,), clock=clock)
    for name, role in CAST.items():
        town.world.change(name, roles=(role,))
    town.world.publish()
    await town.prepare()
    gateway = await compose(load(folder / "gateway.toml"), PASSPHRASE, clock=clock)
    try:
        async with AsyncExitStack() as homes:
            points = {name: await homes.enter_async_context(town.home(name)) for name in CAST}
            for point in points.values():
                await point.publish_card()
            yield Theatre(town, clock, gateway, points)
    finally:
        await gateway.stop(_STOP_S)
