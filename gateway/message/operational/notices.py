"""
A notice of any colour, and what it asks of the content around it.

`notice.request`, `notice.publication`, `diffusion.circulate` and `notice.lifecycle` hold the same types. The colour decides
which purpose must be named, whether a case must be, how long it may last, and whether the public may ever see it. What is
sought for the police is marked so: amber or stricter, restricted or stricter.
"""

from typing import Final

from gateway.message.content import Content
from gateway.message.handling import CONFIDENTIALITIES, TLP_LEVELS, Handling
from gateway.message.operational.persons_sought import BlueNotice, GreenNotice, RedNotice, YellowNotice
from gateway.message.operational.things_sought import BlackNotice, OrangeNotice, PurpleNotice, SilverNotice, UnSpecialNotice
from gateway.message.shared.person import PROTECTED_STATUS
from gateway.message.shared.refuse import require
from gateway.message.shared.times import reversed_period

__all__ = ["NOTICE_YEARS", "DiffusedNotice", "Notice", "check_frame", "check_lasts", "check_police_only", "check_public"]

NOTICE_YEARS: Final = 5  # a notice or an extension of one lasts so long at most
_LOCATE: Final = "RPD10-a"

DiffusedNotice = (
    RedNotice | BlueNotice | GreenNotice | YellowNotice | BlackNotice | OrangeNotice | PurpleNotice | UnSpecialNotice
)
Notice = DiffusedNotice | SilverNotice


def check_police_only(handling: Handling) -> None:
    """Refuse a marking that lets a notice out of the hands of the police."""
    amber = TLP_LEVELS.index(handling.tlp) >= TLP_LEVELS.index("amber")
    require(amber, "/handling/tlp", "amber or stricter until it is published")
    restricted = CONFIDENTIALITIES.index(handling.confidentiality) >= CONFIDENTIALITIES.index("restricted")
    require(restricted, "/handling/confidentiality", "restricted or stricter until it is published")


def check_frame(content: Content, notice: Notice, at: str) -> None:
    """
    Refuse a notice that its frame contradicts.

    Args:
        content: That holds the notice.
        notice: In the content.
        at: Its pointer.
    """
    if isinstance(notice, RedNotice):
        require(_LOCATE in content.purpose, "/purpose", f"who is sought for arrest is to be located: {_LOCATE}")
    if isinstance(notice, BlueNotice):
        require(content.case_refs, "/case_refs", "a blue notice belongs to a case")
    if isinstance(notice, OrangeNotice):
        over = reversed_period(content.created, notice.valid_until)
        require(not over, f"{at}/valid_until", "over before it is sent")


def check_public(notice: Notice, at: str, *, public: bool) -> None:
    """
    Refuse an extract for the public where there may be none, and its absence where there must be one.

    Args:
        notice: Of which an extract is asked or given.
        at: Pointer of the member that asks or gives.
        public: Whether it does.
    """
    if isinstance(notice, UnSpecialNotice):
        require(public, at, "a notice of the Security Council is public")
    if public:
        require(not isinstance(notice, SilverNotice), at, "a silver notice is never public")
        hidden = any(not PROTECTED_STATUS.isdisjoint(person.status) for _, person in notice.subjects)
        require(not hidden, at, "it is about a victim, witness or source")


def check_lasts(start: str, end: str, at: str) -> None:
    """
    Refuse an end that is not after the start, or more than `NOTICE_YEARS` later.

    Args:
        start: Day or instant.
        end: Day.
        at: Pointer of the end.
    """
    day = start[:10]
    require(end > day, at, "ends before it starts")
    last = f"{int(day[:4]) + NOTICE_YEARS:04}{day[4:]}"
    require(end <= last, at, f"at most {NOTICE_YEARS} years")
