"""
Courses and meetings: what their kinds share.

An event has at most `MAX_ATTENDANCE` people. Those who come are officers, by pseudonym: data of staff, which is no matter of
special categories, but for what somebody needs in order to take part; then the content says so, and why. A day by which
an answer is due stands in the body, and a `respond_by` that is later would contradict it.
"""

from collections.abc import Set as AbstractSet
from typing import Annotated, Final

from msgspec import Meta

from gateway.message.content import PersonalData
from gateway.message.handling import TLP_LEVELS, Tlp
from gateway.message.shared.basics import whole
from gateway.message.shared.refuse import require

__all__ = ["MAX_ATTENDANCE", "Attendance", "EventId", "check_respond_by", "check_special_categories", "is_at_least"]

MAX_ATTENDANCE: Final = 500  # the largest known expert meeting had 200 people

Attendance = Annotated[int, Meta(ge=1, le=MAX_ATTENDANCE)]
EventId = Annotated[
    str,
    Meta(
        pattern=whole("[A-Z0-9][A-Z0-9.-]{0,31}"),
        description="The organiser's name for it, the same in every message, e.g. `ITC-2099-1`.",
    ),
]


def is_at_least(tlp: Tlp, least: Tlp) -> bool:
    """Say whether a marking is as strict as another."""
    return TLP_LEVELS.index(tlp) >= TLP_LEVELS.index(least)


def check_respond_by(respond_by: str | None, last: str) -> None:
    """
    Refuse a wish for a later answer than the body has.

    Args:
        respond_by: Instant of the frame, if it has one.
        last: Day by which the body wants the answer.
    """
    require(respond_by is None or respond_by[: len(last)] <= last, "/respond_by", "later than the day in the body")


def check_special_categories(data: PersonalData | None, allowed: AbstractSet[str], *, needs: bool) -> None:
    """
    Refuse special categories but for needs, and needs that are not declared; `PersonalData` asks for the justification.

    Args:
        data: Of the frame, if it has any.
        allowed: Categories that needs may belong to.
        needs: True when the body has needs of somebody.
    """
    written = () if data is None else data.special_categories
    for index, category in enumerate(written):
        fits = needs and category in allowed
        require(fits, f"/personal_data/special_categories/{index}", "nothing here calls for this category")
    require(written or not needs, "/personal_data/special_categories", "needs are of a special category: name it, and say why")
