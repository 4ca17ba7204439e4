"""The README is a session that works as pasted: its commands are run here, word by word."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.ports import free_ports
from tests.support.zygote import put_command

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
PORT = "8443"


def blocks(language: str) -> list[str]:
    """Return the fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def session(port: int, operations_port: int) -> str:
    """Return the README's shell session with the one in Python before its end, on ports that are free here."""
    _, text = blocks("sh")
    (python,) = blocks("python")
    text = text.replace("kill %1", f"python - <<'END'\n{python}END\nkill %1")
    ports = f"listen = {{ port = {port} }}\noperations = {{ port = {operations_port} }}\n"
    return text.replace(f":{PORT}", f":{port}").replace('address = "GW-ICN@icn"\n', f'address = "GW-ICN@icn"\n{ports}')


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_the_session_works_as_pasted(tmp_path: Path) -> None:
    """A newcomer makes a network, enrols two parties, sends a request and reads it, then again in Python."""
    port, operations_port = free_ports(2)
    put_command(tmp_path)
    script = session(port, operations_port).replace("$repo/.venv/bin", f"{tmp_path}:{Path(sys.executable).parent}")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "set -m\n" + script],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "NCB-QM@icn" in done.stdout
    assert "cooperation.request" in done.stdout
    assert "GN-QN@icn" in done.stdout.splitlines()[-1], done.stdout[-500:]


def test_the_readme_is_short() -> None:
    """A reader has the whole README in ten minutes."""
    assert README.count("\n") <= 200


def test_the_python_session_is_python() -> None:
    """The session for Python compiles as pasted."""
    (text,) = blocks("python")
    compile(text, "README.md", "exec")


def test_every_dependency_is_justified() -> None:
    """Each dependency that is installed has a line that says why."""
    project = (ROOT / "pyproject.toml").read_text().partition("dev = [")[0]
    declared = re.findall(r'^ {2}"([a-z][a-z0-9-]*)', project, re.MULTILINE)
    table = README[README.index("| dependency | why |") :]
    assert [name for name in declared if name not in table] == []
