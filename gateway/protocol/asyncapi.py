"""
The inbox session as AsyncAPI 3, written from the frames that both ends encode and decode: the two cannot differ.

The application that is described is a gateway: it receives what clients send. Frames are MessagePack arrays, described as JSON
Schema draft 07, which every tool for AsyncAPI reads; bytes are strings of format `binary`, their lengths are bytes. What a
delivery seals is content of a kind: a channel without address, whose messages refer to the schemas of the kinds.
Spec: schemas/api.md, "Inbox session".
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Final

import msgspec

from gateway import __version__
from gateway.message.registry import KINDS
from gateway.protocol import frames, media

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.message.kind_spec import KindSpec

__all__ = ["VERSION", "describe"]

VERSION: Final = "3.0.0"
_CONTENT_FORMAT: Final = "application/schema+json;version=draft-2020-12"
_ANSWERED: Final[Mapping[str, str]] = {"receipts": "recorded"}  # a frame of the client, and what answers it
_INBOX: Final = "#/channels/inbox"
_ABOUT: Final = (
    "A participant's inbox session with a gateway. The upgrade is a request signed as RFC 9421 says, with the profile of "
    "schemas/api.md, which has the rules of the session; its HTTP neighbours stand in openapi.json."
)
_SESSION: Final = (
    "One session for each participant. Each binary WebSocket message is one frame: a MessagePack array that begins with its "
    "type. Close codes: {replaced} replaced, do not come back by yourself; {unauthorised} not authorised any more, come back "
    "with a new upgrade; {problem} after a `problem`; 1001 the gateway stops. A client's frame has at most {client} bytes, a "
    "gateway's {gateway}."
)
_OPENED: Final = (
    "Content as its recipient reads it after a `delivery` frame was opened (schemas/envelope.md). It never travels in clear "
    "here: the channel has no address and no operation of the gateway. Rules that no schema can say stand beside each schema, "
    "in its page."
)


def describe() -> dict[str, Any]:
    """Return the AsyncAPI document; references to schemas are relative to the folder `schemas/`."""
    client, gateway = _frames(frames.ClientFrame), _frames(frames.GatewayFrame)
    return {
        "asyncapi": VERSION,
        "info": {"title": "Gateway, inbox session", "version": __version__, "description": _ABOUT},
        "defaultContentType": media.MSGPACK,
        "servers": {
            "gateway": {
                "host": "gateway.example",
                "protocol": "wss",
                "description": "A gateway of the network; its addresses stand in the directory.",
                "security": [{"$ref": "#/components/securitySchemes/signature"}],
            }
        },
        "channels": {"inbox": _inbox([*client, *gateway]), "opened": _opened()},
        "operations": _operations(client, gateway),
        "components": {
            "messages": {
                **{name: _frame(name, frame) for name, frame in (client | gateway).items()},
                **{str(row.kind): _content(row) for row in KINDS.values()},
            },
            "securitySchemes": {
                "signature": {"type": "http", "scheme": "signature", "description": "RFC 9421, the profile of schemas/api.md"}
            },
        },
    }


def _frames(union: Any) -> dict[str, type]:
    """Return the frames of one side by their type on the wire."""
    info = msgspec.inspect.type_info(union)
    assert isinstance(info, msgspec.inspect.UnionType)
    return {str(one.tag): one.cls for one in info.types if isinstance(one, msgspec.inspect.StructType)}


def _inbox(names: Iterable[str]) -> dict[str, Any]:
    return {
        "address": media.INBOX,
        "description": _SESSION.format(
            replaced=frames.CLOSE_REPLACED,
            unauthorised=frames.CLOSE_UNAUTHORISED,
            problem=frames.CLOSE_PROBLEM,
            client=media.MAX_CLIENT_FRAME_BYTES,
            gateway=media.MAX_GATEWAY_FRAME_BYTES,
        ),
        "servers": [{"$ref": "#/servers/gateway"}],
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {"ws": {"method": "GET", "bindingVersion": "0.1.0"}},
    }


def _opened() -> dict[str, Any]:
    messages = {str(kind): {"$ref": f"#/components/messages/{kind}"} for kind in KINDS}
    return {"address": None, "description": _OPENED, "messages": messages}


def _operations(client: Iterable[str], gateway: Iterable[str]) -> dict[str, Any]:
    """Return one operation for each frame; what answers another stands as its reply."""
    answers = set(_ANSWERED.values())
    found = {f"receive-{name}": _operation("receive", name) for name in client}
    return found | {f"send-{name}": _operation("send", name) for name in gateway if name not in answers}


def _operation(action: str, name: str) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "action": action,
        "channel": {"$ref": _INBOX},
        "messages": [{"$ref": f"{_INBOX}/messages/{name}"}],
    }
    if name in _ANSWERED:
        answer = {"$ref": f"{_INBOX}/messages/{_ANSWERED[name]}"}
        operation["reply"] = {"channel": {"$ref": _INBOX}, "messages": [answer]}
    return operation


def _frame(name: str, frame: type) -> dict[str, Any]:
    info = msgspec.inspect.type_info(frame)
    assert isinstance(info, msgspec.inspect.StructType)
    items = [{"title": "type", "const": name}, *({"title": field.name, **_element(field.type)} for field in info.fields)]
    payload = {"type": "array", "items": items, "minItems": len(items), "maxItems": len(items), "additionalItems": False}
    about = " ".join(inspect.cleandoc(frame.__doc__ or "").split())
    return {"name": name, "title": frame.__name__, "summary": about, "contentType": media.MSGPACK, "payload": payload}


def _element(known: msgspec.inspect.Type) -> dict[str, Any]:
    """Return the schema of one element of a frame."""
    match known:
        case msgspec.inspect.IntType(ge=low, le=high, lt=below):
            most = high if high is not None else below - 1 if below is not None else None
            return _with("integer", minimum=low, maximum=most)
        case msgspec.inspect.BytesType(min_length=low, max_length=high):
            return _with("string", format="binary", minLength=low, maxLength=high)
        case msgspec.inspect.ListType(item_type=item, min_length=low, max_length=high):
            return {**_with("array", minItems=low, maxItems=high), "items": _element(item)}
        case msgspec.inspect.StrType():
            return {"type": "string"}
        case _:
            raise AssertionError(f"a frame has an element of a new type: {known}")


def _with(type_: str, **bounds: Any) -> dict[str, Any]:
    return {"type": type_, **{name: value for name, value in bounds.items() if value is not None}}


def _content(row: KindSpec) -> dict[str, Any]:
    """Return the message of a kind: its payload is one of the versions that are read."""
    schemas = [{"$ref": row.path_of(version)} for version in row.readable]
    schema = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
    return {
        "name": str(row.kind),
        "title": str(row.kind),
        "contentType": media.JSON,
        "payload": {"schemaFormat": _CONTENT_FORMAT, "schema": schema},
    }
