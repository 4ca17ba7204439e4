"""
Sets the stage of an exercise: a network of its own, which says that it is an exercise, and each trainee's desk.

Real homes refuse such a network, and homes of an exercise every other: the directory says which it is.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from gateway.ids import Network, Participant
from gateway.staging import stage
from gateway.staging.running import free_port
from gateway.staging.stage import Member, Place, Services, Stage

if TYPE_CHECKING:
    from gateway.exercise.scenario import Scenario

__all__ = ["Desk", "build", "desks"]

_GATEWAY: Final = Participant("GW-TRAINING")
_PASSPHRASE: Final = "passphrase"  # noqa: S105 - the name of a file
_SECRET_BYTES: Final = 16


class Desk(NamedTuple):
    """Where a trainee works."""

    participant: str
    network: str
    home: Path
    passphrase_file: Path
    officer_key: Path
    officer_passphrase_file: Path


def build(scenario: Scenario, folder: Path, now: float) -> Stage:
    """Make the network of a scenario in an empty folder; the gateway is not started."""
    members = [
        Member(Participant(one.id), one.name, one.country, one.organisation_type, one.role) for one in scenario.participants
    ]
    services = Services(port=free_port(), operations_port=free_port())
    place = Place(Network(scenario.network), _GATEWAY, exercise=True)
    return stage.build(folder, services, members, place, now=now)


def desks(scenario: Scenario, built: Stage) -> list[Desk]:
    """Write what each trainee's second officer has, and say where everything is."""
    folder = built.folder / "officers"
    folder.mkdir(mode=0o700)
    secret = os.urandom(_SECRET_BYTES).hex().encode()
    secret_file = folder / _PASSPHRASE
    secret_file.touch(mode=0o600)
    secret_file.write_bytes(secret)
    found = []
    for who in scenario.trainees:
        key = folder / f"{who}.key"
        built.write_officer(who, key, secret)
        home_secret = built.config.parent / _PASSPHRASE
        found.append(Desk(who, scenario.network, built.home(who), home_secret, key, secret_file))
    return found
