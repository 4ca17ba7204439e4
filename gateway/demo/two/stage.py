"""
Two networks that have named each other, with their casts and what may pass between them.

`icn` is a police network and `eu-network` one of contact points. Both let the same markings pass; what the codes of `icn` mean
in `eu-network` stands in a table there, which makes one stricter and leaves one out.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from gateway.ids import Network, Participant
from gateway.network import Authority
from gateway.staging.pair import Border, Side, add_alias, join, relay_member
from gateway.staging.stage import Member, Place, Services, build, publish

__all__ = ["ALIAS", "ALIAS_OF", "BORDER", "CEILING", "EU", "GROUP", "ICN", "PEOPLE", "build_two"]

ICN: Final = Network("icn")
EU: Final = Network("eu-network")
ALIAS: Final = "NCB-XA"
ALIAS_OF: Final = "NCB-QM"
GROUP: Final = "contact-points"  # of eu-network
CEILING: Final = "amber+strict/restricted"
BORDER: Final = Border(
    ceiling=CEILING,
    handling={
        EU: {  # what codes of icn mean there; clear/official-use-only is left out
            "amber+strict/restricted": "amber+strict/restricted",
            "amber/restricted": "amber/restricted",
            "amber/official-use-only": "amber/restricted",
            "green/official-use-only": "green/official-use-only",
        }
    },
)

# All fictional, countries from the codes that ISO leaves to users.
PEOPLE: Final = {
    ICN: (
        Member(Participant("NCB-QM"), "National central bureau of QM", "QM", "ncb", "ncb"),
        Member(Participant("TRIB-QX-OTP"), "Tribunal QX, Office of the Prosecutor", "ZZ", "tribunal", "tribunal"),
        Member(Participant("GS"), "Coordination centre", "ZZ", "coordination", "coordination"),
    ),
    EU: (
        Member(Participant("GN-QN"), "Contact point of QN", "QN", "contact-point", "contact-point"),
        Member(Participant("GN-QA"), "Contact point of QA", "QP", "contact-point", "contact-point"),
        Member(Participant("GN-QB"), "Contact point of QB", "QO", "contact-point", "contact-point"),
    ),
}
_RELAYS: Final = {ICN: "RELAY-EU", EU: "RELAY-ICN"}
_GATEWAYS: Final = {ICN: "GW-ICN", EU: "GW-EU"}


def build_two(folder: Path, services: Sequence[Services], *, now: float) -> tuple[Side, Side]:
    """
    Make both networks; nothing is started.

    Args:
        folder: Gets a folder for each.
        services: What the gateway of `icn` stands on, and that of `eu-network`.
        now: Unix seconds.
    """
    icn, eu = (_side(folder, network, one, now) for network, one in zip((ICN, EU), services, strict=True))
    Authority(eu.stage.folder / "authority").set_group(GROUP, [member.participant for member in PEOPLE[EU]])
    join(icn, eu, BORDER, now=now)
    add_alias(icn, ALIAS_OF, Member(Participant(ALIAS), "Bureau XA", "ZZ", "ncb", "ncb"), (EU,), now)
    publish(icn.stage, now)
    return icn, eu


def _side(folder: Path, network: Network, services: Services, now: float) -> Side:
    other = EU if network == ICN else ICN
    cast = (*PEOPLE[network], relay_member(_RELAYS[network], other))
    stage = build(folder / network, services, cast, Place(network, Participant(_GATEWAYS[network])), now=now)
    return Side(stage, f"http://127.0.0.1:{services.port}", _RELAYS[network])
