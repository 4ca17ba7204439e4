"""
A load generator: posts submissions over so many connections at once, each sending its next when the answer is there.

    python -m tests.bench.load PORT CONNECTIONS FILE          FILE: see `submissions.write_all`

It speaks HTTP itself, because a client library would cost more than what it measures. Opens the connections, prints `ready`,
waits for a line on standard input, and prints one JSON document when it is done.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
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


def post_all(port: int, connections: int, file: Path, begin: Callable[[], object]) -> Load:
    """
    Run the generator in a process of its own.

    Args:
        port: Where to.
        connections: Requests under way at once.
        file: What to send.
        begin: Called when all connections stand, before the first request.

    Returns:
        What came of it.
    """
    words = [sys.executable, "-m", "tests.bench.load", str(port), str(connections), str(file)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        begin()
        done, _ = process.communicate(b"\n")
    return msgspec.json.decode(done, type=Load)


Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _post(port: int, line: Line, bodies: Iterator[bytes], statuses: Counter[str], latencies_ms: list[float]) -> None:
    reader, writer = line
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


async def _run(port: int, connections: int, file: Path) -> Load:
    bodies = iter(list(read_all(file)))
    statuses: Counter[str] = Counter()
    latencies_ms: list[float] = []
    lines = [await asyncio.open_connection(LOOPBACK, port) for _ in range(connections)]
    print("ready", flush=True)
    sys.stdin.readline()
    started = time.perf_counter()
    await asyncio.gather(*(_post(port, line, bodies, statuses, latencies_ms) for line in lines))
    return Load(dict(statuses), time.perf_counter() - started, sorted(latencies_ms))


if __name__ == "__main__":
    done = asyncio.run(_run(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])))
    sys.stdout.buffer.write(msgspec.json.encode(done))
