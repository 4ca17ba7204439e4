"""
One gateway process with 100,000 messages of 4 KiB that wait for recipients who are away.

Measured are its memory, its start, and what it costs to accept and deliver other messages meanwhile, beside the same with
1,000 (FULL=1: and with a million). The ledger is filled through its own interface by a process that ends; sealed bytes are
real, ids and recipients are changed, because a ledger does not read them. Then the gateway is started as always, with the
broker in memory and the default configuration: many recipients, so that what memory holds for them comes to its bound.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator, Sequence
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from gateway.demo.stage import GATEWAY, NETWORK
from gateway.envelope import (
    Event,
    Examined,
    MemoryKeyring,
    Receipt,
    SigningKey,
    Use,
    examine,
    head,
    make_receipt,
    rows,
)
from gateway.ids import Address, EnvelopeHash, MessageId, Participant, make_address
from gateway.ledger import Acceptance, Ledger
from tests.bench.accept import CONNECTIONS, reading
from tests.bench.figures import Figure, slope
from tests.bench.load import post_all
from tests.bench.running import GatewayProcess, Stand, settled, standing
from tests.bench.submissions import publish_cards, seal_many, write_all

__all__ = ["WAITING", "figures", "fill"]

FEW: Final = 1_000
WAITING: Final = 100_000
MILLION: Final = 1_000_000
BATCH: Final = 800
SENDER: Final = "NCB-QM"
RECIPIENT: Final = "NCB-QN"
RECIPIENTS: Final = [make_address(Participant(f"NCB-QN-{turn:04d}"), NETWORK) for turn in range(200)]
AT_ONCE: Final = 512
QUIET_S: Final = 2.0
QUIET: Final = 0.05  # of one core: the dispatcher has done what there is to do
SETTLE_S: Final = 300.0


def figures() -> Iterator[Figure]:
    """Fill the ledger, start the gateway, let it settle; then a little more of the same."""
    points: list[tuple[float, float]] = []
    with standing("sqlite") as stand:
        with stand.gateway() as gateway:
            gateway.wait_ready()
            publish_cards(stand, [SENDER, RECIPIENT])
            (submission,) = seal_many(stand, SENDER, [RECIPIENT], 1)
        fill(stand.ledger, submission, RECIPIENTS, FEW)
        with stand.gateway() as gateway:
            gateway.wait_ready()
            points.append((FEW, _cost_s(stand, gateway)))
        fill(stand.ledger, submission, RECIPIENTS, WAITING - FEW)
        with stand.gateway() as gateway:
            yield from _started(gateway, stand)
            points.append((WAITING, _cost_s(stand, gateway)))
        if os.environ.get("FULL"):
            fill(stand.ledger, submission, RECIPIENTS, MILLION - WAITING)
            with stand.gateway() as gateway:
                gateway.wait_ready()
                _settle(gateway)  # a million events come into the audit log first
                points.append((MILLION, _cost_s(stand, gateway)))
                yield Figure(name="rss_1m_mb", value=gateway.memory_mb(), unit="MB", against="none", note=_note(MILLION))
    costs = ", ".join(f"{count:.0f}: {cost_s * 1e6:.0f}" for count, cost_s in points)
    note = f"CPU to accept and deliver a message of 4 KiB while others wait, SQLite, broker in memory; microseconds: {costs}"
    yield Figure(
        name="scale_waiting_slope", value=slope(points), unit="slope", against="log size", note=note, aim="<= 1.1",
        points=tuple(points),
    )  # fmt: skip


def _started(gateway: GatewayProcess, stand: Stand) -> Iterator[Figure]:
    start_s = gateway.wait_ready()
    _settle(gateway)
    waiting = gateway.metrics()
    count = sum(waiting[f'gateway_deliveries{{state="{state}"}}'] for state in ("accepted", "queued"))
    assert count == WAITING, count
    note = _note(WAITING)
    memory = f"{note}; at most {gateway.memory_mb('VmHWM'):.0f} MB since the start"
    yield Figure(name="rss_100k_mb", value=gateway.memory_mb(), unit="MB", against="none", note=memory, aim="<= 150")
    start = f"{note}; from the start of the process until it says that it is ready"
    yield Figure(name="start_100k_s", value=start_s, unit="s", against="none", note=start, aim="<= 10")
    size_kb = Path(stand.ledger.removeprefix("sqlite:///")).stat().st_size / WAITING / 1024
    yield Figure(name="ledger_kb_per_message", value=size_kb, unit="KiB", against="4 KiB sealed", note=f"SQLite file; {note}")


def _note(count: int) -> str:
    return f"{count} messages of 4 KiB wait for {len(RECIPIENTS)} recipients who are away; SQLite, broker in memory"


def _cost_s(stand: Stand, gateway: GatewayProcess) -> float:
    """Return the processor time of one message more, to a recipient who is there."""
    files = [stand.stage.folder / f"more-{time.monotonic_ns()}" for _ in range(2)]
    for file in files:
        write_all(file, seal_many(stand, SENDER, [RECIPIENT], BATCH))
    with reading(stand.stage.home(RECIPIENT), stand.stage.passphrase):
        for file in files:  # the first one warms up
            before = settled([gateway.pid])
            load = post_all(gateway.port, CONNECTIONS, file, lambda: None)
            assert load.statuses == {"202": BATCH}, load.statuses
            cost_s = (settled([gateway.pid]) - before) / BATCH
    return cost_s


def _settle(gateway: GatewayProcess) -> None:
    """Wait until the process has nothing more to do."""
    deadline = time.monotonic() + SETTLE_S
    while time.monotonic() < deadline:
        before = gateway.cpu_s()
        time.sleep(QUIET_S)
        if gateway.cpu_s() - before < QUIET * QUIET_S:
            return
    raise RuntimeError(f"the gateway was still busy {SETTLE_S:.0f} s after its start")


def fill(url: str, submission: bytes, recipients: Sequence[Address], count: int = WAITING) -> None:
    """Accept so many messages like a submission for these recipients in turn, by a process that ends; no gateway runs."""
    filling = get_context("spawn").Process(target=_fill, args=(url, submission, recipients, count))
    filling.start()
    filling.join()
    assert filling.exitcode == 0


def _fill(url: str, submission: bytes, recipients: Sequence[Address], count: int) -> None:
    asyncio.run(_accept_all(url, examine(submission), recipients, count))


async def _accept_all(url: str, sealed: Examined, recipients: Sequence[Address], count: int) -> None:
    signer = make_address(GATEWAY, NETWORK)
    keyring = MemoryKeyring(signer, [SigningKey.generate(signer, Use.AGENT, os.urandom)])
    async with await Ledger.open(url, migrate=False) as ledger:
        for start in range(0, count, AT_ONCE):
            turns = range(start, min(start + AT_ONCE, count))
            named = [recipients[turn % len(recipients)] for turn in turns]
            await asyncio.gather(*(ledger.accept(_acceptance(sealed, keyring, recipient)) for recipient in named))


def _acceptance(examined: Examined, keyring: MemoryKeyring, recipient: Address) -> Acceptance:
    """Return a message like this one, with ids and a recipient of its own."""
    header, envelope_hash = examined.header, EnvelopeHash(os.urandom(32))
    (row,) = rows(examined)
    return Acceptance(
        message_id=MessageId(os.urandom(16)),
        sender=header.sender,
        envelope_hash=envelope_hash,
        submission_hash=None,
        kind=header.kind,
        urgency=header.urgency,
        handling=header.handling,
        conversation_id=header.conversation_id,
        created=header.created,
        expires=header.expires,
        head=head(examined),
        body=examined.body,
        rows=[row._replace(recipient=recipient)],
        sign=partial(_sign, examined, envelope_hash, keyring),
        sign_recalled=_never,
        network=NETWORK,
    )


def _never(envelope_hash: EnvelopeHash, _: Address) -> bytes:
    raise AssertionError(f"nobody recalls {envelope_hash.hex()}")


def _sign(examined: Examined, envelope_hash: EnvelopeHash, keyring: MemoryKeyring, number: int) -> bytes:
    receipt = Receipt(
        event=Event.ACCEPTED,
        envelope_hash=envelope_hash,
        subject=examined.header.sender,
        signer=keyring.address,
        at=examined.header.created,
        number=number,
        salt=os.urandom(16),
    )
    return make_receipt(receipt, keyring)
