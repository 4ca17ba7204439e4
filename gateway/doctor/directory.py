"""Who is who, as this gateway has it: is it fresh, and do the gateway's own card and keys last?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from gateway.directory.expiry import KEY_WARN_S, key_ends, metadata_ends, metadata_late
from gateway.directory.metadata import read_repository
from gateway.directory.view import build_from
from gateway.doctor.finding import Finding, fail, ok, warn

if TYPE_CHECKING:
    from gateway.directory.roles import TufRole
    from gateway.directory.view import Directory
    from gateway.envelope import Use
    from gateway.ids import Address

__all__ = ["key_end", "look", "metadata_end"]

_MEND: Final[Mapping[str, str]] = {
    "root": "let the authority rotate its root: gateway network rotate",
    "targets": "let the authority publish: gateway network publish",
    "revocations": "let the authority publish: gateway network publish",
}
_RUNNING: Final = "see that the gateway runs and its publication folder is readable: it signs this by itself"


def look(files: Mapping[str, bytes], root: bytes, address: Address, now: float) -> tuple[list[Finding], Directory | None]:
    """
    Judge the directory in the ledger.

    Args:
        files: Of the ledger.
        root: What its metadata is verified from.
        address: Of this gateway.
        now: Unix seconds.

    Returns:
        What was found, and the directory, where there is one.

    Raises:
        Rejected: It does not verify.
    """
    present = {name: data for name, data in files.items() if data}
    if not present:
        return [warn("directory.there", "none yet", "it comes at the first start, from directory.publication")], None
    directory = build_from(read_repository(present, root, None))
    findings = [metadata_end(role, ends, now) for role, ends in metadata_ends(present, root).items()]
    entry = directory.entry(address)
    if entry is None or not entry.active:
        findings.append(fail("directory.gateway", f"{address} is not there, or not active", "let the authority add it"))
    ends = key_ends(directory, address)
    findings += [key_end(use, at, now) for use, at in sorted(ends.items())]
    card = directory.key_cards.get(address)
    if card is None:
        findings.append(fail("directory.card", f"{address} has no key card", "let the authority publish its enrolment"))
    else:
        findings.append(_judged("directory.card", "key card", card.expires, now, "gateway gateway-keys rotate"))
    return findings, directory


def metadata_end(role: TufRole, ends: int, now: float) -> Finding:
    """Judge when the metadata of a role ends."""
    check, seen = f"directory.{role.value}", f"ends {_date(ends)}"
    mend = _MEND.get(role.value, _RUNNING)
    if ends <= now:
        return fail(check, seen, mend)
    return warn(check, seen, mend) if metadata_late(role, ends, now) else ok(check, seen)


def key_end(use: Use, ends: int, now: float) -> Finding:
    """Judge when the last key of a use ends."""
    return _judged(f"keys.{use.value}", "last key", ends, now, "gateway gateway-keys rotate")


def _judged(check: str, what: str, ends: int, now: float, mend: str) -> Finding:
    seen = f"{what} ends {_date(ends)}"
    if ends <= now:
        return fail(check, seen, mend)
    return warn(check, seen, mend) if ends - now < KEY_WARN_S else ok(check, seen)


def _date(at: int) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"
