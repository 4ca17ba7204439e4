"""
Asks the process of `tests.support.zygote` to run a command, and tells how the command goes on and ends.

Also a program of its own, `python -IS asking.py SOCKET ARGUMENTS`: what a shell runs in the place of `gateway`. So it imports
little, and nothing of the gateway.
"""

import json
import os
import re
import select
import signal
import socket
import sys

__all__ = ["ORDER_BYTES", "Forked"]

ORDER_BYTES = 1 << 20
_NUMBER_BYTES = 16


class Forked:
    """
    A command that runs; as much of `subprocess.Popen` as tests use.

    Args:
        socket_path: Where the process listens that it is forked from.
        order: `arguments`, `environment`, `cwd`; and `umask`, if it is another than that process has.
        files: What the command has as standard input, output and error.
    """

    def __init__(self, socket_path: str, order: dict[str, object], files: tuple[int, int, int]) -> None:
        self._code: int | None = None
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._line.connect(socket_path)
        socket.send_fds(self._line, [json.dumps(order).encode()], files)
        self.pid = int(self._line.recv(_NUMBER_BYTES))

    def wait(self, limit_s: float | None = None) -> int:
        """Return its exit code, or the signal that ended it as a negative number; TimeoutError if it still runs then."""
        if self._code is None:
            self._line.settimeout(limit_s)
            self._code = int(self._line.recv(_NUMBER_BYTES))
            self._line.close()
        return self._code

    def poll(self) -> int | None:
        """Return its exit code, None while it runs."""
        if self._code is None and not select.select([self._line], [], [], 0)[0]:
            return None
        return self.wait()

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it as a power cut does."""
        self.send_signal(signal.SIGKILL)


def _umask() -> int:
    with open("/proc/self/status", encoding="ascii", errors="replace") as status:  # noqa: PTH123  pathlib takes as long as the rest
        (mask,) = re.findall(r"^Umask:\s*([0-7]+)$", status.read(), re.MULTILINE)
    return int(mask, 8)


if __name__ == "__main__":
    order = {"arguments": sys.argv[2:], "environment": dict(os.environ), "cwd": os.getcwd(), "umask": _umask()}  # noqa: PTH109
    sys.exit(Forked(sys.argv[1], order, (0, 1, 2)).wait())
