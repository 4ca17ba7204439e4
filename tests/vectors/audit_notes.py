"""Vector cases of verifier keys, notes, checkpoints and cosignatures. Spec: schemas/audit.md, "Notes" to "Cosignatures"."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import sha256

from gateway.tlog.note import MAX_NOTE_BYTES
from tests.vectors.audit_case import ORIGIN, AuditCase
from tests.vectors.audit_forge import (
    AT,
    LOG,
    LOG_NEXT,
    OTHER,
    WITNESS,
    WITNESS_2,
    Signer,
    base64,
    body,
    bytes_of,
    line,
    note,
    root,
)

__all__ = ["CHECKPOINTS", "COSIGNATURES", "NOTES", "VKEYS"]

BAD = "checkpoint-bad"
TEXT = "A text\nof two lines\n"
BODY = body(7, root(7))
SMALL_ORDER = b"\x01" + bytes(31)


def _vkey(name: str, about: str, vkey: str, expects: str = "bad-key") -> AuditCase:
    return AuditCase("vkey", name, about, expects, {"vkey": vkey})


def _note(name: str, about: str, data: str | bytes, expects: str = BAD) -> AuditCase:
    return AuditCase("note", name, about, expects, {"note": bytes_of(data), "keys": [str(LOG), str(OTHER)]})


def _checkpoint(name: str, about: str, data: str, expects: str = BAD) -> AuditCase:
    return AuditCase("checkpoint", name, about, expects, {"note": bytes_of(data), "keys": [str(LOG)]})


def _signed(name: str, about: str, text: str, expects: str = BAD) -> AuditCase:
    return _checkpoint(name, about, note(text, LOG), expects)


def _cosigned(name: str, about: str, *lines: str, expects: str = BAD) -> AuditCase:
    given = {"note": bytes_of(note(BODY, LOG) + "".join(lines)), "key": str(WITNESS)}
    return AuditCase("cosignature", name, about, expects, given)


def _stamped(at: bytes, message: str) -> str:
    """Return a line of the witness with this time and its signature over any message."""
    return line(WITNESS, at + WITNESS.sign(message))


def _key_text(name: str, algorithm: int, key: bytes) -> str:
    """Return a verifier key with the right hash, whatever else is wrong with it."""
    data = bytes([algorithm]) + key
    key_hash = sha256(name.encode() + b"\n" + data).digest()[:4]
    return f"{name}+{key_hash.hex()}+{base64(data)}"


MESSAGE = f"cosignature/v1\ntime {AT}\n{BODY}"
TIME = AT.to_bytes(8, "big")
LOG_KEY = LOG.key.key
GOOD = note(TEXT, LOG)
LINE = LOG.line(TEXT)
CODED = LINE.split(" ")[2].rstrip("\n")
OTHER_BITS = f"{CODED[:-2]}{chr(ord(CODED[-2]) + 1)}="  # 68 bytes end with one `=`, and two bits before it are unused
URL_SAFE = urlsafe_b64encode(OTHER.key.hash + b"\xfb\xff" * 32).decode()
STRANGERS = [Signer(f"stranger.example/{number}").line(TEXT) for number in range(100)]

VKEYS = [
    _vkey("valid-log", "The key of a log: Ed25519, named after the origin.", str(LOG), ""),
    _vkey("valid-witness", "The key of a witness: cosignature/v1.", str(WITNESS), ""),
    _vkey("hash-of-another", "The hash belongs to another key.", str(LOG).replace(LOG.key.hash.hex(), OTHER.key.hash.hex())),
    _vkey("hash-upper-case", "Hex is lower case.", str(LOG).replace(LOG.key.hash.hex(), LOG.key.hash.hex().upper())),
    _vkey("hash-missing", "Name and key alone.", str(LOG).replace(f"{LOG.key.hash.hex()}+", "")),
    _vkey("algorithm-unknown", "Algorithm 2 is not used here.", _key_text(ORIGIN, 2, LOG_KEY)),
    _vkey("key-of-31-bytes", "A byte is missing.", _key_text(ORIGIN, 1, LOG_KEY[:31])),
    _vkey("key-of-33-bytes", "A byte too many.", _key_text(ORIGIN, 1, LOG_KEY + b"\0")),
    _vkey("key-of-small-order", "Anybody can sign under this key.", _key_text(ORIGIN, 1, SMALL_ORDER)),
    _vkey("name-empty", "A key without a name.", _key_text("", 1, LOG_KEY)),
    _vkey("name-with-space", "A name with a space would break its line.", _key_text("the log", 1, LOG_KEY)),
    _vkey("name-of-256-characters", "A name has at most 255.", _key_text("x" * 256, 1, LOG_KEY)),
    _vkey("base64-without-padding", "The padding is missing.", _key_text(ORIGIN, 1, LOG_KEY + b"\0").rstrip("=")),
    _vkey("line-feed", "Something follows the key.", str(LOG) + "\n"),
]
NOTES = [
    _note("valid-one-signature", "A text and one signature.", GOOD, ""),
    _note("valid-two-signatures", "Two keys have signed.", note(TEXT, OTHER, LOG), ""),
    _note("valid-unknown-key", "A line of a key that the reader does not know is ignored.", GOOD + STRANGERS[0], ""),
    _note(
        "valid-same-name-other-hash",
        "A line with the name of a known key and another hash is ignored.",
        note(TEXT, LOG, LOG_NEXT),
        "",
    ),
    _note(
        "valid-same-hash-other-name",
        "A line with the hash of a known key and another name is ignored.",
        note(TEXT, OTHER) + LINE.replace("/audit", "/other"),
        "",
    ),
    _note("valid-signed-twice", "One key counts once, however often it signs.", GOOD + LINE, ""),
    _note("valid-empty-lines-in-text", "The last empty line is the border.", note("one\n\ntwo\n\n\nthree\n", LOG), ""),
    _note("valid-text-like-a-signature", "What stands above the border is text.", note(TEXT + "\n" + LINE, LOG), ""),
    _note("valid-text-of-one-newline", "The shortest text.", note("\n", LOG), ""),
    _note("valid-not-ascii", "UTF-8 of any script.", note("Zürich, Łódź\n\u4e00\n", LOG), ""),
    _note("valid-delete-character", "U+007F is not among the characters that are refused.", note("a\x7fb\n", LOG), ""),
    _note("valid-16-signatures", "As many as C2SP asks for.", GOOD + "".join(STRANGERS[:15]), ""),
    _note("valid-100-signatures", "As many as are read.", GOOD + "".join(STRANGERS[:99]), ""),
    _note("101-signatures", "One more than is read.", GOOD + "".join(STRANGERS)),
    _note("too-large", "Longer than 131,072 bytes; nothing else is looked at.", bytes(MAX_NOTE_BYTES + 1), "too-large"),
    _note("empty", "Nothing.", b""),
    _note("without-signatures", "A text alone.", TEXT),
    _note("without-lines", "A text and the border.", TEXT + "\n"),
    _note("without-border", "The empty line between text and signatures is missing.", TEXT + LINE),
    _note("without-last-newline", "The last line is not ended.", GOOD[:-1]),
    _note("line-after", "A line that is no signature.", GOOD + "Unexpected line.\n"),
    _note("empty-line-after", "An empty line after the signatures is the border of nothing.", GOOD + "\n"),
    _note("carriage-return", "Lines end with a line feed alone.", GOOD.replace("\n", "\r\n")),
    _note("tab", "No control character but the newline.", note("a\tb\n", LOG)),
    _note("nul", "No control character but the newline.", note("a\0b\n", LOG)),
    _note("not-utf8", "A byte that UTF-8 does not have.", b"\xff" + GOOD.encode()),
    _note("surrogate", "A surrogate is not UTF-8.", b"\xed\xa0\x80" + GOOD.encode()),
    _note("hyphen", "The line begins with an em dash.", GOOD.replace("—", "-")),
    _note("dash-without-space", "A space follows the dash.", GOOD.replace("— ", "—")),
    _note("name-empty", "A signature without a name.", GOOD.replace(ORIGIN, "")),
    _note("name-with-space", "A name with a space.", GOOD.replace(ORIGIN, "the log")),
    _note("name-with-no-break-space", "A name with another space of Unicode.", GOOD.replace(ORIGIN, "the\u00a0log")),
    _note("name-with-plus", "A name with a plus.", GOOD.replace(ORIGIN, "the+log")),
    _note("line-with-two-spaces", "One space stands between name and signature.", GOOD.replace("audit ", "audit  ")),
    _note("line-with-space-after", "Nothing follows the signature.", GOOD[:-1] + " \n"),
    _note("signature-missing", "A name alone.", f"{TEXT}\n— {ORIGIN}\n"),
    _note("signature-of-4-bytes", "The hash of a key and no signature.", f"{TEXT}\n" + line(LOG, b"")),
    _note("signature-of-63-bytes", "A signature that lost a byte.", f"{TEXT}\n{line(LOG, LOG.sign(TEXT)[:63])}"),
    _note("base64-url", "The alphabet is that of RFC 4648, section 4.", f"{TEXT}\n— {OTHER.key.name} {URL_SAFE}\n"),
    _note("base64-without-padding", "The padding is missing.", GOOD.replace("=", "")),
    _note(
        "base64-padding-bits",
        "Bits are set in the padding: another spelling of the same bytes.",
        GOOD.replace(CODED, OTHER_BITS),
    ),
    _note("text-changed", "The text is not the one that was signed.", GOOD.replace("two", "ten")),
    _note(
        "one-of-two-bad",
        "A bad line of a known key refuses the note, whoever else signed.",
        GOOD + line(OTHER, OTHER.sign("another text\n")),
    ),
    _note("no-known-key", "Nobody whom the reader knows has signed.", f"{TEXT}\n{STRANGERS[0]}"),
]
CHECKPOINTS = [
    _signed("valid", "A log of seven leaves.", BODY, ""),
    _signed("valid-empty-log", "The empty log; its root is SHA-256 of nothing.", body(0, root(0)), ""),
    _signed("valid-largest-size", "2^53 - 1 leaves.", body(2**53 - 1, root(7)), ""),
    _signed(
        "valid-extensions", "Further lines are signed, and nothing is read from them.", body(7, root(7), "one", "two 2"), ""
    ),
    _checkpoint("valid-two-keys", "During a rotation both keys sign; the reader knows one.", note(BODY, LOG_NEXT, LOG), ""),
    _checkpoint("valid-cosigned", "Lines of witnesses stand beside the log's own.", note(BODY, LOG, WITNESS, WITNESS_2), ""),
    _signed("size-with-leading-zero", "One number has one spelling.", body("07", root(7))),
    _signed("size-with-sign", "One number has one spelling.", body("+7", root(7))),
    _signed("size-with-space", "One number has one spelling.", body("7 ", root(7))),
    _signed("size-negative", "No tree has so few leaves.", body(-7, root(7))),
    _signed("size-other-digits", "Digits are ASCII.", body("\u0667", root(7))),
    _signed("size-above-53-bits", "More than every language holds exactly.", body(2**53, root(7))),
    _signed("empty-log-with-a-root", "The empty tree has one root.", body(0, root(7))),
    _signed("root-of-31-bytes", "A byte is missing.", body(7, root(7)[:31])),
    _signed("root-of-33-bytes", "A byte too many.", body(7, root(7) + b"\0")),
    _signed("root-without-padding", "The padding is missing.", body(7, base64(root(7)).rstrip("="))),
    _signed("root-in-hex", "The root is base64.", body(7, root(7).hex())),
    _signed("two-lines", "The root is missing.", "".join(BODY.splitlines(keepends=True)[:2])),
    _signed("origin-empty", "A log has a name.", body(7, root(7), origin="")),
    _signed("extension-empty", "An extension is not empty.", body(7, root(7), "", "two")),
    _checkpoint("size-changed", "Not what was signed.", note(BODY, LOG).replace("\n7\n", "\n8\n")),
    _checkpoint("not-by-the-log", "Signed by a key that the reader does not know.", note(BODY, LOG_NEXT)),
    _checkpoint("by-a-witness-alone", "A cosignature is no signature of the log.", note(BODY, WITNESS)),
    _signed("of-another-origin", "A key signs for the log that bears its name.", body(7, root(7), origin="log.example/other")),
]
COSIGNATURES = [
    _cosigned("valid", "The witness saw the checkpoint at this time.", WITNESS.line(BODY), expects=""),
    _cosigned(
        "valid-of-two-witnesses",
        "Each witness has its own line.",
        WITNESS_2.cosigned(BODY, AT + 1),
        WITNESS.line(BODY),
        expects="",
    ),
    _cosigned(
        "valid-twice", "The newest of one witness counts.", WITNESS.cosigned(BODY, AT + 60), WITNESS.line(BODY), expects=""
    ),
    _cosigned("valid-largest-time", "2^63 - 1.", WITNESS.cosigned(BODY, 2**63 - 1), expects=""),
    _cosigned("valid-absent", "Another witness cosigned; of this one there is no time.", WITNESS_2.line(BODY), expects=""),
    _cosigned("time-changed", "The time is part of what is signed.", _stamped((AT + 1).to_bytes(8, "big"), MESSAGE)),
    _cosigned("time-above-63-bits", "No such time.", WITNESS.cosigned(BODY, 2**63)),
    _cosigned(
        "time-with-leading-zero",
        "The signed time is decimal without leading zeros.",
        _stamped(TIME, MESSAGE.replace("time ", "time 0")),
    ),
    _cosigned("time-little-endian", "The time is big-endian.", _stamped(TIME[::-1], MESSAGE)),
    _cosigned("time-missing", "A signature without its time.", _stamped(b"", MESSAGE)),
    _cosigned("time-alone", "A time without its signature.", line(WITNESS, TIME)),
    _cosigned("of-the-text-alone", "The checkpoint was signed without the two lines above it.", _stamped(TIME, BODY)),
    _cosigned("of-another-checkpoint", "The cosignature belongs to another size.", WITNESS.line(body(6, root(6)))),
    _cosigned("signature-of-63-bytes", "A signature that lost a byte.", line(WITNESS, TIME + WITNESS.sign(MESSAGE)[:63])),
]
