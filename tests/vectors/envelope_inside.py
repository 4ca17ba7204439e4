"""Vector cases for opening steps 5 to 7: addressed to me, what is in it, and who wrote it."""

from __future__ import annotations

from gateway.envelope import KeyRecord, Use, payload, primitives
from gateway.envelope.primitives import SecretKey
from tests.envelope.world import CONTENT, DAY, NOW, SENDER, delivery_key, seed_of, signing_key
from tests.vectors.envelope_case import Case
from tests.vectors.envelope_checks import inside
from tests.vectors.envelope_forge import ME, OTHER, THIRD, Forge, bin16, change, flip, put
from tests.vectors.envelope_forms import INDEX, PROOF, Make, edited, spoiled
from tests.vectors.two_keys import collide

AUTHOR = signing_key(SENDER, Use.AUTHOR)


class TwoKeys(Forge):
    """
    A body that opens under two keys: the other recipient reads a text, and I get a key that opens the same body otherwise.

    The commitment is to the other recipient's key.
    """

    HOLE, SPARE = 10, 11  # blocks of 16 bytes inside the content

    def __post_init__(self) -> None:
        super().__post_init__()
        self.second = SecretKey(seed_of("second key"))
        self.content = CONTENT + b" " * 256

    def wrapped(self, place: int) -> SecretKey:
        """Wrap the second key for me."""
        return self.second if place == self.place else self.cek

    def body(self, key: SecretKey, aad: bytes) -> bytes:
        """Solve for a ciphertext that has the same tag under both keys."""
        second, _ = payload.derive(self.second, self.core_hash, 1)
        ciphertext = super().body(key, aad)[:-16]
        self.keys_of_body = key, second
        body = collide((key.unsafe_bytes, second.unsafe_bytes), aad, ciphertext, self.HOLE, self.SPARE)
        self.texts = [primitives.aead_open(one, bytes(24), body, aad) for one in self.keys_of_body]
        if None in self.texts or self.texts[0] == self.texts[1]:
            raise AssertionError("the body does not open under two keys to two texts")
        return body


def _not_addressed(forge: Forge) -> None:
    forge.recipients = [OTHER, THIRD]


def _stanza_of_another(forge: Forge) -> None:
    forge.edit["delivery"] = change(2, lambda _: forge.stanzas[1 - forge.place])


def _larger_tree(forge: Forge) -> None:
    forge.header["recipients"] = 3


def _siblings_left_over(forge: Forge) -> None:
    forge.edit["delivery"] = lambda e: e[PROOF].append(bytes(32))


def _gone(forge: Forge) -> None:
    forge.my_keys = [delivery_key(ME, 2)]


def _unlisted(forge: Forge) -> None:
    _gone(forge)
    forge.world.records.pop(delivery_key(ME).key_id)


def _sealed_to_another(forge: Forge) -> None:
    forge.keys[ME] = delivery_key(OTHER)


def _wrap_of_another_envelope(forge: Forge) -> None:
    """The same content key and ephemeral key, wrapped for another header: the nonce differs."""
    key = delivery_key(ME).public.key
    forge.edit["stanza"] = change(3, lambda _: primitives.box(forge.cek, bytes(24), key, forge.ephemeral))


def _wrong_suite_in_commit(forge: Forge) -> None:
    forge.spoil["commit"] = lambda _: payload.derive(forge.cek, forge.core_hash, 2)[1]


def _padding_too_long(padded: bytes) -> bytes:
    return padded.ljust(payload.padded_length(len(padded) + 1), b"\0")


def _resealed(forge: Forge) -> None:
    """A recipient puts itself as sealer and sender, and keeps the author's signature over the old header."""
    original = Forge("re-sealed-original")
    original.delivery()
    forge.sender = OTHER
    forge.author_signature = original.author_signed


def _readdressed(forge: Forge) -> None:
    """A recipient with the sealer's agent key writes other addressees under the author's signature."""
    original = Forge("re-addressed-original", recipients=[ME])
    original.delivery()
    forge.recipients = [ME, THIRD]
    forge.author_signature = original.author_signed


def _author(use: Use = Use.AUTHOR, *, of: str = SENDER) -> Make:
    return lambda forge: setattr(forge, "author", signing_key(type(SENDER)(of), use))


def _under_another_name(forge: Forge) -> None:
    """OTHER lists the author's public key as its own, and sends the author's text as its own."""
    forge.sender = OTHER
    forge.author = AUTHOR


def _bad_author_signature(forge: Forge) -> None:
    forge.edit["inner"] = change(1, flip(0))


def _index_beyond_one(forge: Forge) -> None:
    forge.recipients = [ME]
    forge.edit["delivery"] = put(INDEX, 1)


def _key_gone(
    name: str, about: str, not_before: int = NOW - DAY, not_after: int = NOW + DAY, revoked: int | None = None
) -> Case:
    """Return a case of a destroyed key that the directory lists with these times: they do not matter."""

    def make(forge: Forge) -> None:
        _gone(forge)
        public = delivery_key(ME).public
        forge.world.records[public.key_id] = KeyRecord.of(public, not_before, not_after, revoked)

    return Case(f"key-gone-{name}", about, "key-gone", "key-gone", make)


STEP_5 = [
    inside("stanza-recipient", "stanza-of-another", "The stanza of another recipient.", _stanza_of_another),
    inside("stanza-recipient", "not-addressed-to-me", "An envelope for others.", _not_addressed),
    inside(
        "addressee-proof",
        "index-of-another",
        "The index of another recipient.",
        edited("delivery", change(INDEX, lambda index: 1 - index)),
    ),
    inside("addressee-proof", "index-beyond", "An index that the tree does not have.", edited("delivery", put(INDEX, 2))),
    inside("addressee-proof", "sibling-missing", "The proof ends too soon.", edited("delivery", put(PROOF, []))),
    inside("addressee-proof", "sibling-left-over", "The proof goes on after the root.", _siblings_left_over),
    inside(
        "addressee-proof",
        "sibling-changed",
        "A bit of a sibling.",
        edited("delivery", change(PROOF, lambda proof: [flip(0)(proof[0])])),
    ),
    inside("addressee-proof", "tree-of-another-size", "The header counts three recipients over a tree of two.", _larger_tree),
    inside("addressee-proof", "blind-changed", "A bit of the blind.", edited("stanza", change(1, flip(0)))),
    inside(
        "addressee-proof", "index-beyond-one-leaf", "Index 1 in a tree of one leaf, whose root is that leaf.", _index_beyond_one
    ),
]

STEP_6 = [
    inside("stanza-key", "stanza-key-unknown", "A key that I never had.", _unlisted),
    inside("stanza-key", "stanza-key-of-another", "Sealed to the key of another recipient.", _sealed_to_another),
    Case("key-gone", "A key that was mine and that I destroyed.", "key-gone", "key-gone", _gone),
    inside(
        "stanza-key",
        "stanza-key-for-signing",
        "The id of a key of mine that nothing is sealed to.",
        edited("stanza", put(2, signing_key(ME, Use.AGENT).key_id)),
    ),
    _key_gone("closed", "A key that I destroyed, closed before the first acceptance.", not_after=NOW),
    _key_gone("revoked", "A key that I destroyed, revoked before the first acceptance.", revoked=NOW),
    _key_gone("not-yet", "A key that I destroyed before its time.", not_before=NOW + 30 * DAY),
    inside("wrap", "wrap-changed", "A bit of the wrap.", edited("stanza", change(3, flip(20)))),
    inside(
        "wrap",
        "wrap-of-another-envelope",
        "A good wrap of the same key with the nonce of another header.",
        _wrap_of_another_envelope,
    ),
    inside("wrap", "epk-small-order", "An ephemeral key of small order.", edited("core", put(2, bytes(32)))),
    inside(
        "wrap",
        "epk-of-another-envelope",
        "An ephemeral key that did not make the wraps.",
        edited("core", put(2, delivery_key(OTHER).public.key)),
    ),
    inside("commit", "commit-changed", "A bit of the commitment.", spoiled("commit", flip(0))),
    inside("commit", "commit-of-another-suite", "The commitment is derived for another suite.", _wrong_suite_in_commit),
    Case(
        "body-under-two-keys",
        "A body that opens under two keys to two texts.",
        "cannot-open",
        "commit",
        lambda _: None,
        TwoKeys,
    ),
    inside("body", "body-changed", "A bit of the ciphertext, sealed and accepted.", spoiled("body", flip(0))),
    inside("body", "body-tag-changed", "A bit of the tag, sealed and accepted.", spoiled("body", flip(-1))),
    inside("body", "body-with-other-aad", "The body is bound to another envelope.", spoiled("aad", flip(-1))),
    inside(
        "padding",
        "padding-mark-missing",
        "No byte 80 before the zeros.",
        spoiled("padded", lambda p: p.replace(b"\x80\0", b"\0\0", 1)),
    ),
    inside(
        "padding", "padding-not-zero", "A byte after the mark that is not zero.", spoiled("padded", lambda p: p[:-1] + b"\1")
    ),
    inside("padding", "padding-too-long", "Padded to the next length but one.", spoiled("padded", _padding_too_long)),
    inside("padding", "padding-alone", "Zeros and nothing else.", spoiled("padded", lambda p: bytes(len(p)))),
    inside("inner", "inner-element-extra", "A fourth element inside.", edited("inner", lambda e: e.append(None))),
    inside("inner", "inner-content-text", "The content is str instead of bin.", edited("inner", put(2, CONTENT.decode()))),
    inside(
        "inner",
        "inner-content-bin16",
        "The content says its length in two bytes.",
        edited("inner", change(2, bin16)),
    ),
]

STEP_7 = [
    inside(
        "author-key", "author-key-unknown", "A key that is not in the directory.", lambda f: f.world.records.pop(AUTHOR.key_id)
    ),
    inside("author-key", "author-key-of-another", "Written by another participant.", _author(of=OTHER)),
    inside("author-key", "author-key-agent", "Signed with a key for another use.", _author(Use.AGENT)),
    inside(
        "author-key",
        "author-key-under-another-name",
        "Another participant sends with the author's key as its own.",
        _under_another_name,
    ),
    inside(
        "author-key",
        "author-key-closed",
        "The key was good until a second before.",
        lambda f: f.relist(AUTHOR, not_after=NOW + 60),
    ),
    inside(
        "author-key", "author-key-revoked", "The key was revoked in that second.", lambda f: f.relist(AUTHOR, revoked=NOW + 60)
    ),
    inside("author-key", "re-sealed-by-a-recipient", "A recipient sends what it got as its own message.", _resealed),
    inside(
        "author-signature", "re-addressed", "The author's signature for one recipient, under a header for two.", _readdressed
    ),
    inside("author-signature", "author-signature-bad", "A bit of the author's signature.", _bad_author_signature),
    inside(
        "author-signature",
        "author-signed-other-content",
        "The signature is over another content.",
        lambda forge: forge.edit.update(inner=put(2, CONTENT + b" ")),
    ),
]
