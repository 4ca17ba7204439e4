"""
A load generator: posts submissions over so many connections at once, each sending its next when the answer is there.

    python -m tests.bench.load PORT CONNECTIONS FILE          FILE: see `submissions.write_all`

It speaks HTTP itself, because a client library would cost more than what it measures. Prints one JSON document.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from gateway.protocol import media
from tests.bench.submissions import read_all
from tests.support.ports import LOOPBACK

__all__ = ["Load", "post_all"]

_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Load(msgspec.Struct, frozen=True):
    """
    What came of it.

    Args:
        statuses: Answers, by status.
        seconds: From the first request to the last answer.
        latencies_ms: Of each answer, sorted.
    """

    statuses: dict[str, int]
    seconds: float
    latencies_ms: list[float]


def post_all(port: int, connections: int, file: Path) -> Load:
    """Run the generator in a process of its own and return what came of it."""
    words = [sys.executable, "-m", "tests.bench.load", str(port), str(connections), str(file)]
    return msgspec.json.decode(subprocess.run(words, check=True, capture_output=True).stdout, type=Load)


async def _connection(port: int, bodies: Iterator[bytes], statuses: Counter[str], latencies_ms: list[float]) -> None:
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    for body in bodies:
        started = time.perf_counter()
        head = (
            f"POST {media.MESSAGES} HTTP/1.1\r\nHost: {LOOPBACK}:{port}\r\n"
            f"Content-Type: {media.SEALED}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(answer)
        assert length is not None, answer
        await reader.readexactly(int(length[1]))
        latencies_ms.append((time.perf_counter() - started) * 1e3)
        statuses[answer[9:12].decode()] += 1
    writer.close()


async def _run(port: int, connections: int, file: Path) -> Load:
    bodies = iter(list(read_all(file)))
    statuses: Counter[str] = Counter()
    latencies_ms: list[float] = []
    started = time.perf_counter()
    await asyncio.gather(*(_connection(port, bodies, statuses, latencies_ms) for _ in range(connections)))
    return Load(dict(statuses), time.perf_counter() - started, sorted(latencies_ms))


if __name__ == "__main__":
    done = asyncio.run(_run(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])))
    sys.stdout.buffer.write(msgspec.json.encode(done))
