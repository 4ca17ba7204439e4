"""What an application acknowledged is read from the home again, whichever version kept it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway.client.home.home import Home
from gateway.client.records.arrivals import Arrived
from gateway.client.records.sealed import ReadContent, content_of, sealed_content
from gateway.envelope.keys import Signature
from gateway.errors import Corrupt
from gateway.ids import KeyId
from tests.client.conftest import PASSPHRASE, make_test_home

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.network import World

NAME = bytes(32)
KEPT = ReadContent(b"header", b"{}", Signature(KeyId(bytes(16)), bytes(64)))


@pytest.fixture
async def home(tmp_path: Path, world: World) -> Home:
    """A home that is open."""
    make_test_home(tmp_path, world, "NCB-QM", ["http://127.0.0.1:9"])
    return Home.unlock(tmp_path, PASSPHRASE)


def row(content: bytes | None) -> Arrived:
    """Return an arrival with this in its row."""
    return Arrived(NAME, b"", content, None, None)


@pytest.mark.parametrize("kept", [KEPT, KEPT._replace(author=None)])
async def test_a_content_is_read_with_or_without_its_authors_signature(home: Home, kept: ReadContent) -> None:
    """Homes of an older version kept no signature; what they kept is read all the same."""
    assert content_of(home, row(sealed_content(home, NAME, kept))) == kept
    assert content_of(home, row(None)) is None
    await home.close()


@pytest.mark.parametrize("parts", [[], [b"header"], [b"header", b"{}", b"key"], 7])
async def test_a_content_of_another_form_is_damage(home: Home, parts: object) -> None:
    """What no version ever wrote is not taken for a content."""
    sealed = home.seal(msgspec.msgpack.encode(parts), b"arrived/content" + NAME)
    with pytest.raises(Corrupt):
        content_of(home, row(sealed))
    await home.close()
