"""The independent validators: python-jsonschema, formats asserted, and jsonschema-rs where there is much to hold against it."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import jsonschema_rs
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from referencing import Registry, Resource

from gateway.message import spec
from gateway.message.pointers import make_pointer
from gateway.resources import schemas_path

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from jsonschema.exceptions import ValidationError  # type: ignore[import-untyped]

__all__ = [
    "example_files",
    "pointers",
    "quick_pointers",
    "quick_validator",
    "released_schema",
    "schema_files",
    "schema_of",
    "validator",
    "validator_of",
]


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
def quick_validator(kind: str) -> jsonschema_rs.Draft202012Validator:
    """Return the other validator for the newest version of a kind; it is a hundred times faster."""
    resources = [(schema["$id"], schema) for schema in (json.loads(path.read_bytes()) for path in schema_files())]
    registry = jsonschema_rs.Registry(resources)
    return jsonschema_rs.Draft202012Validator(schema_of(kind), registry=registry, validate_formats=True)


def quick_pointers(errors: Iterable[jsonschema_rs.ValidationError]) -> set[str]:
    """Return where the other validator found errors, as `pointers` does."""
    found: set[str] = set()
    for error in errors:
        path = list(error.instance_path)
        if isinstance(error.kind, jsonschema_rs.ValidationErrorKind.Required):
            path.append(error.kind.property)
        found.add(make_pointer(path))
        if isinstance(error.kind, jsonschema_rs.ValidationErrorKind.AnyOf):
            found |= quick_pointers(inner for option in error.kind.context for inner in option)
    return found


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
