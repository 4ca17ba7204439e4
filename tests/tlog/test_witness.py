"""What a witness answers: the statuses of C2SP tlog-witness, in their order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Rejected
from gateway.merkle import EMPTY_ROOT, consistency_proof, root_of
from gateway.tlog.checkpoint import Checkpoint
from gateway.tlog.note import encode_note, parse_note
from gateway.tlog.witness import AddCheckpoint, Verdict, decode_add_checkpoint, encode_add_checkpoint, judge
from tests.tlog.given import ORIGIN, hashes, log_key, note_of

LEAVES = hashes(9)
ROOT = bytes(range(32))
# The request that C2SP tlog-witness prints.
EXAMPLE = """old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
""".encode()


def state(size: int, root: bytes | None = None) -> Checkpoint:
    """Return the checkpoint of a small log at this size."""
    return Checkpoint(ORIGIN, size, root_of(LEAVES[:size]) if root is None else root)


def request(old: int, new: Checkpoint, proof: list[bytes] | None = None) -> AddCheckpoint:
    """Return a request with the proof that belongs to it, or another one."""
    honest = consistency_proof(old, LEAVES[: new.size]) if 0 < old <= new.size else []
    return AddCheckpoint(old, tuple(honest if proof is None else proof), note_of(new))


def asked(asking: AddCheckpoint, known: int | None) -> Verdict:
    """Return the verdict of a witness that cosigned this size last."""
    return judge(asking, None if known is None else (known, root_of(LEAVES[:known])), [log_key("other.example"), log_key()])


def test_the_published_request_is_read_and_written_to_the_byte() -> None:
    """A request as C2SP prints it is understood and written the same."""
    example = decode_add_checkpoint(EXAMPLE)
    assert (example.old_size, len(example.proof), example.checkpoint.size) == (20852014, 4, 20852163)
    assert encode_add_checkpoint(example) == EXAMPLE
    assert len(example.parsed.signatures) == 2


@given(st.integers(0, 2**53 - 1), st.lists(st.binary(min_size=32, max_size=32), max_size=63))
def test_every_request_that_is_written_is_read_back(old: int, proof: list[bytes]) -> None:
    """A request comes back as it was written."""
    asking = AddCheckpoint(old, tuple(proof), note_of(state(5)))
    assert decode_add_checkpoint(encode_add_checkpoint(asking)) == asking


@pytest.mark.parametrize(
    "data",
    [
        b"",
        EXAMPLE.replace(b"old 20852014\n", b""),
        EXAMPLE.replace(b"old 2", b"old  2"),
        EXAMPLE.replace(b"old 2", b"Old 2"),
        EXAMPLE.replace(b"old 2", b"old 02"),
        EXAMPLE.replace(b"old 20852014", b"old -1"),
        EXAMPLE.replace(b"old 20852014", b"old 9007199254740992"),
        EXAMPLE.replace(b"old 20852014", b"old 20852014\r"),
        EXAMPLE.replace(b"PlRN", b""),
        EXAMPLE.replace(b"pkaw=", b"pkax="),
        EXAMPLE.replace(b"pkaw=", b"pkaw= "),
        EXAMPLE.replace(b"Kj/0=\n\n", b"Kj/0=\n"),
        EXAMPLE.replace(b"20852163", b"x"),
        EXAMPLE[:-1],
        EXAMPLE.partition(b"\n\n")[0] + b"\n\n",
        EXAMPLE.replace(b"old ", "öld ".encode()),
        EXAMPLE.replace(b"/6WV", b"PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n" * 60 + b"/6WV"),
    ],
)
def test_what_is_not_a_request_is_refused(data: bytes) -> None:
    """A request of another form is refused; the witness answers 400."""
    with pytest.raises(Rejected, match="checkpoint-bad"):
        decode_add_checkpoint(data)


def test_requests_are_bounded() -> None:
    """A witness reads no more than a note and its proof can have."""
    with pytest.raises(Rejected, match="too-large"):
        decode_add_checkpoint(EXAMPLE + bytes(140_000))


@pytest.mark.parametrize(("known", "old", "new"), [(None, 0, 5), (None, 0, 0), (0, 0, 5), (5, 5, 9), (5, 5, 5), (4, 4, 8)])
def test_a_log_that_grew_is_cosigned(known: int | None, old: int, new: int) -> None:
    """A checkpoint that continues the one before, the first one and a repeated one are cosigned and remembered."""
    verdict = asked(request(old, state(new)), known)
    assert (verdict.status, verdict.remember) == (200, (new, root_of(LEAVES[:new])))


def test_a_witness_serves_only_the_logs_it_knows() -> None:
    """A checkpoint of another log is not found, one without a good signature of its log is forbidden."""
    assert judge(request(0, state(5)), None, [log_key("other.example")]).status == 404
    unsigned = parse_note(note_of(state(5)))
    stolen = encode_note(unsigned).replace(b"\n5\n", b"\n6\n")
    assert judge(AddCheckpoint(0, (), stolen), None, [log_key()]).status == 403


def test_an_old_size_above_the_new_one_is_a_bad_request() -> None:
    """A request that goes backwards by its own words is refused as such, whatever is known."""
    assert asked(request(6, state(5), []), 6).status == 400


@pytest.mark.parametrize(("known", "old"), [(5, 4), (5, 0), (5, 6), (None, 3)])
def test_another_old_size_is_told_the_right_one(known: int | None, old: int) -> None:
    """A log that does not know where the witness stands is told, and can ask again."""
    verdict = asked(request(old, state(9)), known)
    assert (verdict.status, verdict.body, verdict.remember, verdict.forked) == (409, f"{known or 0}\n".encode(), None, False)


def test_two_roots_for_one_size_are_a_conflict_and_a_fork() -> None:
    """A log that signed two trees of one size gets no cosignature, and the witness knows that it has evidence."""
    verdict = asked(request(5, state(5, ROOT), []), 5)
    assert (verdict.status, verdict.body, verdict.forked, verdict.remember) == (409, b"5\n", True, None)
    assert asked(request(0, state(0), []), None).remember == (0, EMPTY_ROOT)


@pytest.mark.parametrize(
    ("known", "asking"),
    [
        (5, request(5, state(9), [])),
        (5, request(5, state(9), [ROOT] * 4)),
        (5, request(5, state(9, ROOT))),
        (5, request(5, state(5), [ROOT])),
        (None, request(0, state(5), [ROOT])),
    ],
    ids=["no-proof", "another-proof", "another-root", "proof-between-equals", "proof-from-nothing"],
)
def test_without_a_proof_of_growth_nothing_is_cosigned(known: int | None, asking: AddCheckpoint) -> None:
    """A checkpoint that is not shown to continue the last one is not cosigned, and nothing is remembered."""
    verdict = asked(asking, known)
    assert (verdict.status, verdict.remember, verdict.forked) == (422, None, False)
