"""
Pages made from tables of data: code lists and errors, written as Markdown like every other page.

A code list's page tells what each code means since when, and which kinds refer to it; the file beside it is for machines.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from gateway.message.in_words import code, prose, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["code_list", "errors", "lists"]

_BRANCHES: Final = {
    "rejected": "Rejected: mend it, do not retry; nothing changed",
    "unavailable": "Unavailable: nothing happened, retry later",
    "uncertain": "Uncertain: it may have happened, retry with the same bytes",
    "corrupt": "Corrupt: stop, the operator must act",
}


def lists(files: Mapping[str, bytes]) -> str:
    """
    Return the page that names every code list.

    Args:
        files: Path under `schemas/` to the bytes of each list.
    """
    found = [(path, json.loads(data)) for path, data in sorted(files.items())]
    rows = (
        (
            f"[{one['id']}](../{path})",
            one["version"],
            prose(one["title"]),
            prose(_source(one)),
            "closed" if one["closed"] else "open",
            str(len(one["enum"])),
        )
        for path, one in found
    )
    about = (
        "A *closed* list decides how content is handled: an unknown code fails in every version. An *open* list grows by new "
        "versions; a version of a schema refers to one version of it. A code is never given another meaning."
    )
    return _page("Code lists", about, "", *table(("list", "version", "what its codes say", "source", "kind", "codes"), rows))


def code_list(path: str, data: bytes, used_by: Sequence[tuple[str, str]]) -> str:
    """
    Return the page of a code list.

    Args:
        path: Of its file under `schemas/`.
        data: The file.
        used_by: (kind, path of its page) of the kinds that refer to it.
    """
    one = json.loads(data)
    closed = "Closed: an unknown code fails in every version." if one["closed"] else "Open: it grows by new versions."
    kinds = ", ".join(f"[{kind}](../{page})" for kind, page in used_by) or "no kind"
    facts = (
        ("What its codes say", prose(one["title"])),
        ("Source", prose(_source(one))),
        ("Version", one["version"]),
        ("Growth", closed),
        ("Used by", kinds),
        ("File", f"[{path.rpartition('/')[2]}](raw:{path})"),
    )
    columns = ("code", "label", "since", "until", "replaced by")
    rows = (_code_row(row) for row in one["rows"])
    return _page(f"{one['id']} {one['version']}", *table(("fact", "of this list"), facts), *table(columns, rows))


def errors(data: bytes) -> str:
    """Return the page of the errors, by what to do next."""
    rows = json.loads(data)
    lines = ["The same code is the problem type, the client's exception and the reason in a receipt.", ""]
    for branch, words in _BRANCHES.items():
        cells = (
            (code(one["code"]), prose(one["title"]), prose(one["hint"]), str(one["status"]))
            for one in rows
            if one["branch"] == branch
        )
        lines += [f"## {words}", "", *table(("code", "what it means", "what to do", "HTTP"), cells)]
    return _page("Errors", *lines, "For machines: [errors.json](raw:errors.json)")


def _source(one: dict[str, Any]) -> str:
    return "this project's own" if one["description"] == "gateway" else str(one["description"])


def _code_row(row: dict[str, Any]) -> tuple[str, ...]:
    replaced = code(row["replaced_by"]) if row["replaced_by"] else ""
    return code(row["code"]), prose(row["label"]), str(row["since"]), str(row["until"] or ""), replaced


def _page(title: str, *lines: str) -> str:
    return "\n".join([f"# {title}", "", *lines, ""])
