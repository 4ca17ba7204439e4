"""The independent validator: python-jsonschema over the checked-in files, formats asserted."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from referencing import Registry, Resource

from gateway.message import spec
from gateway.message.pointers import make_pointer
from gateway.resources import schemas_path

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from jsonschema.exceptions import ValidationError  # type: ignore[import-untyped]

__all__ = ["example_files", "pointers", "released_schema", "schema_files", "schema_of", "validator", "validator_of"]


def schema_files() -> list[Path]:
    """Return every checked-in schema and code list."""
    return sorted([*schemas_path().glob("codes/*.json"), *schemas_path().rglob("*.schema.json")])


def example_files() -> list[Path]:
    """Return every checked-in example."""
    return sorted(schemas_path().glob("examples/*/*.json"))


def schema_of(kind: str) -> dict[str, Any]:
    """Return the checked-in schema of a kind in its newest version."""
    return released_schema(kind, spec(kind).version)


@cache
def released_schema(kind: str, version: str) -> dict[str, Any]:
    """Return the checked-in schema of a version of a kind."""
    schema: dict[str, Any] = json.loads((schemas_path() / spec(kind).path_of(version)).read_bytes())
    return schema


def validator(kind: str) -> Draft202012Validator:
    """Return a validator for the content of a kind, which fetches nothing."""
    return validator_of(kind, spec(kind).version)


@cache
def validator_of(kind: str, version: str) -> Draft202012Validator:
    """Return a validator for a version of a kind."""
    schema, formats = released_schema(kind, version), Draft202012Validator.FORMAT_CHECKER
    return Draft202012Validator(schema, registry=_registry(), format_checker=formats)


@cache
def _registry() -> Registry[Any]:
    schemas = [json.loads(path.read_bytes()) for path in schema_files()]
    return Registry().with_resources((one["$id"], Resource.from_contents(one)) for one in schemas)


def pointers(errors: Iterable[ValidationError]) -> set[str]:
    """Return where a validator found errors; a missing member has the pointer it would have."""
    found: set[str] = set()
    for error in errors:
        path = list(error.absolute_path)
        if error.validator == "required":
            missing = [name for name in error.validator_value if name not in error.instance]
            found |= {make_pointer([*path, name]) for name in missing}
        else:
            found.add(make_pointer(path))
        found |= pointers(error.context or ())
    return found
