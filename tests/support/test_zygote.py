"""Commands that are forked behave like commands that are started."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from gateway.envelope import primitives
from gateway.envelope.keyfile import Cost, derive_key
from tests.support.remembered import remember_hashes
from tests.support.zygote import put_command, run_forked, start_forked

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.envelope.primitives import SecretKey

SALT = bytes(16)


def test_a_shell_gets_output_and_exit_code(tmp_path: Path) -> None:
    """What a script types has the folder, the rights and the pipes of the script."""
    put_command(tmp_path)
    (tmp_path / "pass").write_text("fictional words\n")
    enrol = "gateway enrol GW-ICN --as-gateway --network icn --home gw --passphrase-file pass --json"
    script = f"umask 027; {enrol} | grep -c fingerprint; gateway dance 2> told; echo $?"
    path = f"{tmp_path}:{os.environ['PATH']}"
    done = subprocess.run(["sh", "-c", script], cwd=tmp_path, env={**os.environ, "PATH": path}, capture_output=True, check=True)
    assert done.stdout == b"1\n2\n"
    assert b"dance" in (tmp_path / "told").read_bytes()
    assert (tmp_path / "told").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "gw" / "request.json").stat().st_mode & 0o777 & ~0o640 == 0


def test_a_command_that_runs_can_be_ended(tmp_path: Path) -> None:
    """It is alive until then, and its end is told as the signal that ended it."""
    os.mkfifo(tmp_path / "message.json")  # nobody writes to it
    with (tmp_path / "err").open("wb") as err:
        running = start_forked(["validate", str(tmp_path / "message.json")], {}, err.fileno())
    assert running.poll() is None
    with pytest.raises(TimeoutError):
        running.wait(0.1)
    running.kill()
    assert (running.wait(10), running.poll()) == (-signal.SIGKILL, -signal.SIGKILL)
    assert run_forked(["dance"], {}).code == 2


def test_a_hash_is_computed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked again with the same of everything it is remembered; it is the real one each time."""
    computed = []
    real, cost = primitives.argon2id, Cost(1, 8192)

    def counted(*asked: object) -> SecretKey:
        computed.append(asked)
        return real(*asked)  # type: ignore[arg-type]  # handed on as it came

    wanted = [derive_key(word, salt, cost).unsafe_bytes for word in (b"a", b"b") for salt in (SALT, SALT[:-1] + b"1")]
    monkeypatch.setattr(primitives, "argon2id", counted)
    remember_hashes(tmp_path)
    for _ in range(2):
        found = [derive_key(word, salt, cost).unsafe_bytes for word in (b"a", b"b") for salt in (SALT, SALT[:-1] + b"1")]
        assert found == wanted
    assert len(computed) == 4
