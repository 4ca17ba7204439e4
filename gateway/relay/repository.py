"""
A network's directory as its gateway serves it: fetched file by file until nothing is missing, and who its peers are.

The timestamp names the snapshot, that the lists, and these the targets. What is fetched is verified before it is believed.
Spec: schemas/directory.md, "Reading".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tuf.api.metadata import Snapshot, Targets, Timestamp

from gateway.directory.entries import decode_who
from gateway.directory.metadata import parse, read_repository, refusals, target_name
from gateway.directory.roles import TIMESTAMP_FILE, TufRole, metadata_file
from gateway.errors import Rejected, Unavailable
from gateway.protocol import media
from gateway.relay.mirror import fetch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.directory.peers import Peer
    from gateway.ids import Network
    from gateway.relay.line import Line

__all__ = ["fetch_whole", "find_peer", "needed"]

MAX_STEPS: Final = 8  # timestamp, snapshot, lists, targets
ROOTS: Final = 8  # asked for at once, beyond the newest at hand


def needed(files: Mapping[str, bytes]) -> list[str]:
    """
    Name what a repository still needs, as far as the files at hand can tell; roots are not named.

    Args:
        files: File name to bytes, not verified.

    Raises:
        Rejected: `directory-untrusted`: a file is not what its name says.
    """
    if TIMESTAMP_FILE not in files:
        return [TIMESTAMP_FILE]
    with refusals():
        version = parse(Timestamp, files[TIMESTAMP_FILE]).signed.snapshot_meta.version
        snapshot = metadata_file(TufRole.SNAPSHOT, version)
        if snapshot not in files:
            return [snapshot]
        versions = {
            role.removesuffix(".json"): meta.version for role, meta in parse(Snapshot, files[snapshot]).signed.meta.items()
        }
        lists = [metadata_file(role, number) for role, number in versions.items()]
        targets = [
            target_name(info) for name in lists if name in files for info in parse(Targets, files[name]).signed.targets.values()
        ]
    return [name for name in (*lists, *targets) if name not in files]


async def fetch_whole(source: Line) -> dict[str, bytes]:
    """
    Fetch everything of a gateway's own directory that a reader without a copy needs, roots included.

    Raises:
        Unavailable: It has not all of it; others as `Line.ask`.
    """
    files = {TIMESTAMP_FILE: await source.ask("GET", media.DIRECTORY + TIMESTAMP_FILE)} | await _roots(source)
    for _ in range(MAX_STEPS):
        names = needed(files)
        if not names:
            return files
        found = await fetch(source, names)
        if not found:
            break
        files |= found
    raise Unavailable("the gateway's directory is not whole; it may be publishing just now")


async def find_peer(home: Line, root: bytes, network: Network, now: float) -> Peer:
    """
    Return what the directory at home says of a peer.

    Args:
        home: To a gateway of this network.
        root: What its directory is verified from.
        network: The peer.
        now: Unix seconds.

    Raises:
        Rejected: `peer-unknown`, or the directory does not verify.
    """
    listed = decode_who(read_repository(await fetch_whole(home), root, now).who)
    for peer in listed.peers:
        if peer.network == network:
            return peer
    raise Rejected(f"the directory of {listed.network} names no peer {network}", code="peer-unknown")


async def _roots(source: Line) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for start in range(1, 1000, ROOTS):
        names = [metadata_file(TufRole.ROOT, version) for version in range(start, start + ROOTS)]
        new = await fetch(source, names)
        found |= new
        if len(new) < ROOTS:
            break
    return found
