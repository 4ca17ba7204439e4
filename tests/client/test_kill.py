"""A process that is killed in the middle loses nothing and repeats nothing that was acknowledged."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.client import application
from tests.client.conftest import PASSPHRASE
from tests.client.examples import content, drain

if TYPE_CHECKING:
    from tests.client.conftest import Homes
    from tests.support.fake_gateway import FakeGateway

ROOT = Path(__file__).resolve().parents[2]


async def lines_until_killed(home: Path, passphrase: bytes, last: str, stop: tuple[int, str]) -> list[str]:
    """Run the application until it stops at a number, before or after it acknowledged; kill it after its last line."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        application.__file__,
        str(home),
        passphrase.decode(),
        str(stop[0]),
        stop[1],
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    lines: list[str] = []
    try:
        async with asyncio.timeout(60):
            while last not in lines:
                lines.append((await process.stdout.readline()).decode().strip())
                assert lines[-1], lines
    finally:
        process.kill()
        await process.wait()
    return lines


@pytest.mark.parametrize(
    ("killed", "rest"),
    [(("before", "new 2"), [(2, True), (3, True), (4, True)]), (("after", "acknowledged 2"), [(3, True), (4, True)])],
)
async def test_a_killed_application_gets_again_what_it_had_not_acknowledged(
    homes: Homes, gate: FakeGateway, tmp_path: Path, killed: tuple[str, str], rest: list[tuple[int, bool]]
) -> None:
    """Killed before it acknowledged, the delivery comes again; killed a moment after, it never does."""
    async with homes("NCB-QM") as qm:
        async with homes("GN-QN") as gn:
            await gn.publish_card()
        for _ in range(4):
            await qm.send(content(), to=["GN-QN"])
    where, last = killed
    lines = await lines_until_killed(tmp_path / "GN-QN", PASSPHRASE, last, (2, where))
    async with homes("GN-QN") as gn:
        again = await drain(gn)
    assert lines[:2] == ["new 1", "acknowledged 1"]
    assert [(one.number, one.again) for one in again] == rest
    assert gate.states() == {"opened": 4}
