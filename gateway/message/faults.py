"""
Every fault of a message file at once, for the author who mends it.

Three storeys, each on the one below: strict JSON, the schema of the kind and version, the rules between fields. The first two
are told together and completely; rules make no sense over content that breaks its schema, and where they were not looked
at, or not to the end, `unchecked` says so. A file without fault here is one that `read_message_file` takes. Texts quote no
value.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from gateway.errors import CODES, Rejected
from gateway.message.careful import find_faults as strict_faults
from gateway.message.json_schema import kind_schema
from gateway.message.pointers import make_pointer
from gateway.message.positions import Positions
from gateway.message.reading import read_message_file
from gateway.message.registry import KINDS
from gateway.message.schema_faults import SchemaFault, Walk, nearest
from gateway.message.shared.refuse import collecting, refuse
from gateway.message.strict import LIMITS, check_strict

if TYPE_CHECKING:
    from gateway.ids import Kind
    from gateway.message.kind_spec import KindSpec

__all__ = ["MAX_FAULTS", "Fault", "Findings", "find_faults"]

MAX_FAULTS: Final = 100  # told at once; whoever has more begins with these
_EXCERPT: Final = 60  # characters of a value that a terminal may show
_DEEPEST: Final = 64  # levels of a text that are looked at once it is too deep anyway
_VERSION: Final = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")
_LONGEST_INTEGER: Final = 20  # characters: beyond 2^53-1
_AFTER_SCHEMA: Final = "rules between fields come after the schema: mend these, then validate again"
_AFTER_JSON: Final = "not read further: mend this, then validate again"
_CUT: Final = f"more than {MAX_FAULTS} faults: mend these, then validate again"
_STOPPED: Final = "rules were looked at up to the last of these: mend them, then validate again"
# What a rule may meet that comes after a broken one and trusts it.
_SURPRISES: Final = (AttributeError, TypeError, ValueError, LookupError, AssertionError)


@dataclass(frozen=True, slots=True)
class Fault:
    """
    One fault.

    Args:
        code: Of the table of errors: what a reader would refuse with.
        pointer: Where it stands or should stand.
        rule: What is wanted there.
        remedy: How to mend it.
        line: Of the file, from 1; of the object around it when it is missing. None for a text that is not JSON.
        excerpt: The beginning of the value; content, for the author's own screen alone.
    """

    code: str
    pointer: str
    rule: str
    remedy: str
    line: int | None = None
    excerpt: str = ""


@dataclass(frozen=True, slots=True)
class Findings:
    """Every fault that could be found, and in words what could not be checked yet (None: all was)."""

    faults: tuple[Fault, ...]
    unchecked: str | None = None


def find_faults(data: bytes, *, allow_unread: bool = False) -> Findings:
    """
    Look for every fault of a message file.

    Args:
        data: The file.
        allow_unread: True when members that no reader of this version knows are meant.
    """
    try:
        check_strict(data)
    except Rejected as exc:
        if not exc.pointer:  # no structure that could be read further
            return Findings((_told(exc),), _AFTER_JSON)
    text = data.decode()
    strict = [_strict(detail, pointer) for detail, pointer in islice(strict_faults(text, LIMITS.max_depth), MAX_FAULTS)]
    wrong, unread, row = _shape(_without_null(json.loads(text, parse_int=_integer), _DEEPEST))
    told = {one.pointer: one for one in (*wrong, *strict)}  # one for each place: strict JSON comes first
    wrong, unread = list(told.values()), [one for one in unread if one.pointer not in told]
    unchecked: str | None = _AFTER_SCHEMA
    if not wrong and row is not None:
        wrong, unchecked = _broken_rules(data)
    found = wrong if allow_unread else [*wrong, *unread]
    places = Positions(text)
    shown = sorted((_placed(one, places) for one in found), key=lambda one: places.span(one.pointer).start)
    return Findings(tuple(shown[:MAX_FAULTS]), _CUT if len(shown) > MAX_FAULTS else unchecked)


def _shape(tree: object) -> tuple[list[Fault], list[Fault], KindSpec | None]:
    """Return faults against the schema, members that nobody reads, and the row of the kind if the file names one."""
    if not isinstance(tree, dict):
        return (
            [Fault("content-schema", "", "an object, { }", "write one with `kind`, `handling`, `purpose` and `body`")],
            [],
            None,
        )
    row = KINDS.get(tree["kind"]) if isinstance(tree.get("kind"), str) else None
    if row is None:
        return [_kind_fault(tree.get("kind"))], [], None
    version = tree.get("schema_version", row.version)
    if version not in row.readable and isinstance(version, str) and _VERSION.fullmatch(version):
        return [_version_fault(row)], [], row
    found = list(islice(_walk(row.kind, version if version in row.readable else row.version).faults(tree), MAX_FAULTS + 1))
    return [_schema(one) for one in found if not one.unread], [_schema(one) for one in found if one.unread], row


@cache
def _walk(kind: Kind, version: str) -> Walk:
    return Walk(kind_schema(KINDS[kind], version))


def _broken_rules(data: bytes) -> tuple[list[Fault], str | None]:
    """Read the file with every refusal collected; return them, and what was not looked at."""
    unchecked = None
    with collecting() as found:
        try:
            _, content, wished = read_message_file(data)
            if content.body.is_answer and wished.in_reply_to is None:
                unnamed = "an answer names the message that it answers"
                refuse(Rejected(unnamed, code="content-header", pointer="/in_reply_to", hint="add its envelope hash"))
        except Rejected as exc:
            found.append(exc)
            unchecked = _STOPPED
        except _SURPRISES:
            if not found:
                raise
            unchecked = _STOPPED
    return list({one.pointer: one for one in map(_told, found)}.values()), unchecked


def _kind_fault(kind: object) -> Fault:
    meant = nearest(kind, list(KINDS))
    wanted = f"write {meant}" if meant else f"one of {', '.join(KINDS)}"
    code = "kind-unknown" if isinstance(kind, str) else "content-schema"
    return Fault(code, "/kind", "the name of a kind", wanted)


def _version_fault(row: KindSpec) -> Fault:
    """Tell a version that is none of ours: what its schema says nobody knows here."""
    readable = f"one of {', '.join(row.readable)}"
    return Fault("schema-unknown", "/schema_version", readable, "leave it out: the newest is meant")


def _schema(fault: SchemaFault) -> Fault:
    return Fault("content-schema", make_pointer(fault.steps), fault.rule, fault.remedy)


def _strict(detail: str, pointer: str) -> Fault:
    return Fault("content-json", pointer, detail, 'see "Strict JSON" in schemas/messages.md')


def _told(refusal: Rejected) -> Fault:
    hint = refusal.hint
    if hint == CODES[refusal.code].hint and refusal.code == "content-rule":
        hint = "mend this member, or the one that it contradicts"
    return Fault(refusal.code, refusal.pointer or "", refusal.detail, hint)


def _placed(fault: Fault, places: Positions) -> Fault:
    return replace(fault, line=places.line(fault.pointer), excerpt=places.excerpt(fault.pointer, _EXCERPT))


def _without_null(value: Any, room: int) -> Any:
    """Return a tree without null members, so that the schema says what is missing; deeper than `room` it stays."""
    if not room:
        return value
    if isinstance(value, dict):
        return {key: _without_null(inner, room - 1) for key, inner in value.items() if inner is not None}
    return [_without_null(inner, room - 1) for inner in value] if isinstance(value, list) else value


def _integer(digits: str) -> int:
    """Read an integer; one that is too long to be one of ours need not be exact."""
    return int(digits[:_LONGEST_INTEGER])
