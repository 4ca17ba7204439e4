"""
A kind that needs a second officer, for tests: a row of the registry changed here, or in every process of a command.

The row is frozen and stands in many places; it is the row itself that is changed, and put back.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from gateway.message import spec

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["KIND", "needs_approval", "write_site"]

KIND = "cooperation.request"
_SITE = """\
from gateway.message import spec

for kind in {kinds!r}:
    object.__setattr__(spec(kind), "needs_approval", True)
"""


@contextmanager
def needs_approval(kind: str = KIND) -> Iterator[None]:
    """Let a kind need an approval in this process."""
    row = spec(kind)
    before = row.needs_approval
    object.__setattr__(row, "needs_approval", True)
    try:
        yield
    finally:
        object.__setattr__(row, "needs_approval", before)


def write_site(folder: Path, *kinds: str) -> Path:
    """Write what Python runs when it starts with this folder on its path: the same for another process."""
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(_SITE.format(kinds=kinds or (KIND,)))
    return folder
