"""What the operators' pages show is true: every command is there with its options, every page and file that they name too."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.shown_commands import problem_of

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
CONTEXTS = frozenset({"gateway/renew"})  # a context of signatures has the form of a path
PAGES = sorted((ROOT / "deploy").rglob("*.md"))


def _commands() -> Iterator[tuple[str, str]]:
    """Yield each command that a page shows, in a block or within a sentence, with the page."""
    for page in PAGES:
        text = page.read_text()
        blocks = "\n".join(re.findall(r"^ *```\w*\n(.*?)^ *```$", text, re.DOTALL | re.MULTILINE))
        lines = blocks.replace("\\\n", " ").splitlines()
        shown = [line.strip() for line in lines] + re.findall(r"`(gateway [^`]+)`", re.sub(r"\s*\n\s*", " ", text))
        yield from ((line, page.name) for line in shown if line.startswith("gateway "))


def test_every_command_that_a_page_shows_is_there() -> None:
    """An operator who copies a command from a page finds it, with the options that stand beside it."""
    shown = list(_commands())
    assert len(shown) > 40
    assert [f"{page}: {line}: {problem}" for line, page in shown if (problem := problem_of(line))] == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("gateway backup CONFIG FOLDER", None),
        ("gateway operate release NUMBER/INDEX --reason TEXT --config CONFIG", None),
        ("gateway operate forget ID", "no command forget"),
        ("gateway explode", "no command explode"),
        ("gateway restore --verfy CONFIG FOLDER", "no option --verfy"),
    ],
)
def test_a_command_that_is_not_there_is_found(line: str, expected: str | None) -> None:
    """The check above finds a typing error."""
    assert problem_of(line) == expected


def _is_there(page: Path, name: str) -> bool:
    """Tell whether a name within a page leads somewhere: from the top, or to a page beside it."""
    folders = (ROOT,) if "/" in name else (page.parent, ROOT / "deploy", ROOT / "schemas", ROOT)
    return name in CONTEXTS or any((folder / name).exists() for folder in folders)


def test_every_file_that_a_page_names_is_there() -> None:
    """A page leads to no other page, configuration or test that does not exist."""
    names = re.compile(r"`((?:deploy|schemas|tests|gateway)/[\w./@-]+|[A-Za-z-]+\.md)(?:::\w+)?`")
    found = [(page, name) for page in PAGES for name in names.findall(page.read_text())]
    assert len(found) > 40
    assert [f"{page.name}: {name}" for page, name in found if not _is_there(page, name)] == []
