"""
Markdown to HTML, with the library that the tables of the command line use too (markdown-it-py, CommonMark and tables).

HTML in Markdown is text here and images are links, so that a page shows nothing but what it says. Headings get the ids that
links name them by; wide tables scroll by themselves; the first cell of a row is its header. Where a link or a code span leads
is the caller's to say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Final, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

from gateway.catalogue.highlight import json_to_html

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["Heading", "Rendered", "render", "slug"]

_SCROLLING: Final = '<div class="scroll" role="region" tabindex="0" aria-label="{label}">\n'


class Heading(NamedTuple):
    """A heading of a page."""

    level: int
    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """
    A page's content.

    Args:
        title: Its first heading, as text.
        html: The content.
        headings: In order.
    """

    title: str
    html: str
    headings: Sequence[Heading]


def render(text: str, link: Callable[[str], str], refer: Callable[[str], str]) -> Rendered:
    """
    Return Markdown as HTML.

    Args:
        text: CommonMark with tables.
        link: Returns where a link leads here; "" makes it plain text.
        refer: Returns where a code span leads here; "" for nowhere.
    """
    parser = MarkdownIt("commonmark", {"html": False, "highlight": _highlighted}).enable("table").disable("image")
    tokens = parser.parse(text)
    headings = list(_headings(tokens))
    for token in tokens:
        if token.children is not None:
            token.children = list(_linked(token.children, link, refer))
    _head_rows(tokens)
    html = parser.renderer.render(list(_scrolling(tokens)), parser.options, {})
    return Rendered(headings[0].text if headings else "", html, headings)


def slug(text: str) -> str:
    """Return the id of a heading, as the usual readers of Markdown make it."""
    return re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")


def _highlighted(text: str, language: str, attributes: str) -> str:
    del attributes
    return json_to_html(text) if language == "json" else escape(text)


def _headings(tokens: Sequence[Token]) -> Iterator[Heading]:
    """Give every heading an id of its own, and yield it."""
    seen: dict[str, int] = {}
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            text = "".join(child.content for child in tokens[index + 1].children or ())
            name = slug(text)
            seen[name] = seen.get(name, -1) + 1
            name = f"{name}-{seen[name]}" if seen[name] else name
            token.attrSet("id", name)
            yield Heading(int(token.tag[1:]), name, text)


def _linked(children: Sequence[Token], link: Callable[[str], str], refer: Callable[[str], str]) -> Iterator[Token]:
    """Lead links where they lead here, and make links of code spans that name something."""
    open_links: list[bool] = []
    for child in children:
        if child.type == "link_open":
            target = link(str(child.attrs["href"]))
            open_links.append(bool(target))
            child.attrSet("href", target)
            if "://" in target:
                child.attrSet("rel", "noreferrer")  # another site need not learn who reads the catalogue
            if target:
                yield child
        elif child.type == "link_close":
            if open_links.pop():
                yield child
        elif child.type == "code_inline" and not open_links and (target := refer(child.content)):
            yield Token("link_open", "a", 1, attrs={"href": target})
            yield child
            yield Token("link_close", "a", -1)
        else:
            yield child


def _head_rows(tokens: Sequence[Token]) -> None:
    """Make the first cell of each row its header, for those who hear a table."""
    first = False
    cell = ""
    for token in tokens:
        if token.type == "tr_open":
            first = True
        elif token.type == "th_open":
            token.attrSet("scope", "col")
        elif token.type == "td_open":
            cell = "th" if first else "td"
            if first:
                token.attrSet("scope", "row")
            token.tag, first = cell, False
        elif token.type == "td_close":
            token.tag = cell


def _scrolling(tokens: Sequence[Token]) -> Iterator[Token]:
    """Put every table into a region that scrolls, reached by the keyboard, named for the heading above it."""
    label = ""
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            label = "".join(child.content for child in tokens[index + 1].children or ())
        if token.type == "table_open":
            yield Token("html_block", "", 0, content=_SCROLLING.format(label=escape(f"Table: {label}")))
        yield token
        if token.type == "table_close":
            yield Token("html_block", "", 0, content="</div>\n")
