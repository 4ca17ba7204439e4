"""`gateway demo` as a newcomer runs it: a process of its own, judged by its last line and its exit code."""

from __future__ import annotations

import re
import signal
import subprocess
from typing import TYPE_CHECKING
from urllib.request import Request, urlopen

import pytest

from gateway.resources import schemas_path
from tests.scenario.process import GATEWAY, Ran, environment, run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.postgres import Cluster
    from tests.support.rabbitmq import RabbitNode

LAST = re.compile(r"demo: ([0-9]+) accepted, ([0-9]+) opened, 0 lost")


def counted(out: str) -> tuple[int, int]:
    """Return what the last line counts; fails where it is another line."""
    found = LAST.fullmatch(out.rstrip("\n").rpartition("\n")[2])
    assert found is not None, out[-2000:]
    return int(found[1]), int(found[2])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the embedded default runs."""
    return tmp_path_factory.mktemp("any")


@pytest.fixture(scope="module")
def embedded(folder: Path) -> Ran:
    """Return what the embedded default did; it runs once."""
    return run("demo", cwd=folder)


def test_the_demonstration_runs_from_any_folder_and_loses_nothing(embedded: Ran, folder: Path) -> None:
    """On the embedded default: every example of the catalogue, opened by every recipient, and nothing left behind."""
    done = embedded
    messages, deliveries = counted(done.out)
    assert (done.code, done.err) == (0, "")
    assert deliveries > messages == len(list(schemas_path().glob("examples/*/*.json")))
    assert list(folder.iterdir()) == []
    assert [line for line in done.out.splitlines() if len(line) > 100 or line.endswith(": ")] == []


def test_the_demonstration_stays_with_a_dashboard_until_it_is_stopped(tmp_path: Path) -> None:
    """It shows what was refused and what was offline, then a link that signs in; Ctrl-C ends it with its count."""
    words = [*GATEWAY, "demo", "--stay", "--keep", str(tmp_path / "kept")]
    with subprocess.Popen(words, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines: list[str] = []
        while not (lines and lines[-1].startswith("http")):
            lines.append(process.stdout.readline())
            assert lines[-1], "".join(lines)[-2000:]
        url, _, token = lines[-1].strip().partition("/login#")
        request = Request(f"{url}/session", token.encode(), {"Content-Type": "text/plain"})
        with urlopen(request, timeout=10) as answer:
            assert answer.status == 204
        process.send_signal(signal.SIGINT)
        out = "".join([*lines, process.stdout.read()])
    assert process.returncode == 0
    counted(out)
    for told in ("forged", "repeat", "offline", "sealed by the gateway"):
        assert told in out.lower()
    assert (tmp_path / "kept" / "gateway" / "gateway.db").is_file()
    assert f"gateway serve {tmp_path}/kept/gateway/gateway.toml" in out


def test_the_demonstration_fills_no_folder_of_others(tmp_path: Path) -> None:
    """A folder that has something in it, and what is no folder, are refused in one line and stay as they are."""
    (tmp_path / "mine").write_text("mine")
    for place in (tmp_path, tmp_path / "mine"):
        done = run("demo", "--keep", place, cwd=tmp_path)
        assert (done.code, "Traceback" in done.err, "empty folder" in done.err) == (1, False, True)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.broker
@pytest.mark.postgres
def test_the_demonstration_runs_on_rabbitmq_and_postgresql(
    embedded: Ran, rabbit_node: RabbitNode, postgres_cluster: Cluster, tmp_path: Path
) -> None:
    """The same story and the same count with `--broker` and `--ledger`, on an empty database."""
    name = postgres_cluster.create()
    try:
        done = run("demo", "--broker", rabbit_node.url, "--ledger", postgres_cluster.url(name), cwd=tmp_path)
    finally:
        postgres_cluster.drop(name)
    assert done.code == 0, done.out[-2000:] + done.err[-2000:]
    assert counted(done.out) == counted(embedded.out)


def test_a_demonstration_that_cannot_run_says_so(tmp_path: Path) -> None:
    """Without the database that it was told to use it ends with 1, one line of reason and no traceback."""
    done = run("demo", "--ledger", "postgresql://nobody@127.0.0.1:1/nothing", cwd=tmp_path)
    assert done.code == 1
    assert "Traceback" not in done.out + done.err
    assert "demo: failed" in done.out
