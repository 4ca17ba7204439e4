"""
Make the network of a campaign: `python -m tests.faults.prepare FOLDER PORT OPERATIONS_PORT [LEDGER BROKER]`.

A process of its own, so that the harness imports nothing of `gateway`.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from gateway.demo.stage import Services, build


def main(folder: str, port: str, operations_port: str, ledger: str | None = None, *brokers: str) -> None:
    """Build it and leave the passphrase where the campaign's processes find it."""
    stage = build(Path(folder), Services(int(port), int(operations_port), ledger, brokers), now=time.time())
    secret = stage.folder / "passphrase"
    secret.touch(mode=0o600)
    secret.write_bytes(stage.passphrase)


if __name__ == "__main__":
    main(*sys.argv[1:])
