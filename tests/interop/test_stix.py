"""STIX 2.1 out and in: a strict library reads what goes out, and what comes in is a draft that trusts nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import stix2  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import Rejected
from gateway.interop import STIX_KINDS, from_stix, to_stix
from gateway.interop.stix_parts import EXTENSION, TLP
from gateway.message import KINDS, Handling, encode, find_faults, read, read_message_file
from gateway.message.shared.person import PROTECTED_STATUS
from tests.interop.test_interpol import JSON
from tests.message.full import FULL
from tests.message.test_faults import contents
from tests.message.validators import example_files

if TYPE_CHECKING:
    from gateway.message import Content

AT = "2099-05-01T12:00:00Z"
REPORT = "information.report"
EXAMPLES = {f"{one.parent.name}/{one.stem}": one for one in example_files() if one.parent.name in STIX_KINDS}
SIGHTING = EXAMPLES[f"{REPORT}/sighting"]


def example(name: str) -> Content:
    """Return an example of the catalogue."""
    return read_message_file(EXAMPLES[name].read_bytes())[1]


def exported(content: Content) -> list[dict[str, Any]]:
    """Return the objects of a bundle that the library has read strictly."""
    bundle = stix2.parse(to_stix(content, AT).data.decode(), allow_custom=False, version="2.1")
    objects: list[dict[str, Any]] = json.loads(to_stix(content, AT).data)["objects"]
    assert [one.id for one in bundle.objects] == [one["id"] for one in objects]
    return objects


def said(one: dict[str, Any]) -> Any:
    """Return what our extension says on an object."""
    return one.get("extensions", {}).get(EXTENSION, {})


def test_every_kind_that_goes_out_is_a_kind() -> None:
    """Export is offered for kinds of the registry alone."""
    assert set(STIX_KINDS) <= set(KINDS)


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_go_out_as_the_library_wants_them(name: str) -> None:
    """A strict reader of STIX 2.1 takes every example; each object has the marking, and no reference hangs."""
    objects = exported(example(name))
    ids = {one["id"] for one in objects}
    assert len(ids) == len(objects)
    for one in objects:
        assert {*one.get("object_refs", ()), *one.get("object_marking_refs", ())} <= ids
        if one["type"] not in {"marking-definition", "extension-definition"} and one.get("name") != "gateway.example":
            assert one["object_marking_refs"][0] in TLP.values()
            assert len(one["object_marking_refs"]) == 2


@pytest.mark.parametrize("kind", sorted(STIX_KINDS))
def test_content_with_every_member_goes_out(kind: str) -> None:
    """Nothing that a kind may hold makes a bundle that the library refuses."""
    for content in contents(kind):
        objects = exported(read_message_file(json.dumps(content).encode())[1])
        assert {"extension-definition", "marking-definition", "identity", "note"} <= {one["type"] for one in objects}


def test_the_same_content_gives_the_same_bytes() -> None:
    """Ids are made from the content, so an export can be repeated and compared."""
    assert to_stix(example(f"{REPORT}/sighting"), AT) == to_stix(example(f"{REPORT}/sighting"), AT)


def test_a_file_has_the_id_that_the_standard_gives() -> None:
    """Others who describe the same file give it the same id."""
    found = [one for one in exported(example(f"{REPORT}/open-source-video")) if one["type"] == "file"]
    assert found
    for one in found:
        assert stix2.File(hashes=one["hashes"], name=one["name"]).id == one["id"]


def test_an_evaluation_is_not_made_an_opinion() -> None:
    """Each item has a neutral opinion, and the evaluation stands beside it as the officer wrote it."""
    objects = exported(example(f"{REPORT}/sighting"))
    opinions = [one for one in objects if one["type"] == "opinion"]
    assert {one["opinion"] for one in opinions} == {"neutral"}
    assert [said(one)["evaluation"]["source"] for one in opinions] == ["B", "X"]


def test_protected_persons_go_out_by_pseudonym() -> None:
    """A witness who is named in confidential content is an identity without a name outside."""
    content = json.loads(encode(FULL[REPORT]))
    content["body"]["persons"][0]["status"] = ["witness"]
    content["body"]["persons"][0]["pseudonym"] = "W-14"
    content["handling"] |= {"tlp": "amber+strict", "confidentiality": "confidential"}
    objects = exported(read(REPORT, "1.0.0", json.dumps(content).encode()))
    person = next(one for one in objects if one.get("identity_class") == "individual")
    assert person["name"] == "W-14"
    assert set(said(person)["person"]) <= {"ref", "status", "pseudonym", "languages", "minor", "deceased"}
    assert "witness" in PROTECTED_STATUS


def test_what_is_lost_is_told() -> None:
    """Members without a home are named with the reason; those that are not there are not."""
    lost = to_stix(example(f"{REPORT}/sighting"), AT).lost
    assert any(one.startswith("/urgency:") for one in lost)
    assert not any(one.startswith("/retention:") for one in lost)
    assert any("signature" in one for one in lost)


def test_a_kind_without_a_home_is_refused() -> None:
    """A request is no intelligence product."""
    with pytest.raises(Rejected) as refused:
        to_stix(FULL["cooperation.request"], AT)
    assert refused.value.code == "kind-not-accepted"


def test_our_own_bundle_comes_back() -> None:
    """Texts, evaluations, persons and their roles survive the way out and in; the marking is not laxer."""
    source = example(f"{REPORT}/sighting")
    draft = json.loads(from_stix(to_stix(source, AT).data).data)
    before = json.loads(source.raw)
    assert [one["text"] for one in draft["body"]["items"]] == [one["text"] for one in before["body"]["items"]]
    assert [one["evaluation"] for one in draft["body"]["items"]] == [one["evaluation"] for one in before["body"]["items"]]
    assert draft["body"]["persons"] == before["body"]["persons"]
    assert set(before["handling"]["restrictions"]) <= set(draft["handling"]["restrictions"])
    assert find_faults(from_stix(to_stix(source, AT).data).data).faults == ()


def bundle(*objects: dict[str, Any]) -> bytes:
    """Return a bundle of others; each object gets what every object has."""
    common = {"spec_version": "2.1", "created": AT, "modified": AT}
    made = [
        {**common, "id": f"{one['type']}--{number:08}-0000-4000-8000-000000000000", **one} for number, one in enumerate(objects)
    ]
    return json.dumps({"type": "bundle", "id": "bundle--0", "objects": made}).encode()


PERSON = {"type": "identity", "identity_class": "individual", "name": "GREY HERON", "id": "identity--a"}
NOTE = {"type": "note", "abstract": "Seen", "content": "At the port of Velm.", "object_refs": ["identity--a"]}


def test_a_foreign_bundle_becomes_a_draft() -> None:
    """A note is an item about its persons, judged by nobody; the role of a person is for a person to add."""
    made = from_stix(bundle(PERSON, NOTE, {"type": "indicator"}, {"type": "note", "spec_version": "2.0"}))
    draft = json.loads(made.data)
    assert draft["body"]["items"] == [
        {
            "text": "Seen\nAt the port of Velm.",
            "evaluation": {"scheme": "admiralty", "source": "F", "information": 6},
            "persons": ["p-1"],
        }
    ]
    assert [one.pointer for one in find_faults(made.data).faults] == ["/body/persons/0/status"]
    told = " ".join(made.warnings)
    assert "1 indicator: not read" in told
    assert "not of STIX 2.1" in told


@pytest.mark.parametrize(
    ("refs", "tlp"),
    [
        ([], "amber+strict"),
        ([TLP["clear"]], "clear"),
        ([TLP["green"], TLP["amber"]], "amber"),
        ([TLP["clear"], "marking-definition--unknown"], "amber+strict"),
        (["marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"], "red"),
    ],
)
def test_the_strictest_marking_of_the_bundle_counts(refs: list[str], tlp: str) -> None:
    """TLP 1 and 2 are known; without a marking, or with a strange one, the default of the kind stands at least."""
    made = from_stix(bundle({"type": "note", "content": "x", "object_refs": [], "object_marking_refs": refs}))
    handling = json.loads(made.data)["handling"]
    assert handling["tlp"] == tlp
    assert set(handling["restrictions"]) == {"H1", "H2"}


def test_our_marking_in_a_bundle_binds() -> None:
    """Restrictions that only our extension can say are inherited."""
    marking = {"tlp": "amber", "confidentiality": "confidential", "restrictions": ["H0", "H3"], "caveats": ["Ask first."]}
    definition = {"type": "marking-definition", "id": "marking-definition--m", "extensions": {EXTENSION: {"handling": marking}}}
    note = {"type": "note", "content": "x", "object_refs": [], "object_marking_refs": ["marking-definition--m"]}
    _, content, _ = read_message_file(from_stix(bundle(definition, note)).data)
    assert isinstance(content.handling, Handling)
    assert content.handling.confidentiality == "confidential"
    assert content.handling.restrictions == {"H0", "H1", "H2", "H3"}
    assert content.handling.caveats == {"Ask first."}


def test_an_extension_that_lies_is_not_believed() -> None:
    """A person or evaluation in our extension that breaks its type leaves the name, and no judgement."""
    person = {**PERSON, "extensions": {EXTENSION: {"person": {"status": ["king"]}}}}
    opinion = {"type": "opinion", "object_refs": ["note--n"], "extensions": {EXTENSION: {"evaluation": {"scheme": "4x4"}}}}
    draft = json.loads(from_stix(bundle(person, {**NOTE, "id": "note--n"}, opinion)).data)
    assert draft["body"]["persons"] == [{"ref": "p-1", "names": [{"full": "GREY HERON"}]}]
    assert draft["body"]["items"][0]["evaluation"]["scheme"] == "admiralty"


@pytest.mark.parametrize("text", [b"[]", b'{"type": "bundle"}', b'{"type": "bundle", "objects": []}', bundle(PERSON)])
def test_what_says_nothing_is_refused(text: bytes) -> None:
    """A file without a report or note has nothing that a draft could say."""
    with pytest.raises(Rejected) as refused:
        from_stix(text)
    assert refused.value.code == "content-schema"


MEMBERS = (
    *("id", "name", "content", "abstract", "description", "object_refs", "external_references", "identity_class"),
    *("object_marking_refs", "extensions", "spec_version"),
)
OBJECT = st.fixed_dictionaries(
    {"type": st.sampled_from(["report", "note", "identity", "opinion", "marking-definition", "file"])},
    optional=dict.fromkeys(MEMBERS, JSON),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(OBJECT, max_size=5), JSON)
def test_a_hostile_bundle_breaks_nothing(objects: list[dict[str, Any]], ours: Any) -> None:
    """Whatever stands in the objects, our own extension included, it is refused or a draft comes out."""
    person = {**PERSON, "extensions": {EXTENSION: {"person": ours, "handling": ours, "evaluation": ours}}}
    try:
        made = from_stix(bundle(person, NOTE, *objects))
    except Rejected as exc:
        assert exc.code in {"content-json", "content-schema", "too-large"}  # noqa: PT017
        return
    pointers = {one.pointer.rpartition("/")[2] for one in find_faults(made.data).faults}
    assert pointers <= {"status", "names", "officers"}
