"""
What of a home ends soon, told while there is time: cards, signing keys, the directory, leave to seal, steps owed to others.

Told are only things that somebody has to do; what the software does by itself is told once it is later than it should be.
Each warning names the command that mends it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from typing import Final

import msgspec

from gateway.client.cases.case import Owed
from gateway.client.cases.reader import CaseReader
from gateway.client.home.home import Home
from gateway.client.trust.cards import card_ends_at
from gateway.client.trust.directory import HomeDirectory
from gateway.client.trust.key_status import KeyStatus, Stage, list_keys
from gateway.directory.expiry import DELIVERY_CARD_WARN_S, KEY_WARN_S, metadata_ends
from gateway.directory.roles import TufRole
from gateway.envelope.keys import Use
from gateway.errors import GatewayError
from gateway.ids import format_id
from gateway.message.flows import Pace
from gateway.trust import SEAL_FOR_S

__all__ = ["EarlyWarning", "Watch"]

OLD_COPY_S: Final = 2 * 86_400.0  # a home that is used looks every five minutes
TELL_S: Final = 86_400.0
_ROLES: Final = {TufRole.ROOT: "gateway network rotate --officer N", TufRole.TARGETS: "gateway network publish"}
_OFFICER: Final = "make one in its officer's own file: gateway keys officer FILE --identity IDENTITY.KEY"
_log: Final = logging.getLogger(__name__)


class EarlyWarning(msgspec.Struct, frozen=True, kw_only=True):
    """
    Something that ends.

    Args:
        text: What, and when.
        mend: The command that mends it, or whom to ask.
    """

    text: str
    mend: str

    def __str__(self) -> str:
        return f"{self.text}; {self.mend}"


class Watch:
    """
    Watches over what ends in one open home.

    Args:
        home: Whose keys and cards.
        directory: The copy of this home.
        cases: What is owed.
        clock: Unix seconds.
        asked: Returns how many messages come to their review date soon.
    """

    def __init__(
        self,
        home: Home,
        directory: HomeDirectory,
        cases: CaseReader,
        clock: Callable[[], float],
        asked: Callable[[], Awaitable[int]],
    ) -> None:
        self._asked = asked
        self._home = home
        self._cases = cases
        self._directory = directory
        self._clock = clock
        self._told_at = -TELL_S

    async def warnings(self) -> list[EarlyWarning]:
        """Return what ends soon, or has ended; asks nobody."""
        now = self._clock()
        keys = await list_keys(self._home, await self._directory.read_copy(), now)
        card = await self._home.card()
        found = [*_of_keys(keys, now), *_of_card(card, now), *await self._of_directory(now), *await self._of_retention()]
        return [*found, *_of_steps(await self._cases.due())]

    async def tell(self) -> None:
        """Log what ends soon, at most once a day."""
        now = self._clock()
        if 0 <= now - self._told_at < TELL_S:
            return
        self._told_at = now
        try:
            found = [str(one) for one in await self.warnings()]
        except GatewayError as exc:
            _log.info("it is not known what ends soon: %s", exc)
            return
        for text in found:
            _log.warning("warning: %s", text)

    async def _of_directory(self, now: float) -> list[EarlyWarning]:
        if await self._directory.read_copy() is None:
            return []
        found = []
        age_s = self._directory.age_s
        if age_s > OLD_COPY_S:
            until = f"this home seals until {_date(now - age_s + SEAL_FOR_S)}"
            text = f"the directory was confirmed last on {_date(now - age_s)}: {until}"
            found.append(EarlyWarning(text=text, mend="connect: gateway directory"))
        ends = metadata_ends(await asyncio.to_thread(self._directory.files), self._home.root)
        for role, command in _ROLES.items():
            if ends[role] - now < KEY_WARN_S:
                text = f"the directory's {role} ends on {_date(ends[role])}"
                found.append(EarlyWarning(text=text, mend=f"ask the authority for: {command}"))
        return found

    async def _of_retention(self) -> list[EarlyWarning]:
        count = await self._asked()
        text = f"{count} message{'s are' if count > 1 else ' is'} deleted at the review date unless somebody says otherwise"
        return [EarlyWarning(text=text, mend="see and answer: gateway retention list")] if count else []


def _of_steps(owed: list[Owed]) -> Iterator[EarlyWarning]:
    """Remind of the steps that this home owes and that are late, or soon will be."""
    for one in owed:
        standing, due = one.standing, one.standing.side.due
        if one.mine and due is not None and standing.pace in {Pace.AT_RISK, Pace.OVERDUE}:
            step = f"{standing.thread.flow.flow} of {standing.thread.root.sender}, {standing.side.state}"
            text = f"{standing.pace}, {'since' if standing.pace is Pace.OVERDUE else 'until'} {_date(due.at)}: {step}"
            yield EarlyWarning(text=text, mend=f"gateway case {format_id(one.case.id)}")


def _of_keys(keys: list[KeyStatus], now: float) -> Iterator[EarlyWarning]:
    if any(one.state is Stage.WAITING for one in keys):
        yield EarlyWarning(text="new keys wait for a gateway to publish their card", mend="connect: gateway inbox")
    yield from _of_officers([one for one in keys if one.use is Use.APPROVAL], now)
    signing = [one for one in keys if one.use not in {Use.DELIVERY, Use.APPROVAL}]
    revoked = sorted({one.use for one in signing if one.state is Stage.REVOKED and one.due is not None})
    if revoked:
        yield EarlyWarning(text=f"revoked by the authority: {_uses(revoked)}", mend=_rotate(revoked))
    newest = {one.use: one for one in signing if one.due == "rotate"}  # the last of each use signs
    ending = {use: one.not_after for use, one in newest.items() if one.not_after and one.not_after - now < KEY_WARN_S}
    uses = sorted(set(ending) - set(revoked))
    if uses:
        at = min(ending[use] for use in uses)
        yield EarlyWarning(text=f"{'ended' if at <= now else 'ends'} on {_date(at)}: {_uses(uses)}", mend=_rotate(uses))


def _of_officers(keys: list[KeyStatus], now: float) -> Iterator[EarlyWarning]:
    if any(one.state in {Stage.IN_USE, Stage.OPEN} for one in keys):
        yield EarlyWarning(text="an approval key was made inside this home, and approves nothing any more", mend=_OFFICER)
    for one in keys:
        if one.due == "rotate" and one.not_after is not None and one.not_after - now < KEY_WARN_S:
            text = f"ends on {_date(one.not_after)}: the approval key {format_id(one.key_id)} of an officer"
            yield EarlyWarning(text=text, mend=f"{_OFFICER} --closes {format_id(one.key_id)}")


def _of_card(card: bytes | None, now: float) -> Iterator[EarlyWarning]:
    ends_at = None if card is None else card_ends_at(card)
    if ends_at is not None and ends_at - now < DELIVERY_CARD_WARN_S:
        when = "ended" if ends_at <= now else "ends"
        text = f"the delivery card {when} on {_date(ends_at)}, and was not renewed"
        yield EarlyWarning(text=text, mend="connect: gateway inbox")


def _uses(uses: list[Use]) -> str:
    return f"{' and '.join(uses)} key{'s' * (len(uses) > 1)}"


def _rotate(uses: list[Use]) -> str:
    return f"make new ones: gateway keys rotate {' '.join(uses)} --identity IDENTITY.KEY"


def _date(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")
