"""
A process that accepts until it is killed: `python -m tests.ledger.accept_forever URL FIRST`.

Each acknowledged message is printed as its number in the test and its acceptance number, only after `accept` returned.
"""

from __future__ import annotations

import asyncio
import itertools
import sys

from gateway.ledger import Ledger
from tests.ledger.samples import sample

AT_ONCE = 20


async def main(url: str, first: int) -> None:
    """Accept on several lines at once."""
    numbers = itertools.count(first)
    async with await Ledger.open(url, migrate=False) as ledger:

        async def accept() -> None:
            for number in numbers:
                stored = await ledger.accept(sample(number=number))
                sys.stdout.write(f"{number} {stored.number}\n")
                sys.stdout.flush()

        await asyncio.gather(*(accept() for _ in range(AT_ONCE)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
