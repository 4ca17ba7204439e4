"""The wheel alone is the whole product: schemas and migrations are in it, and the demo runs from any folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def run(*words: str | Path, cwd: Path) -> str:
    """Run a command to its end and return what it printed; fail with its last words."""
    done = subprocess.run([str(word) for word in words], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{words[0]} {words[1:4]}: {done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel once."""
    out = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", out, ROOT, cwd=out)
    return next(out.glob("gateway-*.whl"))


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an empty environment; not even pip is in it."""
    folder = tmp_path_factory.mktemp("environment") / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=ROOT)
    return folder / "bin"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_wheel_installs_into_an_empty_environment_and_runs_the_demo(wheel: Path, empty: Path, tmp_path: Path) -> None:
    """A contact point installs the base, an operator adds [server], and the demo needs no checkout."""
    pip = (
        *(sys.executable, "-m", "pip", "--python", empty / "python"),
        *("install", "-q", "--no-compile", "-c", ROOT / "constraints.txt"),
    )
    run(*pip, wheel, cwd=tmp_path)
    assert "send" in run(empty / "gateway", "--help", cwd=tmp_path)
    run(empty / "python", "-c", "import gateway.client", cwd=tmp_path)
    run(*pip, f"{wheel}[server]", cwd=tmp_path)
    run(empty / "python", "-c", "from gateway.dashboard import static_files; static_files()['index.html']", cwd=tmp_path)
    assert run(empty / "gateway", "demo", cwd=tmp_path).splitlines()[-1].endswith(" 0 lost")
