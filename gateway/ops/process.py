"""What every process shows of itself: what runs, memory, processor time, open files, disks; read when somebody looks."""

from __future__ import annotations

import os
import platform
from typing import TYPE_CHECKING, Final

from prometheus_client import ProcessCollector

from gateway import __version__
from gateway.ops.declaring import Declared, Row

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Process"]

_BUILT: Final = "what is installed"
_PLACES: Final = ("ledger", "memory", "bridge")
_MEASURED: Final = {  # by the library, from /proc, when somebody looks
    "process_cpu_seconds_total": ("counter", "Processor time of the process."),
    "process_resident_memory_bytes": ("gauge", "Memory of the process, resident."),
    "process_virtual_memory_bytes": ("gauge", "Memory of the process, virtual."),
    "process_open_fds": ("gauge", "Open file descriptors, sockets included."),
    "process_max_fds": ("gauge", "The limit of open file descriptors."),
    "process_start_time_seconds": ("gauge", "When the process began, in Unix seconds."),
}


class Process(Declared):
    """What every process shows of itself."""

    def __init__(self) -> None:
        super().__init__()
        self.rows += [Row(name, kind, {}, text) for name, (kind, text) in _MEASURED.items()]
        ProcessCollector(registry=self.registry)
        built = {"version": __version__, "python": platform.python_version()}
        build = self._gauges("gateway_build_info", "Always 1; the labels say what runs.", version=_BUILT, python=_BUILT)
        build(*built.values()).set(1)
        self._disks()

    def _disks(self) -> None:
        self._disk_free_bytes = self._gauges(
            "gateway_disk_free_bytes", "Free bytes of the disk under a place that this process writes.", place=_PLACES
        )
        self._disk_size_bytes = self._gauges(
            "gateway_disk_size_bytes", "Size of that disk; what a database server writes is its own.", place=_PLACES
        )

    def watch_disk(self, place: str, folder: Path) -> None:
        """
        Show the disk under a folder, as it is when somebody looks.

        Args:
            place: ledger, for a ledger that is a file; memory, where the audit log remembers; bridge, its files.
            folder: On a local disk; one that is gone shows as 0.
        """
        self._disk_free_bytes(place).set_function(lambda: _disk(folder)[0])
        self._disk_size_bytes(place).set_function(lambda: _disk(folder)[1])


def _disk(folder: Path) -> tuple[int, int]:
    """Return free and whole bytes of the disk under a folder."""
    try:
        found = os.statvfs(folder)
    except OSError:
        return 0, 0
    return found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize
