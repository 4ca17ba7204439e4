"""
`gateway operate suspend|resume PARTICIPANT` and `gateway operate drain`: orders that stand until another one ends them.

Suspended: no process of this gateway takes anything from the participant or hands anything to it; its mail waits. That lasts
until it is resumed, over restarts. Drained: the process that is reached, with all workers of `gateway serve --workers`, says
that it is not ready, sends its sessions to other gateways and takes no new ones; what is submitted is still accepted. That
lasts until `--off`, or until `gateway serve` ends.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.operate import AsJson, ConfigFile, Reason, Url
from gateway.cli.operate import _order_about as order_about

__all__ = ["register_standing"]

Who = Annotated[str, typer.Argument(metavar="PARTICIPANT", help="A participant of this network.", show_default=False)]


def register_standing(group: typer.Typer) -> None:
    """Add the commands to `gateway operate`."""
    group.command("suspend")(suspend)
    group.command("resume")(resume)
    group.command("drain")(drain)


def suspend(participant: Who, reason: Reason, config: ConfigFile, *, url: Url = None, as_json: AsJson = False) -> None:
    """Serve a participant no more, until it is resumed: for emergencies, until the authority has acted."""
    order_about("suspend", _address(participant, config), (reason, config, url), "suspended", as_json=as_json)


def resume(participant: Who, reason: Reason, config: ConfigFile, *, url: Url = None, as_json: AsJson = False) -> None:
    """Serve a suspended participant again."""
    order_about("resume", _address(participant, config), (reason, config, url), "resumed", as_json=as_json)


def drain(
    reason: Reason,
    config: ConfigFile,
    *,
    off: Annotated[bool, typer.Option("--off", help="Take sessions again.")] = False,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Send the sessions of this gateway process, and of its workers, to other ones, before it is restarted."""
    order_about("drain", "off" if off else "on", (reason, config, url), "drain", as_json=as_json)


def _address(participant: str, file: Path) -> str:
    """Return the whole address of a participant of this gateway's network."""
    from gateway.config import load
    from gateway.ids import network_of, parse_address

    if "@" in participant:
        return parse_address(participant)
    return parse_address(f"{participant}@{network_of(parse_address(load(file).address))}")
