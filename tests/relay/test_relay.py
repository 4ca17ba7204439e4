"""The relay between two gateways: what goes well, what the other side may do, outages, and several processes."""

from __future__ import annotations

import pytest

from gateway.directory.roles import TIMESTAMP_FILE
from gateway.errors import Rejected
from gateway.protocol import relaying
from tests.relay import world as w
from tests.relay.world import World


@pytest.fixture
async def world() -> World:
    """Return two gateways that behave."""
    return World()


def forwards(count: int) -> list[bytes]:
    """Return forwards, each its own."""
    return [b"forward-%d" % number for number in range(1, count + 1)]


async def test_messages_pass_and_their_receipts_come_back(world: World) -> None:
    """Every forward is taken in order, its receipt is proved at home, and what recipients said follows."""
    world.home.put(*forwards(150))
    world.other.receipts = [b"delivered-1", b"opened-1"]
    async with world.running():
        await world.time.go(5)
    assert world.other.taken == forwards(150)
    assert list(world.home.relayed.values()) == forwards(150)
    assert (world.home.receipts, world.home.after) == ([b"delivered-1", b"opened-1"], 2)


async def test_receipts_continue_where_the_home_gateway_stands(world: World) -> None:
    """A new process asks only for what the home gateway has not recorded."""
    world.home.after, world.other.receipts = 2, [b"a", b"b", b"c"]
    async with world.running():
        await world.time.go(5)
    assert world.home.receipts == [b"c"]


@pytest.mark.parametrize("misbehaviour", [w.away, w.html, w.confuses, w.forgets, w.pretends_to_replace])
async def test_no_answer_of_the_other_side_marks_anything_wrong(world: World, misbehaviour: object) -> None:
    """While it is away or answers nonsense nothing is marked; when it answers again everything passes, within a minute."""
    world.home.put(b"one")
    world.other.does = misbehaviour  # type: ignore[assignment]
    async with world.running():
        await world.time.go(3600)
        assert (world.home.relayed, world.home.held) == ({}, {})
        assert world.home.epoch == 1
        world.other.does = w.accepts_once
        await world.time.go(61)
    assert list(world.home.relayed.values()) == [b"one"]


async def test_a_receipt_for_another_envelope_is_told_and_the_other_gateway_left_alone(world: World) -> None:
    """The home gateway refuses it: counted by its code, and an hour has some sixty tries, not thousands."""
    world.home.put(b"one")
    world.other.does = w.confuses
    async with world.running():
        await world.time.go(3600)
    assert world.count("gateway_relay_refused_answers_total", code="cannot-open") > 0
    assert world.other.asked.count("POST /v1/relay/forwards") < 150
    assert world.other.passed_over > 0


async def test_forwards_whose_answer_was_lost_are_accepted_once(world: World) -> None:
    """The same bytes go again, and get the first answer."""
    world.home.put(b"one")
    world.other.taken.append(b"one")
    world.other.does = w.drops_answers
    async with world.running():
        await world.time.go(10)
    assert (world.other.taken, list(world.home.relayed.values())) == ([b"one"], [b"one"])


async def test_receipts_in_a_wrong_order_are_not_taken(world: World) -> None:
    """A page that goes back is nonsense."""
    world.other.does = w.goes_back
    async with world.running():
        await world.time.go(60)
    assert world.home.receipts == []


@pytest.mark.parametrize(("code", "outcome"), [("peer-unknown", "held"), ("busy", "waits"), ("of-another-age", "waits")])
async def test_a_problem_with_a_forward_is_told_at_home_unless_it_may_pass(world: World, code: str, outcome: str) -> None:
    """What another try may change stays; the rest goes on meanwhile."""
    world.home.put(b"one", b"two")
    world.other.says = {b"one": code}
    async with world.running():
        await world.time.go(60)
    assert list(world.home.relayed.values()) == [b"two"]
    assert (world.home.held, world.home.waiting) == (({1: code}, {}) if outcome == "held" else ({}, {1: b"one"}))


@pytest.mark.slow
async def test_an_outage_of_two_days_costs_patience_alone(world: World) -> None:
    """The backlog drains within a minute after it; meanwhile the line is tried about once a minute."""
    world.home.put(*forwards(1000))
    world.other.does = w.away
    async with world.running():
        await world.time.go(48 * 3600)
        assert world.other.asked.count("POST /v1/relay/forwards") < 48 * 60 * 2.1
        world.other.does = w.accepts_once
        await world.time.go(90)
    assert len(world.home.relayed) == 1000
    assert world.other.taken == forwards(1000)


async def test_a_gateway_at_home_that_is_away_ends_nothing(world: World) -> None:
    """The relay goes on when it is back, with the same lease."""
    async with world.running():
        world.home.does = w.away
        world.home.put(b"one")
        await world.time.go(600)
        world.home.does = w.accepts_once
        await world.time.go(61)
    assert list(world.home.relayed.values()) == [b"one"]


async def test_an_empty_answer_that_comes_at_once_is_not_asked_for_in_a_loop(world: World) -> None:
    """A gateway that does not wait is asked once a second."""
    world.home.does = lambda _, path: b"\x90" if "/forwards/" in path else None
    async with world.running():
        await world.time.go(60)
    assert world.home.asked.count("GET /v1/relay/forwards/eu-network") <= 62


async def test_the_rate_is_kept(world: World) -> None:
    """With ten messages a second, a page of 64 makes the next one wait."""
    world.home.put(*forwards(640))
    async with world.running(world.relay(per_s=10)):
        await world.time.go(33)
    assert 320 <= len(world.other.taken) <= 384 + 64


async def test_of_two_processes_one_carries_and_the_other_takes_over_when_it_dies(world: World) -> None:
    """It stands by while the first asks for its lease, and carries within 20 s after it fell silent."""
    first, second = world.relay("one"), world.relay("two")
    async with world.running(second):
        await world.time.go(1)
        async with world.running(first):
            await world.time.go(60)
            assert (second.active, first.active) == (True, False)
            second._home = _Dead()  # type: ignore[assignment]  # the process sleeps: it asks for nothing
            await world.time.go(20)
            assert first.active
            world.home.put(b"one")
            await world.time.go(21)
        assert list(world.home.relayed.values()) == [b"one"]


class _Dead:
    async def ask(self, *_: object, **__: object) -> bytes:
        return w.away(World().home, "")


async def test_a_process_that_stops_in_order_makes_room_at_once(world: World) -> None:
    """The lease is given back: another one need not wait for it to lapse."""
    async with world.running(world.relay("one")):
        await world.time.go(1)
    second = world.relay("two")
    async with world.running(second):
        await world.time.go(0.1)
        assert second.active


async def test_a_process_that_was_replaced_carries_nothing_more(world: World) -> None:
    """Another one took the lane while it slept: it stops, stands by, and the other goes on."""
    first = world.relay("one")
    async with world.running(first):
        await world.time.go(1)
        world.home.holder, world.home.epoch, world.home.until = "two", 2, world.time.now + 3600
        await world.time.go(60)
        assert not first.active
        assert world.home.epoch == 2


async def test_each_gateway_is_brought_the_other_directory(world: World) -> None:
    """Both ways, with everything that the timestamp leads to, and again within seconds when it changes."""
    world.home.files = {TIMESTAMP_FILE: b"1,a,b", "a": b"A", "b": b"B"}
    world.other.files = {TIMESTAMP_FILE: b"7,c", "c": b"C"}
    async with world.running():
        await world.time.go(1)
        assert (world.other.mirrored, world.home.mirrored) == (world.home.files, world.other.files)
        world.home.files |= {TIMESTAMP_FILE: b"2,a,d", "d": b"D"}
        await world.time.go(6)
    assert world.other.mirrored["d"] == b"D"


async def test_a_gateway_that_lost_our_directory_gets_it_again(world: World) -> None:
    """It was no peer's for a while, or came back from a backup: within a minute it has what did not change since."""
    async with world.running():
        await world.time.go(1)
        world.other.mirrored.clear()
        await world.time.go(61)
    assert world.other.mirrored == world.home.files


async def test_our_directory_goes_to_a_gateway_that_does_not_know_us_any_more(world: World) -> None:
    """A forward that it refuses for that is brought again once it has our directory, and passes seconds later."""

    def forgot(other: w.FakeOther, path: str) -> None:
        if path == relaying.TAKE and not other.mirrored:
            raise Rejected(code="peer-unknown")

    async with world.running():
        await world.time.go(1)
        world.other.mirrored.clear()
        world.other.does = forgot
        world.home.put(b"one")
        await world.time.go(30)
    assert list(world.home.relayed.values()) == [b"one"]


async def test_roots_that_the_other_gateway_has_not_seen_go_there_one_by_one(world: World) -> None:
    """A gateway that was away while the authority changed its keys is led through all of them."""
    roots = {f"metadata/{version}.root.json": b"%d" % version for version in (2, 3, 4)}
    world.home.files = {TIMESTAMP_FILE: b"1,a", "a": b"A", **roots}
    async with world.running():
        await world.time.go(1)
    assert world.other.mirrored == world.home.files


async def test_a_gateway_that_keeps_no_half_directory_gets_the_whole(world: World) -> None:
    """It asks again for what it was given: then everything comes in one piece."""
    world.other.keeps_pieces = False
    world.home.files = {TIMESTAMP_FILE: b"1,a,b", "a": b"A", "b": b"B"}
    async with world.running():
        await world.time.go(1)
    assert world.other.mirrored == world.home.files


async def test_a_gateway_that_asks_for_what_nobody_has_is_given_up_for_now(world: World) -> None:
    """It is told as a trouble, and tried again."""
    world.home.files = {TIMESTAMP_FILE: b"1,nowhere"}
    relay = world.relay()
    async with world.running(relay):
        await world.time.go(1)
        assert relay.troubles == {"directory": "unavailable"}


async def test_our_directory_goes_there_at_once_when_a_forward_is_ahead_of_it(world: World) -> None:
    """The other gateway says that its copy lags behind: it is brought, and the forward passes seconds later."""
    world.home.put(b"one")

    def lags(other: w.FakeOther, path: str) -> None:
        other.says = {} if other.mirrored.get(TIMESTAMP_FILE) == b"2" else {b"one": "directory-ahead"}
        if path == "/v1/relay/forwards":
            world.home.files[TIMESTAMP_FILE] = b"2"  # published after the mirror's turn

    world.other.does = lags
    async with world.running():
        await world.time.go(3)
    assert list(world.home.relayed.values()) == [b"one"]


async def test_a_gateway_that_lets_no_stranger_read_is_no_trouble(world: World) -> None:
    """Its own relay brings its directory; ours is still published there."""

    def closed(_fake: w.Fake, path: str) -> None:
        if path.startswith("/v1/directory/"):
            raise Rejected(code="sender-unknown")

    world.other.does = closed
    relay = world.relay()
    async with world.running(relay):
        await world.time.go(61)
        assert relay.troubles == {}
    assert world.other.mirrored == {TIMESTAMP_FILE: b"1"}
    assert sum(path.startswith("GET /v1/directory/") for path in world.other.asked) == 2  # refused once a minute, no more
