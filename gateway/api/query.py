"""
The query of a request, where there is one: a single parameter `after=NUMBER`.

It is read as strictly as a body: another name, another spelling of a number, or the same name twice is refused (`bad-request`).
"""

from __future__ import annotations

import re
from typing import Final

from gateway.errors import Rejected

__all__ = ["after"]

_AFTER: Final = re.compile("after=(0|[1-9][0-9]{0,18})")
_MAX_NUMBER: Final = (1 << 63) - 1  # what the ledger counts with


def after(target: str) -> int:
    """
    Return the number after which somebody reads on; 0 where there is no query.

    Args:
        target: The request target as it was received.

    Raises:
        Rejected: `bad-request`.
    """
    query = target.partition("?")[2]
    if not query:
        return 0
    found = _AFTER.fullmatch(query)
    if found is None:
        raise Rejected("the only parameter is after=NUMBER, once", code="bad-request")
    number = int(found[1])
    if number > _MAX_NUMBER:
        raise Rejected("after is beyond any number", code="bad-request")
    return number
