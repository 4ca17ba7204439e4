"""
Reads a page strictly, and notes what tests ask about.

Every element closed in order, everything escaped, no attribute and no id twice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

__all__ = ["Read", "read_page"]

TAG = re.compile(r'<!DOCTYPE html>|</?[a-z][a-z0-9]*(?: [a-z-]+(?:="[^"<]*")?)*>')
UNESCAPED = re.compile(r"&(?!(?:[a-z]+|#[0-9]+|#x[0-9a-f]+);)")
VOID = {"meta", "link", "br", "hr"}
KNOWN = {
    *(
        "html",
        "head",
        "body",
        "title",
        "header",
        "nav",
        "main",
        "footer",
        "div",
        "span",
        "p",
        "a",
        "ul",
        "ol",
        "li",
        "em",
        "strong",
    ),
    *("h1", "h2", "h3", "h4", "table", "thead", "tbody", "tr", "th", "td", "pre", "code", "details", "summary", "blockquote"),
}


@dataclass
class Read:
    """What stands on a page."""

    title: str = ""
    language: str = ""
    tags: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)
    headings_of_main: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    current: list[str] = field(default_factory=list)
    preformatted: list[str] = field(default_factory=list)
    first_link: str = ""
    cells_without_scope: int = 0


class _Strict(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found = Read()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in KNOWN | VOID, f"unknown element {tag}"
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"attribute twice in {self.get_starttag_text()}"
        known = {name: value or "" for name, value in attrs}
        if tag not in VOID:
            self.open.append(tag)
        self.found.tags.add(tag)
        self._note(tag, known)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"{tag} closed and not open"
        assert self.open[-1] == tag, f"{tag} closed where {self.open[-1]} is open"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "title":
            self.found.title += data
        if "pre" in self.open:
            self.found.preformatted[-1] += data

    def _note(self, tag: str, known: dict[str, str]) -> None:
        found = self.found
        if "id" in known:
            assert known["id"] not in found.ids, f"id twice: {known['id']}"
            found.ids.add(known["id"])
        found.loads += [known[name] for name in ("src", "srcset", "data", "poster", "background") if name in known]
        match tag:
            case "html":
                found.language = known.get("lang", "")
            case "a":
                found.links.append(known["href"])
                found.first_link = found.first_link or known["href"]
                found.current += [known["href"].rpartition("/")[2]] if "aria-current" in known else []
            case "link":
                found.loads.append(known["href"])
            case "nav" | "div" if tag == "nav" or "role" in known:
                found.labels.append(known.get("aria-label", ""))
            case "th":
                found.cells_without_scope += "scope" not in known
            case "pre":
                found.preformatted.append("")
            case "h1" | "h2" | "h3" | "h4":
                found.headings.append(tag)
                found.headings_of_main += [tag] if "main" in self.open else []


def read_page(text: str) -> Read:
    """Return what stands on a page; fail where it is not well-formed."""
    assert text.startswith("<!DOCTYPE html>")
    between = TAG.sub("", text)
    assert "<" not in between
    assert UNESCAPED.search(text) is None
    parser = _Strict()
    parser.feed(text)
    parser.close()
    assert parser.open == [], f"never closed: {parser.open}"
    return parser.found
