"""Cosignatures: the published example, and what a witness's statement is worth."""

from __future__ import annotations

import pytest

from gateway.errors import Rejected
from gateway.tlog.checkpoint import Checkpoint, encode_checkpoint, open_checkpoint
from gateway.tlog.cosignature import cosign, cosigned_at
from gateway.tlog.note import Note, NoteSignature, encode_note, parse_note, parse_signatures, verified
from tests.tlog.given import ORIGIN, WITNESS, log_key, note_of, signer, witness_key

AT = 4_070_908_800
STATE = Checkpoint(ORIGIN, 5, bytes(range(32)))
# The line of C2SP tlog-cosignature, over the checkpoint `example.com/behind-the-sofa`.
EXAMPLE = (
    "— witness.example.com/w1 "
    "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
)


def by_witness(at: int, name: str = WITNESS) -> NoteSignature:
    """Return the cosignature of the state above."""
    return cosign(encode_checkpoint(STATE), witness_key(name), signer(name), at)


def test_the_published_cosignature_has_our_layout() -> None:
    """The example of C2SP has the time that C2SP says: four bytes of hash, eight of time, sixty-four of signature."""
    (line,) = parse_signatures(EXAMPLE.encode())
    assert (line.name, int.from_bytes(line.signature[:8], "big"), len(line.signature)) == (
        "witness.example.com/w1",
        1679315147,
        72,
    )


def test_what_is_signed_is_written_out_by_the_specification() -> None:
    """The message is two lines and the text; the signature is the time and the signature of that."""
    message = f"cosignature/v1\ntime {AT}\n{encode_checkpoint(STATE)}".encode()
    assert by_witness(AT).signature == AT.to_bytes(8, "big") + signer(WITNESS)(message)


def test_a_cosigned_checkpoint_tells_when() -> None:
    """A cosignature stands beside the log's own signature and says when the witness saw the checkpoint."""
    data = note_of(STATE, lambda _: by_witness(AT), lambda _: by_witness(AT + 5, "witness.example/gn-qn"))
    note = parse_note(data)
    assert open_checkpoint(data, [log_key()]) == STATE
    assert cosigned_at(note, witness_key()) == AT
    assert cosigned_at(note, witness_key("witness.example/gn-qn")) == AT + 5
    assert cosigned_at(note, witness_key("witness.example/other")) is None
    assert verified(note, [witness_key(), log_key()]) == [witness_key(), log_key()]


def test_the_newest_of_several_counts() -> None:
    """A witness that cosigned twice is one witness, and its newest time counts."""
    note = parse_note(note_of(STATE, lambda _: by_witness(AT + 9), lambda _: by_witness(AT)))
    assert cosigned_at(note, witness_key()) == AT + 9
    assert verified(note, [witness_key()]) == [witness_key()]


@pytest.mark.parametrize(
    "line",
    [
        NoteSignature(WITNESS, witness_key().hash, (AT + 1).to_bytes(8, "big") + by_witness(AT).signature[8:]),
        NoteSignature(WITNESS, witness_key().hash, by_witness(AT).signature[:-1]),
        NoteSignature(WITNESS, witness_key().hash, by_witness(AT).signature[:8]),
        NoteSignature(WITNESS, witness_key().hash, b"\x01"),
        NoteSignature(WITNESS, witness_key().hash, signer(WITNESS)(encode_checkpoint(STATE).encode())),
        cosign(encode_checkpoint(STATE), witness_key(), signer(WITNESS), 2**63),
        cosign(encode_checkpoint(STATE).replace("\n5\n", "\n6\n"), witness_key(), signer(WITNESS), AT),
    ],
    ids=["another-time", "short", "no-signature", "one-byte", "of-the-text-alone", "time-above-63-bits", "another-checkpoint"],
)
def test_a_bad_cosignature_says_nothing(line: NoteSignature) -> None:
    """A cosignature that does not verify gives no time, and a note that is asked for this witness is refused."""
    note = parse_note(encode_note(Note(encode_checkpoint(STATE), (line,))))
    assert cosigned_at(note, witness_key()) is None
    with pytest.raises(Rejected, match="checkpoint-bad"):
        verified(note, [witness_key()])


def test_a_log_key_gives_no_cosignature() -> None:
    """Only keys made for it cosign, and a log's own signature is no cosignature."""
    assert cosigned_at(parse_note(note_of(STATE)), log_key()) is None
    with pytest.raises(ValueError, match="does not cosign"):
        cosign(encode_checkpoint(STATE), log_key(), signer(ORIGIN), AT)
    with pytest.raises(Rejected, match="checkpoint-bad"):
        cosign("any text\n", witness_key(), signer(WITNESS), AT)
