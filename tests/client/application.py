"""
An application to be killed: reads an inbox and writes what happens, a line at a time.

Arguments: home, passphrase, the number at which it stops, and where: `before` or `after` it acknowledged.
"""

from __future__ import annotations

import asyncio
import sys

from gateway.client import ContactPoint


async def main(home: str, passphrase: str, stop_at: str, where: str) -> None:
    """Read, write a line for each step, and hang at the given place."""
    async with ContactPoint.open(home, passphrase=passphrase) as contact_point:
        async for delivery in contact_point.inbox():
            print("again" if delivery.again else "new", delivery.number, flush=True)
            if (str(delivery.number), where) == (stop_at, "before"):
                await asyncio.Event().wait()
            await delivery.acknowledge()
            print("acknowledged", delivery.number, flush=True)
            if (str(delivery.number), where) == (stop_at, "after"):
                await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
