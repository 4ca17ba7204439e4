"""The script of the key ceremony works as it is read aloud."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.zygote import put_command

ROOT = Path(__file__).parents[1]
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", (ROOT / "deploy/key-ceremony.md").read_text(), re.DOTALL | re.MULTILINE)
FOUNDING, ENTERING, LEAVING, STOLEN, REPLACING = BLOCKS
BEFORE = """
for who in gateway officer-1 officer-2 officer-3 NCB-QM; do head -c 24 /dev/urandom | base64 > "$who.pass"; done
gateway enrol GW-ICN --as-gateway --network icn --home gw --passphrase-file gateway.pass
"""
ENROL = "gateway enrol NCB-QM --invitation authority/invitation.json --home NCB-QM --country QM --passphrase-file NCB-QM.pass\n"


def ran(folder: Path, *steps: str) -> list[str]:
    """Run steps in a shell that stops at the first failure; return the lines that they printed."""
    put_command(folder)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "umask 077\n" + "".join(steps)],
        cwd=folder,
        env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=280,  # a passphrase costs a second each time, on an idle machine
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return [*done.stdout.splitlines()[-40:], *done.stderr.splitlines()[-1:]]


def copied(founded: Path, folder: Path) -> Path:
    """Return a copy of a folder, which a test may change."""
    return Path(shutil.copytree(founded, folder, dirs_exist_ok=True))


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a network, as the first page of the ceremony makes it."""
    folder = tmp_path_factory.mktemp("ceremony")
    ran(folder, BEFORE, FOUNDING)
    return folder


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_ceremony_works_as_read(founded: Path, tmp_path: Path) -> None:
    """Founding, a participant, a new officer and a stolen machine: each step succeeds, and the revocation shows."""
    shown = ran(copied(founded, tmp_path), ENROL, ENTERING, LEAVING, STOLEN)
    assert any("revoked" in line for line in shown), shown


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_keys_of_a_gateway_are_replaced_as_read(founded: Path, tmp_path: Path) -> None:
    """Its own keys and its role keys; what two officers publish for them verifies."""
    shown = ran(copied(founded, tmp_path), "cp officer-2.pass officer-3.pass\n", REPLACING)
    assert "the publication verifies" in shown[-1]


def test_every_act_has_somebody_who_signs() -> None:
    """A step of people has a box to tick; a ceremony without them is only a script."""
    text = (ROOT / "deploy/key-ceremony.md").read_text()
    acts = re.split(r"^## \d", text, flags=re.MULTILINE)[1:]
    assert len(acts) == 5
    assert all("- [ ]" in act for act in acts)
