"""The units of systemd: whole, with no right that they do not need, and no core dump."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.shown_commands import problem_of

ROOT = Path(__file__).resolve().parents[2]
UNITS = ROOT / "deploy" / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))
EXPOSURE = 1.1  # of 10; what is left is the network, which a gateway is for


def installed(folder: Path) -> Path:
    """Put the units where systemd reads them, with a program that is there and instances for templates."""
    shutil.copytree(UNITS, folder, dirs_exist_ok=True)
    for unit in folder.glob("*.service"):
        text = unit.read_text().replace("/opt/gateway/bin/gateway", "/usr/bin/env")
        unit.unlink()
        (folder / unit.name.replace("@.", "@icn.")).write_text(text.replace("%i", "icn"))
    return folder


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The units, installed."""
    return installed(tmp_path_factory.mktemp("systemd"))


def analyzed(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run `systemd-analyze`."""
    program = shutil.which("systemd-analyze")
    assert program is not None, "no systemd-analyze: install the package systemd"
    return subprocess.run([program, "--no-pager", *words], capture_output=True, text=True, timeout=60, check=False)


def test_systemd_understands_every_line(units: Path) -> None:
    """No unit has a setting that systemd does not know, or a value that it ignores."""
    found = analyzed("verify", "--man=no", *sorted(units.glob("*.service")), *sorted(units.glob("*.timer")))
    ours = [line for line in found.stderr.splitlines() if str(units) in line or "gateway" in line]
    assert ours == []
    assert found.returncode == 0, found.stderr


@pytest.mark.parametrize("name", [one.name for one in SERVICES])
def test_a_service_that_is_taken_over_can_do_little(units: Path, name: str) -> None:
    """`systemd-analyze security` finds next to nothing that could still be taken away."""
    unit = units / name.replace("@.", "@icn.")
    found = analyzed("security", "--offline=true", f"--threshold={EXPOSURE * 10:.0f}", unit)
    (level,) = re.findall(r"Overall exposure level for \S+: ([0-9.]+)", found.stdout)
    assert float(level) <= EXPOSURE
    assert found.returncode == 0


def test_every_service_starts_a_command_that_is_there() -> None:
    """What a unit starts is a command of the program, with its options."""
    started = [line for one in SERVICES for line in re.findall(r"/opt/gateway/bin/(gateway [^;'\n]+)", one.read_text())]
    assert len(started) == 6
    assert [problem for line in started if (problem := problem_of(line))] == []


def hardening(unit: Path) -> set[str]:
    """Return what stands after the comment on core dumps, up to the next section."""
    return set(unit.read_text().partition("# No core dump")[2].partition("[Install]")[0].split("\n")) - {""}


def test_every_service_is_hardened_alike() -> None:
    """No service has a right that another one does without, and each tells the journal and leaves no core dump."""
    assert len(SERVICES) == 5
    assert len({frozenset(hardening(one)) for one in SERVICES}) == 1
    assert {"LimitCORE=0", "StandardError=journal", "NoNewPrivileges=yes"} <= hardening(SERVICES[0])


def test_every_service_has_its_own_user_and_a_credential() -> None:
    """Each long-running service is a user of its own, whom sysusers makes, and gets its passphrase as a credential."""
    made = re.findall(r"^u (\S+)", (UNITS / "gateway.sysusers.conf").read_text(), re.MULTILINE)
    users = {one.name: re.findall(r"^User=(\S+)$", one.read_text(), re.MULTILINE) for one in SERVICES}
    assert {user for (user,) in users.values()} == set(made)
    for one in SERVICES:
        if one.name != "gateway-backup.service":
            assert "LoadCredentialEncrypted=passphrase:" in (UNITS / f"{one.name}.d" / "passphrase.conf").read_text()
