"""
The site, put together from the files of `schemas/`.

Every Markdown file becomes a page in the same place, every code list and the table of errors too; the list of kinds is the
first page. Files for machines stand beside the pages under their own names. Links between files lead to the pages made of
them, and a code span that names a file or a kind leads there. What is not in the site is named and not linked.
"""

from __future__ import annotations

from html import escape
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING, Final

from gateway.catalogue import tables
from gateway.catalogue.highlight import json_to_html
from gateway.catalogue.layout import INDEX, STYLE_SHEET, Page, Section, framed, way
from gateway.catalogue.markdown import Heading, render
from gateway.catalogue.style import STYLE
from gateway.message.pages import INDEX as KINDS_PAGE
from gateway.message.pages import page_path
from gateway.message.registry import FAMILIES, KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["build"]

_LISTS: Final = "codes/"
_ERRORS: Final = "errors.json"
_EXAMPLES: Final = "examples/"
_START: Final = "README.md"
_OTHERS: Final = (("For tools: OpenAPI 3.1", "openapi.json"), ("For tools: AsyncAPI 3", "asyncapi.json"))
_KIND_OF_PAGE: Final = {page_path(row, version): row.kind for row in KINDS.values() for version in row.readable}
_PAGE_OF_KIND: Final = {str(row.kind): page_path(row, row.version) for row in KINDS.values()}


def build(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """
    Return the files of the site.

    Args:
        files: Path under `schemas/` to bytes, `/` between segments; what is left out is named in the pages and not linked.

    Returns:
        Path to bytes: HTML pages, one style sheet, and the JSON files as they are.
    """
    texts = _texts(files)
    pages = {path: _target(path) for path in texts}
    site = {path: data for path, data in files.items() if path.endswith(".json")}
    site[STYLE_SHEET] = STYLE.encode()
    made = {path: _made(path, text, pages, files) for path, text in texts.items()}
    sections = list(_sections(files, {path: page.title for path, page in made.items()}))
    return site | {page.path: framed(page, sections) for page in made.values()}


def _texts(files: Mapping[str, bytes]) -> dict[str, str]:
    """Return the Markdown of every page, by the path of the file that it is made of."""
    texts = {path: data.decode() for path, data in files.items() if path.endswith(".md")}
    lists = {path: data for path, data in files.items() if path.startswith(_LISTS) and path.endswith(".json")}
    for path, data in lists.items():
        used_by = [(kind, page) for kind, page in _PAGE_OF_KIND.items() if path in texts.get(page, "")]
        texts[path] = tables.code_list(path, data, used_by)
    texts |= {path: text + _others(path, texts) for path, text in texts.items() if path.endswith(f"/{_START}")}
    texts[_LISTS] = tables.lists(lists)
    if _ERRORS in files:
        texts[_ERRORS] = tables.errors(files[_ERRORS])
    return texts


def _others(path: str, texts: Mapping[str, str]) -> str:
    """Return links to the other files of a folder, for its first page."""
    folder = f"{dirname(path)}/"
    names = sorted(one.removeprefix(folder) for one in texts if one.startswith(folder) and one != path)
    return "".join(["\n", *(f"- [{texts[folder + name].partition(chr(10))[0].strip('# ')}]({name})\n" for name in names)])


def _target(path: str) -> str:
    """Return where the page of a file stands."""
    if path == KINDS_PAGE:
        return INDEX
    return f"{_LISTS}index.html" if path == _LISTS else f"{path.rpartition('.')[0]}.html"


def _made(path: str, text: str, pages: Mapping[str, str], files: Mapping[str, bytes]) -> Page:
    """Make the page of a file."""

    def place(wanted: str) -> str:
        """Return the link to a file of `schemas/`, "" where the site has it not."""
        found = pages.get(wanted) or pages.get(f"{wanted}{_START}") or (wanted if wanted in files else "")
        return way(pages[path], found) if found else ""

    def link(href: str) -> str:
        wanted, mark, name = href.partition("#")
        if wanted.startswith("raw:"):
            return way(pages[path], wanted.removeprefix("raw:"))
        if "://" in wanted or not wanted:
            return href
        found = place(_beside(path, wanted))
        return f"{found}{mark}{name}" if found else ""

    def refer(code: str) -> str:
        wanted = _PAGE_OF_KIND.get(code) or next((one for one in (_beside(path, code), code) if place(one)), "")
        return place(wanted) if wanted != path else ""

    rendered = render(text, link, refer)
    examples = _examples(str(_KIND_OF_PAGE[path]), files) if path in _KIND_OF_PAGE else ""
    return Page(
        path=pages[path], title=rendered.title, html=rendered.html + examples, headings=[*rendered.headings, *_whole(examples)]
    )


def _beside(path: str, wanted: str) -> str:
    """Return the path under `schemas/` that a link from a file means; a folder keeps its `/`."""
    return normpath(join(dirname(path), wanted)) + ("/" if wanted.endswith("/") else "")


def _examples(kind: str, files: Mapping[str, bytes]) -> str:
    """Return the examples of a kind, whole, the first one open."""
    found = sorted(path for path in files if path.startswith(f"{_EXAMPLES}{kind}/"))
    parts = [
        f"<details{'' if index else ' open'}>\n<summary>{escape(path.rpartition('/')[2])}</summary>\n"
        f'<pre tabindex="0"><code>{json_to_html(files[path].decode())}</code></pre>\n</details>\n'
        for index, path in enumerate(found)
    ]
    return "".join(['<h2 id="whole-examples">Examples, whole</h2>\n', *parts]) if parts else ""


def _whole(examples: str) -> list[Heading]:
    return [Heading(2, "whole-examples", "Examples, whole")] if examples else []


def _sections(files: Mapping[str, bytes], titles: Mapping[str, str]) -> Iterator[Section]:
    """Yield the navigation: how to start, the families, and everything else."""
    yield Section(
        "Begin", [("All kinds", INDEX), (titles[_START], _target(_START))] if _START in titles else [("All kinds", INDEX)]
    )
    for family, title in FAMILIES.items():
        kinds = [(str(row.kind), _target(_PAGE_OF_KIND[row.kind])) for row in KINDS.values() if row.family == family]
        if kinds:
            yield Section(title, kinds)
    others = sorted(path for path in titles if path.endswith(".md") and "/" not in path and path not in {_START, KINDS_PAGE})
    yield Section("Documents", [(titles[path], _target(path)) for path in others])
    tables_ = [("Code lists", _target(_LISTS)), ("Errors", _target(_ERRORS))]
    decisions = [("Decisions", _target("decisions/README.md"))] if "decisions/README.md" in titles else []
    yield Section("Look up", [*tables_, *decisions, *((label, path) for label, path in _OTHERS if path in files)])
