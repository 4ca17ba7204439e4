"""
The table of all metrics, as a page for operators: `deploy/metrics.md`, written by `make schemas`.

A label's set stands with the metric, or is resolved here from where it is closed, so that rules and dashboards can be held
against it.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from gateway.directory.roles import TufRole
from gateway.envelope import Use
from gateway.envelope.receipt import Event
from gateway.errors import CODES
from gateway.ledger import State
from gateway.message import KINDS
from gateway.ops.declaring import Declared, Row, Values
from gateway.ops.metrics import Metrics, RelayMetrics
from gateway.protocol.bridge import FileType

__all__ = ["PROCESSES", "SETS", "allowed", "page"]

PROCESSES: Final[tuple[type[Declared], ...]] = (Metrics, RelayMetrics)
SETS: Final[dict[str, frozenset[str] | None]] = {  # None: the operator's own names
    "kinds of the registry": frozenset(KINDS),
    "codes of the error tree": frozenset(CODES),
    "ok, and codes of the error tree": frozenset(CODES) | {"ok"},
    "done, and codes of the error tree": frozenset(CODES) | {"done"},
    "states of a delivery": frozenset(State),
    "events of receipts": frozenset(Event),
    "uses of keys": frozenset(Use),
    "roles of the directory's metadata": frozenset(TufRole),
    "types of a bridge's files": frozenset(map(str, FileType)),
    "HTTP status codes": frozenset(str(int(one)) for one in HTTPStatus),
    "paths of the interface, and none": None,
    "verbs of operators, and unknown": None,
    "witnesses of the configuration": None,
    "peers of the signed directory": None,
    "what is installed": None,
}
_PLAIN: Final = {"HTTP status codes", "ok, and codes of the error tree", "done, and codes of the error tree"}
_HEAD: Final = """\
# Metrics

For operators. Written by `make schemas` from `gateway/ops/metrics.py`; do not edit. A gateway shows its metrics on its
operations listener (`[operations]`, `/metrics`), a relay and a bridge on theirs; all show the process itself (`process_*`,
`gateway_build_info`). A label is never a participant or a message. What the gauges tell of the ledger is looked up every 15 s
and is the same in every process that shares it: aggregate them by `max`, and counters by `sum`. A histogram is scraped as
`_bucket`, `_sum` and `_count`. Rules over them: `prometheus/`; what to do at an alarm: `alerts.md`.
"""


def allowed(values: Values) -> frozenset[str] | None:
    """Return the closed set of a label; None where it is closed by names that an installation gives."""
    return frozenset(values) if isinstance(values, tuple) else SETS[values]


def page() -> bytes:
    """Return the page."""
    lines = [_HEAD]
    for process in PROCESSES:
        lines += [f"## {process.process}", "| metric | type | labels | what it counts |", "|---|---|---|---|"]
        lines += [_line(row) for row in process().rows]
        lines.append("")
    lines += ["## Labels", "| set | values |", "|---|---|"]
    long = ((name, found) for name, found in SETS.items() if found and name not in _PLAIN)
    lines += [f"| {name} | {_words(found)} |" for name, found in long]
    return ("\n".join(lines) + "\n").encode()


def _line(row: Row) -> str:
    labels = "; ".join(f"`{name}`: {_label(values)}" for name, values in row.labels.items())
    return f"| `{row.name}` | {row.type} | {labels} | {row.text} |"


def _label(values: Values) -> str:
    return ", ".join(values) if isinstance(values, tuple) else values


def _words(values: frozenset[str]) -> str:
    return " ".join(f"`{one}`" for one in sorted(map(str, values)))
