"""
Asks the process of `tests.support.zygote` to run a command, and tells how the command ended.

Also a program of its own, `python -IS asking.py SOCKET ARGUMENTS`: what a shell runs in the place of `gateway`. So it imports
little, and nothing of the gateway.
"""

import json
import os
import re
import socket
import sys

__all__ = ["ORDER_BYTES", "ask"]

ORDER_BYTES = 1 << 20


def ask(socket_path: str, order: dict[str, object], files: tuple[int, int, int], limit_s: float | None = None) -> int:
    """
    Run a command to its end and return its exit code.

    Args:
        socket_path: Where the process listens.
        order: `arguments`, `environment`, `cwd`; and `umask`, if it is another than the process has.
        files: What the command has as standard input, output and error.
        limit_s: Seconds after which TimeoutError is raised; None waits.
    """
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(limit_s)
        line.connect(socket_path)
        socket.send_fds(line, [json.dumps(order).encode()], files)
        return int(line.recv(16).decode())


def _umask() -> int:
    with open("/proc/self/status", encoding="ascii", errors="replace") as status:  # noqa: PTH123  pathlib takes as long as the rest
        (mask,) = re.findall(r"^Umask:\s*([0-7]+)$", status.read(), re.MULTILINE)
    return int(mask, 8)


if __name__ == "__main__":
    order = {"arguments": sys.argv[2:], "environment": dict(os.environ), "cwd": os.getcwd(), "umask": _umask()}  # noqa: PTH109
    sys.exit(ask(sys.argv[1], order, (0, 1, 2)))
