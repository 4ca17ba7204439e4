"""
What an import makes: a draft of `information.report`, and in words whatever did not fit.

A draft is a message file that a person finishes: `gateway validate` names what is missing. Nothing that came in is trusted
more than it says: the evaluation is Admiralty F6 (cannot be judged) unless the source gave one of ours, and the marking is
never laxer than the source's. Raw values are kept in `ext` under `IMPORT`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from gateway.message.strict import check_strict

__all__ = ["IMPORT", "MAX_ITEMS", "NOT_JUDGED", "Imported", "Json", "draft", "split_text"]

Json = dict[str, Any]
IMPORT: Final = "example.gateway.import"
NOT_JUDGED: Final[Json] = {"scheme": "admiralty", "source": "F", "information": 6}
MAX_ITEMS: Final = 100
_MAX_TEXT: Final = 8_000  # characters of an item of a report


@dataclass(frozen=True, slots=True)
class Imported:
    """
    A draft.

    Args:
        data: The message file.
        warnings: What was changed, left out or must be decided, in words without line ends; may name values of the source.
    """

    data: bytes
    warnings: tuple[str, ...]


def draft(handling: Json, purpose: list[str], body: Json, origin: Json, language: str | None = None) -> bytes:
    """
    Return a message file of an information report; members of the body that are empty are left out.

    Raises:
        Rejected: `too-large` or `content-json`: more than one message holds.
    """
    content: Json = {"kind": "information.report"}
    if language is not None:
        content["language"] = language
    kept = {name: value for name, value in body.items() if value not in ([], None, "")}
    content |= {"handling": handling, "purpose": purpose, "body": kept, "ext": {IMPORT: origin}}
    data = (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()
    check_strict(data)
    return data


def split_text(text: str) -> list[str]:
    """Return a text in pieces that an item can hold."""
    return [text[start : start + _MAX_TEXT] for start in range(0, len(text), _MAX_TEXT)]
