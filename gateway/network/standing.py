"""
Standing of a participant: active, suspended, revoked, enrolled again. Each function takes a draft and returns the next one.

`suspended` keeps all keys and may come back. `revoked` takes the identity key, and with it everything that it vouched for;
only a new identity key under the same id brings it back. Rows are added, never taken away, so who was revoked stays findable.
Spec: schemas/directory.md, "Life of keys", "Revocation", "Re-enrolment".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from gateway.directory.cards import KeyCard, parse_card
from gateway.directory.entries import Entry, KeyRevocation, RevocationReason, Revocations, Status
from gateway.directory.reenrolment import check_reenrolled, closed_keys, identity_of
from gateway.directory.revoked import Revoked, summed, worse
from gateway.errors import Rejected
from gateway.ids import KeyId
from gateway.network.state import Draft

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Revoke", "entry_of", "parse_reason", "reenrolled", "resumed", "revoked", "suspended"]

_AHEAD_S: Final = 300  # of clocks that differ; a revocation that begins later would be a promise, not a fact
_KEY_ID: Final = re.compile(r"[0-9a-f]{32}")
_AGAIN: Final = "a revoked participant comes back with new keys: gateway network add --again REQUEST"


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoke:
    """
    What the authority decides about keys.

    Args:
        reason: Why; `stolen` holds what waits for these keys.
        at: Unix seconds from which they count no more; the time of the theft, where it is known.
        keys: Key ids, 32 hex digits each; empty revokes the participant and all that it has.
    """

    reason: RevocationReason
    at: int
    keys: tuple[str, ...] = ()


def parse_reason(text: str) -> RevocationReason:
    """Read a reason as a person writes it; `config` for any other word."""
    try:
        return RevocationReason(text)
    except ValueError as exc:
        hint = f"one of {', '.join(RevocationReason)}"
        raise Rejected(f"not a reason: {text[:40]!r}", code="config", hint=hint) from exc


def entry_of(draft: Draft, participant: str) -> Entry:
    """Return the entry of a participant; `config` for one that was never enrolled."""
    for entry in draft.who.entries:
        if participant in (entry.participant, entry.address):
            return entry
    raise Rejected(f"not enrolled: {participant[:64]!r}", code="config", hint="name a participant, e.g. NCB-QM")


def suspended(draft: Draft, participant: str) -> Draft:
    """Return the draft in which a participant sends and receives nothing until it is resumed."""
    return _with_status(draft, participant, Status.SUSPENDED)


def resumed(draft: Draft, participant: str) -> Draft:
    """Return the draft in which a suspended participant takes part again, with the keys that it has."""
    return _with_status(draft, participant, Status.ACTIVE)


def revoked(draft: Draft, participant: str, revoke: Revoke, card: bytes | None, now: float) -> Draft:
    """
    Return the draft in which a participant, or some of its keys alone, are revoked.

    Args:
        draft: As it is.
        participant: Its id or address.
        revoke: Reason, time, keys.
        card: The key card that the authority knows of it; later keys fall with the identity key.
        now: Unix seconds.

    Raises:
        Rejected: `config`: not enrolled, a time in the future, or what is no key id.
    """
    entry = entry_of(draft, participant)
    if revoke.at > now + _AHEAD_S:
        raise Rejected(f"a revocation from {revoke.at}, now {int(now)}", code="config", hint="give a time that is past")
    bad = [key for key in revoke.keys if not _KEY_ID.fullmatch(key)]
    if bad:
        raise Rejected(f"not a key id: {bad[0][:64]!r}", code="config", hint="32 hex digits: gateway network show")
    if revoke.keys:
        keys = [KeyId(bytes.fromhex(key)) for key in revoke.keys]
        return Draft(draft.who, _with_rows(draft.revocations, keys, Revoked(revoke.at, revoke.reason)))
    keys = [identity_of(entry).key_id, *_listed(card)]
    who = _replaced(draft, entry, status=Status.REVOKED).who
    return Draft(who, _with_rows(draft.revocations, keys, Revoked(revoke.at, revoke.reason)))


def reenrolled(draft: Draft, entry: Entry, card: KeyCard, old_card: bytes | None) -> Draft:
    """
    Return the draft in which a revoked participant has a new identity key and a new card.

    Args:
        draft: As it is.
        entry: The new entry: same id, new identity key.
        card: Its new key card, verified: it lists all old keys, closed.
        old_card: The card that the authority knows of it.

    Raises:
        Rejected: `config` (it was not revoked), `key-taken` (an old identity key or an old key, open again), `card-bad` or
            `card-serial` (a key of before is missing or open).
    """
    before = entry_of(draft, entry.participant)
    if before.status is not Status.REVOKED:
        told = f"{before.address} is {before.status}, not revoked"
        raise Rejected(told, code="config", hint=f"revoke it first: gateway network revoke {before.participant}")
    known = summed(draft.revocations.keys)
    identity = identity_of(entry).key_id
    closed = closed_keys(card)
    opened = {record.key_id for record in card.records()} - set(closed)
    if identity == identity_of(before).key_id or known.keys() & {identity, *opened}:
        raise Rejected(f"{entry.address} comes back with a key that was revoked", code="key-taken", hint=_AGAIN)
    old = parse_card(old_card)[1] if old_card is not None else None
    if isinstance(old, KeyCard):
        check_reenrolled(old, card)
    # What fell with the old identity key falls by name now: the new identity key vouches for the new card.
    rows = _with_rows(draft.revocations, closed, known[identity_of(before).key_id])
    values = {name: getattr(entry, name) for name in Entry.__struct_fields__ if name not in {"participant", "address"}}
    values["known_to"] = entry.known_to or before.known_to  # an alias that comes back stays one
    return Draft(_replaced(draft, before, **values).who, rows)


def _with_status(draft: Draft, participant: str, status: Status) -> Draft:
    entry = entry_of(draft, participant)
    if entry.status is Status.REVOKED:
        raise Rejected(f"{entry.address} is revoked", code="config", hint=_AGAIN)
    return _replaced(draft, entry, status=status)


def _replaced(draft: Draft, entry: Entry, **changes: object) -> Draft:
    changed = msgspec.structs.replace(entry, **changes)
    entries = tuple(changed if one is entry else one for one in draft.who.entries)
    return Draft(msgspec.structs.replace(draft.who, entries=entries), draft.revocations)


def _listed(card: bytes | None) -> list[KeyId]:
    return [record.key_id for record in parse_card(card)[1].records()] if card is not None else []


def _with_rows(revocations: Revocations, keys: Iterable[KeyId], by: Revoked) -> Revocations:
    """Add a row for each key for which it says more than the rows that are there."""
    known = summed(revocations.keys)
    rows = tuple(
        KeyRevocation(key_id=key.hex(), revoked_at=by.at, reason=by.reason)
        for key in dict.fromkeys(keys)
        if worse(known.get(key), by) != known.get(key)
    )
    return msgspec.structs.replace(revocations, keys=(*revocations.keys, *rows))
