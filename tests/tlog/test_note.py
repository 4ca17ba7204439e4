"""Signed notes: the examples that the Go note package publishes, and everything that a note must not be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Rejected
from gateway.tlog.note import (
    ED25519,
    MAX_NOTE_BYTES,
    MAX_SIGNATURES,
    Note,
    NoteSignature,
    VerifierKey,
    decode_base64,
    encode_base64,
    encode_note,
    encode_signatures,
    parse_note,
    parse_signatures,
    parse_vkey,
    sign_note,
    verified,
)
from tests.tlog.given import log_key, signer, witness_key

# The published examples of the Go note package, and the key of the Go checksum database.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
SUM_DB = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
BY_PETER = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
BY_ENOCH = "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
BOTH = f"{TEXT}\n{BY_PETER}{BY_ENOCH}".encode()

names = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"], exclude_characters="+"), min_size=1, max_size=40
)
lines = st.text(st.characters(exclude_categories=["Cs"], min_codepoint=0x20), max_size=20)
texts = st.lists(lines, max_size=5).map(lambda each: "".join(f"{line}\n" for line in each) or "\n")
signatures = st.builds(NoteSignature, names, st.binary(min_size=4, max_size=4), st.binary(min_size=1, max_size=80))


def refused(data: bytes) -> str:
    """Return the code with which a note is refused."""
    with pytest.raises(Rejected) as caught:
        parse_note(data)
    return caught.value.code


@pytest.mark.parametrize("text", [PETER, ENOCH, SUM_DB])
def test_published_keys_are_read_and_written_to_the_byte(text: str) -> None:
    """A verifier key that others published is understood, and written as they write it."""
    key = parse_vkey(text)
    assert (str(key), key.algorithm, len(key.key)) == (text, ED25519, 32)


def test_the_published_note_verifies_with_each_of_its_keys() -> None:
    """A note that another implementation signed verifies here, and comes out again byte for byte."""
    note = parse_note(BOTH)
    peter, enoch = parse_vkey(PETER), parse_vkey(ENOCH)
    assert verified(note, [enoch, peter]) == [enoch, peter]
    assert verified(note, [peter]) == [peter]
    assert encode_note(note) == BOTH


def test_no_part_of_a_key_passes_for_a_key() -> None:
    """A verifier key that was cut or mistyped is refused: it never verifies with another key by chance."""
    for begin in range(len(PETER)):
        for end in range(begin, len(PETER) + 1):
            if (begin, end) != (0, len(PETER)):
                with pytest.raises(Rejected, match="bad-key"):
                    parse_vkey(PETER[begin:end])
    for at in range(len(PETER)):
        with pytest.raises(Rejected, match="bad-key"):
            parse_vkey(PETER[:at] + chr(ord(PETER[at]) + 1) + PETER[at + 1 :])


@pytest.mark.parametrize(
    "text",
    [
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        PETER.replace("c74f20a3", "C74F20A3"),
        PETER + "\n",
        "",
    ],
    ids=["too-long", "another-algorithm", "upper-case-hash", "newline", "nothing"],
)
def test_other_spellings_of_a_key_are_refused(text: str) -> None:
    """One key has one text, so that configurations can be compared."""
    with pytest.raises(Rejected, match="bad-key"):
        parse_vkey(text)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u00a0b", "a\u2028b", "a\tb", "\ud800", "x" * 256])
def test_no_key_has_a_name_that_cannot_stand_in_a_line(name: str) -> None:
    """A key whose name would break its line cannot be made."""
    with pytest.raises(Rejected, match="bad-key"):
        VerifierKey(name, ED25519, bytes(32))


def test_a_key_of_small_order_is_refused() -> None:
    """A key under which anybody can sign is refused when it is configured."""
    with pytest.raises(Rejected, match="bad-key"):
        parse_vkey(str(VerifierKey("log.example", ED25519, b"\x01" + bytes(31))))


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        TEXT.encode() + b"\n",
        BOTH[:-1],
        b"\x01" + BOTH,
        b"\xff" + BOTH,
        BOTH.replace(b"\n", b"\r\n"),
        BOTH + b"Unexpected line.\n",
        BOTH + b"\n",
        BOTH.replace(b"PeterNeumann", b"Peter Neumann"),
        BOTH.replace(b"PeterNeumann", b""),
        BOTH.replace(b"PeterNeumann", b"Peter+Neumann"),
        BOTH.replace("—".encode(), b"-"),
        BOTH.replace(b"yyBwJnAM=", b"yyBwJnAM"),
        BOTH.replace(b"yyBwJnAM=", b"yyBwJnAN="),
        BOTH.replace(b"yyBwJnAM=", b"yyBwJnAM=="),
        BOTH.replace(b"yyBwJnAM=", b"yyBwJnAM= "),
        f"{TEXT}\n— PeterNeumann x08gow==\n".encode(),
        f"{TEXT}\n— PeterNeumann\n".encode(),
        b"",
    ],
)
def test_what_is_not_a_note_is_refused_whole(data: bytes) -> None:
    """A note of another form is refused, whatever of it could have been read."""
    assert refused(data) == "checkpoint-bad"


def test_notes_are_bounded() -> None:
    """A note has at most 100 signatures and 128 KiB; sixteen, which C2SP asks for, are read."""
    assert len(parse_note(f"{TEXT}\n{BY_PETER * 16}".encode()).signatures) == 16
    assert len(parse_note(f"{TEXT}\n{BY_PETER * MAX_SIGNATURES}".encode()).signatures) == MAX_SIGNATURES
    assert refused(f"{TEXT}\n{BY_PETER * (MAX_SIGNATURES + 1)}".encode()) == "checkpoint-bad"
    padding = "x" * (MAX_NOTE_BYTES - len(BOTH) - 1)
    assert parse_note(f"{padding}\n".encode() + BOTH).signatures
    assert refused(f"{padding}x\n".encode() + BOTH) == "too-large"


def test_a_bad_line_of_a_known_key_refuses_the_note() -> None:
    """A note whose text was changed is refused, even if another signature would do."""
    peter, enoch = parse_vkey(PETER), parse_vkey(ENOCH)
    changed = parse_note(BOTH.replace(b"your problem", b"our problem"))
    with pytest.raises(Rejected, match="checkpoint-bad"):
        verified(changed, [peter])
    spoiled = parse_note(BOTH.replace(b"x08go/ZJ", b"x08go/ZK"))
    with pytest.raises(Rejected, match="checkpoint-bad"):
        verified(spoiled, [peter, enoch])
    assert verified(spoiled, [enoch]) == [enoch]


def test_unknown_keys_are_ignored() -> None:
    """A line of a key that nobody knows, or that shares only the name or only the hash, changes nothing."""
    peter, enoch = parse_vkey(PETER), parse_vkey(ENOCH)
    assert verified(parse_note(BOTH), []) == []
    assert verified(parse_note(BOTH.replace(b"PeterNeumann", b"PeterNewmann")), [peter, enoch]) == [enoch]
    assert verified(parse_note(BOTH.replace(b"x08g", b"x08h")), [peter, enoch]) == [enoch]


def test_one_key_counts_once() -> None:
    """A signature that stands twice, or a key that is listed twice, is one signature by one key."""
    peter = parse_vkey(PETER)
    assert verified(parse_note(f"{TEXT}\n{BY_PETER * 3}".encode()), [peter, peter]) == [peter]


def test_signing_gives_what_another_implementation_verifies() -> None:
    """Our signature is 4 bytes of key hash and Ed25519 over the text; a key of a witness does not sign texts alone."""
    note = Note(TEXT, (sign_note(TEXT, log_key(), signer(log_key().name)),))
    assert verified(parse_note(encode_note(note)), [log_key()]) == [log_key()]
    with pytest.raises(ValueError, match="does not sign texts alone"):
        sign_note(TEXT, witness_key(), signer(witness_key().name))
    with pytest.raises(Rejected, match="checkpoint-bad"):
        sign_note("no newline", log_key(), signer(log_key().name))


@given(texts, st.lists(signatures, min_size=1, max_size=4))
def test_every_note_that_is_written_is_read_back(text: str, lines_: list[NoteSignature]) -> None:
    """A note comes back as it was written, whatever stands in its text."""
    note = Note(text, tuple(lines_))
    assert parse_note(encode_note(note)) == note
    assert parse_signatures(encode_signatures(lines_)) == tuple(lines_)


def test_a_note_that_would_be_read_otherwise_is_not_written() -> None:
    """What a reader would split or refuse is never written."""
    line = NoteSignature("log.example", b"1234", b"signature")
    for note in (Note("text", (line,)), Note("text\n", ()), Note("text\n", (NoteSignature("a b", b"1234", b"x"),))):
        with pytest.raises(Rejected, match="checkpoint-bad"):
            encode_note(note)


def test_lines_alone_hold_nothing_but_lines() -> None:
    """The answer of a witness is signature lines and nothing else."""
    assert parse_signatures((BY_PETER + BY_ENOCH).encode()) == parse_note(BOTH).signatures
    for data in (b"", b"\n", BOTH, (BY_PETER + "\n" + BY_ENOCH).encode(), BY_PETER.encode()[:-1], b"\xff\n"):
        with pytest.raises(Rejected, match="checkpoint-bad"):
            parse_signatures(data)


@given(st.binary(min_size=1, max_size=100))
def test_base64_has_one_spelling(data: bytes) -> None:
    """Bytes have one base64 text, and only that is read."""
    text = encode_base64(data)
    assert decode_base64(text) == data
    for other in (text + "=", text + "\n", text.rstrip("=") + "\n=", "*" + text, text[:-1]):
        with pytest.raises(Rejected, match="checkpoint-bad"):
            decode_base64(other)
