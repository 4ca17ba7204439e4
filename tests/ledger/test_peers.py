"""The files of peers' directories: each network's change as a whole, from what its publisher has seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.errors import Rejected
from gateway.ids import Network

if TYPE_CHECKING:
    from gateway.ledger import Ledger

EU, OTHER = Network("eu-network"), Network("other")


async def test_files_change_as_a_whole(ledger: Ledger) -> None:
    """What is added, replaced and removed is seen together, with a version of its own for each network."""
    assert await ledger.peers.read(EU) == (0, {})
    assert await ledger.peers.publish(EU, 0, {"a": b"1", "b": b"1"}) == 1
    assert await ledger.peers.publish(OTHER, 0, {"a": b"other"}) == 1
    assert await ledger.peers.publish(EU, 1, {"a": b"2", "b": None, "c": b"2", "never": None}) == 2
    assert await ledger.peers.read(EU) == (2, {"a": b"2", "c": b"2"})
    assert await ledger.peers.read(OTHER) == (1, {"a": b"other"})
    assert await ledger.peers.versions() == {EU: 2, OTHER: 1}


async def test_who_was_overtaken_changes_nothing(ledger: Ledger) -> None:
    """A publisher that has not seen the newest version is told so."""
    await ledger.peers.publish(EU, 0, {"a": b"1"})
    for seen in (0, 2):
        with pytest.raises(Rejected) as caught:
            await ledger.peers.publish(EU, seen, {"a": b"lost"})
        assert caught.value.code == "conflict"
    assert await ledger.peers.read(EU) == (1, {"a": b"1"})


async def test_what_evidence_needs_is_in_the_log_with_the_files(ledger: Ledger) -> None:
    """The leaves come in the same commit and in their order; without any there is one event and no leaf."""
    await ledger.peers.publish(EU, 0, {"a": b"1"}, [b"entry", b"version"])
    with pytest.raises(Rejected):
        await ledger.peers.publish(EU, 0, {"a": b"2"}, [b"lost"])
    await ledger.peers.publish(EU, 1, {"a": b"2"})
    rows = [row for row in await ledger.events(0, 10) if row.event == "peer-directory"]
    assert [(row.subject, row.leaf) for row in rows] == [
        ("eu-network version 1", b"entry"),
        ("eu-network version 1", b"version"),
        ("eu-network version 2", None),
    ]


async def test_a_removed_peer_leaves_no_file(ledger: Ledger) -> None:
    """Its version stays, so that a process that still has its files sees that they are gone."""
    names = {f"targets/{number}": b"x" for number in range(200)}
    await ledger.peers.publish(EU, 0, names)
    await ledger.peers.publish(EU, 1, dict.fromkeys(names))
    assert await ledger.peers.read(EU) == (2, {})
    subjects = [row.subject for row in await ledger.events(0, 10) if row.event == "peer-directory"]
    assert subjects == ["eu-network version 1", "eu-network version 2"]
