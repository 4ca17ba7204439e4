"""
The house rules that no tool holds by itself.

Sizes, docstrings of tests, honest `__all__`, and that no file names a machine or a package registry.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import gateway

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 50
LEAK = re.compile(r'https?://[^\s"]*(?:/simple\b|/packages/)|(?<![\w.])/(?:work|root)/', re.IGNORECASE)


def tracked(*patterns: str) -> list[Path]:
    """Return the files that belong to the repository, whether committed yet or not."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


SOURCES = tracked("*.py")
Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(path: Path) -> list[Function]:
    """Return every function of a file."""
    return [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, Function)]


def test_files_stay_small_enough_to_read() -> None:
    """No source file is longer than a reader can hold in mind."""
    long = {str(path): lines for path in SOURCES if (lines := path.read_text().count("\n")) > MAX_FILE_LINES}
    assert long == {}


def test_functions_fit_on_a_screen() -> None:
    """No function is longer than a screen."""
    long = [
        f"{path}:{node.lineno} {node.name}"
        for path in SOURCES
        for node in functions(path)
        if (node.end_lineno or node.lineno) - node.lineno + 1 > MAX_FUNCTION_LINES
    ]
    assert long == []


def test_every_test_says_what_it_shows() -> None:
    """Each test has a sentence that a user would understand."""
    silent = [
        f"{path}:{node.lineno} {node.name}"
        for path in SOURCES
        if path.name.startswith("test_")
        for node in functions(path)
        if node.name.startswith("test_") and not ast.get_docstring(node)
    ]
    assert silent == []


def test_no_file_names_a_machine_or_a_registry() -> None:
    """The project speaks of itself alone: no host of a package registry, no path of one machine."""
    here = Path(__file__).resolve()
    leaks = [
        f"{path}:{number}"
        for path in tracked("*.py", "*.md", "*.toml", "*.txt", "*.json", "*.sh", "Makefile", ".ci/*", "deploy/*")
        if path != here and path.suffix != ".png" and path.stat().st_size < 1 << 20
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if LEAK.search(line)
    ]
    assert leaks == []


def modules() -> list[str]:
    """Return the dotted name of every module of the package."""
    return [found.name for found in pkgutil.walk_packages(gateway.__path__, "gateway.") if ".versions." not in found.name]


def missing_names(module: ModuleType) -> list[str]:
    """Return what `__all__` promises and the module does not have."""
    return [name for name in getattr(module, "__all__", []) if not hasattr(module, name)]


@pytest.mark.parametrize("name", [name for name in modules() if not name.endswith(("__main__", "migrations.env"))])
def test_all_agrees_with_reality(name: str) -> None:
    """Every module imports by itself, and every name that it promises is there."""
    assert missing_names(importlib.import_module(name)) == []


def quoted_sections() -> list[tuple[str, str, Path]]:
    """Return each section of a page in `schemas/` that a docstring names, with the page and the file."""
    found = []
    for path in SOURCES:
        text = re.sub(r"\s*\n\s*", " ", path.read_text())
        for page, sections in re.findall(r'schemas/([a-z]+\.md), ((?:"[^"]+"(?:, | and )?)+)', text):
            found += [(page, section, path) for section in re.findall(r'"([^"]+)"', sections)]
    return found


def test_every_section_that_is_named_is_there() -> None:
    """Whoever follows a docstring to the specification finds the section."""
    pages = {path.name: path.read_text() for path in (ROOT / "schemas").glob("*.md")}
    heads = {name: set(re.findall(r"^#+ (.+)$|\*\*([A-Z][^*]+?)\.?\*\*", text, re.MULTILINE)) for name, text in pages.items()}
    known = {name: {head.strip() for pair in found for head in pair} for name, found in heads.items()}
    quoted = quoted_sections()
    missing = [f"{path}: {page}, {section!r}" for page, section, path in quoted if section not in known.get(page, set())]
    assert missing == []
