"""A witness that takes one request from standard input, remembers the tree, and is killed before it answers."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.tlog.note import parse_vkey
from gateway.witness.cosigner import Cosigned, Cosigner
from gateway.witness.keyfile import decrypt_witness_key
from gateway.witness.store import Store
from tests.support.witness import PASSPHRASE

if TYPE_CHECKING:
    from gateway.tlog.witness import AddCheckpoint, Verdict


class Victim(Cosigner):
    """Remembers, and dies."""

    def _answer(self, request: AddCheckpoint, verdict: Verdict) -> Cosigned:
        os.kill(os.getpid(), signal.SIGKILL)
        return super()._answer(request, verdict)


def main() -> None:
    """Run it: FOLDER KEY-OF-THE-LOG."""
    folder = Path(sys.argv[1])
    key = decrypt_witness_key((folder / "witness.key").read_bytes(), PASSPHRASE)
    victim = Victim(key, [parse_vkey(sys.argv[2])], Store(folder / "witness.db"), time.time)
    asyncio.run(victim.add_checkpoint(sys.stdin.buffer.read()))


if __name__ == "__main__":
    main()
