"""
The query of a request, where there is one: parameters that are numbers, `after=NUMBER`.

It is read as strictly as a body: another name, another spelling of a number, or the same name twice is refused (`bad-request`).
"""

from __future__ import annotations

import re
from typing import Final

from gateway.errors import Rejected

__all__ = ["after", "numbers"]

_PARAMETER: Final = re.compile("([a-z]{1,16})=(0|[1-9][0-9]{0,18})")
_MAX_NUMBER: Final = (1 << 63) - 1  # what the ledger counts with


def after(target: str) -> int:
    """
    Return the number after which somebody reads on; 0 where there is no query.

    Args:
        target: The request target as it was received.

    Raises:
        Rejected: `bad-request`.
    """
    return numbers(target, after=0)["after"]


def numbers(target: str, **defaults: int | None) -> dict[str, int]:
    """
    Return the numbers of a query by name.

    Args:
        target: The request target as it was received.
        defaults: Every parameter that is known, with what counts where it is absent; None where it must be there.

    Raises:
        Rejected: `bad-request`.
    """
    query = target.partition("?")[2]
    found: dict[str, int] = {}
    for part in query.split("&") if query else ():
        match = _PARAMETER.fullmatch(part)
        if match is None or match[1] not in defaults or match[1] in found or int(match[2]) > _MAX_NUMBER:
            raise Rejected(f"the parameters are {'=NUMBER, '.join(defaults)}=NUMBER, each once", code="bad-request")
        found[match[1]] = int(match[2])
    for name, default in defaults.items():
        if name not in found:
            if default is None:
                raise Rejected(f"the parameter {name} is missing", code="bad-request")
            found[name] = default
    return found
