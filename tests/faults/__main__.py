"""
`make faults`: set-ups under fire, counted by what applications hold; then the audit log and keys, judged by what is left.

    python -m tests.faults [--messages N] [SETUP...]

SETUP: rabbitmq (with PostgreSQL), sqlite (broker in memory), log, keys, border (two networks, and what is between them),
cluster (three gateways on PostgreSQL and three nodes of RabbitMQ).

Several run side by side, each in processes of its own, for each mostly waits; what one says is printed whole when it ends.
The cluster is last and alone: it is judged by the clock too, and by the shipped alarms. Ends with 0 only if every line says
`lost 0, duplicated 0`, and `0 broken`, the gateway died at every call that was named, and the cluster was back in time with the
right alarms. FULL=1 sends and kills ten times as much; the cluster suffers for at least five minutes instead of one.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from tests.faults import border_kills, cluster_kills, log_kills, rotation_kills
from tests.faults.harness import TRIES, Campaign, Node, Plan
from tests.support.ports import free_ports
from tests.support.postgres import Cluster
from tests.support.rabbitmq import RabbitNode

MESSAGES: Final = 5000
TIMES: Final = 10 if os.environ.get("FULL") else 1
LOG: Final = "log"
KEYS: Final = "keys"
BORDER: Final = "border"
CLUSTER: Final = "cluster"
CLUSTER_S: Final = 300.0 if os.environ.get("FULL") else 60.0  # under load, at least
BORDER_SHARE: Final = 0.2  # of the messages, in each direction: with all that runs for two networks the processors are busy
LANES: Final = (("rabbitmq",), ("sqlite", LOG, KEYS), (BORDER,))  # side by side; all take about as long, and mostly wait
PLANS: Final = {
    "rabbitmq": Plan(
        messages=MESSAGES,
        senders=("NCB-QM", "GS"),
        recipients=("NCB-QN", "WCU-QP", "GN-QN"),
        idle="TRIB-QX-OTP",
        random_kills=6,
        broker_kills=3,
        recipient_kills=6,
        pace_s=100,
        # Queues outlive the gateway, and what was queued needs no repair at a start: the other set-up dies there.
        spared=frozenset({"broker.declare", "ledger.requeue_all"}),
    ),
    "sqlite": Plan(
        messages=MESSAGES,
        senders=("NCB-QM", "GS"),
        recipients=("NCB-QN", "WCU-QP", "GN-QN"),
        idle="TRIB-QX-OTP",
        random_kills=4,
        broker_kills=0,
        recipient_kills=4,
        pace_s=80,
        spared=frozenset({"ledger.epoch"}),  # one process has its sessions in memory
    ),
}


@contextmanager
def stage(name: str, folder: Path) -> Iterator[tuple[int, Node | None]]:
    """Start what the set-up stands on, and make its network; give the gateway's port and the broker."""
    with ExitStack() as stack:
        words: list[str] = []
        node = None
        if name == "rabbitmq":
            cluster = Cluster()
            stack.callback(cluster.remove)
            cluster.start()
            node = stack.enter_context(RabbitNode())
            words = [cluster.url(cluster.create()), node.url]
        ports = free_ports(2)
        subprocess.run([sys.executable, "-m", "tests.faults.prepare", str(folder), *map(str, ports), *words], check=True)
        yield ports[0], node


def run_log() -> bool:
    """Kill what lets the log grow, on both databases; say whether it kept its word."""
    kept = [log_kills.run(kind, kills * TIMES, say) for kind, kills in log_kills.KILLS.items()]
    return all(kept)


def run_keys() -> bool:
    """Kill what rotates keys, in homes, at a gateway and at the authority; say whether nothing was broken."""
    kept = [rotation_kills.run(place, kills * TIMES, say) for place, kills in rotation_kills.KILLS.items()]
    return all(kept)


def run_border(messages: int) -> bool:
    """Kill what stands between two networks; say whether nothing was lost, doubled or forged."""
    return border_kills.run(int(messages * BORDER_SHARE), say)


def run_cluster() -> bool:
    """Let each part of a cluster suffer; say whether nothing was lost or doubled, and all came back."""
    return cluster_kills.run(CLUSTER_S, say)


def run(name: str, messages: int) -> bool:
    """Run one campaign and say what came of it; return whether nothing was lost, and all was tried."""
    plan = PLANS[name]
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix=f"faults-{name}-") as folder, stage(name, Path(folder)) as (port, node):
        planned = replace(plan, messages=messages, pace_s=plan.pace_s * messages // MESSAGES)
        campaign = Campaign(Path(folder), port, planned, node, say)
        result = campaign.run()
    say(f"{name}: {sum(campaign.kills.values())} kills of {len(campaign.kills)} kinds in {time.monotonic() - started:.0f} s")
    if campaign.missed:
        say(f"{name}: not killed at {', '.join(campaign.missed)}: the gateway did not come there within {TRIES} lives")
    say(f"{name}: {result}")
    return result.clean and not campaign.missed


def say(text: str) -> None:
    """Print at once: the campaign is long."""
    print(text, flush=True)


def run_lane(names: Sequence[str], messages: int) -> bool:
    """Run campaigns one after the other, each as a process that says all when it ends; return whether every one was clean."""
    codes = []
    for name in names:
        codes.append(_run_apart(name, messages))
        if codes[-1] < 0:  # ended by a signal: nobody waits for the rest
            break
    return not any(codes)


def _run_apart(name: str, messages: int) -> int:
    words = [sys.executable, "-m", "tests.faults", "--messages", str(messages), name]
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    say(f"--- {name}\n{done.stdout.rstrip()}")
    return done.returncode


def main() -> int:
    """Run the campaigns that were named, or all; one alone runs in this process."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("--messages", type=int, default=MESSAGES * TIMES)
    parser.add_argument("setups", nargs="*", choices=[*PLANS, LOG, KEYS, BORDER, CLUSTER, []])
    options = parser.parse_args()
    names = options.setups or [*(name for lane in LANES for name in lane), CLUSTER]
    if len(names) == 1:
        border = partial(run_border, options.messages)
        looks: dict[str, Callable[[], bool]] = {LOG: run_log, KEYS: run_keys, BORDER: border, CLUSTER: run_cluster}
        looked: bool = looks[names[0]]() if names[0] in looks else run(names[0], options.messages)
        return 0 if looked else 1
    lanes = [[name for name in lane if name in names] for lane in LANES]
    with ThreadPoolExecutor(len(lanes)) as pool:
        clean = list(pool.map(run_lane, lanes, [options.messages] * len(lanes)))
    if CLUSTER in names:
        clean.append(run_lane([CLUSTER], options.messages))
    return 0 if all(clean) else 1


if __name__ == "__main__":
    sys.exit(main())
