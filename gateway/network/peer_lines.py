"""
Peers as people see them: what the draft and the publication say, and what officers of both networks compare.

No passphrase is needed and nothing is changed. Spec: deploy/relay.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from gateway.network.overview import published
from gateway.network.peering import RootFacts, read_root
from gateway.network.state import AuthorityFolder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from gateway.directory.entries import WhoIsWho
    from gateway.directory.peers import Peer

__all__ = ["PeerLine", "Peers", "newest_root", "peers"]


class PeerLine(Struct, frozen=True, kw_only=True):
    """
    A peer of the draft, or one that is published still.

    Args:
        network: Its name.
        state: `published`, `new`, `changed`, or `removed`: what the next publication does, unless it stands there already.
        relay: Participant of this network that carries the mail.
        endpoints: Addresses of its gateways.
        sends, takes: Kinds that go there and come from there.
        ceiling: The strictest handling code that passes.
        per_hour: Messages taken in an hour.
        waiting_bytes: Sealed bytes that may wait.
        handling: Their handling codes, and what they mean here; empty where the lists are the same.
        root: Where trust in its directory starts.
    """

    network: str
    state: str
    relay: str
    endpoints: tuple[str, ...]
    sends: tuple[str, ...]
    takes: tuple[str, ...]
    ceiling: str
    per_hour: int
    waiting_bytes: int
    handling: dict[str, str]
    root: RootFacts


class Peers(Struct, frozen=True, kw_only=True):
    """The peers of a network, with its own root in force: what the officers of the others have pinned, or should."""

    network: str
    exercise: bool
    root: RootFacts
    peers: tuple[PeerLine, ...]
    warnings: tuple[str, ...]


def newest_root(path: Path) -> bytes:
    """Return the root in force: what is handed to another network's authority."""
    return AuthorityFolder(path).newest_root()


def peers(path: Path, now: float) -> Peers:
    """
    Look at the peers in an authority's folder.

    Args:
        path: The folder.
        now: Unix seconds, for warnings.

    Raises:
        Rejected: `home-missing`, or the publication does not verify.
    """
    folder = AuthorityFolder(path)
    who, signed = folder.draft().who, published(folder)
    before = {} if signed is None else _by_name(signed.who)
    removed = [peer for name, peer in before.items() if name not in _by_name(who)]
    lines = [_line(peer, _state(peer, before)) for peer in who.peers] + [_line(peer, "removed") for peer in removed]
    return Peers(
        network=who.network,
        exercise=who.exercise,
        root=read_root(folder.newest_root()),
        peers=tuple(lines),
        warnings=(*_without_relay(who), *_old_roots(lines, now)),
    )


def _by_name(who: WhoIsWho) -> dict[str, Peer]:
    return {peer.network: peer for peer in who.peers}


def _state(peer: Peer, before: Mapping[str, Peer]) -> str:
    if peer.network not in before:
        return "new"
    return "published" if before[peer.network] == peer else "changed"


def _line(peer: Peer, state: str) -> PeerLine:
    return PeerLine(
        network=peer.network,
        state=state,
        relay=peer.relay,
        endpoints=peer.endpoints,
        sends=peer.sends,
        takes=peer.takes,
        ceiling=peer.ceiling,
        per_hour=peer.per_hour,
        waiting_bytes=peer.waiting_bytes,
        handling=peer.handling,
        root=read_root(peer.root),
    )


def _without_relay(who: WhoIsWho) -> list[str]:
    active = {entry.participant for entry in who.entries if entry.active}
    return [
        f"nothing passes to {peer.network}: its relay {peer.relay} is not active"
        for peer in who.peers
        if peer.relay not in active
    ]


def _old_roots(lines: Iterable[PeerLine], now: float) -> list[str]:
    return [
        f"the root of {line.network} has expired: ask its authority for the newest one, and peer add --replace"
        for line in lines
        if line.state != "removed" and line.root.expires <= now
    ]
