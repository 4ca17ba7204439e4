"""
JSON as HTML: names, texts, numbers and constants told apart by class; everything escaped.

It colours what stands there and changes nothing: without its tags the HTML is the text. Characters that hide or reorder text
are made visible.
"""

from __future__ import annotations

import re
from html import escape
from typing import Final

from gateway.message import visible

__all__ = ["json_to_html"]

_TOKEN: Final = re.compile(
    r'(?P<text>"(?:\\.|[^"\\])*")(?=(?P<colon>\s*:))?|(?P<number>-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)|(?P<constant>\b(?:true|false|null)\b)'
)


def json_to_html(text: str) -> str:
    """Return JSON, well-formed or not, as HTML to stand in `<pre><code>`."""
    shown = visible(text, multiline=True)
    pieces: list[str] = []
    end = 0
    for found in _TOKEN.finditer(shown):
        pieces += [escape(shown[end : found.start()]), f'<span class="{_class(found)}">{escape(found[0])}</span>']
        end = found.end()
    return "".join([*pieces, escape(shown[end:])])


def _class(found: re.Match[str]) -> str:
    if found["text"] is not None:
        return "text" if found["colon"] is None else "name"
    return "number" if found["number"] is not None else "constant"
