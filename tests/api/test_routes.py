"""The route table: exact paths, one row for a resource and method."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from gateway.api.answers import reply
from gateway.api.routes import Answered, Call, Route, Router
from gateway.errors import Rejected

if TYPE_CHECKING:
    from aiohttp import web


async def nothing(call: Call) -> web.StreamResponse:
    """Answer nothing."""
    return reply(b"", "text/plain")


ROW = Route(method="GET", path="/a", handler=nothing, summary="", answers={200: Answered("")})
TABLE = [
    ROW,
    replace(ROW, path="/a", method="POST"),
    replace(ROW, path="/a/{id}"),
    replace(ROW, path="/a/deep/{rest*}", signed=True),
]


@pytest.mark.parametrize(
    ("method", "path", "row", "parameter"),
    [
        ("GET", "/a", 0, ""),
        ("HEAD", "/a", 0, ""),
        ("POST", "/a", 1, ""),
        ("GET", "/a/b", 2, "b"),
        ("GET", "/a/deep/b/c", 3, "b/c"),
    ],
)
def test_a_request_finds_its_row(method: str, path: str, row: int, parameter: str) -> None:
    """The most special row that fits answers, with what its parameter matched."""
    assert Router(TABLE).find(method, path) == (TABLE[row], parameter)


@pytest.mark.parametrize("path", ["", "/", "/b", "/a/", "/a/b/c", "/a/deep/", "/A", "/a/b%2fc", "/a/deep//x", "/a/deep/./x"])
def test_another_path_finds_nothing(path: str) -> None:
    """No path is normalised, completed or guessed."""
    with pytest.raises(Rejected) as caught:
        Router(TABLE).find("GET", path)
    assert caught.value.code == "not-found"


def test_a_signed_row_has_no_head() -> None:
    """HEAD is answered where GET is for everybody; a signed GET is signed as GET."""
    with pytest.raises(Rejected, match="method-not-allowed"):
        Router(TABLE).find("HEAD", "/a/deep/x")


def test_a_row_cannot_stand_twice() -> None:
    """Two rows for one method and path would make the description lie."""
    with pytest.raises(ValueError, match="twice"):
        Router([ROW, replace(ROW, summary="again")])


def test_a_signed_handler_cannot_be_called_without_an_asker() -> None:
    """Who asks is known on every signed route; a route that forgot to be signed is a bug that shows."""
    with pytest.raises(AssertionError):
        Call(request=None).who()  # type: ignore[arg-type]
