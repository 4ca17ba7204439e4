"""Auditing on demand: the whole log is hashed again, and the directory in use stands in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

from gateway.client.log.evidence import FOLDER
from gateway.client.log.promises import WAITS_S
from gateway.directory.leaves import directory_leaves
from gateway.envelope.keys import SigningKey, Use
from gateway.envelope.receipt import parse_receipt, receipt_leaf
from gateway.errors import Rejected
from gateway.evidence.anchors import read_witness_key
from gateway.ids import Address
from gateway.tlog.cosignature import cosign
from gateway.tlog.leaves import VersionLeaf, encode_leaf
from gateway.tlog.note import COSIGNATURE_V1, VerifierKey, encode_signatures, parse_note
from tests.client.examples import content
from tests.client.logs import become, found, monitor, refused
from tests.support.fake_log import ORIGIN, FakeLog

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.tlog.tiles import Tile
    from tests.client.conftest import Clock, Homes
    from tests.support.fake_gateway import FakeGateway

    class Changes(Protocol):
        """Changes what a log has."""

        def __call__(self, log: FakeLog) -> None:
            """Do it."""


def publish(gate: FakeGateway) -> None:
    """Put the directory as it is now into the log, as a gateway does with each version."""
    gate.log.leaves += [*directory_leaves({}, gate.world.files), bytes(32)]
    gate.log.grow(0)


@pytest.mark.parametrize("size", [1, 255, 256, 257, 2048, 5000])
async def test_a_whole_log_is_hashed_again(homes: Homes, gate: FakeGateway, size: int) -> None:
    """Every entry and tile of a good log leads to the root of its checkpoint, whatever its size."""
    gate.log.grow(0)
    gate.log.leaves = [bytes([1]) * 32] * size
    gate.log.grow(0)
    async with homes("NCB-QM") as qm:
        report = await qm.auditor.verify()
    assert (report.size, report.entries, report.readable, report.in_log) == (size, size, 0, False)
    assert (report.origin, report.root, report.known) == (ORIGIN, gate.log.newest.root.hex(), None)


def _edited(log: FakeLog) -> None:
    log.leaves[300] = b"\x02" * 32


def _deleted(log: FakeLog) -> None:
    log.leaves[300:301] = []
    log.leaves.append(b"\x03" * 32)


def _reordered(log: FakeLog) -> None:
    log.leaves[299], log.leaves[300] = log.leaves[300], log.leaves[299]


@pytest.mark.parametrize("change", [_edited, _deleted, _reordered])
async def test_a_database_that_was_changed_is_found(homes: Homes, gate: FakeGateway, change: Changes) -> None:
    """A row that was edited, deleted or moved shows when the whole log is read, though its checkpoint is what it was."""
    gate.log.leaves = [number.to_bytes(32, "big") for number in range(600)]
    gate.log.grow(0)
    async with homes("NCB-QM") as qm:
        await qm.auditor.verify()
        change(gate.log)
        assert (await qm.auditor.verify(quick=True)).entries == 0
        assert await refused(qm.auditor.verify()) == "log-forked"


async def test_a_log_that_was_changed_and_signed_anew_is_found_by_an_old_checkpoint(homes: Homes, gate: FakeGateway) -> None:
    """A participant who kept nothing but an old checkpoint finds a fork that is whole in itself."""
    gate.log.leaves = [number.to_bytes(32, "big") for number in range(600)]
    gate.log.grow(0)
    async with homes("NCB-QM") as qm, homes("GN-QN") as newcomer:
        await monitor(qm).check()
        _edited(gate.log)
        gate.log.leaves += [bytes(32)]
        gate.log.grow(0)
        assert (await newcomer.auditor.verify()).size == 601
        assert await refused(qm.auditor.verify(quick=True)) == "log-forked"


async def test_a_wrong_tile_over_good_entries_is_found(
    homes: Homes, gate: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hash tiles are held against the entries under them: others make their proofs of them."""
    gate.log.leaves = [number.to_bytes(32, "big") for number in range(600)]
    gate.log.grow(0)
    right = gate.log.tile

    async def wrong(tile: Tile) -> bytes | None:
        data = await right(tile)
        return data and bytes(len(data)) if tile.level == 1 else data

    monkeypatch.setattr(gate.log, "tile", wrong)
    async with homes("NCB-QM") as qm:
        assert await refused(qm.auditor.verify()) == "log-forked"


async def test_the_directory_in_use_stands_in_the_log(homes: Homes, gate: FakeGateway) -> None:
    """Every entry, card, revocation and root that a home uses has its leaf, and its version the same hash."""
    async with homes("NCB-QM") as qm:
        await qm.publish_card()
        publish(gate)
        report = await qm.auditor.verify()
        assert (report.directory, report.in_log) == (gate.world.directory.version, True)
        assert report.readable == len(directory_leaves({}, gate.world.files))


async def test_a_directory_that_nobody_else_sees_is_found(homes: Homes, gate: FakeGateway, tmp_path: Path) -> None:
    """Another snapshot under the same number is a split view; snapshot and leaf are kept as evidence."""
    version = gate.world.directory.version
    gate.log.leaves += [encode_leaf(VersionLeaf(version, bytes(32), bytes(32), bytes(32)))]
    gate.log.grow(0)
    async with homes("NCB-QM") as qm:
        assert await refused(qm.auditor.verify()) == "directory-split"
        assert await found(qm) == ["directory-split"]
    names = {one.suffix for one in (tmp_path / "NCB-QM" / FOLDER).iterdir()}
    assert names == {".json", ".leaf"}


async def test_a_card_without_a_leaf_is_found(homes: Homes, gate: FakeGateway) -> None:
    """A gateway cannot use a card and keep it out of the log."""
    leaves = directory_leaves({}, gate.world.files)
    gate.log.leaves += [leaf for leaf in leaves if b"cards/GN-QN/key" not in leaf]
    gate.log.grow(0)
    async with homes("NCB-QM") as qm:
        assert await refused(qm.auditor.verify()) == "directory-split"


@pytest.mark.parametrize("numbers", [(1, 1), (2, 1), (900,)])
async def test_versions_in_the_log_rise_and_leave_none_out(homes: Homes, gate: FakeGateway, numbers: tuple[int, ...]) -> None:
    """A version that comes twice or too late, or that the log passes over, is a split view."""
    gate.log.leaves += [encode_leaf(VersionLeaf(number, bytes(32), bytes(32), bytes(32))) for number in numbers]
    gate.log.grow(0)
    gate.world.publish()
    gate.world.publish()
    async with homes("NCB-QM") as qm:
        assert await refused(qm.auditor.verify()) == "directory-split"


async def test_an_accepted_receipt_without_a_leaf_is_a_broken_promise(
    homes: Homes, gate: FakeGateway, clock: Clock, tmp_path: Path
) -> None:
    """What a gateway accepted stands in the log, a day later at the latest; a receipt that does not is the evidence."""
    async with homes("NCB-QM") as qm, homes("GN-QN") as gn:
        await gn.publish_card()
        for turn in range(2):
            await qm.send(content(), to=["GN-QN"])
            accepted = parse_receipt(list(gate.messages.values())[turn].answer)
            gate.log.leaves += [receipt_leaf(accepted.receipt_bytes)] * (turn == 0)
        gate.log.grow(0)
        assert (await qm.auditor.verify()).receipts == 1
        clock.ahead_s += WAITS_S + 1
        assert await refused(qm.auditor.verify()) == "log-forked"
    (evidence,) = (tmp_path / "NCB-QM" / FOLDER).glob("*.receipt")
    assert evidence.read_bytes() == accepted.data


async def test_what_is_no_leaf_is_named(homes: Homes, gate: FakeGateway) -> None:
    """An entry that no reader understands is refused with its place in the log."""
    gate.log.leaves += [bytes(32), b"neither a hash nor readable"]
    gate.log.grow(0)
    async with homes("NCB-QM") as qm:
        with pytest.raises(Rejected, match="leaf 1"):
            await qm.auditor.verify()


async def test_a_named_witness_must_have_cosigned(homes: Homes, gate: FakeGateway) -> None:
    """Who names a witness is told when it saw the newest checkpoint, or that it did not."""
    secret = SigningKey.from_seed(Address("W@qx"), Use.LOG, bytes(range(32, 64)))
    key = read_witness_key(str(VerifierKey("witness.example/qx", COSIGNATURE_V1, secret.public.key)))
    row = gate.log.grow(5)
    async with homes("NCB-QM") as qm:
        assert await refused(qm.auditor.verify(quick=True, witnesses=[key])) == "checkpoint-untrusted"
        assert row.note is not None
        line = cosign(parse_note(row.note).text, key, secret.sign, 1_900_000_000)
        await gate.log.add_cosignatures(row.size, encode_signatures([line]))
        report = await qm.auditor.verify(quick=True, witnesses=[key])
    assert report.cosigned == {"witness.example/qx": 1_900_000_000}


async def test_a_followed_log_gives_what_it_grows_by(homes: Homes, gate: FakeGateway) -> None:
    """Each new checkpoint comes with the directory leaves that it covers, and what comes is proved."""
    gate.log.leaves = [bytes(32)] * 300
    gate.log.grow(0)
    async with homes("NCB-QM") as qm:
        log = qm.auditor.follow(0.01)
        assert ((await anext(log)).size, gate.down) == (300, False)
        gate.down = True
        publish(gate)
        gate.down = False
        grown = await anext(log)
        await log.aclose()
    assert grown.size == gate.log.newest.size
    assert [leaf.number for _, leaf in grown.leaves if isinstance(leaf, VersionLeaf)] == [gate.world.directory.version]


async def test_a_followed_log_that_forks_ends_the_walk(homes: Homes, gate: FakeGateway) -> None:
    """Who follows the log hears of a fork at once."""
    gate.log.grow(300)
    async with homes("NCB-QM") as qm:
        log = qm.auditor.follow(0.01)
        await anext(log)
        become(gate.log, gate.log.fork(100))
        gate.log.grow(300, b"forged ")
        assert await refused(anext(log)) == "log-forked"


async def test_the_keys_of_the_log_are_those_of_the_gateways_card(homes: Homes, gate: FakeGateway) -> None:
    """A witness or an auditor gets the verifier key of the log from any participant."""
    async with homes("NCB-QM") as qm:
        assert await qm.auditor.keys() == [gate.log.verifier]
