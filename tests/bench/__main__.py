"""
Run every bench, or those named as arguments; print the table and write `build/bench.json`.

A whole run begins a new file. Named benches replace their own figures in it and leave the others as they were measured.
"""

from __future__ import annotations

import importlib
import sys
import time
from pathlib import Path
from typing import Final

from tests.bench.figures import Figure, read, show, write

SECTIONS: Final = (
    *("crypto", "codec", "accept", "cluster", "hostile", "audit", "answers", "whole_way", "waiting", "scale", "relay"),
)
MODULES: Final = {"relay": ("border", "border_memory")}  # of a section that has several
OUT: Final = Path("build/bench.json")


def main(names: list[str]) -> None:
    """Measure section by section; what was measured so far is written even if a later one fails."""
    kept, measured = {figure.name: figure for figure in (read(OUT) if names else [])}, list[Figure]()
    for name in names or SECTIONS:
        started = time.monotonic()
        for module in MODULES.get(name, (name,)):
            for figure in importlib.import_module(f"tests.bench.{module}").figures():
                print(f"{figure.name} = {figure.value:.4g} {figure.unit}", flush=True)
                measured.append(figure)
                kept[figure.name] = figure
                write(list(kept.values()), OUT)
        print(f"{name}: {time.monotonic() - started:.0f} s", flush=True)
    show(measured)


if __name__ == "__main__":
    main(sys.argv[1:])
