"""
What is known of a participant's keys: those that its home holds, and those that the directory lists.

Times are those of the card in the directory, else of the home's own last card. Spec: schemas/directory.md, "Life of keys".
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple

import msgspec

from gateway.client.home.held_keys import KeyRow, KeyState
from gateway.client.home.home import Home
from gateway.client.trust.cards import RENEW_BEFORE_S
from gateway.client.trust.keys import DESTROY_AFTER_S
from gateway.directory.cards import parse_card
from gateway.directory.expiry import KEY_WARN_S
from gateway.directory.view import Directory
from gateway.envelope.keys import Use
from gateway.envelope.trust import KeyRecord
from gateway.ids import KeyId, format_id

__all__ = ["KeyStatus", "Stage", "list_keys"]


class Stage(StrEnum):
    """Where a key stands."""

    WAITING = "waiting"  # made, and its card is not in the directory yet
    IN_USE = "in use"  # signs, or is sealed to
    OPEN = "open"  # opens mail that was sealed to it, and others may still seal to it
    CLOSED = "closed"  # past its end, or closed early
    DESTROYED = "destroyed"
    ELSEWHERE = "elsewhere"  # listed in the directory, and not in this home
    REVOKED = "revoked"


class KeyStatus(msgspec.Struct, frozen=True, kw_only=True):
    """
    One key of a participant.

    Args:
        use: What it is for.
        key_id: Its id.
        not_before: First second of its use; None where no card is at hand.
        not_after: First second after its use; likewise.
        state: Where it stands.
        published: Whether the directory lists it.
        due: What happens to it next: `publish`, `rotate` (needs the identity key), `renew` or `destroy` (by itself), or None.
        due_at: When, Unix seconds; None is now, or never.
    """

    use: Use
    key_id: KeyId
    not_before: int | None
    not_after: int | None
    state: Stage
    published: bool
    due: str | None = None
    due_at: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the status for a JSON encoder, the id as text."""
        return {**msgspec.structs.asdict(self), "key_id": format_id(self.key_id)}


async def list_keys(home: Home, directory: Directory | None, now: float) -> list[KeyStatus]:
    """
    Return every key of a home and every other key that the directory lists for its participant, by use, oldest first.

    Args:
        home: Open.
        directory: The copy at hand; None before the first contact.
        now: Unix seconds.
    """
    rows = await home.store.read(home.shelf.rows)
    cards = [await home.card(), await home.store.read(home.shelf.waiting_card)]
    own = {record.key_id: record for card in cards if card is not None for record in parse_card(card)[1].records()}
    listed = {} if directory is None else {one.key_id: one for one in directory.all_keys() if one.address == home.address}
    newest = {row.use: row.key_id for row in rows if row.state is KeyState.HELD}
    held = {row.key_id: row for row in rows}
    found = [
        _status(_Known(row, listed.get(row.key_id), own.get(row.key_id)), now, newest=newest.get(row.use) == row.key_id)
        for row in rows
    ]
    found += [_elsewhere(record, now) for key_id, record in listed.items() if key_id not in held]
    found += [_on_its_way(record) for key_id, record in own.items() if key_id not in held and key_id not in listed]
    return sorted(found, key=lambda one: (one.use, one.not_before or 0))


class _Known(NamedTuple):
    """What the home, the directory and the home's own cards say of one key."""

    row: KeyRow
    listed: KeyRecord | None
    own: KeyRecord | None


def _status(known: _Known, now: float, *, newest: bool) -> KeyStatus:
    record = known.listed or known.own
    state = _stage(known, now, newest=newest)
    due, due_at = _due(known.row, state, record)
    return KeyStatus(
        use=known.row.use,
        key_id=known.row.key_id,
        not_before=record.not_before if record else None,
        not_after=record.not_after if record else None,
        state=state,
        published=known.listed is not None,
        due=due,
        due_at=due_at,
    )


def _stage(known: _Known, now: float, *, newest: bool) -> Stage:
    record = known.listed or known.own
    if known.row.state is KeyState.DESTROYED:
        return Stage.DESTROYED
    if known.row.state is KeyState.WAITING:
        return Stage.WAITING
    if record is not None and record.revoked_at is not None:
        return Stage.REVOKED
    if record is not None and now >= record.not_after:
        return Stage.CLOSED
    return Stage.IN_USE if newest else Stage.OPEN


def _due(row: KeyRow, state: Stage, record: KeyRecord | None) -> tuple[str | None, int | None]:
    if state is Stage.WAITING:
        return "publish", None
    if state is Stage.DESTROYED or record is None:
        return None, None
    if row.use is Use.APPROVAL:
        return "destroy", None  # with the next key card: an officer's key has no place in a home
    if row.use is not Use.DELIVERY:
        return "rotate", None if state is Stage.REVOKED else record.not_after - KEY_WARN_S
    if state is Stage.IN_USE:
        return "renew", record.not_after - RENEW_BEFORE_S
    return "destroy", (row.stops or record.not_after) + DESTROY_AFTER_S


def _elsewhere(record: KeyRecord, now: float) -> KeyStatus:
    state = Stage.REVOKED if record.revoked_at is not None else Stage.ELSEWHERE
    officers = record.use is Use.APPROVAL and state is Stage.ELSEWHERE and now < record.not_after
    return KeyStatus(
        use=record.use,
        key_id=record.key_id,
        not_before=record.not_before,
        not_after=record.not_after,
        state=Stage.CLOSED if state is Stage.ELSEWHERE and now >= record.not_after else state,
        published=True,
        due="rotate" if officers else None,
        due_at=record.not_after - KEY_WARN_S if officers else None,
    )


def _on_its_way(record: KeyRecord) -> KeyStatus:
    """Return the status of an officer's key whose card waits in this home."""
    return KeyStatus(
        use=record.use,
        key_id=record.key_id,
        not_before=record.not_before,
        not_after=record.not_after,
        state=Stage.WAITING,
        published=False,
        due="publish",
    )
