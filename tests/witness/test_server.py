"""A witness over HTTP, as C2SP tlog-witness says: every status, and the same answers whatever was killed."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import pytest
from msgspec.structs import replace

from gateway.errors import Rejected
from gateway.tlog.cosignature import cosigned_at
from gateway.tlog.note import Note, parse_note, parse_signatures
from gateway.tlog.witness import AddCheckpoint, encode_add_checkpoint
from gateway.witness.cosigner import Cosigned, Cosigner
from gateway.witness.server import compose, read_logs
from gateway.witness.store import NOTHING_YET, Seen, Store
from tests.support.fake_log import ORIGIN, FakeLog
from tests.support.witness import PASSPHRASE, Witness, make_witness, url_of, witnessing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.witness.server import WitnessServer

ROOT = Path(__file__).resolve().parents[2]


class Desk:
    """A log, its witness, and the line between them."""

    def __init__(self, log: FakeLog, witness: Witness, server: WitnessServer) -> None:
        self.log = log
        self.witness = witness
        self.server = server

    async def ask(self, log: FakeLog, old: int, proof: tuple[bytes, ...] | None = None) -> tuple[int, str, bytes]:
        """Show the newest checkpoint of a log with the proof from a size; return status, media type and body."""
        note = log.newest.note
        assert note is not None
        if proof is None:
            proof = tuple(await log.consistency(old, log.newest.size) or ())
        return await self.send(encode_add_checkpoint(AddCheckpoint(old, proof, note)))

    async def send(self, body: bytes) -> tuple[int, str, bytes]:
        """Send bytes."""
        url = f"{url_of(self.server)}/add-checkpoint"
        async with aiohttp.ClientSession() as http, http.post(url, data=body) as got:
            return got.status, got.headers["Content-Type"], await got.read()

    def is_cosigned(self, log: FakeLog, lines: bytes) -> bool:
        """Tell whether lines are this witness's good cosignature of the newest checkpoint."""
        text = parse_note(log.newest.note or b"").text
        at = cosigned_at(Note(text, parse_signatures(lines)), self.witness.key.verifier)
        return at is not None and abs(at - time.time()) < 60


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A witness that has seen nothing yet, and a log of five leaves."""
    log = FakeLog()
    log.grow(5)
    witness = make_witness(tmp_path / "witness", [log.verifier])
    async with witnessing(witness) as server:
        yield Desk(log, witness, server)


async def test_a_log_that_grows_is_cosigned(desk: Desk) -> None:
    """From the empty tree, and from what was cosigned last; the answer is signature lines alone."""
    status, media, lines = await desk.ask(desk.log, 0)
    assert (status, media) == (200, "text/plain; charset=utf-8")
    assert desk.is_cosigned(desk.log, lines)
    desk.log.grow(300)
    status, _, lines = await desk.ask(desk.log, 5)
    assert (status, desk.is_cosigned(desk.log, lines)) == (200, True)


async def test_the_same_checkpoint_is_cosigned_again(desk: Desk) -> None:
    """Who lost the answer asks with the size that was cosigned, and no proof."""
    await desk.ask(desk.log, 0)
    status, _, lines = await desk.ask(desk.log, 5)
    assert (status, desk.is_cosigned(desk.log, lines)) == (200, True)


async def test_another_old_size_is_answered_with_the_right_one(desk: Desk) -> None:
    """409 names the size to begin the proof at, as decimal with a newline."""
    await desk.ask(desk.log, 0)
    desk.log.grow(3)
    assert await desk.ask(desk.log, 0) == (409, "text/x.tlog.size", b"5\n")
    assert await desk.ask(desk.log, 4) == (409, "text/x.tlog.size", b"5\n")


async def test_an_unknown_log_is_not_found(desk: Desk) -> None:
    """A witness signs for the logs that its operator named."""
    other = FakeLog(origin="other.example/log")
    other.grow(5)
    assert (await desk.ask(other, 0))[0] == 404


async def test_a_checkpoint_that_the_log_did_not_sign_is_refused(desk: Desk) -> None:
    """Neither another key under the log's name counts, nor a broken signature."""
    stranger = FakeLog(b"s" * 32)
    stranger.grow(5)
    status, media, _ = await desk.ask(stranger, 0)
    assert (status, media) == (403, "application/problem+json")


async def test_a_proof_that_does_not_prove_is_refused(desk: Desk) -> None:
    """A fork, a missing proof and a proof from the empty tree get no signature; what was cosigned stays."""
    assert (await desk.ask(desk.log, 0, (b"x" * 32,)))[0] == 422
    await desk.ask(desk.log, 0)
    forked = desk.log.fork(4)
    forked.grow(20, b"forged ")
    assert (await desk.ask(forked, 5))[0] == 422
    desk.log.grow(3)
    assert (await desk.ask(desk.log, 5, ()))[0] == 422
    assert (await desk.ask(desk.log, 5))[0] == 200


async def test_two_trees_of_one_size_are_kept_as_proof(desk: Desk) -> None:
    """A log that signed two trees of one size convicted itself: the witness refuses the second and keeps both."""
    await desk.ask(desk.log, 0)
    forked = desk.log.fork(4)
    forked.grow(1, b"forged ")
    status, _, body = await desk.ask(forked, 5, ())
    assert (status, body) == (409, b"5\n")
    store = Store(desk.witness.config.state)
    assert store.forks(ORIGIN) == [(desk.log.newest.note, forked.newest.note)]
    store.close()


@pytest.mark.parametrize("body", [b"", b"old 0\n", b"old 00\n\nx", b"old 0\n\n" + b"\xff" * 9, b"old -1\n\nnote"])
async def test_what_is_no_request_is_a_bad_request(desk: Desk, body: bytes) -> None:
    """Other forms are answered with 400 and change nothing."""
    assert (await desk.send(body))[0] == 400


async def test_an_old_size_above_the_checkpoint_is_a_bad_request(desk: Desk) -> None:
    """Nobody can grow from more to less."""
    assert (await desk.ask(desk.log, 6, ()))[0] == 400


async def test_a_request_beyond_all_bounds_is_too_large(desk: Desk) -> None:
    """A witness reads no more than a checkpoint with its proof."""
    assert (await desk.send(bytes(1 << 20)))[0] == 413


async def test_only_the_one_route_and_health_are_there(desk: Desk) -> None:
    """Nothing else answers; another method of the route is told so."""
    async with aiohttp.ClientSession() as http:
        for path, status in (("/add-checkpoint", 405), ("/healthz", 200), ("/", 404), ("/metrics", 404)):
            async with http.get(url_of(desk.server) + path) as got:
                assert got.status == status


async def test_requests_at_once_are_cosigned_one_after_the_other(desk: Desk) -> None:
    """Of several requests that grow from the same size one wins, and the others learn the new size."""
    await desk.ask(desk.log, 0)
    shorter = desk.log.fork(5)
    shorter.grow(1)
    desk.log.grow(4)
    answers = await asyncio.gather(*(desk.ask(log, 5) for log in [desk.log, shorter] * 4))
    assert {status for status, _, _ in answers} <= {200, 409}
    sizes = {body for status, _, body in answers if status == 409}
    assert sizes <= {b"6\n", b"9\n"}


async def test_a_slower_process_does_not_roll_the_memory_back(desk: Desk) -> None:
    """Between its look and its writing another process may cosign more: compare-and-set finds it, and 409 tells."""
    store = Store(desk.witness.config.state)
    slow = Overtaken(desk.witness.key, [desk.log.verifier], store, time.time)
    slow.meanwhile = Seen(9, b"9" * 32)
    note = desk.log.newest.note
    assert note is not None
    done = await slow.add_checkpoint(encode_add_checkpoint(AddCheckpoint(0, (), note)))
    assert done == Cosigned(b"", b"9\n")
    assert store.seen(ORIGIN) == slow.meanwhile
    store.close()


async def test_a_witness_killed_before_it_answers_answers_the_same_tree(tmp_path: Path) -> None:
    """Killed between remembering and answering, it remembers: it cosigns that tree when asked again, and no fork of it."""
    log = FakeLog()
    log.grow(5)
    witness = make_witness(tmp_path / "witness", [log.verifier])
    note = log.newest.note
    assert note is not None
    request = encode_add_checkpoint(AddCheckpoint(0, (), note))
    victim = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.witness.die_before_answering", str(tmp_path / "witness"), str(log.verifier)),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
    )
    await victim.communicate(request)
    assert victim.returncode == -signal.SIGKILL
    async with witnessing(witness) as server:
        desk = Desk(log, witness, server)
        forked = log.fork(4)
        forked.grow(1, b"forged ")
        assert (await desk.ask(forked, 0, ()))[::2] == (409, b"5\n")
        assert (await desk.ask(forked, 5, ()))[0] == 409
        status, _, lines = await desk.ask(log, 5)
        assert (status, desk.is_cosigned(log, lines)) == (200, True)


async def test_a_witness_that_lost_its_memory_does_not_start(tmp_path: Path) -> None:
    """Nothing listens, and the message says that a new key is needed."""
    witness = make_witness(tmp_path / "witness", [])
    witness.config.state.unlink()
    with pytest.raises(Rejected, match="lost its memory"):
        await compose(witness.config, PASSPHRASE)


async def test_a_wrong_passphrase_and_a_missing_key_stop_the_start(tmp_path: Path) -> None:
    """The start says what is wrong."""
    witness = make_witness(tmp_path / "witness", [])
    with pytest.raises(Rejected) as caught:
        await compose(witness.config, b"wrong")
    assert caught.value.code == "passphrase"
    witness.config.key_file.unlink()
    with pytest.raises(Rejected) as missing:
        await compose(witness.config, PASSPHRASE)
    assert missing.value.code == "config"


async def test_a_port_that_is_taken_stops_the_start(desk: Desk) -> None:
    """The memory is let go of."""
    config = desk.witness.config
    taken = replace(config, listen=replace(config.listen, port=desk.server.port))
    with pytest.raises(Rejected, match="cannot listen"):
        await compose(taken, PASSPHRASE)


def test_keys_of_logs_are_read_strictly(tmp_path: Path) -> None:
    """The key of a witness, or no key at all, is not the key of a log."""
    log = FakeLog()
    assert read_logs((str(log.verifier),)) == [log.verifier]
    for text in ("nonsense", str(make_witness(tmp_path / "w", []).key.verifier)):
        with pytest.raises(Rejected) as caught:
            read_logs((text,))
        assert caught.value.code == "config"


class Overtaken(Cosigner):
    """A process that another one overtakes between its look and its writing."""

    meanwhile = NOTHING_YET

    async def _remembered(self, request: AddCheckpoint, seen: Seen, new: Seen) -> bool:
        self._store.remember(request.checkpoint.origin, seen, self.meanwhile, b"", 1)
        return await super()._remembered(request, seen, new)
