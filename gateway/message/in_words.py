"""
Pieces of a kind's schema in words, as Markdown: what stands at a place, and within which bounds.

Only the forms that `gateway.message.json_schema` writes are known; another one is a bug and fails loudly, so that no page
leaves something out. Text of others becomes `prose`: what is no code span cannot act as markup or HTML.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from gateway.message.codes import CODE_LISTS
from gateway.message.shared.basics import Ref

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["bounds_in_words", "code", "default_in_words", "local_id_in_words", "prose", "table", "type_in_words"]

Schema = dict[str, Any]  # a JSON Schema is open by nature
MAX_PATTERN: Final = 100  # characters; a longer one says nothing to people
_CLOSED: Final = {frozenset(one.codes): one for one in CODE_LISTS if one.closed}
_FORMATS: Final = {"date": "date", "date-time": "instant", "uuid": "UUID"}
_PLAIN: Final = {"string": "text", "integer": "integer", "number": "number", "boolean": "true or false", "object": "object"}
_LOCAL: Final = msgspec.json.schema(Ref)
_PSEUDONYM: Final = "A pseudonym that its authority can resolve."
_ATTACHED: Final = "Names the `attachment_id` of an attachment of this content."
# What a text of the form of local ids is, by the name of its member.
_LOCAL_IDS: Final = {
    **dict.fromkeys(("ref", "attachment_id", "id"), "Distinct in its list."),
    **{name: f"Each names a `ref` of the body's `{name}`." for name in ("persons", "incidents", "entities")},
    **dict.fromkeys(("agenda", "attachment", "authorisation", "cv", "draft_agreement", "graph"), _ATTACHED),
    **dict.fromkeys(("photo", "reasons", "sidecar", "signed_agreement"), _ATTACHED),
    **dict.fromkeys(("attachments", "captures", "documents", "photos", "reading"), _ATTACHED.replace("Names", "Each names")),
    "officer": _PSEUDONYM,
    **dict.fromkeys(("contact_id", "nominee_ref", "parameter_set", "sessions"), ""),  # said where they stand; names elsewhere
}
_SPAN: Final = re.compile(r"(`[^`]*`)")
_MARKUP: Final = re.compile(r"([\\*\[\]<>|~!#])|(?<!\w)(_)|(_)(?!\w)")
_LIST: Final = re.compile(r"^(\d*)([-+=.)])")  # would begin a list or a heading
_WHOLE: Final = re.compile(r"\^\(\?:(.*)\)\(\?!\\n\)\$", re.DOTALL)


def prose(text: str) -> str:
    """Return words as Markdown that says just them; code spans stay code."""
    pieces = _SPAN.split(" ".join(text.split()))
    said = "".join(piece.replace("|", "\\|") if index % 2 else _escaped(piece) for index, piece in enumerate(pieces))
    return _LIST.sub(r"\1\\\2", said)


def code(text: object) -> str:
    """Return a value as a code span that stands in a table too."""
    fence = "``" if "`" in str(text) else "`"
    return f"{fence}{text}{fence}".replace("|", "\\|")


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table, with an empty line after it."""
    lines = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    return [*lines, *(f"| {' | '.join(cells)} |" for cells in rows), ""]


def type_in_words(part: Schema, up: str) -> str:
    """
    Return what stands at a place.

    Args:
        part: A piece of a schema of ours.
        up: Way from the page to the folder `schemas/`, e.g. `../../../`.
    """
    if "$ref" in part:
        return _reference(part["$ref"], up)
    if "const" in part or "enum" in part:
        return _codes(part.get("enum") or [part["const"]], up)
    if "anyOf" in part:
        return _either([type_in_words(one, up) for one in part["anyOf"]])
    return _collection(part, up) or _FORMATS.get(part.get("format", "")) or _PLAIN[part["type"]]


def bounds_in_words(part: Schema) -> str:
    """Return the bounds of a place, or "" where its type says all."""
    return "; ".join(_bounds(part))


def default_in_words(part: Schema) -> str:
    """Return what a member that is left out means, or "" for nothing."""
    default = part.get("default")
    if default is None or default in ([], {}, ()):
        return ""
    return code(str(default).lower() if isinstance(default, bool) else default)


def local_id_in_words(name: str, part: Schema, said: str) -> str:
    """
    Return the meaning of a member; where it has the form of local ids, with what it names.

    Args:
        name: Of the member.
        part: Its piece of schema.
        said: What is said of it, or of its type.

    Raises:
        KeyError: It has that form, and nobody said here what it names.
    """
    items = part.get("items")
    if (items if isinstance(items, dict) else part).get("pattern") != _LOCAL["pattern"]:
        return said
    words = _LOCAL_IDS[name]
    if said == _LOCAL["description"]:
        return words
    return said if words == _PSEUDONYM else f"{said} {words}".strip()


def _escaped(text: str) -> str:
    return _MARKUP.sub(lambda found: f"\\{found[0]}", text.replace("&", "&amp;").replace("`", "\\`"))


def _reference(ref: str, up: str) -> str:
    if ref.startswith("#"):
        name = ref.rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    file_name = ref.rpartition("/")[2]
    return f"code of [{file_name.removesuffix('.json')}]({up}codes/{file_name})"


def _collection(part: Schema, up: str) -> str:
    """Return what a list or an open object is made of; "" for anything else."""
    if "prefixItems" in part:
        return f"list of {_either([_bounded(one, up) for one in part['prefixItems']], ' and ')}"
    if part["type"] == "array":
        return f"list: {type_in_words(part['items'], up)}"
    if isinstance(part.get("additionalProperties"), dict):
        return f"object of members: {type_in_words(part['additionalProperties'], up)}"
    return ""


def _codes(values: list[Any], up: str) -> str:
    if len(values) == 1:
        return f"always {code(values[0])}"
    known = _CLOSED.get(frozenset(str(value) for value in values))
    where = f" ([{known.id}-{known.version}]({up}codes/{known.file_name}))" if known else ""
    number = "integer, " if all(isinstance(value, int) for value in values) else ""
    # In the order of the list, which often means something; a schema has them by name.
    ordered = [value for one in known.codes for value in values if str(value) == one] if known else values
    return f"{number}one of {', '.join(map(code, ordered))}{where}"


def _either(words: list[str], last: str = " or ") -> str:
    return last.join((", ".join(words[:-1]), words[-1])) if len(words) > 1 else words[0]


def _bounded(part: Schema, up: str) -> str:
    bounds = bounds_in_words(part)
    return f"{type_in_words(part, up)} ({bounds})" if bounds else type_in_words(part, up)


def _bounds(part: Schema) -> Iterator[str]:
    if part.get("type") == "array" and "prefixItems" not in part:
        yield from _between(part, "minItems", "maxItems", " elements")
        if part.get("uniqueItems"):
            yield "each once"
        if inner := bounds_in_words(part["items"]):
            yield f"each: {inner}"
    elif part.get("type") == "object":
        yield from _between(part, "minProperties", "maxProperties", " members")
        if names := bounds_in_words(part.get("propertyNames", {})):
            yield f"each name {names}"
    else:
        yield from _between(part, "minLength", "maxLength", " characters")
        yield from _between(part, "minimum", "maximum", "")
        if "pattern" in part and part.get("format") not in _FORMATS:
            inner = _inner(part["pattern"])
            yield f"matches {code(inner)}" if len(inner) <= MAX_PATTERN else "matches the pattern of the schema"


def _between(part: Schema, low: str, high: str, unit: str) -> Iterator[str]:
    least, most = part.get(low), part.get(high)
    if least is not None and most is not None:
        yield f"exactly {least:,}{unit}" if least == most else f"{least:,} to {most:,}{unit}"
    elif most is not None:
        yield f"at most {most:,}{unit}"
    elif least is not None:
        yield f"at least {least:,}{unit}"


def _inner(pattern: str) -> str:
    """Return a pattern without the anchors that make it match whole."""
    found = _WHOLE.fullmatch(pattern)
    return found[1] if found else pattern
