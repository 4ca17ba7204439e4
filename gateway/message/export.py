"""
Write what other implementations read: schemas and pages of the kinds, code lists, the table of errors, the index of kinds.

`python -m gateway.message.export` writes the files under `schemas/`; a test proves that what is checked in is what the
code says. `released.json` has the hash of every schema and list, and of the corpus of each version: the examples as they were
when it came. What stands there is never changed again, and whoever tries is refused here: a change is a new version with a
new file. Spec: schemas/messages.md, "Code lists and versions".
"""

from __future__ import annotations

import json
from dataclasses import asdict
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from gateway.errors import CODES
from gateway.message.codes import CODE_LISTS
from gateway.message.json_schema import BASE, DIALECT, kind_schema
from gateway.message.kind_spec import ROLES
from gateway.message.pages import INDEX, index_page, kind_page, page_path
from gateway.message.registry import KINDS
from gateway.resources import schemas_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.message.codelist import CodeList
    from gateway.message.kind_spec import KindSpec

__all__ = ["CORPUS", "RELEASED", "ReleasedChangedError", "documents", "released", "write"]

RELEASED: Final = "released.json"
CORPUS: Final = "vectors/content/"


class ReleasedChangedError(Exception):
    """A released schema or list would be changed: make a new version of it."""


def documents() -> dict[str, bytes]:
    """Return every generated file in its newest version: path under `schemas/` to bytes."""
    files = {row.schema_path: _json(kind_schema(row)) for row in KINDS.values()}
    files |= {f"codes/{one.file_name}": _json(_code_list(one)) for one in CODE_LISTS}
    files |= _corpora()
    files[RELEASED] = _json(dict(sorted((released() | _hashes(files)).items())))
    files["errors.json"] = _json([_error(code) for code in CODES])
    files["kinds.json"] = _json(
        {
            "roles": {str(role): words for role, words in ROLES.items()},
            "kinds": [_kind(row, files[row.schema_path]) for row in KINDS.values()],
        }
    )
    for row in KINDS.values():
        files |= {page_path(row, version): kind_page(row, version, _examples(row)).encode() for version in row.readable}
    files[INDEX] = index_page().encode()
    return files


def write() -> None:
    """
    Write the generated files.

    Raises:
        ReleasedChangedError: One that was released would be another; nothing was written.
    """
    files, before = documents(), released()
    changed = [name for name, digest in _hashes(files).items() if before.get(name, digest) != digest]
    if changed:
        raise ReleasedChangedError(", ".join(changed))
    for name, data in files.items():
        path = schemas_path() / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def released() -> dict[str, str]:
    """Return SHA-256 of every released schema and list, in hex, by path under `schemas/`."""
    path = schemas_path() / RELEASED
    found: dict[str, str] = json.loads(path.read_bytes()) if path.is_file() else {}
    return found


def _hashes(files: Mapping[str, bytes]) -> dict[str, str]:
    """Return the hashes of what is released among these files."""
    parts = (".schema.json", "codes/", CORPUS)
    return {name: sha256(data).hexdigest() for name, data in files.items() if any(part in name for part in parts)}


def _corpora() -> dict[str, bytes]:
    """Return the corpus of each kind's newest version: what is checked in, or the examples where it is new."""
    files: dict[str, bytes] = {}
    for row in KINDS.values():
        folder = f"{CORPUS}{row.kind}/{row.version}"
        frozen = schemas_path() / folder
        source = frozen if frozen.is_dir() else schemas_path() / "examples" / row.kind
        files |= {f"{folder}/{path.name}": path.read_bytes() for path in sorted(source.glob("*.json"))}
    return files


def _examples(row: KindSpec) -> list[str]:
    """Return the names of the example files of a kind."""
    return sorted(path.name for path in schemas_path().glob(f"examples/{row.kind}/*.json"))


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def _code_list(one: CodeList) -> dict[str, Any]:
    """Return a code list that is a JSON Schema too, so that schemas can refer to it."""
    return {
        "$schema": DIALECT,
        "$id": f"{BASE}codes/{one.file_name}",
        "title": one.title,
        "description": one.source,
        "type": "string",
        "enum": list(one.codes),
        "id": one.id,
        "version": one.version,
        "closed": one.closed,
        "rows": [asdict(row) for row in one.rows],
    }


def _error(code: str) -> dict[str, Any]:
    row = CODES[code]
    return {"code": code, "branch": row.branch.value, "status": row.status, "title": row.title, "hint": row.hint}


def _kind(row: KindSpec, schema: bytes) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "family": row.family,
        "version": row.version,
        "readable": list(row.readable),
        "added": {version: list(places) for version, places in row.added.items()},
        "gateway_may_seal": row.gateway_may_seal,
        "needs_approval": row.needs_approval,
        "may_send": sorted(row.may_send),
        "must_reach": sorted(row.must_reach),
        "replies": sorted(row.replies),
        "reply_member": row.reply_member,
        "respond_within_s": dict(row.respond_within_s),
        "retention_days": row.retention_days,
        "recalled_by_desk": row.recalled_by_desk,
        "opened_is_told": row.opened_is_told,
        "on_hold": row.on_hold,
        "same_by": list(row.same_by),
        "rules": list(row.rules),
        "schema": row.schema_path,
        "sha256": sha256(schema).hexdigest(),
    }


if __name__ == "__main__":
    write()
