"""
A publication, read and verified from a root alone: what the authority signed, before any gateway has taken it in.

There is no snapshot yet, so the newest version of each role is the one that counts. Thresholds, hashes, ages and key cards are
checked as a gateway and a home will check them. Spec: schemas/directory.md, "Publication".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tuf.api.metadata import Targets

from gateway.directory.entries import Revocations, WhoIsWho, decode_revocations, decode_who
from gateway.directory.metadata import MetadataReader, check_distinct_delegations, refusals, root_chain
from gateway.directory.repository import newest_version
from gateway.directory.roles import AUTHORITY_ROLES, DIRECTORY_PATH, REVOCATIONS_PATH, TufRole, metadata_file
from gateway.directory.view import build
from gateway.ids import Network

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tuf.api.metadata import Root, Signed

__all__ = ["Published", "verify_publication"]

_UNNUMBERED: Final = 0  # the view of a publication has no snapshot version


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """
    What a publication says.

    Args:
        who: Its `directory.json`.
        revocations: Its `revocations.json`.
        versions: Of each role that the authority signs.
        expires: Of each of them, Unix seconds.
        held_back: Path of a key card that no home would take, and the code; a re-enrolment's old card is replaced later.
    """

    who: WhoIsWho
    revocations: Revocations
    versions: Mapping[TufRole, int]
    expires: Mapping[TufRole, int]
    held_back: Mapping[str, str]


def verify_publication(files: Mapping[str, bytes], root: bytes, now: float | None) -> Published:
    """
    Verify a publication.

    Args:
        files: By name, as the authority's folder has them.
        root: The root that trust starts from.
        now: Unix seconds; None leaves the ages alone.

    Raises:
        Rejected: `directory-untrusted`, `directory-expired`, `network-differs` or `key-taken`.
    """
    reader = MetadataReader(files, now)
    with refusals():
        # 1. the newest root, by its own and its predecessor's threshold   2. targets under it   3. revocations under those
        trusted = reader.fresh(root_chain(files, root))
        targets = _newest(reader, trusted, TufRole.TARGETS)
        check_distinct_delegations(targets)
        revocations = _newest(reader, targets, TufRole.REVOCATIONS)
        # 4. what they sign for, by length and hash
        who = reader.target(targets.targets[DIRECTORY_PATH])
        revoked = reader.target(revocations.targets[REVOCATIONS_PATH])
    # 5. the key cards, under the identity keys of the list
    listed = decode_who(who)
    cards = {name: data for name, data in files.items() if name.startswith("cards/")}
    signed: dict[TufRole, Signed] = dict(zip(AUTHORITY_ROLES, (trusted, targets, revocations), strict=True))
    return Published(
        who=listed,
        revocations=decode_revocations(revoked),
        versions={role: one.version for role, one in signed.items()},
        expires={role: int(one.expires.timestamp()) for role, one in signed.items()},
        held_back=build(Network(listed.network), _UNNUMBERED, who, cards, revoked).held_back,
    )


def _newest(reader: MetadataReader, delegator: Root | Targets, role: TufRole) -> Targets:
    name = metadata_file(role, newest_version(reader.files, role))
    return reader.load(Targets, reader.file(name), delegator, role)
