"""One process lets the log grow: every receipt gets its place, what is committed is signed, what is signed stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.audit.reader import needed_tiles
from gateway.audit.sequencer import PAGE
from gateway.envelope import LogView, MemoryKeyring, SigningKey, Use
from gateway.errors import Rejected, Unavailable
from gateway.ledger import Ledger
from gateway.merkle import leaf_hash, verify_consistency, verify_inclusion
from gateway.tlog.checkpoint import Checkpoint, open_checkpoint
from gateway.tlog.tiles import ENTRIES_LEVEL, Tile, decode_bundle
from tests.audit.given import GATEWAY, KEY, ORIGIN, VERIFIER, all_leaves, fill, log_over, newest, say, tree_of
from tests.ledger.samples import accept, end, receipt, sample

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.audit.log import AuditLog


@pytest.fixture
async def log(ledger: Ledger, tmp_path: Path) -> AuditLog:
    """The log of the one process that there is."""
    one = log_over(ledger, tmp_path)
    await one.start()
    return one


async def test_an_empty_log_shows_nothing(log: AuditLog) -> None:
    """Before the first receipt there is no checkpoint and no view, and nothing is proved."""
    await log.advance()
    assert log.view() is None
    assert await log.reader.checkpoint() is None
    assert await log.reader.proof(bytes(32)) is None
    assert await log.reader.tile(Tile(0, 0, 1)) is None


async def test_every_receipt_becomes_a_leaf_in_order(ledger: Ledger, log: AuditLog) -> None:
    """Accepted, delivered, opened and held are leaves in the order of their commits; steps without a receipt are none."""
    message = sample()
    refs = await accept(ledger, message)
    await ledger.mark_queued(refs)
    await ledger.record([receipt(message, "delivered"), receipt(message, "opened")])
    await ledger.unanswered(refs[1:], 1, end)
    await log.advance()
    signed = [one for one in await ledger.events(0, 100) if one.receipt is not None]
    assert [one.event for one in signed] == ["accepted", "delivered", "opened", "held"]
    assert log.view() == await tree_of(ledger) == LogView(4, (await newest(log)).root)
    for index, one in enumerate(signed):
        assert one.leaf is not None
        assert await ledger.log.find(leaf_hash(one.leaf)) == index


@pytest.mark.parametrize("sizes", [(1, 1, 1), (255, 1, 1), (256, 256, 300), (PAGE, 1), (3 * PAGE + 5,), (65_536, 1)])
async def test_any_growth_gives_the_same_tree(ledger: Ledger, log: AuditLog, sizes: tuple[int, ...]) -> None:
    """Whatever the steps, the signed root is the one over all leaves."""
    total = 0
    for size in sizes:
        await fill(ledger, size, first=total)
        total += size
        await log.advance()
    assert log.view() == await tree_of(ledger)
    assert (await newest(log)).size == total


async def test_every_leaf_can_be_proved_in_every_later_tree(ledger: Ledger, log: AuditLog) -> None:
    """A proof leads from a leaf to the root of each checkpoint that holds it, and to no other size."""
    await fill(ledger, 260)
    await log.advance()
    old = await newest(log)
    await fill(ledger, 600, first=260)
    await log.advance()
    new = await newest(log)
    leaves = await all_leaves(ledger)
    for index in (0, 1, 255, 256, 259, 260, 600, 859):
        whole = leaf_hash(leaves[index])
        for tree in (old, new):
            proof = await log.reader.proof(whole, tree.size)
            if index >= tree.size:
                assert proof is None
                continue
            assert proof is not None
            assert proof[:2] == (index, tree.size)
            assert verify_inclusion(index, tree.size, whole, proof.siblings, tree.root)
    wanted = [leaf_hash(leaf) for leaf in (*leaves[:300:7], bytes(32))]
    proved = log.reader.prove(await ledger.log.proofs(wanted, needed_tiles))
    assert proved.proofs == {leaf_hash(leaf): await log.reader.proof(leaf_hash(leaf)) for leaf in leaves[:300:7]}
    assert open_checkpoint(proved.note, [VERIFIER]).root == new.root
    assert await log.reader.proof(leaf_hash(leaves[0])) == await log.reader.proof(leaf_hash(leaves[0]), new.size)
    assert await log.reader.proof(leaf_hash(leaves[0]), new.size + 1) is None
    assert await log.reader.proof(bytes(32)) is None


async def test_every_checkpoint_continues_the_one_before(ledger: Ledger, log: AuditLog) -> None:
    """A consistency proof leads from each earlier tree to each later one."""
    seen: list[Checkpoint] = []
    for total in (1, 3, 255, 256, 257, 700):
        await fill(ledger, total - (seen[-1].size if seen else 0), first=total * 1000)
        await log.advance()
        seen.append(await newest(log))
    for place, old in enumerate(seen):
        for new in seen[place:]:
            proof = await log.reader.consistency(old.size, new.size)
            assert proof is not None
            assert verify_consistency(old.size, new.size, old.root, new.root, proof)
    assert await log.reader.consistency(0, 700) is None
    assert await log.reader.consistency(1, 701) is None


async def test_tiles_and_entries_are_served_as_far_as_it_is_signed(ledger: Ledger, log: AuditLog) -> None:
    """Full and partial tiles come in exactly the width asked for; what no checkpoint covers is not there."""
    await fill(ledger, 300)
    await log.advance()
    leaves = await all_leaves(ledger)
    hashes = [leaf_hash(leaf) for leaf in leaves]
    assert await log.reader.tile(Tile(0, 0)) == b"".join(hashes[:256])
    assert await log.reader.tile(Tile(0, 1, 44)) == b"".join(hashes[256:])
    assert await log.reader.tile(Tile(0, 1, 7)) == b"".join(hashes[256:263])
    assert await log.reader.tile(Tile(0, 1, 45)) is None
    assert len(await log.reader.tile(Tile(1, 0, 1)) or b"") == 32
    assert await log.reader.tile(Tile(1, 0, 2)) is None
    bundle = await log.reader.entries(Tile(ENTRIES_LEVEL, 1, 44))
    assert bundle is not None
    assert decode_bundle(bundle) == leaves[256:]
    assert await log.reader.entries(Tile(ENTRIES_LEVEL, 1, 45)) is None
    assert await log.reader.entries(Tile(0, 0)) is None


async def test_a_start_takes_up_where_the_last_process_ended(ledger: Ledger, tmp_path: Path) -> None:
    """A new process hashes the tail again, shows the last view at once and continues the same tree."""
    for total in (10, 500, 256 * 4):
        log = log_over(ledger, tmp_path)
        await log.start()
        before = log.view()
        assert before is None or before == await tree_of(ledger)
        await fill(ledger, total, first=total * 1000)
        await log.advance()
        assert log.view() == await tree_of(ledger)
        assert not log.halted


async def test_what_was_committed_but_not_signed_is_signed_by_the_next(ledger: Ledger, tmp_path: Path) -> None:
    """When a process ends between commit and signature, another one signs the same tree."""
    log = log_over(ledger, tmp_path / "missing")  # the memory cannot be written
    await log.start()
    await fill(ledger, 5)
    with pytest.raises(Unavailable):
        await log.advance()
    assert (await ledger.log.state()).size == 5
    assert await log.reader.checkpoint() is None
    other = log_over(ledger, tmp_path)
    await other.start()
    await other.advance()
    assert other.view() == await tree_of(ledger)


async def test_a_note_has_a_line_of_each_log_key(ledger: Ledger, tmp_path: Path) -> None:
    """While log keys rotate, whoever knows the older or the newer one can verify the checkpoint."""
    newer = SigningKey.from_seed(GATEWAY, Use.LOG, bytes(31) + b"\x02")
    from gateway.audit.log import AuditLog  # noqa: PLC0415
    from gateway.audit.signing import log_key  # noqa: PLC0415

    log = AuditLog(ledger, MemoryKeyring(GATEWAY, [KEY, newer]), GATEWAY, memory=tmp_path / "m", patience_s=0)
    await log.start()
    await fill(ledger, 3)
    await log.advance()
    note = await log.reader.checkpoint()
    assert note is not None
    for key in (VERIFIER, log_key(newer.public)):
        assert open_checkpoint(note, [key]).origin == ORIGIN
    stranger = log_key(SigningKey.from_seed(GATEWAY, Use.LOG, bytes(31) + b"\x03").public)
    with pytest.raises(Rejected, match="checkpoint-bad"):
        open_checkpoint(note, [stranger])


async def test_a_gateway_without_log_key_signs_nothing(ledger: Ledger, tmp_path: Path) -> None:
    """Leaves get their places, and the missing key is told."""
    from gateway.audit.log import AuditLog  # noqa: PLC0415

    log = AuditLog(ledger, MemoryKeyring(GATEWAY, []), GATEWAY, memory=tmp_path / "m", patience_s=0)
    await log.start()
    await say(ledger, 1)
    with pytest.raises(Rejected, match="bad-key"):
        await log.advance()
    assert await ledger.log.newest_checkpoint() is None


async def test_events_without_leaves_do_not_pile_up(ledger: Ledger, log: AuditLog) -> None:
    """Thousands of steps without a receipt are passed once, and not looked at every second."""
    refs = await accept(ledger, *(sample() for _ in range(4)))
    for _ in range(PAGE // 8):
        await ledger.mark_queued(refs)
        await ledger.requeue_all()
    await log.advance()
    state = await ledger.log.state()
    events = await ledger.events(0, 100_000)
    assert len(events) > PAGE
    assert events[-1].seq - state.seq < PAGE
    assert log.view() == await tree_of(ledger) == LogView(4, state.root)
