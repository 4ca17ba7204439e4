"""`gateway catalogue`: a contact point's install writes the site, into an empty folder only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.cli.conftest import run_gateway
from tests.cli.test_main import base_install

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_base_install_writes_the_catalogue(tmp_path: Path) -> None:
    """No home, no network and no library of a gateway is needed."""
    code, told = await base_install("catalogue", str(tmp_path / "site"))
    assert code == 0, told
    assert str(tmp_path / "site" / "index.html") in told
    assert "cooperation.request" in (tmp_path / "site" / "index.html").read_text()
    assert not (tmp_path / "site" / "vectors").exists()


async def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    """Nothing of anybody is overwritten."""
    kept = tmp_path / "index.html"
    kept.write_text("mine")
    ran = await run_gateway("catalogue", str(tmp_path))
    assert (ran.code, "home-exists" in ran.err) == (1, True)
    assert kept.read_text() == "mine"
    assert not (tmp_path / "errors.html").exists()


async def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    """And what cannot be written is said with what to look at."""
    file = tmp_path / "file"
    file.write_text("mine")
    assert (await run_gateway("catalogue", str(file))).code == 1
    ran = await run_gateway("catalogue", str(file / "below"))
    assert (ran.code, "cannot write" in ran.err, "Traceback" in ran.err) == (3, True, False)
