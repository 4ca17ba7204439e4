"""
How long healthy participants wait while others are slow or hostile, beside how long they wait on a quiet gateway.

Slow: connections that trickle a header, a body, or read nothing of an answer. Hostile: submissions that are forged in their
last bytes, so that all checks are made, and bytes that are no HTTP, from as many connections as a few machines would have.
They come from other addresses than the healthy: what one address may take is bounded.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Final

from tests.bench.accept import RECIPIENT, SENDER
from tests.bench.figures import Figure
from tests.bench.load import post_all
from tests.bench.running import Stand, standing
from tests.bench.submissions import publish_cards, seal_many, write_all

__all__ = ["figures"]

HEALTHY: Final = 4  # requests under way at once
BATCH: Final = 800
ROUNDS: Final = 3


def figures() -> Iterator[Figure]:
    """Measure in turn, quiet and under attack."""
    with standing("sqlite") as stand, stand.gateway() as gateway:
        gateway.wait_ready()
        publish_cards(stand, [SENDER, RECIPIENT])
        files = _batches(stand)
        _p99_ms(stand, next(files))  # warms up
        quiet, hostile = [], []
        for _ in range(ROUNDS):
            quiet.append(_p99_ms(stand, next(files)))
            with _attacked(stand):
                hostile.append(_p99_ms(stand, next(files)))
    value = median(hostile) / median(quiet)
    waits = ", ".join(f"{one:.1f} / {other:.1f}" for one, other in zip(hostile, quiet, strict=True))
    note = f"p99 of {BATCH} submissions of 4 KiB over {HEALTHY} connections, ms; attack: see tests.bench.attackers: {waits}"
    yield Figure(name="hostile_p99_over_quiet", value=value, unit="ratio", against="quiet", note=note, aim="<= 3")


def _p99_ms(stand: Stand, file: Path) -> float:
    load = post_all(stand.services.port, HEALTHY, file, lambda: None)
    assert load.statuses == {"202": BATCH}, load.statuses
    return load.latencies_ms[BATCH * 99 // 100]


def _batches(stand: Stand) -> Iterator[Path]:
    for number in range(2 * ROUNDS + 1):
        file = stand.stage.folder / f"hostile-{number}"
        write_all(file, seal_many(stand, SENDER, [RECIPIENT], BATCH))
        yield file


@contextmanager
def _attacked(stand: Stand) -> Iterator[None]:
    """Let them come, and wait until all are there."""
    file = stand.stage.folder / "forged"
    if not file.exists():
        write_all(file, [one[:-1] + bytes([one[-1] ^ 1]) for one in seal_many(stand, SENDER, [RECIPIENT], 64)])
    words = [sys.executable, "-m", "tests.bench.attackers", str(stand.services.port), str(file)]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            yield
        finally:
            process.kill()
