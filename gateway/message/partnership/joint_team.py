"""
Joint investigation teams: what proposal and decision share.

A term is at most 24 months, and so is each extension. What is said about a team is for its parties: amber+strict
or red, and not passed on outside their organisations.
"""

from typing import Final

from gateway.message.events import is_at_least
from gateway.message.handling import Handling
from gateway.message.shared.period import Period
from gateway.message.shared.refuse import require
from gateway.message.shared.times import within_years

__all__ = ["MAX_TERM_YEARS", "check_for_parties", "check_term"]

MAX_TERM_YEARS: Final = 2
_WITHIN_A_PARTY: Final = frozenset({"none", "unit", "organisation"})


def check_for_parties(handling: Handling) -> None:
    """Refuse a marking under which others than the parties could come to know of the team."""
    require(is_at_least(handling.tlp, "amber+strict"), "/handling/tlp", "for the parties alone: amber+strict or red")
    require(handling.onward in _WITHIN_A_PARTY, "/handling/onward", "for the parties alone")


def check_term(period: Period, at: str) -> None:
    """Refuse a term that is reversed or longer than 24 months."""
    period.check(at)
    fits = within_years(period.start, period.end, MAX_TERM_YEARS)
    require(fits, f"{at}/end", f"a term is at most {12 * MAX_TERM_YEARS} months; it can be extended")
