"""
What happens between two networks, scene by scene, through the SDK and the HTTP interfaces of two real gateways.

Every scene checks what it claims and raises `Failed` when it is not so; the last line is counted, not written.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Self

from gateway.client.home.aliases import home_of
from gateway.demo.story import Failed
from gateway.demo.two import script
from gateway.demo.two.people import People, hash_of, tries
from gateway.demo.two.stage import ALIAS, ALIAS_OF, CEILING, EU, GROUP, ICN, PEOPLE
from gateway.demo.two.watch import Watch
from gateway.errors import Rejected
from gateway.ids import network_of
from gateway.staging.pair import relaying

if TYPE_CHECKING:
    from gateway.client.sent.outstanding import Demand
    from gateway.demo.tally import Tally
    from gateway.demo.view import View
    from gateway.ledger import Ledger
    from gateway.staging.pair import Side

__all__ = ["StoryOfTwo"]

class StoryOfTwo:
    """
    One run.

    Args:
        sides: `icn` and `eu-network`, their gateways running.
        ledgers: Of both: what their operators, or thieves of them, can see.
        view: Shows what happens.
    """

    def __init__(self, sides: tuple[Side, Side], ledgers: tuple[Ledger, Ledger], view: View) -> None:
        self._sides = sides
        self._ledgers = dict(zip((ICN, EU), ledgers, strict=True))
        self._view = view
        self._watch = Watch()
        self._people = People(view)

    async def play(self) -> Tally:
        """Play every scene; raise Failed where one is not as promised."""
        try:
            async with self._relays():
                await self._border()
                await self._arrival()
                await self._requests()
                await self._refused_here()
                await self._refused_there()
                await self._answers()
            await self._relay_away()
            async with self._relays():
                await self._relay_back()
                await self._recall()
                await self._proofs()
            await self._seen()
        finally:
            await self._people.close()
        return self._people.tally

    def _relays(self) -> AsyncExitStack:
        return _Relays(self._sides, self._watch)

    async def _border(self) -> None:
        self._view.scene(f"Two networks name each other, and what may pass: at most {CEILING}")
        for side in self._sides:
            place = side.stage.place
            self._view.note(f"{place.network:<12} {place.gateway}, its own broker and ledger; {side.relay} carries its mail")
        async for _ in tries("the relays did not bring the directories"):
            if all([await ledger.peers.versions() for ledger in self._ledgers.values()]):
                break
        self._view.note("the relays have brought each network's directory to the other, where it is verified from its root")

    async def _arrival(self) -> None:
        self._view.scene("Everybody comes online once and publishes a delivery card")
        for side in self._sides:
            for member in PEOPLE[side.stage.place.network]:
                home = side.stage.home(member.participant)
                await self._people.arrive(member.participant, home, side.stage.passphrase)
        icn = self._sides[0].stage
        await self._people.arrive(ALIAS, home_of(icn.home(ALIAS_OF), ALIAS), icn.passphrase)
        self._view.note(f"{ALIAS:<12} is {ALIAS_OF} by another name, with keys of its own, and known in {EU} alone")

    async def _requests(self) -> None:
        self._view.scene(f"Requests and reports across the border; {GROUP} is a group of {EU}")
        for line in script.OPENING:
            await self._people.say(line)
        await self._people.read_all()

    async def _refused_here(self) -> None:
        """What is above the ceiling is refused before it is sealed."""
        self._view.scene("A marking above what may pass: refused by the author's own software, before it seals")
        line = script.ABOVE
        content = script.confidential(script.content_for(line, {}))
        try:
            await self._people.points[line.sender].send(content, to=line.to)
        except Rejected as exc:
            if exc.code != "border-ceiling":
                raise
            self._view.note(f"{exc.code}: {exc.detail}")
            return
        raise Failed("a marking above the ceiling left its home")

    async def _refused_there(self) -> None:
        """A code without a meaning in the other network comes back, signed by its gateway."""
        self._view.scene(f"A marking that {EU} does not know: taken at home, refused there, signed")
        line = script.STRANGE
        sent = await self._people.say(line)
        await self._people.read_all(but=(hash_of(sent), "GN-QB@eu-network"))
        status = await self._people.until(line, "opened", "refused")
        for one in sorted(status.recipients, key=lambda one: one.recipient):
            if one.state == "refused":
                self._people.tally.refuse(hash_of(sent), one.recipient)
            self._view.note(f"{one.recipient}: {one.state}{f', {one.reason}' if one.reason else ''}, by a signed receipt")

    async def _answers(self) -> None:
        self._view.scene("Answers, one of them sealed by the other network's gateway for a thin client")
        for line in script.ANSWERS:
            await self._people.say(line)
        await self._people.read_all()

    async def _relay_away(self) -> None:
        self._view.scene("Both relays are down: each gateway accepts, and keeps what is for the other network")
        for line in script.MEANWHILE:
            await self._people.say(line)
            own = network_of(self._people.points[line.sender].address)
            rows = (await self._people.status(line)).recipients
            away = {one.state for one in rows if network_of(one.recipient) != own}
            if away != {"outbound"}:
                raise Failed(f"{line.example}: without a relay it is {away}")
        self._view.note("all that is for the other network is `outbound`")

    async def _relay_back(self) -> None:
        self._view.scene("The relays come back: nothing was lost meanwhile")
        await self._people.read_all()

    async def _recall(self) -> None:
        self._view.scene("A recall across the border: every holder destroys its copy, and signs that")
        line = script.RECALLED
        target = hash_of(self._people.sent[line.example])
        author = self._people.points[line.sender]
        self._people.count(await author.recall(target, "the person was mistaken for another", mode="delete"))
        await self._people.read_all()
        async for _ in tries("somebody did not answer the recall"):
            [demand] = [one for one in await author.outstanding(everything=True) if one.target == target]
            if not demand.waiting:
                break
        self._destroyed(demand)

    def _destroyed(self, demand: Demand) -> None:
        for holder in demand.holders:
            if holder.answer != "deleted":
                raise Failed(f"{holder.recipient} answered a recall with {holder.answer}")
            self._view.note(f"{holder.recipient}: {holder.answer}, by a signed receipt")

    async def _proofs(self) -> None:
        self._view.scene("At the end")
        for line in (*script.OPENING, *script.ANSWERS, *script.MEANWHILE):
            await self._people.until(line, "opened")
        self._view.note("every sender holds a signed `opened` receipt of each recipient, of whichever network")
        await self._people.nobody_reads_twice()
        self._view.note("nobody is handed anything a second time")

    async def _seen(self) -> None:
        """Show what those on the way have of one message, and look for what was said in all that the relays carried."""
        line = script.OPENING[0]
        address = self._people.points[line.sender].address
        self._view.scene(f"What each gateway could see of {line.example}: routing facts and ciphertext")
        for network, ledger in self._ledgers.items():
            stored = await ledger.find(address, self._people.sent[line.example].message_id)
            if stored is None:
                raise Failed(f"{line.example}: not in the ledger of {network}")
            self._view.note(f"in the ledger of {network}:")
            self._view.seen_by_gateway(stored.number, stored.head)
        self._view.scene("What the relays could see: the same, and nothing that was said")
        looked_for, found = self._watch.found(self._people.decoded())
        if found or not looked_for:
            raise Failed(f"a relay could read {found[:1]}")
        size = len(self._watch.seen) >> 10
        self._view.note(f"{looked_for} sentences of {len(self._people.said)} messages, in {size} KiB that passed: none found")


class _Relays(AsyncExitStack):
    """Both relays, while it is entered."""

    def __init__(self, sides: tuple[Side, Side], watch: Watch) -> None:
        super().__init__()
        self._sides = sides
        self._watch = watch

    async def __aenter__(self) -> Self:
        icn, eu = self._sides
        await self.enter_async_context(relaying(icn, eu, self._watch.line))
        await self.enter_async_context(relaying(eu, icn, self._watch.line))
        return self
