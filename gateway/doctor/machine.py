"""
The machine: clock, disk, core dumps, open files.

Limits of processes are those of the shell that asks: a service has its own, in its unit.
"""

from __future__ import annotations

from typing import Final

from gateway.doctor.finding import Finding, fail, ok, warn

__all__ = ["clock", "core_dumps", "disk", "open_files"]

CLOCK_WARN_S: Final = 5.0
CLOCK_FAIL_S: Final = 300.0  # what requests, messages and receipts are refused for
DISK_FAIL_BYTES: Final = 256 << 20
DISK_WARN_BYTES: Final = 2 << 30
DISK_WARN_SHARE: Final = 0.10
SPARE_FILES: Final = 128  # ledger, broker, keys, logs


def clock(of: str, theirs: float, ours: float) -> Finding:
    """Compare our clock with another's; both in Unix seconds."""
    off_s = ours - theirs
    check, seen = f"clock.{of}", f"this machine's clock is {abs(off_s):.1f} s {'ahead of' if off_s > 0 else 'behind'} it"
    if abs(off_s) >= CLOCK_FAIL_S:
        return fail(check, seen, "set both by NTP: from 300 s on signatures are refused")
    if abs(off_s) >= CLOCK_WARN_S:
        return warn(check, seen, "see that NTP runs on both: timedatectl, chronyc tracking")
    return ok(check, seen)


def disk(of: str, free_bytes: int, total_bytes: int) -> Finding:
    """Judge the space that is left where something of the gateway is kept."""
    check, seen = f"disk.{of}", f"{free_bytes >> 20} MiB of {total_bytes >> 20} MiB free"
    if free_bytes < DISK_FAIL_BYTES:
        return fail(check, seen, "make room now: a full disk accepts nothing")
    if free_bytes < min(DISK_WARN_BYTES, int(total_bytes * DISK_WARN_SHARE)):
        return warn(check, seen, "make room, or see what grows")
    return ok(check, seen)


def core_dumps(soft: int) -> Finding:
    """Judge whether a crash would write memory, with keys in it, to a disk; -1 is without limit."""
    if soft == 0:
        return ok("machine.core-dumps", "off")
    seen = "on, without limit" if soft < 0 else f"on, up to {soft} bytes"
    return warn("machine.core-dumps", seen, "LimitCORE=0 in the unit, or ulimit -c 0: memory has keys in it")


def open_files(soft: int, connections: int) -> Finding:
    """Judge whether all connections that the configuration allows could be open."""
    needed = connections + SPARE_FILES
    seen = f"at most {soft} open files; listen.connections = {connections}"
    if soft < needed:
        return warn("machine.open-files", seen, f"LimitNOFILE={needed} in the unit, or fewer listen.connections")
    return ok("machine.open-files", seen)
