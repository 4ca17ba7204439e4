"""
Making a network: officers' keys, the first root, the invitation, and the gateway as first participant.

What no participant could use is refused before any key is made; nothing is replaced that is there.
Spec: schemas/directory.md, "Enrolment".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
from msgspec import UNSET

from gateway.directory.entries import Revocations, WhoIsWho
from gateway.directory.publication import make_root
from gateway.directory.roles import TufRole, metadata_file
from gateway.envelope.keyfile import MODERATE, Cost
from gateway.errors import Rejected
from gateway.network.entering import Decision, entered
from gateway.network.files import write_new
from gateway.network.officers import Officer, holders_of, officer_files, refuse_shared
from gateway.network.request import Invitation, OnlineHex, decode_invitation, decode_request, encode_paper, refuse_url
from gateway.network.state import INVITATION_FILE, PUBLICATION, ROOT_FILE, STATE_FILE, AuthorityFolder, Draft, State

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gateway.ids import Network

__all__ = ["Plan", "found", "invited"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """
    A network to be made.

    Args:
        network: Its name.
        gateways: Base addresses, handed out with the invitation.
        exercise: True for a network for training.
        tls_ca: PEM of the CA that the gateways' certificates come from; None is one that systems trust.
        cost: What a guess at an officer's passphrase costs.
    """

    network: Network
    gateways: tuple[str, ...]
    exercise: bool = False
    tls_ca: str | None = None
    cost: Cost = MODERATE


def found(folder: Path, plan: Plan, gateway_request: bytes, passphrases: Sequence[bytes], now: float) -> None:
    """
    Make a network.

    Args:
        folder: Must not have a network yet.
        plan: Name, addresses, exercise or not.
        gateway_request: `request.json` of `gateway enrol --as-gateway`.
        passphrases: One for each officer, at least two.
        now: Unix seconds.

    Raises:
        Rejected: `home-exists`, `passphrase` (fewer than two, or one twice), `malformed` (an address or CA that no home
            would take), or what is wrong with the request; nothing was made.
    """
    if (folder / STATE_FILE).exists():
        raise Rejected(f"{folder} has a network already", code="home-exists")
    refuse_shared(passphrases)
    request = decode_request(gateway_request)
    if not isinstance(request.online, OnlineHex):
        raise Rejected("this is not the request of a gateway", code="card-bad")
    officers = [Officer.generate() for _ in passphrases]
    holders = holders_of(officers, request.online.public())
    root = make_root(1, holders, [officer.root for officer in officers if officer.root is not None], now)
    who = WhoIsWho(network=plan.network, exercise=plan.exercise, entries=(), groups={})
    decision = Decision(clearance="official-use-only", kinds_accepted=())
    draft = Draft(entered(who, request, decision, now), Revocations(network=plan.network, keys=()))
    files = {
        **AuthorityFolder.drafted(draft),
        ROOT_FILE: root,
        INVITATION_FILE: _invitation(plan, root),
        f"{PUBLICATION}/{metadata_file(TufRole.ROOT, 1)}": root,
        f"cards/{request.participant}/key": request.card,
    }
    for number, (officer, passphrase) in enumerate(zip(officers, passphrases, strict=True), start=1):
        made = officer_files(officer, passphrase, number, cost=plan.cost)
        files |= {f"officers/{name}": data for name, data in made.items()}
    # The state last: a folder without it is no network yet.
    write_new(folder, {**files, STATE_FILE: msgspec.json.encode(State.of(plan.network, holders))})


def invited(invitation: bytes, root: bytes) -> bytes:
    """Return an invitation that starts from another root: new homes need not trust keys that were replaced."""
    return encode_paper(msgspec.structs.replace(decode_invitation(invitation), root=root.decode()))


def _invitation(plan: Plan, root: bytes) -> bytes:
    for url in plan.gateways:
        refuse_url(url)
    invitation = Invitation(
        network=plan.network,
        exercise=plan.exercise,
        root=root.decode(),
        gateways=plan.gateways,
        tls_ca=UNSET if plan.tls_ca is None else plan.tls_ca,
    )
    data = encode_paper(invitation)
    decode_invitation(data)
    return data
