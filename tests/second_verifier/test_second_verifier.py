"""
The second verifier of evidence, `deploy/verify_evidence.py`, agrees with every vector and shares no code with the first.

It is held against the files alone, and against damage.
"""

from __future__ import annotations

import ast
import base64
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from deploy import verify_evidence as second
from tests.vectors.generate_evidence import outcome as first_outcome

ROOT = Path(__file__).resolve().parents[2]
VECTORS = [json.loads(path.read_text()) for path in sorted((ROOT / "schemas/vectors/evidence").glob("*.json"))]
KINDS = {one["kind"]: one for one in json.loads((ROOT / "schemas/kinds.json").read_text())["kinds"]}
ALLOWED = {"cryptography", "__future__", *sys.stdlib_module_names}


def bundle_of(vector: dict[str, Any]) -> bytes:
    """Return bytes that stand as base64, or as a list of base64 and numbers of zero bytes."""
    parts = [vector["bundle"]] if isinstance(vector["bundle"], str) else vector["bundle"]
    return b"".join(bytes(part) if isinstance(part, int) else base64.b64decode(part, validate=True) for part in parts)


def outcome(bundle: bytes, vector: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return what came of a bundle."""
    roots = folder / "roots.pem"
    roots.write_text(vector["timestamp_roots"])
    try:
        logs, witnesses = ([second.vkey(text) for text in vector[name]] for name in ("logs", "witnesses"))
        return second.Bundle(bundle).verify(logs, witnesses, roots if vector["timestamp_roots"] else None, KINDS)
    except second.RefusedError as refused:
        return dict(zip(("code", "reason"), refused.args, strict=True))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_a_second_verifier_says_the_same(vector: dict[str, Any], tmp_path: Path) -> None:
    """Each bundle proves the same to another implementation, or is refused for the same reason."""
    found = outcome(bundle_of(vector), vector, tmp_path)
    assert found == {name: vector["expected"].get(name) for name in found}


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the file as an auditor does, where there is nothing of the gateway."""
    command = [sys.executable, "-I", ROOT / "deploy/verify_evidence.py", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def named(name: str) -> dict[str, Any]:
    """Return a vector by its name."""
    return next(vector for vector in VECTORS if vector["name"] == name)


def test_an_auditor_runs_it_from_the_file_alone(tmp_path: Path) -> None:
    """What is proved is printed; without a key of the log, or with another one, it fails."""
    vector = named("valid-content")
    bundle = tmp_path / "bundle.evidence"
    bundle.write_bytes(bundle_of(vector))
    proved = run(bundle, "--log", vector["logs"][0])
    assert (proved.returncode, json.loads(proved.stdout)["content"]) == (0, vector["expected"]["content"])
    alone = run(bundle)
    assert (alone.returncode, json.loads(alone.stdout)["verdict"]) == (1, "consistent, not anchored")
    other = named("valid-witness-and-time-stamp")["witnesses"][0]
    refused = run(bundle, "--log", other)
    assert (refused.returncode, refused.stderr) == (1, "refused: evidence-bad (log-signature)\n")


@pytest.mark.parametrize("name", ["valid-witness-and-time-stamp", "valid-relayed-both", "valid-relayed-content"])
def test_both_verifiers_refuse_the_same_damage(name: str, tmp_path: Path) -> None:
    """Whatever single bit is flipped, one says what the other says; neither falls over."""
    vector = named(name) | {"timestamp_roots": ""}
    bundle = bundle_of(vector)
    for bit in random.Random(7).sample(range(len(bundle) * 8), 400):
        damaged = bytearray(bundle)
        damaged[bit // 8] ^= 1 << bit % 8
        found, first = outcome(bytes(damaged), vector, tmp_path), first_outcome(bytes(damaged), vector)
        assert (found.get("verdict"), found.get("code")) == (first.get("verdict"), first.get("code")), bit


def test_it_shares_no_code_with_the_gateway() -> None:
    """The second verifier is independent: it imports nothing of the gateway, and none of its cryptography or codecs."""
    tree = ast.parse((ROOT / "deploy/verify_evidence.py").read_text())
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} <= ALLOWED
