"""
What a thin client hands over to be sealed, for `/openapi.json`: the one place where content travels in clear.

The array is MessagePack; its last element is the content, JSON of a kind that a gateway may seal, by reference to its schemas.
Spec: schemas/envelope.md, "Clear text".
"""

from __future__ import annotations

from typing import Any

from gateway.message.registry import KINDS
from gateway.protocol import media

__all__ = ["clear_text"]


def clear_text(schemas: str) -> dict[str, Any]:
    """
    Return the schema of a submission in clear.

    Args:
        schemas: Way from the description to the folder of schemas, "" or with a `/` at its end.
    """
    sealed_here = [row for row in KINDS.values() if row.gateway_may_seal]
    kinds = [{"$ref": schemas + row.path_of(version)} for row in sealed_here for version in row.readable]
    pair = {"type": "array", "prefixItems": [{"type": "string"}, _bytes("blind", 16)], "minItems": 2, "maxItems": 2}
    elements = [
        {"title": "header", "type": "string", "format": "binary"},
        {"title": "recipients", "type": "array", "items": pair, "minItems": 1, "maxItems": 4096},
        _bytes("author_key_id", 16),
        _bytes("author_signature", 64),
        {
            "title": "content",
            "type": "string",
            "maxLength": media.MAX_CONTENT_BYTES,
            "contentMediaType": media.JSON,
            "contentSchema": {"anyOf": kinds},
        },
    ]
    return {
        "description": "MessagePack, see Clear text of schemas/envelope.md. Lengths are bytes.",
        "type": "array",
        "prefixItems": elements,
        "minItems": len(elements),
        "maxItems": len(elements),
    }


def _bytes(title: str, length: int) -> dict[str, Any]:
    return {"title": title, "type": "string", "format": "binary", "minLength": length, "maxLength": length}
