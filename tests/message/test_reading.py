"""Reading and writing content: bytes kept, unknown members named, versions and kinds told apart."""

from __future__ import annotations

import json

import msgspec
import pytest

from gateway.errors import Rejected
from gateway.message import Authority, Handling, encode, read, read_message_file
from gateway.message.information.cooperation_request import CooperationRequest, CooperationRequestBody, Measure
from gateway.message.unread import MAX_UNREAD, Unread, unread_members
from tests.message.full import FULL

REQUEST = CooperationRequest(
    handling=Handling(tlp="amber+strict", confidentiality="restricted"),
    purpose=["RPD10-c"],
    body=CooperationRequestBody(
        instrument="network-2002",
        requesting_authority=Authority(name="War Crimes Unit", type="police", country="QM"),
        facts="On 3 March 2098 armed men entered the village of Tal Varo.",
        purpose_use="To decide whether to open an investigation.",
        measures=[Measure(type="AT.b", description="Take the statement of the former prefect.")],
    ),
)


def as_json(data: bytes = encode(REQUEST)) -> dict[str, object]:
    """Return the request as JSON."""
    decoded: dict[str, object] = json.loads(data)
    return decoded


def refused(data: bytes, kind: str = "cooperation.request", version: str = "1.0.0") -> tuple[str, str | None]:
    """Return the code and pointer with which content is refused."""
    with pytest.raises(Rejected) as error:
        read(kind, version, data)
    return error.value.code, error.value.pointer


def test_a_request_takes_few_lines() -> None:
    """What is not said is left out of the bytes, and everything said comes back."""
    data = encode(REQUEST)
    assert b"null" not in data
    assert len(data) < 500
    assert read("cooperation.request", "1.0.0", data) == REQUEST


@pytest.mark.parametrize("kind", sorted(FULL))
def test_everything_comes_back(kind: str) -> None:
    """Content with every member set is read as it was written."""
    assert read(kind, "1.0.0", encode(FULL[kind])) == FULL[kind]


def test_the_received_bytes_are_kept() -> None:
    """Spaces, order and unknown members survive: what was signed is what is forwarded."""
    data = json.dumps({"new": 1, **as_json()}, indent=3).encode()
    content = read("cooperation.request", "1.0.0", data)
    assert content.raw == data
    assert encode(content) == data
    assert content == REQUEST


def test_unknown_members_are_named() -> None:
    """An operator sees what this version did not read, wherever it stands; extensions are carried, not listed."""
    content = json.loads(encode(FULL["information.report"]))
    content["new"] = {"deep": 1}
    content["body"]["items"][1]["evaluation"]["why"] = "x"
    content["body"]["persons"][0]["birth_place"]["geometry"]["bbox/1"] = [1]
    content["ext"]["example.links"]["more"] = 1
    view = read("information.report", "1.0.0", json.dumps(content).encode())
    assert set(view.unread_fields) == {
        "/new",
        "/body/items/1/evaluation/why",
        "/body/persons/0/birth_place/geometry/bbox~11",
    }
    assert FULL["information.report"].unread_fields == ()


def test_a_flood_of_unknown_members_is_cut() -> None:
    """Hostile content cannot make the list of unread members long."""
    data = json.dumps({**as_json(), **{f"x{n}": n for n in range(5_000)}}).encode()
    assert len(read("cooperation.request", "1.0.0", data).unread_fields) == MAX_UNREAD


def test_a_critical_extension_must_be_understood() -> None:
    """Content that depends on an extension is refused by a reader that does not know it, and read by one that does."""
    named = {**as_json(), "critical": ["example.links"]}
    there = json.dumps({**named, "ext": {"example.links": {"a": 1}}}).encode()
    assert refused(there) == ("must-understand", "/critical/0")
    assert read("cooperation.request", "1.0.0", there, frozenset({"example.links"})).critical == ["example.links"]
    with pytest.raises(Rejected, match="content-rule"):
        read("cooperation.request", "1.0.0", json.dumps(named).encode(), frozenset({"example.links"}))


def test_unknown_kinds_and_versions_are_refused() -> None:
    """A reader says that it does not know a kind or a version instead of guessing."""
    assert refused(encode(REQUEST), kind="no.such")[0] == "kind-unknown"
    assert refused(encode(REQUEST), version="1.1.0")[0] == "schema-unknown"
    assert refused(encode(REQUEST), kind="request.response") == ("content-header", "/kind")


def test_strictness_comes_first() -> None:
    """A member that stands twice, a null or a deep extension is refused before the schema is looked at."""
    text = json.dumps(as_json())
    assert refused(text.replace('"purpose"', '"purpose": ["RPD10-a"], "purpose"').encode()) == ("content-json", "/purpose")
    assert refused(json.dumps({**as_json(), "x": {"y": None}}).encode()) == ("content-json", "/x/y")
    assert refused(json.dumps({**as_json(), "x": 0.5}).encode()) == ("content-json", "/x")


def test_nothing_is_written_that_a_reader_would_refuse() -> None:
    """Mistakes in Python are found before anything is signed, with the same codes and pointers."""
    wrong = msgspec.structs.replace(REQUEST, purpose=["RPD10-z"])
    with pytest.raises(Rejected, match=r"content-schema.*/purpose/0"):
        encode(wrong)
    with pytest.raises(Rejected, match=r"content-rule.*/handling/officers"):
        encode(msgspec.structs.replace(REQUEST, handling=Handling(tlp="red", confidentiality="restricted")))


def test_content_is_immutable() -> None:
    """What was checked cannot be changed afterwards."""
    with pytest.raises(AttributeError):
        REQUEST.purpose = []  # type: ignore[misc]


def test_a_message_file_says_its_kind() -> None:
    """A file is content that names its kind; one without, or with a strange one, is refused."""
    kind, content, wished = read_message_file(json.dumps({**as_json(), "urgency": "urgent"}).encode())
    assert (kind, content.body, wished.urgency) == ("cooperation.request", REQUEST.body, "urgent")
    for change, code in (({"kind": "x.y"}, "kind-unknown"), ({"schema_version": "9.0.0"}, "schema-unknown")):
        with pytest.raises(Rejected, match=code):
            read_message_file(json.dumps({**as_json(), **change}).encode())
    nameless = {name: value for name, value in as_json().items() if name != "kind"}
    with pytest.raises(Rejected, match=r"content-schema.*/kind"):
        read_message_file(json.dumps(nameless).encode())


def test_an_author_is_told_what_an_unread_member_may_be_meant_for() -> None:
    """A member that nearly has the name of a known one is named with it; another stands alone."""
    body = {**json.loads(encode(REQUEST))["body"], "measurs": [], "colour": "red"}
    data = json.dumps({**as_json(), "urgancy": "flash", "body": body}).encode()
    assert set(unread_members(data, CooperationRequest)) == {
        Unread("/urgancy", "urgency"),
        Unread("/body/measurs", "measures"),
        Unread("/body/colour", None),
    }
