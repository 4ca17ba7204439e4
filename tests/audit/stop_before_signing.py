"""
A process of the log that stops between commit and signature: `python -m tests.audit.stop_before_signing URL MEMORY`.

It lets the log grow once, says `committed SIZE`, stops itself as SIGSTOP does, and goes on when it is woken. Then it looks
again and says what it signed and what it thinks of the log.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from gateway.ledger import Ledger
from gateway.ops.logs import configure
from tests.audit.given import log_over


def say(text: str) -> None:
    """Tell the test."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def main(url: str, memory: Path) -> None:
    """Grow, stop, go on."""
    configure("critical")
    async with await Ledger.open(url, migrate=False) as ledger:
        log = log_over(ledger, memory.parent, name=memory.name)
        sign = ledger.log.sign_checkpoint

        async def stopping(size: int, root: bytes, note: bytes) -> bool:
            say(f"committed {size}")
            os.kill(os.getpid(), signal.SIGSTOP)
            kept = await sign(size, root, note)
            say(f"signed {size} {kept}")
            return kept

        ledger.log.sign_checkpoint = stopping  # type: ignore[method-assign]
        await log.start()
        await log.advance()
        ledger.log.sign_checkpoint = sign  # type: ignore[method-assign]
        await log.advance()
        view = log.view()
        say(f"view {view.size if view else 0} {'halted' if log.halted else 'good'}")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
