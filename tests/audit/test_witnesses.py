"""Asking witnesses: real ones over HTTP, one that is away, ones that saw more or another log, and ones that say nonsense."""

from __future__ import annotations

import asyncio
import io
import json
import time
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from gateway.audit.outside import Outside
from gateway.audit.witnesses import Cosigning, WitnessLine, read_witness_key
from gateway.errors import Rejected
from gateway.ops import Metrics
from gateway.ops.logs import configure
from gateway.tlog.cosignature import cosigned_at
from gateway.tlog.note import parse_note
from gateway.tlog.witness import SIZE_MEDIA_TYPE
from gateway.witness.keyfile import WitnessKey
from tests.support.fake_log import FakeLog
from tests.support.ports import LOOPBACK, free_port
from tests.support.waiting import until
from tests.support.witness import Witness, make_witness, odd_witness, url_of, witnessing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from gateway.tlog.note import VerifierKey


NAME = "odd.example"
KEY = str(WitnessKey(NAME, bytes(32)).verifier)


class Asker:
    """A log, and what its gateway shows of its witnesses."""

    def __init__(self, outside: Outside) -> None:
        self.log = FakeLog()
        self.log.grow(5)
        self.metrics = Metrics()
        self.parts = Cosigning(
            table=self.log,
            prove=self.log.consistency,
            outside=outside,
            metrics=self.metrics,
            clock=time.time,
            every_s=0.01,
        )

    def line(self, url: str, key: VerifierKey) -> WitnessLine:
        """Return the line to a witness."""
        return WitnessLine(url, key, self.parts)

    def is_cosigned_by(self, witness: Witness) -> bool:
        """Tell whether the newest checkpoint, as it is served, has the witness's good cosignature."""
        row = self.log.newest
        return cosigned_at(parse_note((row.note or b"") + row.cosignatures), witness.key.verifier) is not None

    def counted(self, witness: str, code: str) -> float:
        """Return how many rounds with a witness ended with a code."""
        labels = {"witness": witness, "code": code}
        return self.metrics.registry.get_sample_value("gateway_witness_answers_total", labels) or 0.0

    def is_alarmed(self, witness: str) -> bool:
        """Tell whether the metric says that a witness sees a fork."""
        return self.metrics.registry.get_sample_value("gateway_witness_forked", {"witness": witness}) == 1


@pytest.fixture
async def asker() -> AsyncIterator[Asker]:
    """A log of five leaves that nobody has cosigned."""
    async with Outside(10.0) as outside:
        yield Asker(outside)


@pytest.fixture
def lines() -> Iterator[io.BytesIO]:
    """What is logged."""
    file = io.BytesIO()
    configure(file=file)
    yield file
    configure(file=io.BytesIO())


def logged(lines: io.BytesIO, event: str) -> list[dict[str, object]]:
    """Return the log lines of an event."""
    found = [json.loads(line) for line in lines.getvalue().splitlines()]
    return [line for line in found if line["event"] == event]


@asynccontextmanager
async def running(*lines: WitnessLine) -> AsyncIterator[None]:
    """Let lines ask again and again."""
    tasks = [asyncio.create_task(line.run()) for line in lines]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def test_each_new_checkpoint_is_cosigned(asker: Asker, tmp_path: Path) -> None:
    """The witness follows the log as it grows, and its cosignature stands under the served checkpoint."""
    witness = make_witness(tmp_path, [asker.log.verifier])
    async with witnessing(witness) as server:
        line = asker.line(url_of(server), witness.key.verifier)
        for _ in range(3):
            await line.round()
            assert asker.is_cosigned_by(witness)
            asker.log.grow(300)
        await line.round()
    assert asker.counted("witness.example/one", "ok") == 4


async def test_a_cosigned_checkpoint_is_not_asked_for_again(asker: Asker, tmp_path: Path) -> None:
    """A restart, and other processes of the gateway, find the cosignature that is there."""
    witness = make_witness(tmp_path, [asker.log.verifier])
    async with witnessing(witness) as server:
        await asker.line(url_of(server), witness.key.verifier).round()
    again = asker.line(url_of_nobody(), witness.key.verifier)
    await again.round()
    assert asker.counted("witness.example/one", "ok") == 1
    assert asker.counted("witness.example/one", "unavailable") == 0
    age_s = asker.metrics.registry.get_sample_value("gateway_witness_age_seconds", {"witness": "witness.example/one"})
    assert age_s is not None
    assert age_s < 60


async def test_before_the_first_checkpoint_nobody_is_asked(asker: Asker, tmp_path: Path) -> None:
    """There is nothing to cosign."""
    asker.log.rows.clear()
    witness = make_witness(tmp_path, [])
    await asker.line(url_of_nobody(), witness.key.verifier).round()
    assert asker.counted("witness.example/one", "unavailable") == 0


async def test_a_witness_that_is_away_holds_no_other_up(asker: Asker, tmp_path: Path) -> None:
    """Of two witnesses one cosigns while the other is away; when it is back it cosigns too."""
    here, away = (make_witness(tmp_path / name, [asker.log.verifier], f"{name}.example") for name in ("here", "away"))
    async with witnessing(here) as server, odd_witness() as odd:
        odd.status = 502
        async with running(
            asker.line(url_of(server), here.key.verifier),
            asker.line(url_of(odd), away.key.verifier),
            asker.line(url_of_nobody(), make_witness(tmp_path / "x", [], "nobody.example").key.verifier),
        ):
            await until(lambda: asker.is_cosigned_by(here))
            await until(lambda: asker.counted("away.example", "unavailable") >= 2)
            await until(lambda: asker.counted("nobody.example", "unavailable") >= 2)
            assert not asker.is_cosigned_by(away)
    async with witnessing(away) as back, running(asker.line(url_of(back), away.key.verifier)):
        await until(lambda: asker.is_cosigned_by(away))
    assert asker.is_cosigned_by(here)


async def test_a_witness_that_saw_another_size_is_followed(asker: Asker, tmp_path: Path) -> None:
    """A gateway that restarts does not know what a witness saw: 409 names it, and the proof begins there."""
    witness = make_witness(tmp_path, [asker.log.verifier])
    async with witnessing(witness) as server:
        await asker.line(url_of(server), witness.key.verifier).round()
        asker.log.grow(300)
        await asker.line(url_of(server), witness.key.verifier).round()
    assert asker.is_cosigned_by(witness)


async def test_a_witness_that_saw_more_meanwhile_gets_the_newer_checkpoint(asker: Asker, tmp_path: Path) -> None:
    """Another process had a larger tree cosigned between our look and our question."""
    witness = make_witness(tmp_path, [asker.log.verifier])
    async with witnessing(witness) as server:
        old = asker.log.newest
        asker.log.grow(4)
        await asker.line(url_of(server), witness.key.verifier).round()
        newest = asker.log.newest._replace(cosignatures=b"")
        looks = iter([old, newest])

        async def look() -> object:
            asker.log.rows[-1] = newest
            return next(looks)

        asker.log.newest_checkpoint = look  # type: ignore[method-assign,assignment]
        await asker.line(url_of(server), witness.key.verifier).round()
    assert asker.is_cosigned_by(witness)
    assert not asker.is_alarmed("witness.example/one")


async def test_a_log_that_was_cut_raises_the_alarm(asker: Asker, tmp_path: Path, lines: io.BytesIO) -> None:
    """A ledger restored from a backup has less than the witness cosigned: `log-forked`, in metric and log, once."""
    witness = make_witness(tmp_path, [asker.log.verifier])
    async with witnessing(witness) as server:
        shorter = asker.log.rows[:]
        asker.log.grow(3)
        await asker.line(url_of(server), witness.key.verifier).round()
        asker.log.rows = shorter
        asker.log.leaves = asker.log.leaves[:5]
        line = asker.line(url_of(server), witness.key.verifier)
        await line.round()
        await line.round()
    assert asker.is_alarmed("witness.example/one")
    assert asker.counted("witness.example/one", "log-forked") == 2
    assert [(one["level"], one["witness"]) for one in logged(lines, "log-forked")] == [("error", "witness.example/one")]


@pytest.mark.parametrize("more", [1, 20])
async def test_a_forked_log_raises_the_alarm(asker: Asker, tmp_path: Path, lines: io.BytesIO, more: int) -> None:
    """A log with other leaves than the witness cosigned, of the same size or larger, gets no signature but an alarm."""
    witness = make_witness(tmp_path, [asker.log.verifier])
    async with witnessing(witness) as server:
        await asker.line(url_of(server), witness.key.verifier).round()
        forked = asker.log.fork(4)
        forked.grow(more, b"forged ")
        asker.log.leaves, asker.log.rows = forked.leaves, forked.rows
        await asker.line(url_of(server), witness.key.verifier).round()
    assert not asker.is_cosigned_by(witness)
    assert asker.is_alarmed("witness.example/one")
    assert len(logged(lines, "log-forked")) == 1


async def test_an_alarm_ends_when_the_witness_cosigns(asker: Asker, tmp_path: Path, lines: io.BytesIO) -> None:
    """What was wrong is told as well again, once the witness accepts the log."""
    witness = make_witness(tmp_path, [asker.log.verifier])
    async with witnessing(witness) as server, odd_witness() as odd:
        odd.status = 422
        line = asker.line(url_of(odd), witness.key.verifier)
        await line.round()
        assert asker.is_alarmed("witness.example/one")
        line._url = f"{url_of(server)}/add-checkpoint"
        await line.round()
    assert not asker.is_alarmed("witness.example/one")
    assert len(logged(lines, "witness-well")) == 1


@pytest.mark.parametrize(("status", "code"), [(404, "not-found"), (403, "checkpoint-untrusted"), (500, "unavailable")])
async def test_a_refusal_is_told_once_and_counted_always(asker: Asker, lines: io.BytesIO, status: int, code: str) -> None:
    """A witness that does not know the log or its key needs its operator; the log says so once, the metric always."""
    async with odd_witness() as odd:
        odd.status = status
        line = asker.line(url_of(odd), read_witness_key(KEY))
        for _ in range(3):
            await line.round()
    assert asker.counted(NAME, code) == 3
    assert [one["code"] for one in logged(lines, "witness-refuses")] == [code]
    assert not asker.is_alarmed(NAME)


@pytest.mark.parametrize(
    ("status", "media", "body"),
    [
        (200, "text/plain", b""),
        (200, "text/plain", b"<html>"),
        (200, "text/plain", "— other.example AAAAAAAAAAAAAAAA\n".encode()),
        (200, "text/plain", bytes(100_000)),
        (409, SIZE_MEDIA_TYPE, b"five\n"),
        (409, SIZE_MEDIA_TYPE, b"-1\n"),
        (409, SIZE_MEDIA_TYPE, b"\xff\n"),
        (409, "text/html", b"5\n"),
        (409, SIZE_MEDIA_TYPE, b"3\n"),
        (301, "text/plain", b""),
    ],
)
async def test_nonsense_is_not_kept(asker: Asker, status: int, media: str, body: bytes) -> None:
    """What is no cosignature of that witness, or no answer of the protocol, changes nothing and ends the round."""
    async with odd_witness() as odd:
        odd.status, odd.media, odd.body = status, media, body
        await asker.line(url_of(odd), read_witness_key(KEY)).round()
        assert len(odd.asked) <= 4
    assert asker.log.newest.cosignatures == b""
    assert asker.counted(NAME, "unavailable") + asker.counted(NAME, "checkpoint-bad") == 1


async def test_the_cosignature_of_another_checkpoint_is_not_kept(asker: Asker, tmp_path: Path) -> None:
    """A witness that answers with an older cosignature of its own has cosigned nothing new."""
    witness = make_witness(tmp_path, [asker.log.verifier])
    async with witnessing(witness) as server:
        await asker.line(url_of(server), witness.key.verifier).round()
    old = asker.log.newest.cosignatures
    asker.log.grow(2)
    async with odd_witness() as odd:
        odd.body = old
        await asker.line(url_of(odd), witness.key.verifier).round()
    assert asker.log.newest.cosignatures == b""


async def test_only_the_witness_that_was_asked_is_kept(asker: Asker, tmp_path: Path) -> None:
    """Lines of others in an answer are not ours to judge: they are left out."""
    witness = make_witness(tmp_path, [asker.log.verifier])
    async with witnessing(witness) as server:
        await asker.line(url_of(server), witness.key.verifier).round()
    good = asker.log.newest.cosignatures
    asker.log.rows = [asker.log.newest._replace(cosignatures=b"")]
    async with odd_witness() as odd:
        odd.body = "— other.example AAAAAAAAAAAAAAAA\n".encode() + good
        await asker.line(url_of(odd), witness.key.verifier).round()
    assert asker.log.newest.cosignatures == good


async def test_a_silent_witness_ends_in_a_time_limit() -> None:
    """A witness that takes the request and says nothing costs one round."""
    async with odd_witness() as odd, Outside(0.2) as outside:
        asker = Asker(outside)
        odd.hang = True
        await asker.line(url_of(odd), read_witness_key(KEY)).round()
    assert asker.counted(NAME, "unavailable") == 1


def test_keys_of_witnesses_are_read_strictly() -> None:
    """The key of a log, or no key at all, is refused at the start."""
    assert read_witness_key(KEY).name == NAME
    for text in ("nonsense", str(FakeLog().verifier)):
        with pytest.raises(Rejected) as caught:
            read_witness_key(text)
        assert caught.value.code == "config"


def url_of_nobody() -> str:
    """Return an address where nobody listens."""
    return f"http://{LOOPBACK}:{free_port()}"
