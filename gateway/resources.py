"""Find the shared schemas: beside the package in a wheel, beside the repository in a checkout."""

from __future__ import annotations

from pathlib import Path

__all__ = ["schemas_path"]


def schemas_path() -> Path:
    """Return the folder `schemas/`, whichever way the project was installed."""
    here = Path(__file__).resolve().parent
    packed = here / "_schemas"
    return packed if packed.is_dir() else here.parent / "schemas"
