"""
Show text from messages on a terminal, where it must not act.

Control characters, ANSI sequences, characters that reorder (bidirectional) or hide, lone surrogates and unassigned
ones are written as `<U+001B>`. What is left prints as itself, in every script; nothing is dropped.
"""

from __future__ import annotations

import unicodedata
from typing import Final

__all__ = ["outline", "visible"]

# Control, format (joiners, bidirectional), surrogate, private, unassigned, line and paragraph separators.
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def visible(text: str, *, multiline: bool = False) -> str:
    """
    Return the text with every character visible that would act on a terminal or hide.

    Args:
        text: Anything, from anybody.
        multiline: True to keep line feeds; everything else of the kind is still shown.
    """
    if text.isprintable():
        return text
    return "".join(char if _plain(char, multiline=multiline) else f"<U+{ord(char):04X}>" for char in text)


def _plain(char: str, *, multiline: bool) -> bool:
    return (multiline and char == "\n") or unicodedata.category(char) not in _HIDDEN


def outline(value: object, name: str = "") -> list[str]:
    """
    Lay decoded JSON out as lines `body.measures[0].type: AT.b`, safe to print.

    Args:
        value: What a JSON decoder made; known and unknown members alike.
        name: Where it stands, "" for the document.
    """
    if isinstance(value, dict):
        return [line for key, inner in value.items() for line in outline(inner, f"{name}.{key}" if name else str(key))]
    if isinstance(value, list):
        return [line for index, inner in enumerate(value) for line in outline(inner, f"{name}[{index}]")]
    said = ("no", "yes")[value] if isinstance(value, bool) else str(value)
    return [f"{visible(name)}: {visible(said)}"]
