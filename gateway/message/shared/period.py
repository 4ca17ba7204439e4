"""A period of whole days, both ends included."""

from gateway.message.shared.basics import Wire
from gateway.message.shared.refuse import require
from gateway.message.shared.times import Day, reversed_period

__all__ = ["Period"]


class Period(Wire, frozen=True, kw_only=True):
    """From a day to a day."""

    start: Day
    end: Day

    def check(self, at: str) -> None:
        """Refuse a period the wrong way round."""
        require(not reversed_period(self.start, self.end), f"{at}/end", "ends before it starts")
