"""
`gateway catalogue DIR`: the catalogue of messages as a static site, to be read from the folder or served by any web server.

Made of the files of `schemas/` that this version of the project ships; vectors are left out, they are for programs. Needs no
home, no network and no library of a gateway. A folder with something in it is refused: nothing is overwritten.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["register"]

_LEFT_OUT: Final = "vectors"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("catalogue")(catalogue)


def catalogue(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="New or empty folder to write into.", show_default=False)],
) -> None:
    """Write the catalogue of messages as a static site."""
    from gateway.catalogue import build
    from gateway.cli import output
    from gateway.resources import schemas_path

    _empty(folder)
    site = build(_files(schemas_path()))
    _write(folder, site)
    output.print_pairs([("pages", str(sum(name.endswith(".html") for name in site))), ("open", str(folder / "index.html"))])


def _files(folder: Path) -> dict[str, bytes]:
    """Read what the site is made of."""
    paths = (path for path in sorted(folder.rglob("*")) if path.suffix in {".json", ".md"} and path.is_file())
    names = {path.relative_to(folder).as_posix(): path for path in paths}
    return {name: path.read_bytes() for name, path in names.items() if not name.startswith(f"{_LEFT_OUT}/")}


def _empty(folder: Path) -> None:
    """Refuse a folder in which there is something."""
    from gateway.errors import Rejected

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Rejected(f"not an empty folder: {folder}", code="home-exists", hint="choose another folder, or empty this one")


def _write(folder: Path, site: Mapping[str, bytes]) -> None:
    from gateway.errors import Unavailable

    try:
        for name, data in site.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    except OSError as exc:
        raise Unavailable(f"cannot write {folder}: {exc.strerror}", hint="see permissions and space of the folder") from exc
