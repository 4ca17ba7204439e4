"""
One vector of content that must be refused: what stands in it, how it is built, and good content to spoil.

Each file has one fault but for `order-*`, which have several and name the one that counts.
Spec: schemas/messages.md, "Vectors".
"""

from __future__ import annotations

import copy
import json
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.errors import Rejected
from gateway.message import check_repeats, read
from tests.vectors.content_given import Fields, joined

__all__ = [
    "ANSWERED",
    "AUTHORITY",
    "BODIES",
    "EXT",
    "FRAME",
    "HEADER",
    "INCIDENT",
    "PERSON",
    "RECALL",
    "REPORT",
    "REQUEST",
    "RESPONSE",
    "ContentCase",
    "Json",
    "body",
    "build",
    "ending",
    "extra",
    "header",
    "marked",
    "ordered",
    "rule",
    "schema",
    "strict",
    "text",
    "whole",
    "without",
]

Json = dict[str, Any]
Parts = list[Any]
REQUEST, RESPONSE, REPORT, RECALL = (
    "cooperation.request",
    "request.response",
    "information.report",
    "system.recall",
)
ANSWERED: Final = "5e" * 32
FRAME: Final[Json] = {"handling": {"tlp": "amber", "confidentiality": "restricted"}, "purpose": ["RPD10-c"]}
AUTHORITY: Final[Json] = {"name": "War Crimes Unit", "type": "police", "country": "QM"}
BODIES: Final[dict[str, Json]] = {
    REQUEST: {
        "instrument": "network-2002",
        "requesting_authority": AUTHORITY,
        "facts": "On 3 March 2098 armed men entered the village of Tal Varo.",
        "purpose_use": "To decide whether to open an investigation.",
        "measures": [{"type": "AT.b", "description": "Take the statement of the former prefect."}],
    },
    RESPONSE: {"request_ref": ANSWERED, "state": "received"},
    REPORT: {
        "trigger": "reply",
        "items": [{"text": "The prefect left.", "evaluation": {"scheme": "4x4", "source": "B", "information": 2}}],
        "source_protection": False,
    },
    RECALL: {"target": ANSWERED, "reason": "It was wrong.", "mode": "delete", "confirm_by": "2099-01-02T00:00:00Z"},
}
PERSON: Final[Json] = {"ref": "p-1", "status": ["witness"], "pseudonym": "W-1"}
INCIDENT: Final[Json] = {"ref": "i-1", "crimes": ["RS.8.2.b.i"], "summary": "An attack.", "conflict_type": "iac"}
EXT: Final[Json] = {"example.links": {}}
CREATED: Final = 4_070_908_800  # 2099-01-01T00:00:00Z
HEADER: Final[Json] = {
    "message_id": "0197a2c0000070008000000000000001",
    "sender": "NCB-QM@icn",
    "created": CREATED,
    "expires": CREATED + 30 * 86_400,
    "urgency": "normal",
    "handling": "amber/restricted",
    "conversation_id": "0197a2c0000070008000000000000002",
    "in_reply_to": None,
    "respond_by": None,
}


@dataclass(frozen=True)
class ContentCase:
    """
    One file to be.

    Attributes:
        name: Of the file; says the fault.
        about: A sentence on it.
        code: What it is refused with.
        pointer: Where; None where no place of the content is meant.
        content: Text, bytes that are no text, or parts of text, where `[text, times]` is repeated text.
        kind: Of the header.
        schema_version: Of the header.
        header: The whole header, where agreement with it is asked for.
        understood: Names of extensions that the reader knows.
    """

    name: str
    about: str
    code: str
    pointer: str | None
    content: str | bytes | Parts
    kind: str = REQUEST
    schema_version: str = "1.0.0"
    header: Json | None = None
    understood: list[str] = field(default_factory=list)


def build(case: ContentCase) -> Json:
    """Build the file of a case, and make sure that it does what it says."""
    written = (
        {"content_base64": b64encode(case.content).decode()} if isinstance(case.content, bytes) else {"content": case.content}
    )
    named = {"kind": case.kind, "schema_version": case.schema_version}
    header = None if case.header is None else {**named, **case.header}
    found = _refusal(case, joined(written), header)
    if found != (case.code, case.pointer):
        raise AssertionError(f"{case.name}: {found}, not {case.code} {case.pointer}")
    return {
        "name": case.name,
        "about": case.about,
        **named,
        **({"understood": case.understood} if case.understood else {}),
        **({"header": header} if header else {}),
        **written,
        "expected": {"code": case.code, "pointer": case.pointer},
    }


def _refusal(case: ContentCase, data: bytes, header: Json | None) -> tuple[str, str | None]:
    try:
        content = read(case.kind, case.schema_version, data, frozenset(case.understood))
        if header is not None:
            check_repeats(Fields(header), content)
    except Rejected as exc:
        return exc.code, exc.pointer
    return "", None


def whole(kind: str = REQUEST, /, **changes: object) -> Json:
    """Return good content of a kind, with members of the frame set."""
    return {**copy.deepcopy(FRAME), "body": copy.deepcopy(BODIES[kind]), **changes}


def text(content: object) -> str:
    """Write content as JSON."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def body(kind: str = REQUEST, /, **changes: object) -> str:
    """Return good content with members of the body set."""
    content = whole(kind)
    content["body"].update(changes)
    return text(content)


def without(*path: str, kind: str = REQUEST) -> str:
    """Return good content without one member."""
    content = whole(kind)
    place = content
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    return text(content)


def marked(**marking: object) -> str:
    """Return good content with members of the marking set."""
    return text(whole(handling={**FRAME["handling"], **marking}))


def extra(member: str) -> str:
    """Return good content with the text of a member before the others."""
    return "{" + member + "," + text(whole())[1:]


def ending(member: str) -> str:
    """Return good content with the text of a member behind the others."""
    return text(whole())[:-1] + "," + member + "}"


def strict(name: str, about: str, pointer: str, content: str | bytes | Parts) -> ContentCase:
    """Return a case of strict JSON."""
    return ContentCase(f"json-{name}", about, "content-json", pointer, content)


def ordered(name: str, about: str, pointer: str, content: str) -> ContentCase:
    """Return a case of strict JSON with two faults."""
    return ContentCase(name, about, "content-json", pointer, content)


def schema(name: str, about: str, pointer: str, content: str, kind: str = REQUEST) -> ContentCase:
    """Return a case of a schema."""
    return ContentCase(f"schema-{name}", about, "content-schema", pointer, content, kind)


def rule(name: str, about: str, pointer: str, content: str, kind: str = REQUEST) -> ContentCase:
    """Return a case of a rule."""
    return ContentCase(f"rule-{name}", about, "content-rule", pointer, content, kind)


def header(name: str, about: str, pointer: str, content: object, kind: str = REQUEST, **fields: object) -> ContentCase:
    """Return a case of content that is not its header's."""
    written = content if isinstance(content, str) else text(content)
    return ContentCase(f"header-{name}", about, "content-header", pointer, written, kind, header={**HEADER, **fields})
