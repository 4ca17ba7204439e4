"""Checkpoints: the published example, and what is not a checkpoint of this log."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Corrupt, Rejected
from gateway.merkle import EMPTY_ROOT, consistency_proof, inclusion_proof, root_of
from gateway.tlog.checkpoint import MAX_SIZE, Checkpoint, encode_checkpoint, open_checkpoint, parse_checkpoint
from gateway.tlog.checks import check_growth, check_inclusion
from gateway.tlog.note import Note, encode_note, parse_note, sign_note
from tests.tlog.given import ORIGIN, hashes, log_key, note_of, signer, witness_key

# The example of C2SP tlog-checkpoint; its root is the log's, not ours to compute.
EXAMPLE = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
ROOT = bytes(range(32))
LEAVES = hashes(9)

lines = st.text(st.characters(exclude_categories=["Cs"], min_codepoint=0x20), min_size=1, max_size=20)
checkpoints = st.builds(
    Checkpoint, lines, st.integers(1, MAX_SIZE), st.binary(min_size=32, max_size=32), st.lists(lines, max_size=3).map(tuple)
)


def state(size: int) -> Checkpoint:
    """Return the checkpoint of a small log at this size."""
    return Checkpoint(ORIGIN, size, root_of(LEAVES[:size]))


def test_the_published_checkpoint_is_read_and_written_to_the_byte() -> None:
    """A checkpoint as C2SP prints it is understood and written the same."""
    checkpoint = parse_checkpoint(EXAMPLE)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.root.hex().startswith("0ac5186a91863e8e") is True
    assert encode_checkpoint(checkpoint) == EXAMPLE


@given(checkpoints)
def test_every_checkpoint_that_is_written_is_read_back(checkpoint: Checkpoint) -> None:
    """A checkpoint comes back as it was written, extension lines included."""
    assert parse_checkpoint(encode_checkpoint(checkpoint)) == checkpoint


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        EXAMPLE[:-1],
        EXAMPLE + "\n",
        EXAMPLE.replace("20852163", "020852163"),
        EXAMPLE.replace("20852163", "+20852163"),
        EXAMPLE.replace("20852163", "20852163 "),
        EXAMPLE.replace("20852163", "٣"),
        EXAMPLE.replace("20852163", "-1"),
        EXAMPLE.replace("20852163", str(MAX_SIZE + 1)),
        EXAMPLE.replace("20852163", "0"),
        EXAMPLE.replace("=", ""),
        EXAMPLE.replace("q2I=", "q2J="),
        EXAMPLE.replace("CsUY", ""),
        EXAMPLE.replace("example.com/behind-the-sofa", ""),
        EXAMPLE.replace("behind", "be\thind"),
        "\n".join(EXAMPLE.split("\n")[:2]) + "\n",
        EXAMPLE + "\nextension\n",
    ],
)
def test_what_is_not_a_checkpoint_is_refused(text: str) -> None:
    """A text of another form is refused whole."""
    with pytest.raises(Rejected, match="checkpoint-bad"):
        parse_checkpoint(text)


def test_a_line_break_does_not_get_into_a_checkpoint() -> None:
    """An origin or extension cannot smuggle in a line."""
    for checkpoint in (Checkpoint("a\n5", 5, ROOT), Checkpoint("a", 5, ROOT, ("b\nc",)), Checkpoint("a", 5, ROOT, ("",))):
        with pytest.raises(Rejected, match="checkpoint-bad"):
            encode_checkpoint(checkpoint)


def test_the_empty_log_has_one_root() -> None:
    """An empty log has the root that RFC 6962 gives it."""
    assert parse_checkpoint(encode_checkpoint(state(0))).root == EMPTY_ROOT


def test_a_checkpoint_counts_when_its_log_signed_it() -> None:
    """The signature of the log is needed, and enough; further ones are ignored."""
    assert open_checkpoint(note_of(state(5)), [log_key()]) == state(5)
    more = note_of(state(5), lambda text: sign_note(text, log_key("other.example"), signer("other.example")))
    assert open_checkpoint(more, [log_key("other.example"), log_key()]) == state(5)


def test_a_checkpoint_of_two_keys_verifies_with_either() -> None:
    """While a log's key rotates both sign, and who knows only one of them can still verify."""
    text = encode_checkpoint(state(5))
    old, new = log_key(), log_key(ORIGIN).__class__(ORIGIN, 1, log_key("new").key)
    both = encode_note(Note(text, (sign_note(text, old, signer(ORIGIN)), sign_note(text, new, signer("new")))))
    assert open_checkpoint(both, [old]) == open_checkpoint(both, [new]) == open_checkpoint(both, [old, new]) == state(5)


def test_another_key_does_not_speak_for_the_log() -> None:
    """No signature, one of another name, or the cosignature of a witness makes no checkpoint of this log."""
    text = encode_checkpoint(state(5))
    by_other = encode_note(Note(text, (sign_note(text, log_key("other.example"), signer("other.example")),)))
    for note, keys in (
        (note_of(state(5)), []),
        (note_of(state(5)), [log_key("other.example")]),
        (by_other, [log_key("other.example")]),
        (by_other, [log_key()]),
        (note_of(state(5)), [witness_key(ORIGIN)]),
    ):
        with pytest.raises(Rejected, match="checkpoint-bad"):
            open_checkpoint(note, keys)


def test_a_changed_checkpoint_is_refused() -> None:
    """Size and root are what was signed."""
    with pytest.raises(Rejected, match="checkpoint-bad"):
        open_checkpoint(note_of(state(5)).replace(b"\n5\n", b"\n6\n"), [log_key()])


def test_a_leaf_is_proved_to_be_in_the_log() -> None:
    """A proof of inclusion counts for its leaf, place and checkpoint, and for no other."""
    proof = inclusion_proof(3, LEAVES[:7])
    check_inclusion(3, LEAVES[3], proof, state(7))
    for index, leaf, size in ((3, LEAVES[4], 7), (2, LEAVES[3], 7), (3, LEAVES[3], 8)):
        with pytest.raises(Rejected, match="proof-bad"):
            check_inclusion(index, leaf, proof, state(size))


def test_a_log_is_proved_to_have_grown() -> None:
    """A newer checkpoint is believed when it continues the older one, from the empty log on."""
    check_growth(state(0), state(7), [])
    check_growth(state(7), state(7), [])
    check_growth(state(5), state(7), consistency_proof(5, LEAVES[:7]))
    for old, new, proof in (
        (state(5), state(7), []),
        (state(7), state(5), consistency_proof(5, LEAVES[:7])),
        (state(0), state(7), [ROOT]),
        (Checkpoint(ORIGIN, 5, ROOT), state(7), consistency_proof(5, LEAVES[:7])),
    ):
        with pytest.raises(Rejected, match="proof-bad"):
            check_growth(old, new, proof)


def test_two_roots_for_one_size_are_a_fork() -> None:
    """A log that signed two trees of one size contradicts itself: that is told as such."""
    with pytest.raises(Corrupt, match="log-forked"):
        check_growth(state(5), Checkpoint(ORIGIN, 5, ROOT), [])
    with pytest.raises(Rejected, match="checkpoint-bad"):
        check_growth(state(5), Checkpoint("other.example", 5, ROOT), [])


def test_a_note_that_was_parsed_already_gives_the_same() -> None:
    """The text of the note is what was signed, to its last newline."""
    assert parse_note(note_of(state(5))).text == encode_checkpoint(state(5))
