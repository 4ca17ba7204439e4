"""Places in decoded JSON by pointer (RFC 6901): find, set, take out. Scenario files name members of content with them."""

from __future__ import annotations

from typing import Any

__all__ = ["find", "put", "remove"]


def find(document: Any, pointer: str) -> Any:
    """Return what stands there; None where nothing does, or something empty."""
    for name in _names(pointer):
        document = _step(document, name)
    return None if document in ("", [], {}) else document


def put(document: Any, pointer: str, value: Any) -> None:
    """Set a member, and make the objects on the way; KeyError where the way leads through something else."""
    *way, last = _names(pointer)
    for name in way:
        document = document.setdefault(name, {}) if isinstance(document, dict) else _step(document, name)
    if isinstance(document, dict):
        document[last] = value
    elif isinstance(document, list) and last.isdigit() and int(last) < len(document):
        document[int(last)] = value
    else:
        raise KeyError(pointer)


def remove(document: Any, pointer: str) -> None:
    """Take a member out; KeyError where it is not there."""
    *way, last = _names(pointer)
    for name in way:
        document = _step(document, name)
    if isinstance(document, list) and last.isdigit() and int(last) < len(document):
        del document[int(last)]
    elif isinstance(document, dict):
        del document[last]
    else:
        raise KeyError(pointer)


def _names(pointer: str) -> list[str]:
    return [name.replace("~1", "/").replace("~0", "~") for name in pointer.split("/")[1:]]


def _step(document: Any, name: str) -> Any:
    if isinstance(document, dict):
        return document.get(name)
    if isinstance(document, list) and name.isdigit() and int(name) < len(document):
        return document[int(name)]
    return None
