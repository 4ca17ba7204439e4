"""
`gateway network suspend | resume | revoke`: change a participant's standing in the draft.

Nothing is in force before `gateway network publish`, which two officers sign. Nothing is ever taken back: a revoked
participant comes back with new keys alone (`gateway network add --again`).
"""

from __future__ import annotations

import time
from typing import Annotated

import typer

from gateway.cli import output
from gateway.cli.authority import Folder, parse_time

__all__ = ["register"]

Participant = Annotated[str, typer.Argument(metavar="PARTICIPANT", help="Its id, e.g. NCB-QM.")]
_NEXT = "next: gateway network publish, and carry the folder to the gateway"


def register(network: typer.Typer) -> None:
    """Add the commands."""
    network.command("suspend")(suspend)
    network.command("resume")(resume)
    network.command("revoke")(revoke)


def suspend(folder: Folder, participant: Participant) -> None:
    """Let a participant neither send nor receive until it is resumed; it keeps its keys."""
    from gateway.network import Authority

    Authority(folder).suspend(participant)
    output.note(f"{participant} suspended; {_NEXT}")


def resume(folder: Folder, participant: Participant) -> None:
    """Let a suspended participant take part again."""
    from gateway.network import Authority

    Authority(folder).resume(participant)
    output.note(f"{participant} active; {_NEXT}")


def revoke(
    folder: Folder,
    participant: Participant,
    reason: Annotated[str, typer.Option(help="stolen (what waits for its keys is held), superseded or ceased.")],
    at: Annotated[str | None, typer.Option(help="Since when, e.g. 2026-03-01T12:00:00Z. Default: now.")] = None,
    key: Annotated[list[str] | None, typer.Option(help="Id of a key to revoke alone; may be repeated. Default: all.")] = None,
) -> None:
    """Revoke a participant and all its keys, or some keys alone."""
    from gateway.network import Authority, Revoke, parse_reason

    now = time.time()
    decision = Revoke(reason=parse_reason(reason), at=parse_time(at) if at else int(now), keys=tuple(key or ()))
    Authority(folder).revoke(participant, decision, now)
    what = f"{len(key)} keys of {participant}" if key else f"{participant} and all its keys"
    output.note(f"{what} revoked as {reason} from {output.date(decision.at)} on; {_NEXT}")
