"""
Runs `gateway` commands in processes forked from one that has imported everything: a tenth of what a fresh interpreter takes.

Each command is a process of its own, with its own files, folder, environment and exit code; Argon2id takes its full time only
for what was not hashed before. What concerns the interpreter
itself (closed and full outputs, encodings, terminals, signals, start-up files) is for tests with a fresh one.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import io
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple, NoReturn

from gateway.cli.main import build, main
from gateway.client.line.tls import SYSTEM_CA, client_context
from tests.support import asking
from tests.support.asking import ORDER_BYTES, Forked
from tests.support.remembered import remember_hashes

__all__ = ["Forked", "Ran", "put_command", "run_forked", "start_forked"]

ROOT: Final = Path(__file__).resolve().parents[2]
LIMIT_S: Final = 110.0
_BACKLOG: Final = 64


class Ran(NamedTuple):
    """What a command did."""

    code: int
    out: str
    err: str


def run_forked(arguments: list[str], environment: dict[str, str], stdin: bytes = b"", cwd: Path | None = None) -> Ran:
    """Run `gateway ARGUMENTS` to its end; raises TimeoutError after `LIMIT_S`."""
    order: dict[str, object] = {"arguments": arguments, "environment": environment, "cwd": str(cwd or Path.cwd())}
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(stdin)
        given.seek(0)
        code = Forked(_zygote(), order, (given.fileno(), out.fileno(), err.fileno())).wait(LIMIT_S)
        out.seek(0)
        err.seek(0)
        return Ran(code, out.read().decode(), err.read().decode())


def start_forked(arguments: list[str], environment: dict[str, str], err: int) -> Forked:
    """Start `gateway ARGUMENTS` without input and output; what it says goes to the file `err`."""
    order: dict[str, object] = {"arguments": arguments, "environment": environment, "cwd": str(Path.cwd())}
    with Path(os.devnull).open("r+b") as null:
        return Forked(_zygote(), order, (null.fileno(), null.fileno(), err))


def put_command(folder: Path) -> None:
    """
    Put a program `gateway` into a folder, for the path of a shell; what it runs is forked as well.

    But `gateway serve` is the program that is installed: a shell sends it signals.
    """
    program, installed = folder / "gateway", Path(sys.executable).parent / "gateway"
    words = (sys.executable, "-IS", str(Path(asking.__file__)), _zygote())
    program.write_text(f"""\
#!/bin/sh
[ "$1" = serve ] && exec {shlex.quote(str(installed))} "$@"
exec {shlex.join(words)} "$@"
""")
    program.chmod(0o755)


@cache
def _zygote() -> str:
    """Start the process that is forked from, once for this process; return the path of its socket."""
    path = tempfile.mkdtemp(prefix="zygote-") + "/line"
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(path)
        listener.listen(_BACKLOG)
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.zygote", str(listener.fileno()), path],
            pass_fds=[listener.fileno()], stdin=subprocess.DEVNULL, cwd=ROOT, start_new_session=True,
        )  # fmt: skip
    atexit.register(_end, process, path)
    return path


def _end(process: subprocess.Popen[bytes], path: str) -> None:
    process.kill()
    process.wait()
    shutil.rmtree(Path(path).parent)


def _serve(listener: socket.socket, folder: Path) -> NoReturn:
    remember_hashes(folder)
    _warm()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        line, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            _answer(line)
        line.close()


def _warm() -> None:
    """Import what commands need, and load what is loaded late."""
    build()
    for name in ("gateway.client", "gateway.network", "gateway.catalogue", "gateway.interop", "gateway.server"):
        importlib.import_module(name)
    with contextlib.redirect_stdout(io.StringIO()):
        build("validate")(["validate", "--help"], standalone_mode=False)
    client_context(SYSTEM_CA)
    gc.freeze()  # else the first collection of each fork copies all that is shared


def _answer(line: socket.socket) -> NoReturn:
    """Let a process run one command, and tell how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    data, files, _, _ = socket.recv_fds(line, ORDER_BYTES, 3)
    pid = os.fork()
    if pid == 0:
        line.close()
        _become(json.loads(data), files)
    for file in files:
        os.close(file)
    line.sendall(str(pid).encode())
    line.sendall(str(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])).encode())
    os._exit(0)


def _become(order: dict[str, object], files: list[int]) -> NoReturn:
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.chdir(str(order["cwd"]))
    if "umask" in order:
        os.umask(int(str(order["umask"])))
    os.environ.clear()
    os.environ.update(dict(order["environment"]))  # type: ignore[call-overload]  # a JSON object of texts
    sys.argv = ["gateway", *list(order["arguments"])]  # type: ignore[call-overload]
    # They last as long as the process.
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
    code = _run()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    os._exit(code)


def _run() -> int:
    """Run the command as the interpreter would; return its exit code."""
    try:
        main()
    except SystemExit as exc:
        if exc.code is None or isinstance(exc.code, int):
            return exc.code or 0
        print(exc.code, file=sys.stderr)
        return 1
    except BaseException:  # noqa: BLE001  the outermost place of a process
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])), Path(sys.argv[2]).parent)
