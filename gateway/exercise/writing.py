"""
From what a scenario says to the content that is sent.

An example of `schemas/examples`, or content of the scenario's own, with its changes. Addresses of the examples' network become
those of the exercise. In changes `$time:2d 6h` is that time as an instant, `$day:2d` its day, `$hash:NAME` the envelope hash of
an inject, `$address:NCB-QM` the address of a participant.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import msgspec

from gateway.errors import Rejected
from gateway.exercise.places import put, remove
from gateway.exercise.times import parse_span
from gateway.ids import ADDRESS_PATTERN, EnvelopeHash, Network
from gateway.message import instant, read_message_file, spec
from gateway.resources import schemas_path

if TYPE_CHECKING:
    from gateway.exercise.scenario import Text
    from gateway.exercise.times import Clock
    from gateway.message import Content

__all__ = ["Around", "example_kind", "written"]

_ADDRESS: Final = re.compile(ADDRESS_PATTERN)
_EXAMPLE: Final = re.compile(r"[a-z.]+/[a-z0-9-]+")
_DAY_LENGTH: Final = len("2099-01-01")


@dataclass(frozen=True, slots=True)
class Around:
    """
    What a text can refer to.

    Args:
        network: Of the exercise.
        clock: For times.
        hashes: Name of an inject to the envelope hash of what was sent.
        answered: What is answered; None where nothing is.
        respond_by: Seconds of the scenario; None where nothing is asked for.
    """

    network: Network
    clock: Clock
    hashes: Mapping[str, EnvelopeHash] = field(default_factory=dict)
    answered: EnvelopeHash | None = None
    respond_by: int | None = None


def example_kind(text: Text) -> str:
    """Return the kind of a text; Rejected `config` where it has no example and no content, or both, or an unknown example."""
    return str(_document(text).get("kind"))


def written(text: Text, around: Around) -> Content:
    """
    Return the content of a text.

    Raises:
        Rejected: `config`, a change leads nowhere; or as `read_message_file`: it is no content.
    """
    document = _of_network(_document(text), around.network)
    _change(document, text, around)
    if around.answered is not None:
        document["in_reply_to"] = around.answered.hex()
        member = spec(str(document.get("kind"))).reply_member
        if member is not None:
            document["body"][member] = around.answered.hex()
    if around.respond_by is not None:
        document["respond_by"] = instant(around.clock.header(around.respond_by))
    return read_message_file(msgspec.json.encode(document))[1]


def _change(document: dict[str, Any], text: Text, around: Around) -> None:
    pointer = ""
    try:
        for pointer, value in text.changes.items():
            put(document, pointer, _filled(value, around))
        for pointer in text.without:
            remove(document, pointer)
    except KeyError as exc:
        raise Rejected("nothing can be changed there", code="config", pointer=pointer) from exc


def _document(text: Text) -> dict[str, Any]:
    if (text.example is None) == (text.content is None):
        raise Rejected("give either an example or content", code="config")
    if text.content is not None:
        return deepcopy(dict(text.content))
    path = schemas_path() / "examples" / f"{text.example}.json"
    if not _EXAMPLE.fullmatch(text.example or "") or not path.is_file():
        raise Rejected(f"no example {text.example!r}", code="config", hint="see schemas/examples")
    found: dict[str, Any] = msgspec.json.decode(path.read_bytes())
    return found


def _of_network(value: Any, network: Network) -> Any:
    """Put the network's name into whatever is an address as a whole, or an officer of one."""
    if isinstance(value, dict):
        return {name: _of_network(inner, network) for name, inner in value.items()}
    if isinstance(value, list):
        return [_of_network(inner, network) for inner in value]
    if isinstance(value, str) and _ADDRESS.fullmatch(value):
        return f"{value.partition('@')[0]}@{network}"
    return value


def _filled(value: Any, around: Around) -> Any:
    if isinstance(value, list | tuple):
        return [_filled(inner, around) for inner in value]
    if isinstance(value, Mapping):
        return {name: _filled(inner, around) for name, inner in value.items()}
    if not isinstance(value, str) or not value.startswith("$"):
        return value
    name, _, argument = value[1:].partition(":")
    try:
        return _reference(name, argument, around)
    except (KeyError, ValueError) as exc:
        raise Rejected(f"refers to nothing: {value[:80]!r}", code="config") from exc


def _reference(name: str, argument: str, around: Around) -> str:
    match name:
        case "hash":
            return around.hashes[argument].hex()
        case "address":
            return f"{argument}@{around.network}"
        case "time":
            return instant(around.clock.header(parse_span(argument)))
        case "day":
            return instant(around.clock.header(parse_span(argument)))[:_DAY_LENGTH]
    raise KeyError(name)
