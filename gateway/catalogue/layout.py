"""
The frame of every page: head, way to the other pages, content, footer.

Plain HTML for readers, keyboards and screen readers: one `h1`, landmarks with names, a link past the navigation, the current
page marked. Nothing is loaded but the style sheet beside the pages, by a relative path, so that the site works from a folder.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from posixpath import dirname, relpath
from typing import TYPE_CHECKING, Final

from gateway import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.catalogue.markdown import Heading

__all__ = ["INDEX", "STYLE_SHEET", "Page", "Section", "anchor", "framed", "way"]

INDEX: Final = "index.html"
STYLE_SHEET: Final = "catalogue.css"
_NAME: Final = "Catalogue of messages"
_MAIN: Final = "_content"  # no heading has this id
_FEW: Final = 4  # headings; a page of fewer is overlooked without a table of contents


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """
    A page without its frame.

    Args:
        path: Where it will stand.
        title: Text.
        html: Its content, with one `h1`.
        headings: For its table of contents.
    """

    path: str
    title: str
    html: str
    headings: Sequence[Heading] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the navigation: its title, and (label, path) of pages."""

    title: str
    pages: Sequence[tuple[str, str]]


def way(start: str, target: str) -> str:
    """Return the relative link from one page to another path of the site."""
    return relpath(target, dirname(start) or ".")


def anchor(start: str, target: str, label: str, *, current: bool = False) -> str:
    """Return a link from one page to another path of the site, as HTML."""
    mark = ' aria-current="page"' if current else ""
    return f'<a href="{escape(way(start, target))}"{mark}>{escape(label)}</a>'


def framed(page: Page, sections: Sequence[Section]) -> bytes:
    """Return a whole page."""
    style = escape(way(page.path, STYLE_SHEET))
    head, above, rest = page.html.partition("<h2")
    return f"""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(page.title)} - {_NAME}</title>
<link rel="stylesheet" href="{style}">
</head>
<body>
<a class="skip" href="#{_MAIN}">Skip to the content</a>
<header>
<p>{anchor(page.path, INDEX, _NAME)} <span>gateway {escape(__version__)}</span></p>
</header>
<div class="columns">
<nav class="pages" aria-label="Pages">
{_navigation(page.path, sections)}
</nav>
<main id="{_MAIN}" tabindex="-1">
{head}{_contents(page.headings)}{above}{rest}</main>
</div>
<footer>
<p>All names, places and events are fictional. Nothing here claims conformance with any text that it is modelled on.</p>
</footer>
</body>
</html>
""".encode()


def _navigation(path: str, sections: Sequence[Section]) -> str:
    parts: list[str] = []
    for section in sections:
        links = (f"<li>{anchor(path, target, label, current=target == path)}</li>" for label, target in section.pages)
        parts += [f"<h2>{escape(section.title)}</h2>", "<ul>", *links, "</ul>"]
    return "\n".join(parts)


def _contents(headings: Sequence[Heading]) -> str:
    """Return the table of contents of a long page: second and third headings."""
    rows = [one for one in headings if one.level in {2, 3}]
    if len(rows) < _FEW:
        return ""
    links = (f'<li class="level-{one.level}"><a href="#{escape(one.id)}">{escape(one.text)}</a></li>' for one in rows)
    return "\n".join(['<nav class="contents" aria-label="On this page">', "<ul>", *links, "</ul>", "</nav>", ""])
