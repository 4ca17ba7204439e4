"""The demonstration's cast and network; how a network is made of them is `gateway.staging`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from gateway.ids import Network, Participant
from gateway.staging import stage
from gateway.staging.stage import Member, Place, Services, Stage

__all__ = ["CAST", "GATEWAY", "NETWORK", "Member", "Services", "Stage", "build"]

NETWORK: Final = Network("icn")
GATEWAY: Final = Participant("GW-ICN")

# All fictional, countries from the codes that ISO leaves to users.
CAST: Final = (
    Member(Participant("NCB-QM"), "National central bureau of QM", "QM", "ncb", "ncb"),
    Member(Participant("NCB-QN"), "National central bureau of QN", "QN", "ncb", "ncb"),
    Member(Participant("WCU-QP"), "War-crimes unit of QP", "QP", "unit", "unit"),
    Member(Participant("WCU-QO"), "War-crimes unit of QO", "QO", "unit", "unit"),
    Member(Participant("TRIB-QX-OTP"), "Tribunal QX, Office of the Prosecutor", "ZZ", "tribunal", "tribunal"),
    Member(Participant("GN-QN"), "Contact point of QN in the EU network", "QN", "contact-point", "contact-point"),
    Member(Participant("JA-QN"), "Judicial authority of QN", "QN", "judicial", "judicial"),
    Member(Participant("GS"), "Coordination centre", "ZZ", "coordination", "coordination"),
)


def build(folder: Path, services: Services, cast: Sequence[Member] = CAST, *, now: float) -> Stage:
    """Make the demonstration's network of these participants; the gateway is not started."""
    return stage.build(folder, services, cast, Place(NETWORK, GATEWAY), now=now)
