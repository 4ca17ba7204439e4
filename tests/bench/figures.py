"""
What a bench returns, and how it measures.

A figure is a ratio wherever it can be one: these machines are noisy, and a ratio of two things measured in turn, in the
same run, says more than a number of milliseconds. `against` says what it stands beside, `note` what was done.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec
from rich.console import Console
from rich.table import Table

__all__ = ["Figure", "beside", "best_of", "read", "show", "slope", "write"]

ROUNDS: Final = 7  # rounds of each side, in turn; the best of each is what the machine can do undisturbed


class Figure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One row of `build/bench.json`; `points` are size and cost where the value is a slope, an end of them or their ratio."""

    name: str
    value: float
    unit: str
    against: str
    note: str
    aim: str = ""
    points: tuple[tuple[float, float], ...] = ()


def best_of(work: Callable[[], object], repeat: int) -> float:
    """Return seconds for one call: the mean over `repeat` calls in a row."""
    start = time.perf_counter()
    for _ in range(repeat):
        work()
    return (time.perf_counter() - start) / repeat


def beside(works: Sequence[Callable[[], object]], repeat: int, rounds: int = ROUNDS) -> list[float]:
    """Measure several works in turn, round after round, and return the best seconds for one call of each."""
    best = [float("inf")] * len(works)
    for _ in range(rounds):
        for index, work in enumerate(works):
            best[index] = min(best[index], best_of(work, repeat))
    return best


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Return the slope of log cost against log size, by least squares."""
    logs = [(math.log(size), math.log(cost)) for size, cost in points]
    return statistics.linear_regression(*zip(*logs, strict=True)).slope


def show(figures: Sequence[Figure]) -> None:
    """Print the table."""
    table = Table(title="bench", title_justify="left")
    for heading in ("figure", "value", "unit", "aim", "against", "note"):
        table.add_column(heading, justify="right" if heading == "value" else "left")
    for figure in figures:
        table.add_row(figure.name, f"{figure.value:.4g}", figure.unit, figure.aim, figure.against, figure.note)
    Console(width=200).print(table)


def read(path: Path) -> list[Figure]:
    """Return what was written; nothing where there is no file."""
    return msgspec.json.decode(path.read_bytes(), type=list[Figure]) if path.exists() else []


def write(figures: Sequence[Figure], path: Path) -> None:
    """Write the list for machines, and for the next run to be compared with."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(figures)) + b"\n")
