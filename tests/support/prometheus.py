"""
A private Prometheus in a temporary folder, never the system's one, with the configuration and rules that are shipped.

What is changed of them is what an operator changes: the targets, and how often it looks, so that a test need not wait. Where
`haste` is given, the rules also wait that many times shorter: see `tests.support.haste`.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.error import URLError
from urllib.parse import quote

from tests.support.haste import hastened
from tests.support.ports import free_ports

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Prometheus", "scraped"]

SHIPPED: Final = Path(__file__).resolve().parents[2] / "deploy/prometheus"
START_S: Final = 20.0
STOP_S: Final = 10.0
_FIRING: Final = 'ALERTS{alertstate="firing"}'


class Prometheus:
    """
    A server that scrapes while the context is open.

    Args:
        folder: Where its configuration and data go.
        gateways: Ports of operations listeners on loopback.
        relays: The same, of relays.
        every_s: Seconds between two looks, and the most that an answer may take.
        haste: By how much every `for:`, range and offset of the rules is divided.
    """

    def __init__(
        self, folder: Path, gateways: Sequence[int], relays: Sequence[int] = (), *, every_s: float = 1.0, haste: int = 1
    ) -> None:
        self._folder = folder / "prometheus"
        (self.port,) = free_ports(1)
        self._process: subprocess.Popen[bytes] | None = None
        shutil.copytree(SHIPPED, self._folder)
        config = self._folder / "prometheus.yml"
        config.write_text(re.sub(r"_interval: \d+s", f"_interval: {every_s * 1e3:.0f}ms", config.read_text()))
        for rules in (self._folder / "recording.yml", self._folder / "alerts.yml"):
            rules.write_text(hastened(rules.read_text(), haste))
        for name, ports in (("gateways", gateways), ("relays", relays)):
            targets = [{"targets": [f"127.0.0.1:{port}" for port in ports]}]
            (self._folder / f"targets/{name}.yml").write_text(json.dumps(targets))

    def __enter__(self) -> Self:
        words = [
            "prometheus",
            "--config.file=prometheus.yml",
            "--storage.tsdb.path=data",
            f"--web.listen-address=127.0.0.1:{self.port}",
            "--log.level=warn",
        ]
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(words, cwd=self._folder, stdout=log, stderr=log)
        deadline = time.monotonic() + START_S
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.__exit__()
                raise AssertionError(f"prometheus did not start:\n{(self._folder / 'log').read_text()[-3000:]}")
            time.sleep(0.05)
        return self

    def __exit__(self, *failure: object) -> None:
        assert self._process is not None
        self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def value(self, expression: str) -> float | None:
        """Return the first value of an expression now; None where it has none."""
        found = self._asked(f"query?query={quote(expression)}")["result"]
        return float(found[0]["value"][1]) if found else None

    def names(self) -> set[str]:
        """Return the names of what was scraped and recorded."""
        return set(self._asked("label/__name__/values"))

    def rules(self) -> list[dict[str, Any]]:
        """Return the rules with their health and state."""
        return [rule for group in self._asked("rules")["groups"] for rule in group["rules"]]

    def state(self, alert: str) -> str:
        """Return inactive, pending or firing."""
        (state,) = (rule["state"] for rule in self.rules() if rule["name"] == alert)
        return str(state)

    def firing(self) -> set[str]:
        """Return the names of the alarms that are raised now, by the series that Prometheus keeps of them."""
        return _named(self._asked(f"query?query={quote(_FIRING)}"))

    def fired(self, since: float, until: float) -> set[str]:
        """Return the names of the alarms that were raised at any time between two, in Unix seconds."""
        window = f"max_over_time({_FIRING}[{max(1, round((until - since) * 1e3))}ms])"  # every sample, not one a step
        return _named(self._asked(f"query?query={quote(window)}&time={until:.3f}"))

    def _asked(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/{path}", timeout=STOP_S) as response:
            return json.load(response)["data"]

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=1.0) as response:
                return bool(response.status == 200)
        except (URLError, OSError):
            return False


def _named(found: Any) -> set[str]:
    return {series["metric"]["alertname"] for series in found["result"]}


def scraped(port: int, name: str) -> float:
    """Return the sum of a metric over its labels, as an operations listener on loopback shows it now."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=STOP_S) as response:
        lines = response.read().decode().splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if re.match(rf"{name}[ {{]", line))
