"""
Export to STIX 2.1: reports, published notices and evidence manifests as a bundle, and in words what is lost.

A report becomes a `report` with a `note` and an `opinion` for each item; a notice a `note` about `identity` objects; a
manifest a `report` with a `note` for each item and a `file` for each attachment. An opinion is always `neutral`: the
evaluation of a source is no agreement, and stands in the extension as it is. Spec: schemas/mappings/stix.md.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gateway.errors import Rejected
from gateway.interop.stix_parts import Builder, Json, extended
from gateway.message.shared.person import PROTECTED_STATUS
from gateway.message.versions import found_at

if TYPE_CHECKING:
    from gateway.message import Content

__all__ = ["LOST", "STIX_KINDS", "Exported", "to_stix"]

# Members that do not go over at all; everything else does, in a home of its own or in the extension.
LOST: Final[Mapping[str, str]] = MappingProxyType(
    {
        "/schema_version": "an object says what it is",
        "/message_id": "ids are made from the content",
        "/expires": "it belongs to the envelope",
        "/urgency": "it belongs to the envelope",
        "/respond_by": "it belongs to the envelope",
        "/conversation_id": "it belongs to the envelope",
        "/in_reply_to": "it belongs to the envelope",
        "/author": "the sender speaks",
        "/translations": "name the translation in the content of the bundle's own report",
        "/legal_basis": "no home",
        "/personal_data": "no home",
        "/retention": "no product deletes by it: tell the recipient",
        "/supersedes": "no link between two exports",
        "/derived_from": "no link between two exports",
        "/sequence": "it belongs to the conversation",
        "/disclosed_recipients": "it belongs to the envelope",
        "/critical": "no product would refuse for it",
        "/ext": "made by others",
        "/attachments/*/encryption": "the file is described, not fetched",
        "/body/items/*/entities": "the report has all of them in its extension",
        "/attachments/*/storage_uri": "the file is described, not fetched",
    }
)
_OFFICERS: Final = "/handling/officers: no product keeps a bundle to named officers; hand it to them alone"
_PROTECTED: Final = (
    "victims, witnesses and sources become identities with a pseudonym alone; texts and file names go out as they are written"
)
_NO_SIGNATURE: Final = "the signature and the receipts: a bundle proves nothing about its author"


class Exported(NamedTuple):
    """A file in another format, and in words what did not go over."""

    data: bytes
    lost: tuple[str, ...]


def to_stix(content: Content, at: str) -> Exported:
    """
    Return a STIX 2.1 bundle.

    Args:
        content: Read and checked.
        at: Instant to write as `created` where the content names none.

    Raises:
        Rejected: `kind-not-accepted`: STIX has no home for this kind.
    """
    export = STIX_KINDS.get(content.kind)
    if export is None:
        known = f"one of {', '.join(STIX_KINDS)}"
        raise Rejected(f"{content.kind} has no form in STIX", code="kind-not-accepted", hint=known)
    tree = json.loads(content.raw)
    build = Builder(tree, at)
    export(build, tree["body"])
    data = (json.dumps(build.bundle(), indent=2, ensure_ascii=False) + "\n").encode()
    return Exported(data, tuple(_lost(content.raw, tree)))


def _lost(raw: bytes, tree: Json) -> Iterator[str]:
    for place, why in LOST.items():
        if found_at(raw, (place,)):
            yield f"{place}: {why}"
    if "officers" in tree["handling"]:
        yield _OFFICERS
    if any(not PROTECTED_STATUS.isdisjoint(one["status"]) for one in _persons(tree["body"])):
        yield _PROTECTED
    yield _NO_SIGNATURE


def _report(build: Builder, body: Json) -> None:
    persons = {one["ref"]: build.person(one) for one in body.get("persons", ())}
    incidents = {one["ref"]: build.incident(one) for one in body.get("incidents", ())}
    files = _files(build)
    report = build.id_of("report", "report")
    made = [*persons.values(), *incidents.values(), *files.values()]
    for index, item in enumerate(body["items"]):
        about = [persons[ref] for ref in item.get("persons", ())] + [incidents[ref] for ref in item.get("incidents", ())]
        about += [files[ref] for ref in item.get("attachments", ())]
        note = build.add("note", f"item {index}", content=item["text"], object_refs=_distinct(about) or [report])
        made += [note, _opinion(build, index, note, item["evaluation"])]
    said = {name: body.get(name) for name in ("trigger", "source_protection", "use_conditions", "graph", "links", "entities")}
    named = _named(build, "Information report", body.get("links", ()))
    build.add("report", "report", **named, object_refs=_distinct(made), **extended(said))


def _opinion(build: Builder, index: int, note: str, evaluation: Json) -> str:
    by = {"authors": [evaluation["evaluated_by"]]} if "evaluated_by" in evaluation else {}
    words = f"{evaluation['scheme']} {evaluation['source']}{evaluation['information']}, not converted"
    named = {"opinion": "neutral", "explanation": words, **by}
    return build.add("opinion", f"item {index}", **named, object_refs=[note], **extended({"evaluation": evaluation}))


def _notice(build: Builder, body: Json) -> None:
    notice = body["notice"]
    owner = build.organisation(body["owner"])
    about = [build.person(one) for one in _persons(notice)] + [build.organisation(one["name"]) for one in _entities(notice)]
    incidents = [build.incident(one) for one in notice.get("incidents", ())]
    files = list(_files(build).values())
    rest = {name: value for name, value in body.items() if name != "notice"}
    thin = {name: _thin(value) for name, value in notice.items() if name not in {"facts", "incidents"}}
    build.add(
        "note",
        "notice",
        abstract=f"{notice['colour']} notice {body['notice_id']}",
        content=notice["facts"],
        object_refs=_distinct([*about, *incidents, *files]) or [owner],
        external_references=[{"source_name": "notice", "external_id": body["notice_id"]}, *_references(build.content)],
        **extended({"notice": thin, "publication": rest}),
    )


def _manifest(build: Builder, body: Json) -> None:
    files = _files(build)
    made = [*files.values(), *(build.incident(one) for one in body.get("incidents", ()))]
    report = build.id_of("report", "report")
    for item in body["items"]:
        about = [files[item["attachment"]]] if "attachment" in item else [report]
        rest = {name: value for name, value in item.items() if name != "description"}
        number = item["exhibit_no"]
        said = extended({"evidence": rest})
        named = {"abstract": f"Exhibit {number}", "content": item["description"]}
        made.append(build.add("note", f"item {number}", **named, object_refs=about, **said))
    rest = {name: value for name, value in body.items() if name not in {"items", "incidents"}}
    named = _named(build, f"Evidence set {body['set_id']}")
    build.add("report", "report", **named, object_refs=_distinct(made), **extended({"manifest": rest}))


STIX_KINDS: Final[Mapping[str, Callable[[Builder, Json], None]]] = MappingProxyType(
    {"information.report": _report, "notice.publication": _notice, "evidence.manifest": _manifest}
)


def _named(build: Builder, name: str, links: Any = ()) -> Json:
    references = [*({"source_name": one["scheme"], "external_id": one["id"]} for one in links), *_references(build.content)]
    return {"name": name, "published": build.at, **({"external_references": references} if references else {})}


def _references(content: Json) -> list[Json]:
    return [{"source_name": one["scheme"], "external_id": one["id"]} for one in content.get("case_refs", ())]


def _files(build: Builder) -> dict[str, str]:
    return {one["attachment_id"]: build.file(one) for one in build.content.get("attachments", ())}


def _distinct(ids: list[str]) -> list[str]:
    return list(dict.fromkeys(ids))


def _is_person(value: object) -> bool:
    return isinstance(value, dict) and "ref" in value and "status" in value


def _persons(value: object) -> list[Json]:
    """Return every person below a value, wherever the kind keeps them."""
    if isinstance(value, dict):
        return [value] if _is_person(value) else [one for inner in value.values() for one in _persons(inner)]
    return [one for inner in value for one in _persons(inner)] if isinstance(value, list) else []


def _entities(value: object) -> list[Json]:
    """Return every organisation that a notice is about or that holds something."""
    if isinstance(value, dict):
        own = [value["entity"]] if isinstance(value.get("entity"), dict) else []
        return own + [one for inner in value.values() for one in _entities(inner)]
    return [one for inner in value for one in _entities(inner)] if isinstance(value, list) else []


def _thin(value: Any) -> Any:
    """Return a value with each person replaced by their local id: persons are objects of their own."""
    if _is_person(value):
        return {"ref": value["ref"]}
    if isinstance(value, dict):
        return {name: _thin(inner) for name, inner in value.items()}
    return [_thin(inner) for inner in value] if isinstance(value, list) else value
