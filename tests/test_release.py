"""What a release installs is pinned by hash, and says the same as the constraints that the tests ran with."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def _locked() -> dict[str, list[str]]:
    """Return each locked requirement with its hashes."""
    text = (ROOT / "deploy/requirements.lock").read_text().replace("\\\n", " ")
    return {line.split()[0].lower(): HASH.findall(line) for line in text.splitlines() if line}


def _constraints() -> set[str]:
    return {line.lower().replace("_", "-") for line in (ROOT / "constraints.txt").read_text().split()}


def _name(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found, requirement
    return found[0].lower()


def test_everything_that_a_gateway_installs_is_pinned_by_hash() -> None:
    """Every line of the lock file names one version and at least one SHA-256, and nothing else."""
    locked = _locked()
    assert len(locked) > 20
    assert all("==" in requirement and hashes for requirement, hashes in locked.items())


def test_the_lock_file_and_the_constraints_name_the_same_versions() -> None:
    """What was tested is what is installed."""
    assert {requirement.replace("_", "-") for requirement in _locked()} <= _constraints()


def test_the_lock_file_has_every_dependency_of_a_gateway() -> None:
    """A dependency that was added and not locked is found here: `make lock` writes it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {_name(text) for text in project["dependencies"] + project["optional-dependencies"]["server"]}
    assert wanted <= {_name(requirement) for requirement in _locked()}


def test_the_lock_file_names_no_host() -> None:
    """Where packages come from is the installing site's decision."""
    assert "://" not in (ROOT / "deploy/requirements.lock").read_text()
