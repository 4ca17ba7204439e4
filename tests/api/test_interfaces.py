"""The interfaces as files: what an implementer has without a gateway is what a gateway serves and speaks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from jsonschema import Draft7Validator  # type: ignore[import-untyped]
from openapi_spec_validator import OpenAPIV31SpecValidator

from gateway.message import KINDS
from gateway.protocol import frames, media
from gateway.protocol.asyncapi import describe
from gateway.resources import schemas_path
from tests.support.interfaces import documents

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.http_stage import Stage

SPECIFICATION = json.loads((Path(__file__).parent / "specifications/asyncapi-3.0.0.json").read_bytes())
FILES = {name: json.loads((schemas_path() / name).read_bytes()) for name in ("openapi.json", "asyncapi.json")}
FRAMES: list[frames.ClientFrame | frames.GatewayFrame] = [
    frames.Credit(1, 1 << 40),
    frames.Receipts(0, [b"r"]),
    frames.Renew(1, bytes(16), bytes(64)),
    frames.Hello(1, bytes(32), 1),
    frames.Delivery(7, b"sealed"),
    frames.Empty(),
    frames.Recorded(0, ["", "clock-skew"]),
    frames.Problem("malformed", "not a frame", 1),
    frames.Replaced(),
]


def references(value: Any) -> Iterator[str]:
    """Yield every `$ref` of a document."""
    if isinstance(value, dict):
        yield from (inner for key, inner in value.items() if key == "$ref")
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def as_json(value: Any) -> Any:
    """Write what MessagePack carries as the schemas describe it: bytes as text of the same length."""
    if isinstance(value, list):
        return [as_json(one) for one in value]
    return value.decode("latin-1") if isinstance(value, bytes) else value


def payload(name: str) -> Draft7Validator:
    """Return the validator of a frame."""
    return Draft7Validator(FILES["asyncapi.json"]["components"]["messages"][name]["payload"])


@pytest.mark.parametrize("name", sorted(FILES))
async def test_what_is_checked_in_is_current(name: str) -> None:
    """`make schemas` writes them from the route table and the frames."""
    assert (schemas_path() / name).read_bytes() == documents()[name]


async def test_the_file_is_what_a_gateway_serves(stage: Stage) -> None:
    """The two differ in the way to the schemas alone, and each way leads to a file."""
    served = (await stage.ask("GET", media.OPENAPI)).body.decode()
    assert json.loads(served.replace('"$ref":"v1/schemas/', '"$ref":"')) == FILES["openapi.json"]
    outside = {ref for ref in references(json.loads(served)) if not ref.startswith("#")}
    assert outside
    assert {(await stage.ask("GET", f"/{ref}")).status for ref in outside} == {200}


def test_openapi_is_valid_and_names_the_kinds_that_travel_in_clear() -> None:
    """Tools read it, and whoever hands over clear text finds the schema of each kind that a gateway may seal."""
    assert list(OpenAPIV31SpecValidator(FILES["openapi.json"]).iter_errors()) == []
    body = FILES["openapi.json"]["paths"][media.MESSAGES]["post"]["requestBody"]["content"]
    assert body[media.SIGNED]["schema"] == {"$ref": "#/components/schemas/ClearText"}
    named = set(references(FILES["openapi.json"]["components"]["schemas"]["ClearText"]))
    assert named == {row.path_of(version) for row in KINDS.values() if row.gateway_may_seal for version in row.readable}


def test_asyncapi_follows_its_specification() -> None:
    """The document passes the JSON Schema that the makers of AsyncAPI publish; a wrong one does not."""
    validator = Draft7Validator(SPECIFICATION)
    assert list(validator.iter_errors(FILES["asyncapi.json"])) == []
    wrong = describe()
    wrong["operations"]["send-hello"]["action"] = "sends"
    assert [error.json_path for error in validator.iter_errors(wrong)] == ["$.operations['send-hello']"]


@pytest.mark.parametrize("name", sorted(FILES))
def test_every_reference_resolves(name: str) -> None:
    """Inside the document, or to a schema beside it."""
    for ref in references(FILES[name]):
        path, _, pointer = ref.partition("#")
        place = json.loads((schemas_path() / path).read_bytes()) if path else FILES[name]
        for step in pointer.split("/")[1:]:
            place = place[step.replace("~1", "/").replace("~0", "~")]
        assert isinstance(place, dict), ref


def test_operations_speak_of_messages_of_their_channel() -> None:
    """Every frame has its operation or answers one, in its direction, and every kind is a message."""
    document = FILES["asyncapi.json"]
    inbox = document["channels"]["inbox"]
    used = [ref.rpartition("/")[2] for ref in references(document["operations"]) if "/messages/" in ref]
    assert sorted(used) == sorted(inbox["messages"])
    assert {ref for one in document["operations"].values() for ref in references(one["channel"])} == {"#/channels/inbox"}
    by_client = {name.partition("-")[2] for name, one in document["operations"].items() if one["action"] == "receive"}
    assert by_client == {"credit", "receipts", "renew"}
    assert set(document["channels"]["opened"]["messages"]) == set(KINDS)
    assert inbox["address"] == media.INBOX


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: type(frame).__name__)
def test_a_frame_is_as_it_is_described(frame: Any) -> None:
    """What goes over the wire follows the description; a missing and a further element do not."""
    sent = as_json(msgspec.msgpack.decode(frames.encode(frame)))
    described = payload(sent[0])
    assert list(described.iter_errors(sent)) == []
    assert not described.is_valid(sent[:-1])
    assert not described.is_valid([*sent, 1])


def test_every_frame_is_described() -> None:
    """Nothing that one side may send is left out."""
    sent = {msgspec.msgpack.decode(frames.encode(frame))[0] for frame in FRAMES}
    assert sent == set(FILES["asyncapi.json"]["channels"]["inbox"]["messages"])
