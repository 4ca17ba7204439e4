"""
Import of a STIX 2.1 bundle: `report`, `note` and `identity` into a draft of an information report.

A note becomes an item, and so does the description of a report; an individual becomes a person. STIX does not say what role a
person has, so the draft leaves `status` out and a person adds it, unless our own extension has it. The TLP marking that is
strictest in the bundle counts, and one that is not known leaves the default of the kind. All else is named, and not read.
"""

from __future__ import annotations

from collections import Counter
from functools import reduce
from typing import Any, Final

import msgspec

from gateway.errors import Rejected
from gateway.interop.draft import MAX_ITEMS, NOT_JUDGED, Imported, Json, draft, split_text
from gateway.interop.foreign import read_foreign
from gateway.interop.stix_parts import EXTENSION, TLP
from gateway.message.codec import encode_json
from gateway.message.handling import TLP_LEVELS, Handling, Tlp, join
from gateway.message.registry import spec
from gateway.message.shared.evaluation import Evaluation
from gateway.message.shared.person import Person

__all__ = ["from_stix"]

_READ: Final = frozenset({"report", "note", "identity", "opinion", "marking-definition", "extension-definition"})
_LEVELS: Final[dict[str, Tlp]] = {TLP[level]: level for level in TLP_LEVELS} | {
    # TLP 1, whose objects stand in the specification of STIX 2.1
    "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9": "clear",
    "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da": "green",
    "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82": "amber",
    "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed": "red",
}
_NAME: Final = 200
_MAX_PERSONS: Final = 200
_MAX_LINKS: Final = 50
# What an identity of ours may bring back; attachments did not come along.
_BROUGHT: Final = ("status", "pseudonym", "names", "sex", "birth", "nationalities", "languages", "minor", "deceased")


def from_stix(data: bytes) -> Imported:
    """
    Return a draft from a bundle.

    Raises:
        Rejected: `too-large`, `content-json`, or `content-schema`: not a bundle, or nothing in it that a report could say.
    """
    bundle = read_foreign(data)
    if not isinstance(bundle, dict) or bundle.get("type") != "bundle" or not isinstance(bundle.get("objects"), list):
        raise Rejected("not a STIX bundle", code="content-schema", pointer="/type", hint="give a bundle of STIX 2.1")
    return _Import(bundle).result()


class _Import:
    """Reads one bundle."""

    def __init__(self, bundle: Json) -> None:
        self._id = bundle.get("id")
        self._told: list[str] = []
        objects = [one for one in bundle["objects"] if isinstance(one, dict) and isinstance(one.get("type"), str)]
        self._objects = [one for one in objects if one.get("spec_version") == "2.1" and isinstance(one.get("id"), str)]
        if len(self._objects) != len(bundle["objects"]):
            self._told.append(f"{len(bundle['objects']) - len(self._objects)} objects are not of STIX 2.1: not read")
        self._persons: dict[str, Json] = {}

    def result(self) -> Imported:
        self._read_persons()
        items = [item for one in self._of("report", "note") for item in self._items(one)]
        if not items:
            raise Rejected(
                "no report and no note with text", code="content-schema", pointer="/objects", hint="nothing to import"
            )
        if len(items) > MAX_ITEMS:
            self._told.append(f"/body/items: the first {MAX_ITEMS} of {len(items)}")
        self._tell_unread()
        body = {
            "trigger": "spontaneous",
            "source_protection": False,
            "items": items[:MAX_ITEMS],
            "persons": list(self._persons.values()),
            "links": self._links(),
        }
        origin = {"origin": "import", "format": "stix-2.1"}
        if isinstance(self._id, str):
            origin["bundle"] = self._id[:_NAME]
        return Imported(draft(self._handling(), ["RPD10-c"], body, origin), tuple(self._told))

    def _of(self, *types: str) -> list[Json]:
        return [one for one in self._objects if one["type"] in types]

    def _read_persons(self) -> None:
        others = 0
        for one in self._of("identity"):
            if one.get("identity_class") != "individual" or not _text(one.get("name")):
                others += 1
            elif len(self._persons) < _MAX_PERSONS:
                self._persons.setdefault(one["id"], self._person(one, f"p-{len(self._persons) + 1}"))
        if others:
            self._told.append(f"{others} identities that are no individuals: not read")

    def _person(self, one: Json, ref: str) -> Json:
        """Return a person with what our extension says if it is sound, else with the name alone."""
        said = _ours(one).get("person")
        if isinstance(said, dict):
            kept = {name: said[name] for name in _BROUGHT if name in said}
            try:
                person = msgspec.convert({**kept, "ref": ref}, Person)
            except msgspec.ValidationError:
                self._told.append(f"{ref}: what the extension says is not sound; the name alone was read")
            else:
                return msgspec.json.decode(encode_json(person), type=dict[str, Any])
        at = f"/body/persons/{len(self._persons)}/status"
        self._told.append(f"{at}: the bundle does not say what role this person has; add it")
        return {"ref": ref, "names": [{"full": one["name"][:_NAME]}]}

    def _items(self, one: Json) -> list[Json]:
        first, second = ("abstract", "content") if one["type"] == "note" else ("name", "description")
        if not _text(one.get(second)):
            return []
        text = "\n".join(str(part) for part in (one.get(first), one[second]) if _text(part))
        item: Json = {"evaluation": self._evaluation(one["id"])}
        refs = [self._persons[ref]["ref"] for ref in _refs(one) if ref in self._persons] if one["type"] == "note" else []
        if refs:
            item["persons"] = list(dict.fromkeys(refs))
        return [{"text": piece, **item} for piece in split_text(text)]

    def _evaluation(self, id_: str) -> Json:
        """Return the evaluation that an opinion of ours gives; a foreign opinion evaluates no source."""
        for one in self._of("opinion"):
            said = _ours(one).get("evaluation")
            if id_ in _refs(one) and said is not None:
                try:
                    found: Evaluation = msgspec.convert(said, Evaluation)
                except msgspec.ValidationError:
                    continue
                return msgspec.json.decode(encode_json(found), type=dict[str, Any])
        return NOT_JUDGED

    def _links(self) -> list[Json]:
        found = []
        for one in self._of("report", "note"):
            for reference in one.get("external_references") or () if isinstance(one.get("external_references"), list) else ():
                if isinstance(reference, dict):
                    scheme, id_ = reference.get("source_name"), reference.get("external_id")
                    if _text(scheme) and _text(id_) and max(len(str(scheme)), len(str(id_))) <= _NAME:
                        found.append({"scheme": scheme, "id": id_})
        return [one for index, one in enumerate(found) if one not in found[:index]][:_MAX_LINKS]

    def _handling(self) -> Json:
        """Return the default marking of the kind, joined with ours where the bundle has it, at its strictest TLP."""
        default: Handling = spec("information.report").default_handling
        refs = {ref for one in self._objects for ref in _refs(one, "object_marking_refs")}
        ours = {one["id"]: said for one in self._of("marking-definition") if (said := _marking(one)) and one["id"] in refs}
        known = [_LEVELS[ref] for ref in refs if ref in _LEVELS] + [said.tlp for said in ours.values()]
        foreign = refs - set(_LEVELS) - set(ours)
        if foreign:
            self._told.append(f"/handling: {len(foreign)} markings are not TLP: read them in the bundle")
        tlp = max([*known, *([default.tlp] if foreign or not known else [])], key=TLP_LEVELS.index)
        if tlp == "red":
            self._told.append("/handling/officers: red content names the officers who may read it; see who they are")
        joined = reduce(join, ours.values(), default)
        handling = msgspec.structs.replace(joined, tlp=tlp, onward="none", public_extract=False)
        return msgspec.json.decode(encode_json(handling), type=dict[str, Any])

    def _tell_unread(self) -> None:
        unread = Counter(one["type"] for one in self._objects if one["type"] not in _READ)
        self._told += [f"{count} {type_[:_NAME]}: not read" for type_, count in sorted(unread.items())]
        if not any("evaluation" in _ours(one) for one in self._of("opinion")):
            self._told.append("evaluation: judged by nobody here (Admiralty F6); evaluate it or leave it so")


def _ours(one: Json) -> Json:
    """Return what our extension says on an object; nothing where it has none."""
    extensions = one.get("extensions")
    said = extensions.get(EXTENSION) if isinstance(extensions, dict) else None
    return said if isinstance(said, dict) else {}


def _marking(one: Json) -> Handling | None:
    """Return the marking that our extension gives on a marking definition, if it is sound."""
    try:
        return msgspec.convert(_ours(one).get("handling"), Handling)
    except msgspec.ValidationError:
        return None


def _refs(one: Json, name: str = "object_refs") -> list[str]:
    found = one.get(name)
    return [ref for ref in found if isinstance(ref, str)] if isinstance(found, list) else []


def _text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())
