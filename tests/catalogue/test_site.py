"""The catalogue as a site: whole, linked, well-formed, and loading nothing from anywhere."""

from __future__ import annotations

import json
import re
from functools import cache
from itertools import pairwise
from posixpath import dirname, join, normpath

import pytest

from gateway.catalogue import build
from gateway.catalogue.highlight import json_to_html
from gateway.catalogue.layout import INDEX, STYLE_SHEET
from gateway.catalogue.markdown import render
from gateway.message import KINDS, spec
from gateway.message.pages import page_path
from gateway.resources import schemas_path
from tests.catalogue.reader import Read, read_page

FILES = {
    path.relative_to(schemas_path()).as_posix(): path.read_bytes()
    for path in schemas_path().rglob("*")
    if path.suffix in {".md", ".json"} and "vectors" not in path.parts
}
TEXTS = [name for name in FILES if name.endswith(".md")]
LISTS = [name for name in FILES if name.startswith("codes/")]
HOSTILE = """\
# A

<script>x</script> ![p](http://h.example/p.png) [go](javascript:x)

<iframe src=x>

```json
{"a": "<b>"}
```
"""
ELSEWHERE = re.compile(r"^https?://[a-z0-9.-]+/")  # named by a document, and followed by a reader alone
OUTSIDE = re.compile(r"^[a-z][a-z0-9+.-]*:|^//", re.IGNORECASE)


@cache
def site() -> dict[str, bytes]:
    """Build the site once."""
    return build(FILES)


@cache
def pages() -> dict[str, Read]:
    """Read every page once; a page that is not well-formed fails here."""
    return {name: read_page(data.decode()) for name, data in site().items() if name.endswith(".html")}


def test_every_kind_list_and_document_has_a_page() -> None:
    """Nothing of the catalogue is missing, and each page has its title."""
    wanted = {page_path(row, version) for row in KINDS.values() for version in row.readable} | set(TEXTS) | set(LISTS)
    wanted = {INDEX if name == "kinds.md" else f"{name.rpartition('.')[0]}.html" for name in wanted}
    assert set(pages()) == wanted | {"codes/index.html", "errors.html"}
    assert all(page.title and page.language == "en" for page in pages().values())


def test_every_link_resolves() -> None:
    """No link of any page is broken: each leads to a file of the site, and to a place that is on it."""
    broken = []
    for name, page in pages().items():
        for href in (href for href in page.links if not ELSEWHERE.match(href)):
            path, _, fragment = href.partition("#")
            target = normpath(join(dirname(name), path)) if path else name
            if target not in site() or (fragment and fragment not in pages()[target].ids):
                broken.append((name, href))
    assert broken == []


def test_every_page_is_reached_from_the_first() -> None:
    """Whoever begins at the first page finds every other one by links alone."""
    seen: set[str] = set()
    waiting = [INDEX]
    while waiting:
        name = waiting.pop()
        if name in pages() and name not in seen:
            seen.add(name)
            waiting += [normpath(join(dirname(name), href.partition("#")[0])) for href in pages()[name].links]
    assert seen == set(pages())


def test_nothing_is_loaded_from_outside() -> None:
    """The site works from a folder without a network: one style sheet of its own, no script, picture, frame or font."""
    for name, page in pages().items():
        assert page.loads == [normpath(join("../" * name.count("/"), STYLE_SHEET))], name
        assert [href for href in page.links if OUTSIDE.match(href) and not ELSEWHERE.match(href)] == [], name
        assert page.tags.isdisjoint({"script", "img", "iframe", "object", "embed", "style", "form", "base", "svg", "video"})
    style = site()[STYLE_SHEET].decode()
    assert "@import" not in style
    assert "url(" not in style


@pytest.mark.parametrize("name", sorted(pages()))
def test_a_page_can_be_heard_and_walked_by_keyboard(name: str) -> None:
    """One first heading, a link past the navigation, named regions, the current page marked, headers of rows and columns."""
    page = pages()[name]
    assert page.headings.count("h1") == 1
    assert page.first_link == "#_content"
    assert all(page.labels), "a navigation or region without a name"
    assert page.current in ([], [name.rpartition("/")[2]])
    assert page.cells_without_scope == 0
    levels = [int(heading[1]) for heading in page.headings_of_main]
    assert all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_examples_stand_whole_on_the_page_of_their_kind(kind: str) -> None:
    """What is shown is the file, to the letter."""
    row = spec(kind)
    page = pages()[page_path(row, row.version).removesuffix(".md") + ".html"]
    examples = [data.decode() for name, data in FILES.items() if name.startswith(f"examples/{kind}/")]
    assert len(examples) >= 3
    assert [text for text in examples if text not in page.preformatted] == []


def test_files_for_machines_stand_beside_the_pages() -> None:
    """Schemas, lists, errors, interfaces and examples are in the site, unchanged."""
    assert {name: data for name, data in site().items() if name.endswith(".json")} == {
        name: data for name, data in FILES.items() if name.endswith(".json")
    }


def test_a_list_shows_every_code_and_who_uses_it() -> None:
    """The page of a code list has each code with its label, and links to the kinds that refer to it."""
    page = site()["codes/refusal-grounds-1.html"].decode()
    rows = json.loads(FILES["codes/refusal-grounds-1.json"])["rows"]
    assert all(f"<code>{row['code']}</code>" in page for row in rows)
    assert f"request.response-{spec('request.response').version}.html" in page


def test_html_in_markdown_is_text() -> None:
    """A page shows markup that somebody wrote, and does not obey it; links that would run something are none."""
    content = render(HOSTILE, str, lambda _: "").html
    page = read_page(f'<!DOCTYPE html><html lang="en"><title>x</title>{content}</html>')
    assert page.tags.isdisjoint({"script", "iframe", "img", "b"})
    assert page.loads == []
    assert page.links == ["http://h.example/p.png"]
    assert '{"a": "<b>"}\n' in page.preformatted


def test_json_is_coloured_and_not_changed() -> None:
    """Without its tags the HTML is the text, and hidden characters are shown."""
    shown = json_to_html('{"n&": ["a\\"<", -1, true], "b": "\u202ex"}')
    assert shown.startswith(
        '{<span class="name">&quot;n&amp;&quot;</span>: [<span class="text">&quot;a\\&quot;&lt;&quot;</span>, '
    )
    assert '<span class="number">-1</span>, <span class="constant">true</span>' in shown
    assert "\u202e" not in shown
    assert "&lt;U+202E&gt;" in shown


def test_what_is_not_in_the_site_is_named_and_not_linked() -> None:
    """A site of a part of the files has no broken link either."""
    part = {name: data for name, data in FILES.items() if name in {"README.md", "kinds.md"}}
    assert read_page(build(part)["README.html"].decode()).links.count("envelope.html") == 0


def test_the_site_is_the_same_every_time() -> None:
    """Two who build it from the same files can compare what they have."""
    assert build(dict(reversed(FILES.items()))) == site()
