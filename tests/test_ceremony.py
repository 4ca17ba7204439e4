"""The script of the key ceremony works as it is read aloud."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", (ROOT / "deploy/key-ceremony.md").read_text(), re.DOTALL | re.MULTILINE)
BEFORE = """
for who in gateway officer-1 officer-2 officer-3 NCB-QM; do head -c 24 /dev/urandom | base64 > "$who.pass"; done
gateway enrol GW-ICN --as-gateway --network icn --home gw --passphrase-file gateway.pass
"""
ENROL = "gateway enrol NCB-QM --invitation authority/invitation.json --home NCB-QM --country QM --passphrase-file NCB-QM.pass\n"


def ran(folder: Path, *steps: str) -> list[str]:
    """Run steps in a shell that stops at the first failure; return the lines that they printed."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "umask 077\n" + "".join(steps)],
        cwd=folder,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=280,  # a passphrase costs a second each time, on an idle machine
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return [*done.stdout.splitlines()[-40:], *done.stderr.splitlines()[-1:]]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_ceremony_works_as_read(tmp_path: Path) -> None:
    """Founding, a participant, a new officer and a stolen machine: each step succeeds, and the revocation shows."""
    founding, entering, leaving, stolen, _ = BLOCKS
    shown = ran(tmp_path, BEFORE, founding, ENROL, entering, leaving, stolen)
    assert any("revoked" in line for line in shown), shown


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_keys_of_a_gateway_are_replaced_as_read(tmp_path: Path) -> None:
    """Its own keys and its role keys; what two officers publish for them verifies."""
    founding, *_, replacing = BLOCKS
    shown = ran(tmp_path, BEFORE, founding, "cp officer-2.pass officer-3.pass\n", replacing)
    assert "the publication verifies" in shown[-1]


def test_every_act_has_somebody_who_signs() -> None:
    """A step of people has a box to tick; a ceremony without them is only a script."""
    text = (ROOT / "deploy/key-ceremony.md").read_text()
    acts = re.split(r"^## \d", text, flags=re.MULTILINE)[1:]
    assert len(acts) == 5
    assert all("- [ ]" in act for act in acts)
