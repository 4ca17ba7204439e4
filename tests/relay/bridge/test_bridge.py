"""Bridges: messages, receipts and directories pass through folders, whatever the courier does to the files."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from gateway.errors import Unavailable
from gateway.relay.bridge.folder import Folder
from tests.relay.bridge.two_sides import TwoSides
from tests.support.network import make_pair

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
async def sides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TwoSides:
    """Return two networks with bridges; what goes to a thread is done at once, for this clock waits for no thread."""

    async def at_once(work: Callable[..., Any], *args: Any, **options: Any) -> Any:
        return work(*args, **options)

    monkeypatch.setattr(asyncio, "to_thread", at_once)
    return TwoSides(tmp_path)


def forwards(count: int) -> list[bytes]:
    """Return forwards, each its own."""
    return [b"forward-%d" % number for number in range(1, count + 1)]


def passed(sides: TwoSides, count: int) -> bool:
    """Say whether so many messages arrived once, and are known at home to have arrived, with the receipts that follow."""
    return (
        sides.theirs.gateway.taker.taken == forwards(count)
        and list(sides.ours.gateway.home.relayed.values()) == forwards(count)
        and sides.ours.gateway.home.receipts == [b"delivered", b"opened"]
    )


def given(sides: TwoSides, count: int) -> None:
    """Let messages wait on our side, and receipts on theirs."""
    sides.ours.gateway.home.put(*forwards(count))
    sides.theirs.gateway.taker.receipts = [b"delivered", b"opened"]


async def test_messages_and_receipts_pass_through_folders(sides: TwoSides) -> None:
    """A page at a time, both ways; in the end nothing lies about."""
    given(sides, 100)
    async with sides.running():
        await sides.travel(5)
    assert passed(sides, 100)
    assert [list(folder.iterdir()) for folder in (sides.ours.path / "sent", sides.theirs.path / "sent")] == [[], []]


async def test_both_sides_write_at_once(sides: TwoSides) -> None:
    """One folder carries the mail of both directions."""
    sides.ours.gateway.home.put(b"question")
    sides.theirs.gateway.home.put(b"another question")
    async with sides.running():
        await sides.travel(3)
    assert sides.theirs.gateway.taker.taken == [b"question"]
    assert sides.ours.gateway.taker.taken == [b"another question"]


async def test_directories_pass_whole(sides: TwoSides) -> None:
    """What the other side needs to verify it comes in one file."""
    ours, theirs = make_pair(sides.time.now)
    sides.ours.gateway.files, sides.theirs.gateway.files = ours.files, theirs.files
    async with sides.running():
        await sides.travel(2)
    assert sides.theirs.gateway.mirrored.items() <= ours.files.items()
    assert "metadata/timestamp.json" in sides.theirs.gateway.mirrored
    assert sides.ours.gateway.mirrored.items() <= theirs.files.items()


def some(sides: TwoSides, what: Callable[[bytes], list[bytes]], times: int = 3) -> None:
    """Let something happen to the first files on the way."""
    left = [times]

    def does(data: bytes) -> list[bytes]:
        left[0] -= 1
        return what(data) if left[0] >= 0 else [data]

    sides.courier.does = does


async def test_lost_files_are_laid_out_again_and_named(sides: TwoSides) -> None:
    """What is not answered comes again after a time, and the numbers of what came later tell that something is missing."""
    given(sides, 3)
    some(sides, lambda _: [])
    async with sides.running():
        await sides.travel(30)
    assert passed(sides, 3)


async def test_repeated_files_are_counted_and_change_nothing(sides: TwoSides) -> None:
    """Every file twice: each message is accepted once."""
    given(sides, 3)
    sides.courier.does = lambda data: [data, data]
    async with sides.running():
        await sides.travel(6)
    assert passed(sides, 3)
    assert sides.theirs.count("gateway_bridge_repeated_files_total") > 0


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda data: data[: len(data) // 2], "malformed"),
        (lambda data: data[:-1] + bytes([data[-1] ^ 1]), "signature-bad"),
        (lambda _: b"not a file of a bridge", "malformed"),
    ],
    ids=["truncated", "forged", "foreign"],
)
async def test_spoilt_files_are_set_aside_by_their_code(sides: TwoSides, spoil: Callable[[bytes], bytes], code: str) -> None:
    """They do nothing, lie where somebody finds them, and what they should have been comes again."""
    given(sides, 3)
    some(sides, lambda data: [spoil(data)])
    async with sides.running():
        await sides.travel(30)
    assert passed(sides, 3)
    names = [path.name for side in (sides.ours, sides.theirs) for path in (side.path / "bad").iterdir()]
    assert len(names) == 3
    assert all(name.endswith(f".b1.{code}") for name in names)


async def test_a_file_of_the_own_side_is_foreign(sides: TwoSides) -> None:
    """What comes back to its maker is set aside: it is signed by no bridge of the other side."""
    sides.ours.gateway.home.put(b"question")
    async with sides.ours.running():
        await sides.time.go(1)
        [laid_out] = sides.ours.out.glob("*.forwards.*")
        (sides.ours.came / laid_out.name).write_bytes(laid_out.read_bytes())
        await sides.time.go(30)
    assert sides.ours.count("gateway_bridge_bad_files_total", code="signature-bad") == 1


async def test_a_file_that_is_still_being_written_is_left_alone(sides: TwoSides) -> None:
    """A courier that does not rename: half a file is no foreign file until it has not grown for a while."""
    sides.ours.gateway.home.put(b"question")
    async with sides.running():
        await sides.time.go(1)
        [laid_out] = sides.ours.out.glob("*.forwards.*")
        arriving, data = sides.theirs.came / laid_out.name, laid_out.read_bytes()
        arriving.write_bytes(data[:20])
        await sides.time.go(3)
        arriving.write_bytes(data)
        await sides.time.go(3)
    assert sides.theirs.gateway.taker.taken == [b"question"]


async def test_receipts_that_overtake_others_wait_for_them(sides: TwoSides) -> None:
    """A file that continues from what is not here yet is kept, and told as one before which others are missing."""
    taker = sides.theirs.gateway.taker
    held: list[bytes] = []

    def keeps_one(data: bytes) -> list[bytes]:
        if b"receipts" not in data or held:
            return [data]
        held.append(data)
        return []

    sides.courier.does = keeps_one
    async with sides.running():
        taker.receipts = [b"first"]
        await sides.travel(1)
        taker.receipts = [b"first", b"second"]
        await sides.travel(2)
        assert sides.ours.gateway.home.receipts == []
        assert sides.ours.count("gateway_bridge_missing_files") == 1
        (sides.ours.came / "late.b1").write_bytes(held[0])
        await sides.travel(1)
    assert sides.ours.gateway.home.receipts == [b"first", b"second"]


async def test_a_bridge_that_starts_anew_makes_no_file_twice(sides: TwoSides) -> None:
    """It finds its unanswered files again and waits for their answers."""
    given(sides, 3)
    async with sides.ours.running():
        await sides.time.go(5)
    async with sides.running():
        await sides.travel(4)
    assert passed(sides, 3)
    assert sides.ours.count("gateway_bridge_files_total", way="out", type="forwards") == 1


async def test_a_folder_that_lost_its_memory_costs_repetitions_alone(sides: TwoSides) -> None:
    """Without `state` numbers and receipts begin anew."""
    given(sides, 3)
    async with sides.running():
        await sides.travel(4)
    for side in (sides.ours, sides.theirs):
        (side.path / "state").unlink()
    sides.ours.gateway.home.put(b"forward-4")
    async with sides.running():
        await sides.travel(4)
    assert sides.theirs.gateway.taker.taken == forwards(4)
    assert set(sides.ours.gateway.home.receipts) == {b"delivered", b"opened"}


async def test_a_gateway_that_is_away_keeps_files_waiting(sides: TwoSides) -> None:
    """What came stays in the folder until the gateway takes it."""

    def away(_gateway: object, path: str) -> bytes | None:
        if path == "/v1/relay/forwards":
            raise Unavailable("no connection")
        return None

    given(sides, 3)
    sides.theirs.gateway.does = away
    async with sides.running():
        await sides.travel(2)
        assert list(sides.theirs.came.glob("*.forwards.*"))
        sides.theirs.gateway.does = lambda _gateway, _path: None
        await sides.travel(4)
    assert passed(sides, 3)


async def test_an_answer_that_names_another_file_ends_nothing(sides: TwoSides) -> None:
    """An old answer, once more under a new folder, wakes nobody."""
    sides.ours.gateway.home.put(b"one")
    answers: list[bytes] = []

    def copies(data: bytes) -> list[bytes]:
        answers.extend([data] if b"answers" in data else [])
        return [data]

    sides.courier.does = copies
    async with sides.running():
        await sides.travel(2)
        sides.ours.gateway.home.put(b"two")
        await sides.time.go(1)
        for number, data in enumerate(answers):
            (sides.ours.came / f"{number}.b1").write_bytes(data)
        await sides.time.go(60)
        assert list(sides.ours.gateway.home.waiting.values()) == [b"two"]


def test_one_process_has_a_folder(tmp_path: Path) -> None:
    """A second one does not start."""
    folder = Folder(tmp_path)
    with pytest.raises(Unavailable, match="another bridge"):
        Folder(tmp_path)
    folder.close()


async def test_answers_that_are_lost_are_not_missed_for_ever(sides: TwoSides) -> None:
    """The answer that is made again has a number of its own, so the first one never comes: the alarm ends all the same."""
    given(sides, 3)
    lost: list[bytes] = []

    def loses_an_answer(data: bytes) -> list[bytes]:
        if b"answers" not in data or lost:
            return [data]
        lost.append(data)
        return []

    sides.courier.does = loses_an_answer
    async with sides.running():
        await sides.travel(12)
        assert sum(side.count("gateway_bridge_missing_files") for side in (sides.ours, sides.theirs)) == 1
        await sides.travel(32)
        assert [side.count("gateway_bridge_missing_files") for side in (sides.ours, sides.theirs)] == [0, 0]
    assert passed(sides, 3)


async def test_what_cannot_be_read_holds_nothing_up(sides: TwoSides, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder and a pipe with the name of a file are left alone, and so is a file that this process may not read."""
    given(sides, 3)
    (sides.theirs.came / "0-folder.b1").mkdir(parents=True)
    os.mkfifo(sides.theirs.came / "0-pipe.b1")
    (sides.theirs.came / "0-closed.b1").touch()
    read = Folder.read

    def reads(folder: Folder, name: str) -> bytes:
        if name == "0-closed.b1":
            raise PermissionError(errno.EACCES, "Permission denied")
        return read(folder, name)

    monkeypatch.setattr(Folder, "read", reads)
    async with sides.running():
        await sides.travel(10)
    assert passed(sides, 3)
    assert sides.theirs.count("gateway_relay_faults_total", task="files", code="unavailable") > 0
