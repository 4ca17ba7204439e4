"""
A readable page for a kind, made from its row and its schema, and the index of all kinds: Markdown.

Nothing about a kind is written here: what it is for is its module's docstring, the rest its row, its schema and its examples.
Every member of the schema stands on the page: first the body and its parts, then the frame that is the same for every kind.
Pages are written anew with every version of the project; the schema binds for members and bounds, the rules for the rest.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

from gateway.message.in_words import bounds_in_words, code, default_in_words, local_id_in_words, prose, table, type_in_words
from gateway.message.json_schema import kind_schema
from gateway.message.kind_spec import DAY_S, HOUR_S, ROLES, YEAR_DAYS
from gateway.message.registry import FAMILIES, KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from gateway.message.kind_spec import KindSpec, Role

__all__ = ["INDEX", "index_page", "kind_page", "page_path", "purpose"]

INDEX: Final = "kinds.md"
Schema = dict[str, Any]  # a JSON Schema is open by nature
_URGENCIES: Final = ("flash", "urgent", "normal", "routine")
_BEGIN: Final = "Each kind has a page; `kinds.json` is for machines, and [Start here](README.md) says what else to read."
_READ_SO: Final = "In the tables *no* with a value says what is meant where the member is left out."
_MAY: Final = "*May be answered by* is for people and their programs: a gateway refuses no answer by it yet."
_WRITTEN: Final = (
    "Written by `make schemas`. The schema binds for members and their bounds, the rules below for what it cannot say."
)


def page_path(row: KindSpec, version: str) -> str:
    """Return the path of a page under `schemas/`: beside the schema of that version."""
    return row.path_of(version).removesuffix(".schema.json") + ".md"


def purpose(row: KindSpec) -> list[str]:
    """Return what a kind is for, as paragraphs of Markdown: the docstring of its module."""
    text = sys.modules[row.content.__module__].__doc__ or ""
    told = text.strip().removeprefix(f"`{row.kind}`: ")
    return [prose(part) for part in (told[:1].upper() + told[1:]).split("\n\n")]


def index_page() -> str:
    """Return the page that lists every kind, by family."""
    lines = ["# The kinds of messages", "", _BEGIN, _MAY, ""]
    for family, title in FAMILIES.items():
        rows = [row for row in KINDS.values() if row.family == family]
        if rows:
            lines += [
                f"## {title}",
                "",
                *table(("kind", "what it is for", "sent by", "may be answered by"), map(_summary, rows)),
            ]
    return _text([*lines, "Written by `make schemas`."])


def kind_page(row: KindSpec, version: str, examples: Sequence[str]) -> str:
    """
    Return the page of a kind.

    Args:
        row: Of the kind.
        version: One that we read.
        examples: Names of the files in `examples/<kind>/`.
    """
    schema = kind_schema(row, version)
    up = "../" * row.path_of(version).count("/")
    body = _parts(schema, [schema["properties"]["body"]])
    since = _since(row, version, schema)
    frame = [name for name in _parts(schema, list(schema["properties"].values())) if name not in body]
    lines = [f"# {row.kind} {version}", ""]
    for paragraph in purpose(row):
        lines += [paragraph, ""]
    lines += [
        *table(("fact", "of this kind"), _facts(row, version, up, schema)),
        _WRITTEN,
        "",
        "## Rules beside the schema",
        "",
    ]
    lines += [*(f"- {prose(rule)}" for rule in row.rules), f"- The rules for every kind: [messages]({up}messages.md)", ""]
    lines += ["## Body and its parts", "", f"`body` is {type_in_words(schema['properties']['body'], up)}. {_READ_SO}", ""]
    for name in body:
        lines += _part(name, schema["$defs"], up, since)
    lines += ["## Frame and its parts", "", "The same for every kind.", ""]
    lines += _members(schema, schema["$defs"], up, since.get("", {}))
    for name in frame:
        lines += _part(name, schema["$defs"], up, since)
    lines += ["## Examples", ""]
    lines += [f"- [{_title(name)}]({up}examples/{row.kind}/{name})" for name in examples]
    return _text(lines)


def _facts(row: KindSpec, version: str, up: str, schema: Schema) -> Iterator[tuple[str, str]]:
    """Yield what the row says, in words."""
    yield "Family", FAMILIES[row.family]
    yield "Sent by", _roles(row.may_send)
    yield "Must reach", f"at least one of: {_roles(row.must_reach)}" if row.must_reach else "nobody in particular"
    yield "Sealed by", "its author, or the gateway for a thin client" if row.gateway_may_seal else "its author alone"
    approved = "approves the sealed envelope; without that it is refused" if row.needs_approval else "not needed"
    yield "Second officer", approved
    yield "Recalled by", "its author, or the coordination centre" if row.recalled_by_desk else "its author alone"
    yield "May be answered by", _kinds(row.replies, up)
    yield "May answer", _kinds((one.kind for one in KINDS.values() if row.kind in one.replies), up)
    yield "Repeats `in_reply_to`", _reply(row, schema)
    yield "Answer due", _deadlines(row)
    if row.same_by:
        yield "The same request", f"where the same stands at {', '.join(code(pointer) for pointer in row.same_by)}"
    yield "Kept", f"{_days(row.retention_days)}, unless the content says otherwise"
    yield "Marking to start from", _marking(row)
    yield "Versions read", ", ".join(_version(row, one, version, up) for one in row.readable)
    yield "Schema", f"[{row.kind}-{version}.schema.json]({row.kind}-{version}.schema.json)"


def _reply(row: KindSpec, schema: Schema) -> str:
    """Return which member of the body the header's `in_reply_to` must equal."""
    name = row.reply_member
    if name is None:
        return "no member: an answer says it in the header alone"
    body = schema["$defs"][schema["properties"]["body"]["$ref"].rpartition("/")[2]]
    return f"the body's {code(name)} equals it" + ("" if name in body["required"] else ", where it is there")


def _summary(row: KindSpec) -> tuple[str, str, str, str]:
    """Return the line of a kind in the index."""
    first = purpose(row)[0].partition(". ")[0].rstrip(".")
    sent = ", ".join(sorted(row.may_send)) + (" (with a second officer)" if row.needs_approval else "")
    return f"[{row.kind}]({page_path(row, row.version)})", first, sent, _kinds(row.replies, "")


def _roles(roles: Iterable[Role]) -> str:
    return "; ".join(f"{ROLES[role]} ({code(role)})" for role in sorted(roles))


def _kinds(kinds: Iterable[str], up: str) -> str:
    """Return links to the pages of kinds; a name alone where the registry has no such kind."""
    rows = {str(row.kind): row for row in KINDS.values()}
    linked = (f"[{kind}]({up}{page_path(rows[kind], rows[kind].version)})" if kind in rows else kind for kind in sorted(kinds))
    return ", ".join(linked) or "nothing"


def _version(row: KindSpec, one: str, shown: str, up: str) -> str:
    return f"{one} (this page)" if one == shown else f"[{one}]({up}{page_path(row, one)})"


def _deadlines(row: KindSpec) -> str:
    due = row.respond_within_s
    return "; ".join(f"{urgency} {_seconds(due[urgency])}" for urgency in _URGENCIES if urgency in due) or "none"


def _seconds(time_s: int) -> str:
    for unit_s, name in ((DAY_S, "day"), (HOUR_S, "hour"), (60, "minute")):
        if time_s % unit_s == 0:
            return _count(time_s // unit_s, name)
    return _count(time_s, "second")


def _days(days: int) -> str:
    return _count(days // YEAR_DAYS, "year") if days % YEAR_DAYS == 0 else _count(days, "day")


def _count(number: int, name: str) -> str:
    return f"{number} {name}" if number == 1 else f"{number} {name}s"


def _marking(row: KindSpec) -> str:
    """Return the marking that an author starts from."""
    marking = row.default_handling
    parts = [code(marking.code), f"onward: {marking.onward}", f"evidential use: {marking.evidential_use}"]
    if marking.restrictions:
        parts.append(f"restrictions: {', '.join(sorted(marking.restrictions))}")
    return "; ".join(parts)


def _title(file_name: str) -> str:
    words = file_name.removesuffix(".json").replace("-", " ")
    return prose(words[:1].upper() + words[1:])


def _parts(schema: Schema, roots: list[Any]) -> list[str]:
    """Return the names of the parts that pieces of schema lead to, in the order in which a reader meets them."""
    found: list[str] = []
    waiting = list(roots)
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, list):
            waiting = one + waiting
        elif isinstance(one, dict):
            name = str(one.get("$ref", ""))
            if name.startswith("#") and (name := name.rpartition("/")[2]) not in found:
                found.append(name)
                waiting.append(schema["$defs"][name])
            waiting = [value for key, value in one.items() if key != "discriminator"] + waiting
    return found


def _since(row: KindSpec, version: str, schema: Schema) -> dict[str, dict[str, str]]:
    """Return which version brought a member that was not there from the start: by part ("" is the frame), then by name."""
    found: dict[str, dict[str, str]] = {}
    for one in row.readable[1 : row.readable.index(version) + 1]:
        for place in row.added[one]:
            *steps, member = place.split("/")[1:]
            name, holder = "", schema
            for step in steps:
                holder = holder["items"] if step == "*" else holder["properties"][step]
                if "$ref" in holder:
                    name = holder["$ref"].rpartition("/")[2]
                    holder = schema["$defs"][name]
            found.setdefault(name, {})[member] = one
    return found


def _part(name: str, parts: Schema, up: str, since: Mapping[str, Mapping[str, str]]) -> list[str]:
    part = parts[name]
    about = [prose(part["description"]), ""] if part.get("description") else []
    return [f"### {name}", "", *about, *_members(part, parts, up, since.get(name, {}))]


def _members(part: Schema, parts: Schema, up: str, since: Mapping[str, str]) -> list[str]:
    """
    Return the table of the members of an object.

    Args:
        part: Its schema.
        parts: Those that it may refer to.
        up: Way to the folder `schemas/`.
        since: The version that brought a member, where it was not the first.
    """
    required = set(part.get("required", ()))
    rows = (
        (
            code(name),
            type_in_words(member, up),
            "yes" if name in required else f"no: {default_in_words(member)}" if default_in_words(member) else "no",
            bounds_in_words(member),
            prose(_meaning(name, member, parts) + (f" (since {since[name]})" if name in since else "")),
        )
        for name, member in part["properties"].items()
    )
    return table(("member", "what it is", "required", "bounds", "meaning"), rows)


def _meaning(name: str, member: Schema, parts: Schema) -> str:
    """Return what a member is said to be; where nothing is said, what is said of what stands there."""
    return local_id_in_words(name, member, _said(member, parts))


def _said(member: Schema, parts: Schema) -> str:
    referred = parts.get(str(member.get("$ref", "")).rpartition("/")[2], {})
    inner = member.get("items")
    return member.get("description") or referred.get("description") or (_said(inner, parts) if inner else "")


def _text(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"
