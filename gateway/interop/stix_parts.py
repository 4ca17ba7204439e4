"""
The parts that every STIX 2.1 bundle of ours is made of: ids, markings, the extension, subjects, files.

Ids are name-based (UUID version 5): the same content gives the same ids. What STIX has no home for stands in one property
extension, whose definition is in the bundle. TLP 2.0 is written as its own extension, which is the form that libraries read.
A victim, witness or source goes out by pseudonym alone, whatever the content says. Spec: schemas/mappings/stix.md.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

from gateway.message.shared.person import PROTECTED_STATUS

__all__ = ["EXTENSION", "TLP", "TLP_EXTENSION", "Builder", "Json", "extended"]

Json = dict[str, Any]
_PAGE: Final = "https://gateway.example/schemas/mappings/stix.md"
_OURS: Final = uuid5(NAMESPACE_URL, _PAGE)
_SCO: Final = UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")  # STIX 2.1, section 2.9
_SINCE: Final = "2026-01-01T00:00:00.000Z"  # when the extension was first written down
EXTENSION: Final = f"extension-definition--{uuid5(_OURS, 'extension')}"
_PROJECT: Final = f"identity--{uuid5(_OURS, 'project')}"
TLP_EXTENSION: Final = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
TLP: Final[dict[str, str]] = {
    "clear": "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
    "green": "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    "amber": "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    "amber+strict": "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
    "red": "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
}
_PROTECTED_MEMBERS: Final = ("ref", "status", "pseudonym", "languages", "minor", "deceased")
_TITLE: Final = 120  # characters of a name that is cut from a longer text


def extended(values: Json) -> Json:
    """Return the `extensions` member with our property extension; values that are empty are left out."""
    kept = {name: value for name, value in values.items() if value not in (None, [], {}, "")}
    return {"extensions": {EXTENSION: {"extension_type": "property-extension", **kept}}} if kept else {}


class Builder:
    """
    Collects the objects of one bundle.

    Args:
        content: The content, as JSON.
        at: Instant to write as `created` where the content names none.
    """

    def __init__(self, content: Json, at: str) -> None:
        self.content = content
        self.at: str = content.get("created", at)
        self._source = sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
        self._objects: dict[str, Json] = {}
        self._add_extension()
        self.sender: str | None = None
        self._markings = [self._tlp(content["handling"]["tlp"]), self._handling()]
        sender = content.get("sender") or content.get("on_behalf_of")
        if sender:
            self.sender = self.organisation(sender)

    def bundle(self) -> Json:
        """Return the bundle; definitions stand before what uses them."""
        return {"type": "bundle", "id": f"bundle--{self._uuid('bundle', '')}", "objects": list(self._objects.values())}

    def id_of(self, type_: str, key: str) -> str:
        """Return the id that `add` gives; `key` tells an object from others of its type in this content."""
        return f"{type_}--{self._uuid(type_, key)}"

    def add(self, type_: str, key: str, **members: Any) -> str:
        """Add a domain object and return its id."""
        id_ = self.id_of(type_, key)
        made: Json = {"type": type_, "spec_version": "2.1", "id": id_, "created": self.at, "modified": self.at}
        if self.sender is not None:
            made["created_by_ref"] = self.sender
        if language := self.content.get("language"):
            made["lang"] = language
        self._objects[id_] = {**made, "object_marking_refs": self._markings, **members}
        return id_

    def organisation(self, name: str) -> str:
        """Add a participant, authority or entity."""
        return self.add("identity", f"organisation {name}", name=name, identity_class="organization")

    def person(self, person: Json) -> str:
        """Add a person: a protected one by pseudonym, with nothing that identifies."""
        shown = person
        if not PROTECTED_STATUS.isdisjoint(person["status"]):
            shown = {name: person[name] for name in _PROTECTED_MEMBERS if name in person}
        names = [one["full"] for one in shown.get("names", ())]
        name = next(iter(names), None) or shown.get("pseudonym") or f"person {person['ref']}"
        return self.add(
            "identity", f"person {person['ref']}", name=name, identity_class="individual", **extended({"person": shown})
        )

    def incident(self, incident: Json) -> str:
        """Add an incident: its summary, and the rest in the extension."""
        rest = {name: value for name, value in incident.items() if name != "summary"}
        summary = incident["summary"]
        return self.add("incident", incident["ref"], name=summary[:_TITLE], description=summary, **extended({"incident": rest}))

    def file(self, attachment: Json) -> str:
        """Add the description of an attachment, with the id that STIX prescribes for files."""
        hashes = {"SHA-256": attachment["sha256"]}
        named = json.dumps(
            {"hashes": hashes, "name": attachment["filename"]}, sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )
        id_ = f"file--{uuid5(_SCO, named)}"
        if "sha512" in attachment:
            hashes = {**hashes, "SHA-512": attachment["sha512"]}
        self._objects[id_] = {
            "type": "file",
            "spec_version": "2.1",
            "id": id_,
            "object_marking_refs": self._markings,
            "hashes": hashes,
            "size": attachment["size_bytes"],
            "name": attachment["filename"],
            "mime_type": attachment["media_type"],
            **extended({"attachment_id": attachment["attachment_id"], "role": attachment["role"]}),
        }
        return id_

    def _uuid(self, type_: str, key: str) -> UUID:
        return uuid5(_OURS, f"{type_}\0{self._source}\0{key}")

    def _add_extension(self) -> None:
        common = {"spec_version": "2.1", "created": _SINCE, "modified": _SINCE}
        self._objects[_PROJECT] = {
            "type": "identity", "id": _PROJECT, **common, "name": "gateway.example", "identity_class": "organization"
        }  # fmt: skip
        self._objects[EXTENSION] = {
            "type": "extension-definition",
            "id": EXTENSION,
            **common,
            "created_by_ref": _PROJECT,
            "name": "gateway content",
            "description": "Members of messages that STIX has no home for, as their own schemas write them.",
            "schema": _PAGE,
            "version": "1.0.0",
            "extension_types": ["property-extension"],
        }

    def _tlp(self, level: str) -> str:
        self._objects[TLP[level]] = {
            "type": "marking-definition",
            "spec_version": "2.1",
            "id": TLP[level],
            "created": "2022-10-01T00:00:00.000Z",
            "name": f"TLP:{level.upper()}",
            "extensions": {TLP_EXTENSION: {"extension_type": "property-extension", "tlp_2_0": level}},
        }
        return TLP[level]

    def _handling(self) -> str:
        """Add the whole marking and the purpose as a definition of our own: no other form of STIX can say them."""
        marking = {"handling": self.content["handling"], "purpose": self.content["purpose"]}
        id_ = f"marking-definition--{uuid5(_OURS, json.dumps(marking, sort_keys=True))}"
        code = f"{self.content['handling']['tlp']}/{self.content['handling']['confidentiality']}"
        self._objects[id_] = {
            "type": "marking-definition",
            "spec_version": "2.1",
            "id": id_,
            "created": _SINCE,
            "name": " ".join([code, *sorted(self.content["handling"].get("restrictions", ()))]),
            **extended(marking),
        }
        return id_
