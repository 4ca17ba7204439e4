"""
Every input of a hash or signature, in one place: nowhere else is a label written.

Each input is `"label" 00`, then parts of fixed length, then at most one part of variable length, so that no two inputs of
different meaning can be the same bytes. What is hashed is the bytes received, never a re-encoding.
Spec: schemas/envelope.md, "Hashes and signatures".
"""

from __future__ import annotations

from hashlib import sha256, sha512

from gateway.ids import Address, EnvelopeHash

__all__ = [
    "aad",
    "action_leaf",
    "action_message",
    "addressee_leaf",
    "approval_message",
    "bridge_message",
    "challenge_answer",
    "challenge_message",
    "challenge_nonce",
    "content_message",
    "core_hash",
    "cosignature_message",
    "delivery_card_message",
    "directory_leaf",
    "envelope_hash",
    "header_hash",
    "key_card_message",
    "key_id_input",
    "payload_info",
    "possession_message",
    "problem_message",
    "receipt_leaf_data",
    "receipt_message",
    "renewal_message",
    "seal_message",
    "seed_input",
    "submission_hash",
    "wrap_nonce",
    "wrap_nonce_prefix",
]

_WRAP_NONCE_BYTES = 24


def header_hash(header: bytes) -> bytes:
    """Return A, the hash of the header as the author wrote it."""
    return sha256(b"env1/header\x00" + header).digest()


def core_hash(core: bytes) -> bytes:
    """Return H, the hash of the core: suite, directory version, ephemeral key and header."""
    return sha256(b"env1/core\x00" + core).digest()


def addressee_leaf(blind: bytes, recipient: Address) -> bytes:
    """Return the leaf data of one addressee; the blind (16 bytes) hides who else stands in the tree."""
    return b"env1/addressee\x00" + blind + recipient.encode()


def envelope_hash(core_hash_: bytes, stanzas: bytes, commit: bytes, body_hash: bytes) -> EnvelopeHash:
    """Return the name of an envelope: of H, the stanza root, the commitment and SHA-256 of the body."""
    return EnvelopeHash(sha256(b"env1/envelope\x00" + core_hash_ + stanzas + commit + body_hash).digest())


def key_id_input(use: str, public_key: bytes, address: Address) -> bytes:
    """Return what a key id is the hash of: the same key under another name or for another use has another id."""
    return b"env1/key/" + use.encode() + b"\x00" + public_key + address.encode()


def content_message(header_hash_: bytes, content_hash: bytes) -> bytes:
    """Return what the author signs: A and SHA-512 of the content."""
    return b"env1/content\x00" + header_hash_ + content_hash


def seed_input(random: bytes, header_hash_: bytes, content_hash: bytes) -> bytes:
    """Return what the seed of a sealing is the hash of; A and the content hedge against a generator that repeats itself."""
    return b"env1/seed\x00" + random + header_hash_ + content_hash


def wrap_nonce_prefix(core_hash_: bytes) -> bytes:
    """Return what stands before the key id in the input of each wrap's nonce: one envelope has many."""
    return b"env1/wrap\x00" + core_hash_


def wrap_nonce(prefix: bytes, key_id: bytes) -> bytes:
    """Return the nonce of one wrap, so that a wrap cannot be moved to another envelope or key."""
    return sha512(prefix + key_id).digest()[:_WRAP_NONCE_BYTES]


def payload_info(suite: int) -> bytes:
    """Return the HKDF info of the payload key and the commitment."""
    return b"env1/payload\x00" + bytes([suite])


def aad(core_hash_: bytes, stanzas: bytes, commit: bytes) -> bytes:
    """Return the additional data of the body."""
    return b"env1/aad\x00" + core_hash_ + stanzas + commit


def seal_message(envelope_hash_: bytes) -> bytes:
    """Return what the sealer signs."""
    return b"env1/seal\x00" + envelope_hash_


def approval_message(envelope_hash_: bytes) -> bytes:
    """Return what a second officer signs."""
    return b"env1/approval\x00" + envelope_hash_


def submission_hash(header_hash_: bytes, author_signature: bytes) -> bytes:
    """Return the name of a clear-text submission: what makes two of them the same message."""
    return sha256(b"env1/submission\x00" + header_hash_ + author_signature).digest()


def receipt_message(receipt: bytes) -> bytes:
    """Return what the signer of a receipt signs."""
    return b"env1/receipt\x00" + sha256(receipt).digest()


def receipt_leaf_data(receipt: bytes) -> bytes:
    """Return the data of the audit leaf; RFC 6962 hashes it once more."""
    return sha256(b"env1/leaf\x00" + receipt).digest()


def directory_leaf(array: bytes) -> bytes:
    """Return the data of a readable leaf of the audit log; RFC 6962 hashes it."""
    return b"env1/directory\x00" + array


def cosignature_message(at: int, text: str) -> bytes:
    """Return what a witness signs: the text of a checkpoint under a time. The form is C2SP's; its key signs nothing else."""
    return f"cosignature/v1\ntime {at}\n{text}".encode()


def problem_message(request_body: bytes, problem: bytes) -> bytes:
    """Return what a gateway signs to refuse a submission."""
    return b"env1/problem\x00" + sha256(request_body).digest() + sha256(problem).digest()


def action_message(action: bytes) -> bytes:
    """Return what an operator's key signs to have something done."""
    return b"env1/action\x00" + sha256(action).digest()


def action_leaf(signed_action: bytes) -> bytes:
    """Return the data of an action's leaf in the audit log; the nonce in the action keeps others from guessing it."""
    return sha256(b"env1/action-leaf\x00" + signed_action).digest()


def renewal_message(nonce: bytes, at: int) -> bytes:
    """Return what renews an inbox session: the nonce (32 bytes) of its hello, and the time."""
    return b"gateway/renew\x00" + nonce + at.to_bytes(8, "big")


def key_card_message(card: bytes) -> bytes:
    """Return what the identity key signs to publish a participant's signing keys."""
    return b"env1/key-card\x00" + sha256(card).digest()


def delivery_card_message(card: bytes) -> bytes:
    """Return what an agent key signs to publish delivery keys."""
    return b"env1/delivery-card\x00" + sha256(card).digest()


def possession_message(key_id: bytes) -> bytes:
    """Return what a key signs to prove that its holder has it; the id binds holder and use."""
    return b"env1/possession\x00" + key_id


def challenge_message(card: bytes, key_id: bytes, day: int) -> bytes:
    """Return what a gateway signs to make, without remembering it, the challenge of one delivery key on one day."""
    return b"env1/challenge\x00" + sha256(card).digest() + key_id + day.to_bytes(8, "big")


def challenge_nonce(card: bytes, key_id: bytes) -> bytes:
    """Return the nonce of a challenge: no wrap of an envelope opens under it, so solving one opens no message."""
    return sha512(b"env1/challenge-nonce\x00" + sha256(card).digest() + key_id).digest()[:_WRAP_NONCE_BYTES]


def bridge_message(statement: bytes) -> bytes:
    """Return what the maker of a file between two bridges signs: its digest, for it may be large."""
    return b"env1/bridge\x00" + sha256(statement).digest()


def challenge_answer(secret: bytes) -> bytes:
    """Return the answer to a challenge: a hash of what was sealed, never what was sealed."""
    return sha256(b"env1/challenge-answer\x00" + secret).digest()
