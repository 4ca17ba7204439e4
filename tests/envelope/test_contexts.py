"""Labels: no two inputs of a hash or a signature can be taken for each other."""

from __future__ import annotations

import ast
from hashlib import sha256, sha512
from pathlib import Path

from gateway.envelope import Use, contexts
from gateway.ids import Address

FOLDER = Path(contexts.__file__).parent
H32, H64 = bytes(range(32)), bytes(64)
NAME = Address("NCB-QM@icn")
MESSAGES = {
    "addressee": contexts.addressee_leaf(bytes(16), NAME),
    **{f"key/{use}": contexts.key_id_input(use, H32, NAME) for use in Use},
    "content": contexts.content_message(H32, H64),
    "seed": contexts.seed_input(H32, H32, H64),
    "wrap": contexts.wrap_nonce_prefix(H32),
    "payload": contexts.payload_info(1),
    "aad": contexts.aad(H32, H32, H32),
    "seal": contexts.seal_message(H32),
    "approval": contexts.approval_message(H32),
    "receipt": contexts.receipt_message(b"receipt"),
    "directory": contexts.directory_leaf(b"array"),
    "problem": contexts.problem_message(b"body", b"problem"),
    "action": contexts.action_message(b"action"),
    "bridge": contexts.bridge_message(b"statement"),
}


def test_every_input_begins_with_its_label() -> None:
    """Each input starts with the label that the specification gives it, and a zero byte."""
    for label, message in MESSAGES.items():
        assert message.startswith(b"env1/" + label.encode() + b"\x00")


def test_no_input_begins_like_another() -> None:
    """No label is the beginning of another one, so that a signature for one purpose never fits a second."""
    heads = [message[: message.index(0) + 1] for message in MESSAGES.values()]
    assert len(set(heads)) == len(heads)
    assert not any(one != other and other.startswith(one) for one in heads for other in heads)


def test_hashes_are_those_of_the_specification() -> None:
    """Each hash is what the text says, written out once more here."""
    assert contexts.header_hash(b"h") == sha256(b"env1/header\x00h").digest()
    assert contexts.core_hash(b"c") == sha256(b"env1/core\x00c").digest()
    assert contexts.envelope_hash(H32, H32, H32, H32) == sha256(b"env1/envelope\x00" + H32 * 4).digest()
    assert contexts.submission_hash(H32, H64) == sha256(b"env1/submission\x00" + H32 + H64).digest()
    assert contexts.receipt_leaf_data(b"r") == sha256(b"env1/leaf\x00r").digest()
    assert (
        contexts.wrap_nonce(contexts.wrap_nonce_prefix(H32), bytes(16))
        == sha512(b"env1/wrap\x00" + H32 + bytes(16)).digest()[:24]
    )
    assert contexts.cosignature_message(7, "text\n") == b"cosignature/v1\ntime 7\ntext\n"
    assert contexts.receipt_message(b"r") == b"env1/receipt\x00" + sha256(b"r").digest()
    assert contexts.action_message(b"a") == b"env1/action\x00" + sha256(b"a").digest()
    assert contexts.bridge_message(b"b") == b"env1/bridge\x00" + sha256(b"b").digest()
    assert contexts.action_leaf(b"s") == sha256(b"env1/action-leaf\x00s").digest()
    assert contexts.renewal_message(H32, 1) == b"gateway/renew\x00" + H32 + bytes(7) + b"\x01"


def test_labels_are_written_in_one_file() -> None:
    """A reader who checks the labels has one file to read."""
    for path in FOLDER.glob("*.py"):
        texts = [node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)]
        labels = [text for text in texts if isinstance(text, bytes) and b"env1/" in text]
        assert bool(labels) is (path.name == "contexts.py")
