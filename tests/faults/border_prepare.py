"""
Make two networks that are each other's peers: `python -m tests.faults.border_prepare FOLDER SIDE SIDE`.

A SIDE is `PORT,OPERATIONS_PORT,LEDGER,BROKER,LINE`: what its gateway stands on, and the port by which its relay reaches the other
gateway. A process of its own, so that the harness imports nothing of `gateway`.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import Final

from gateway.ids import Network, Participant
from gateway.staging.pair import Border, Side, join, relay_member, write_relay_key
from gateway.staging.stage import Member, Place, Services, build

CASTS: Final = {"icn": ("NCB-QM", "NCB-QN"), "eu-network": ("GN-QM", "GN-QN")}  # who writes, and who reads


def main(folder: Path, sides: list[list[str]]) -> None:
    """Build both, join them, and leave for each relay what `gateway relay` needs."""
    now = time.time()
    made = [_side(folder, name, words, now) for name, words in zip(CASTS, sides, strict=True)]
    join(made[0], made[1], Border(), now=now)
    for ours, theirs, words in ((*made, sides[0]), (*made[::-1], sides[1])):
        secret = ours.stage.folder / "passphrase"
        secret.touch(mode=0o600)
        secret.write_bytes(ours.stage.passphrase)
        key = asyncio.run(write_relay_key(ours))
        (ours.stage.folder / "relay.toml").write_text(
            f'network = "{theirs.stage.place.network}"\nhome = ["{ours.url}"]\nother = ["http://127.0.0.1:{words[4]}"]\n'
            f'key_file = "{key.name}"\npassphrase_file = "{secret.name}"\n'
        )


def _side(folder: Path, name: str, words: list[str], now: float) -> Side:
    port, operations_port, ledger, broker, _ = words
    other = next(one for one in CASTS if one != name)
    cast = [Member(Participant(one), f"Unit {one}", "QM", "contact-point", "contact-point") for one in CASTS[name]]
    services = Services(int(port), int(operations_port), ledger, (broker,))
    stage = build(folder / name, services, (*cast, relay_member("RELAY", other)), Place(Network(name), Participant("GW")), now=now)
    return Side(stage, f"http://127.0.0.1:{port}", "RELAY")


if __name__ == "__main__":
    main(Path(sys.argv[1]), [one.split(",") for one in sys.argv[2:]])
