"""
Peers in the draft: another network is named, changed or removed. Each function takes a draft and returns the next one.

The root of the other network is what all trust in its directory starts from: it must be TUF root metadata that its own
officers signed, two at least. What a root cannot show - whose it is, and whether that network is an exercise - the officers of
both networks settle by reading the fingerprint to each other. Nothing is in force before it is published.
Spec: schemas/relay.md, "Peering"; deploy/relay.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from gateway.directory.entries import RELAY_ROLE, Status
from gateway.directory.metadata import root_chain
from gateway.directory.peers import Peer, check_peer
from gateway.envelope.header import HANDLING_CODES
from gateway.errors import Rejected
from gateway.message.codec import decode
from gateway.message.registry import KINDS
from gateway.network.request import fingerprint, refuse_url
from gateway.network.standing import entry_of
from gateway.network.state import Draft

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["RootFacts", "decode_handling", "read_root", "with_peer", "without_peer"]


class RootFacts(Struct, frozen=True, kw_only=True):
    """
    What officers of two networks compare about a root.

    Args:
        fingerprint: 128 bits of the SHA-256 of its bytes, in groups of four digits.
        version: Of the root.
        expires: Unix seconds; the network makes a newer one before, and its peers follow by themselves.
        officers: How many may sign a next root.
        threshold: How many of them must.
        keys: Public root keys in hex.
    """

    fingerprint: str
    version: int
    expires: int
    officers: int
    threshold: int
    keys: tuple[str, ...]


def read_root(data: bytes) -> RootFacts:
    """
    Verify root metadata by itself: signatures, thresholds of two, no key twice.

    Raises:
        Rejected: `directory-untrusted`: it is no root, or trust cannot start there.
    """
    root = root_chain({}, data)
    role = root.roles["root"]
    return RootFacts(
        fingerprint=fingerprint(data),
        version=root.version,
        expires=int(root.expires.timestamp()),
        officers=len(role.keyids),
        threshold=role.threshold,
        keys=tuple(root.keys[key_id].keyval["public"] for key_id in role.keyids),
    )


def decode_handling(data: bytes) -> dict[str, str]:
    """Read a table of handling codes, their code to ours, from a JSON object; `config` for any other file."""
    try:
        return decode(data, dict[str, str])
    except Rejected as exc:
        hint = 'write {"amber/restricted": "red/restricted", ...}: their code, then ours'
        raise Rejected(f"not a table of handling codes: {exc.detail}", code="config", hint=hint) from exc


def with_peer(draft: Draft, peer: Peer, our_root: bytes, *, replace: bool = False) -> Draft:
    """
    Return the draft in which another network is a peer.

    Args:
        draft: As it is.
        peer: What may pass, and from which root its directory is verified.
        our_root: The root in force here: the other network has none of its keys.
        replace: It is a peer already, and this takes the place of what was said.

    Raises:
        Rejected: `config` (a kind, code, address or participant that is none, this network itself, or a peer already),
            `directory-untrusted` (the root does not verify by itself) or `key-taken` (it has root keys of this network, or of
            another peer).
    """
    known = {one.network for one in draft.who.peers}
    if peer.network in known and not replace:
        raise Rejected(f"{peer.network} is a peer already", code="config", hint="say --replace to change what was said")
    if peer.network == draft.who.network:
        raise Rejected(f"{peer.network} is this network itself", code="config", hint="name the other network")
    _refuse_values(peer)
    _refuse_relay(draft, peer.relay)
    others = [one for one in draft.who.peers if one.network != peer.network]
    _refuse_keys(peer.root, [our_root, *(one.root for one in others)])
    return _with_peers(draft, [*others, peer])


def without_peer(draft: Draft, network: str) -> Draft:
    """Return the draft in which a network is a peer no more; `config` for one that is none."""
    left = [one for one in draft.who.peers if one.network != network]
    if len(left) == len(draft.who.peers):
        raise Rejected(f"not a peer: {network[:64]!r}", code="config", hint="gateway network peer show")
    return _with_peers(draft, left)


def _with_peers(draft: Draft, peers: list[Peer]) -> Draft:
    ordered = tuple(sorted(peers, key=lambda peer: peer.network))
    return Draft(msgspec.structs.replace(draft.who, peers=ordered), draft.revocations)


def _refuse_values(peer: Peer) -> None:
    """Refuse here, in words of the command, what every reader of the directory would refuse."""
    unknown = [kind for kind in (*peer.sends, *peer.takes) if kind != "*" and kind not in KINDS]
    if unknown:
        raise Rejected(f"not a kind: {unknown[0][:64]!r}", code="config", hint="gateway catalogue, or * for all")
    for url in peer.endpoints:
        refuse_url(url)
    try:
        msgspec.convert(msgspec.to_builtins(peer), Peer)
        check_peer(peer)
    except msgspec.ValidationError as exc:
        raise Rejected(f"not a peer: {exc}", code="config") from exc
    except Rejected as exc:
        raise Rejected(exc.detail, code="config", hint=f"one of {', '.join(HANDLING_CODES)}") from exc


def _refuse_relay(draft: Draft, participant: str) -> None:
    entry = entry_of(draft, participant)
    if entry.participant != participant or not entry.is_relay or entry.status is not Status.ACTIVE:
        hint = f"enter it first: gateway network add REQUEST --role {RELAY_ROLE}"
        raise Rejected(f"not an active relay: {participant[:64]!r}", code="config", hint=hint)


def _refuse_keys(root: bytes, known: Collection[bytes]) -> None:
    """Two networks share no officer's key: a root of this one, handed over by mistake, would make it its own peer."""
    keys = set(read_root(root).keys)
    for other in known:
        if keys & set(read_root(other).keys):
            raise Rejected("this root has keys of this network, or of another peer", code="key-taken")
