"""A gateway publishes its own key card when it starts, and starts whatever becomes of that card."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway.directory.cards import CardKey, KeyCard, parse_card, sign_key_card
from gateway.envelope.keys import SigningKey, Use
from gateway.exchange.own_card import publish_own_card

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.exchange import Stage


def next_card(stage: Stage, identity: SigningKey | None = None) -> bytes:
    """Return the gateway's card with a further agent key, and a serial above the last one."""
    gate, now = stage.world.gate, int(stage.clock())
    last = stage.exchange.directory.key_cards[gate.address]
    key = SigningKey.generate(gate.address, Use.AGENT, os.urandom)
    keys = (*last.keys, CardKey.of(key, now, now + 86_400))
    return sign_key_card(msgspec.structs.replace(last, serial=last.serial + 1, keys=keys), identity or gate.identity)


async def start(stage: Stage, folder: Path, card: bytes | None) -> int:
    """Do what a start does with a card beside the key file; return the version of the directory."""
    if card is not None:
        (folder / "gateway.card").write_bytes(card)
    await publish_own_card(stage.exchange, stage.world.gate.address, folder / "gateway.keys")
    return stage.exchange.directory.version


def serial(stage: Stage) -> int:
    """Return the serial of the card that is listed."""
    return stage.exchange.directory.key_cards[stage.world.gate.address].serial


async def test_a_rotated_card_is_listed_after_a_start(stage: Stage, tmp_path: Path, quiet: io.BytesIO) -> None:
    """At once, without the authority; the next start with the same card changes nothing and tells nothing."""
    version = stage.exchange.directory.version
    card = next_card(stage)
    assert await start(stage, tmp_path, card) == version + 1
    signed = parse_card(card)[1]
    assert isinstance(signed, KeyCard)
    assert all(stage.exchange.directory.key(record.key_id) for record in signed.records())
    assert await start(stage, tmp_path, None) == version + 1
    assert b"own-card-refused" not in quiet.getvalue()


async def test_without_a_card_nothing_happens(stage: Stage, tmp_path: Path) -> None:
    """A gateway whose keys were never rotated has none."""
    version = stage.exchange.directory.version
    assert await start(stage, tmp_path, None) == version


async def test_an_older_card_changes_nothing(stage: Stage, tmp_path: Path, quiet: io.BytesIO) -> None:
    """A process that still has the file of before is no reason for an alarm."""
    first = next_card(stage)
    await start(stage, tmp_path, first)
    await start(stage, tmp_path, next_card(stage))
    assert serial(stage) == 3
    await start(stage, tmp_path, first)
    assert serial(stage) == 3
    assert b"own-card-refused" not in quiet.getvalue()


@pytest.mark.parametrize("bad", ["another identity", "no card"])
async def test_a_card_that_is_refused_is_told_and_the_start_goes_on(
    stage: Stage, tmp_path: Path, quiet: io.BytesIO, bad: str
) -> None:
    """The keys that are listed are good still; the log says what is wrong, and what mends it."""
    version = stage.exchange.directory.version
    other = SigningKey.generate(stage.world.gate.address, Use.IDENTITY, os.urandom)
    card = next_card(stage, other) if bad == "another identity" else b"no card"
    assert await start(stage, tmp_path, card) == version
    assert b"own-card-refused" in quiet.getvalue()
    assert b"rotate --card" in quiet.getvalue()
    assert serial(stage) == 1


async def test_a_card_that_cannot_be_read_is_told_and_the_start_goes_on(
    stage: Stage, tmp_path: Path, quiet: io.BytesIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong owner of one file does not keep a gateway down."""

    def denied(_path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    card = next_card(stage)
    (tmp_path / "gateway.card").write_bytes(card)
    monkeypatch.setattr("pathlib.Path.read_bytes", denied)
    await start(stage, tmp_path, None)
    assert b"Permission denied" in quiet.getvalue()
    assert serial(stage) == 1
