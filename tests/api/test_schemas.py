"""The schemas that everybody may read."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec
import pytest
from aiohttp.test_utils import make_mocked_request

from gateway.api.routes import Call
from gateway.api.schemas import SchemaRoutes
from gateway.errors import Rejected
from gateway.protocol import media
from gateway.resources import schemas_path

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.http_stage import Stage


async def test_the_index_names_every_file_with_its_hash(stage: Stage) -> None:
    """Who implements the interface finds every file in one list, and can check what it fetched."""
    index = msgspec.json.decode((await stage.ask("GET", media.SCHEMAS)).body)
    assert "api.md" in [one["path"] for one in index["files"]]
    for one in index["files"][:20]:
        got = await stage.ask("GET", media.SCHEMAS + one["path"])
        assert (got.status, len(got.body), sha256(got.body).hexdigest()) == (200, one["bytes"], one["sha256"])
        assert got.body == (schemas_path() / one["path"]).read_bytes()


async def test_a_file_that_is_known_is_not_sent_again(stage: Stage) -> None:
    """A client that names the hash it has is told that nothing changed."""
    first = await stage.ask("GET", f"{media.SCHEMAS}api.md")
    again = await stage.ask("GET", f"{media.SCHEMAS}api.md", If_None_Match=first.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    other = await stage.ask("GET", f"{media.SCHEMAS}api.md", If_None_Match='"other"')
    assert (other.status, other.body) == (200, first.body)


async def test_head_gives_the_fields_alone(stage: Stage) -> None:
    """HEAD answers like GET, without the body."""
    got = await stage.ask("HEAD", f"{media.SCHEMAS}api.md")
    assert (got.status, got.body) == (200, b"")
    assert got.headers["etag"]


@pytest.mark.parametrize(
    "path", ["../pyproject.toml", "..%2fpyproject.toml", "./api.md", "api.md/", "/api.md", "missing.json", "%00"]
)
async def test_no_path_leaves_the_folder(stage: Stage, path: str) -> None:
    """Files are found by exact name among those of the folder, and by nothing else."""
    raw = await stage.raw(f"GET {media.SCHEMAS}{path} HTTP/1.1\r\nHost: gw\r\nConnection: close\r\n\r\n".encode())
    assert raw.startswith(b"HTTP/1.1 404 ")


async def test_hidden_files_and_links_are_not_served(tmp_path: Path) -> None:
    """What is hidden or points elsewhere is no schema."""
    (tmp_path / "shown.json").write_bytes(b"{}")
    (tmp_path / ".hidden").write_bytes(b"secret")
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "x.pyc").write_bytes(b"x")
    (tmp_path / "link.json").symlink_to("/etc/hostname")
    assert SchemaRoutes(tmp_path)._names == {"shown.json"}


async def test_a_file_that_went_away_is_not_found(tmp_path: Path) -> None:
    """Another release that is installed in the place of a running gateway's breaks no request."""
    (tmp_path / "old.json").write_bytes(b"{}")
    routes = SchemaRoutes(tmp_path)
    call = Call(make_mocked_request("GET", f"{media.SCHEMAS}old.json"), "old.json")
    assert (await routes.file(call)).status == 200
    (tmp_path / "old.json").unlink()
    with pytest.raises(Rejected) as refused:
        await routes.file(call)
    assert refused.value.code == "not-found"
