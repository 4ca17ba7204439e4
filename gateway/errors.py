"""
Every error of the project, with a stable code.

    GatewayError            has a `code` of the table below
    +-- Rejected            their fault: do not retry; nothing changed
    |   +-- CannotOpen      one outward code for every failure inside an envelope; `reason` stays local
    |   +-- EvidenceBad     a bundle of evidence that proves nothing; `reason` says which step it failed
    +-- Unavailable         nothing happened: retry later
    +-- Uncertain           it may have happened: retry with the same id
    +-- Corrupt             stop and raise the alarm

The same code is the problem type (RFC 9457), the client's exception, the metric label and the reason in a receipt.
`schemas/errors.json` is written from this table. Text never holds a secret or content.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = [
    "CODES",
    "Branch",
    "CannotOpen",
    "Code",
    "Corrupt",
    "EvidenceBad",
    "GatewayError",
    "Rejected",
    "Unavailable",
    "Uncertain",
    "error_of",
]


class Branch(StrEnum):
    """What the reader of an error does next."""

    REJECTED = "rejected"
    UNAVAILABLE = "unavailable"
    UNCERTAIN = "uncertain"
    CORRUPT = "corrupt"


@dataclass(frozen=True, slots=True)
class Code:
    """One row of the table: branch, HTTP status, what it means, what to do."""

    branch: Branch
    status: int
    title: str
    hint: str


def _rejected(status: int, title: str, hint: str) -> Code:
    return Code(Branch.REJECTED, status, title, hint)


CODES: Final[dict[str, Code]] = {
    # --- form: opening step 1, and every other decoder -----------------------------------------------------------
    "malformed": _rejected(400, "the bytes have not the form that the specification gives", "mend the encoder"),
    "not-canonical": _rejected(400, "the same value has a shorter or another spelling", "encode each value in its shortest form"),
    "too-large": _rejected(413, "larger than the limit", "send less; evidence travels beside the envelope"),
    "unknown-version": _rejected(400, "the envelope version is not known", "use a version that the recipient's card lists"),
    "unknown-suite": _rejected(400, "the suite is not one that the delivery card lists", "use a listed suite"),
    "bad-key": _rejected(400, "a key of wrong size or low order", "make a new key"),
    "bad-address": _rejected(400, "not a participant, network or address", "write it as PARTICIPANT@network"),
    # --- inside an envelope --------------------------------------------------------------------------------------
    "cannot-open": _rejected(422, "the delivery cannot be opened", "ask the author to send it again"),
    "key-gone": _rejected(422, "sealed to a key that has been destroyed", "the author sends a new message to the current key"),
    "key-revoked": _rejected(422, "sealed to a key that was revoked as stolen: held", "write to the recipient over another line, and send a new message once it has new keys"),
    # --- rules of the header -------------------------------------------------------------------------------------
    "out-of-time": _rejected(422, "created, expires or accepted times contradict each other or the clock", "sign it anew now"),
    "expired": _rejected(422, "past its expiry", "write a new message"),
    "sealer-not-allowed": _rejected(422, "this sealer may not seal this kind", "seal it with the author's own SDK"),
    "recalled": _rejected(410, "it was recalled, or is held beyond its last day: it is not used any more", "act on it no more; ask its author"),
    "content-deleted": _rejected(410, "its content was deleted here; ids, dates and proofs are kept", "ask another holder"),
    "retention-rule": _rejected(409, "its retention does not allow that: a legal hold, or a last day that its author set", "see gateway retention list"),
    "approval-missing": _rejected(422, "this kind needs the approval of a second officer", "let a second officer sign: gateway approve"),
    "approval-refused": _rejected(422, "somebody of the sender refused to approve it", "write a new message"),
    "kind-not-allowed": _rejected(403, "the sender may not send this kind", "ask the authority, or choose another kind"),
    "kind-unknown": _rejected(422, "the kind is not in the registry", "use a kind of the catalogue"),
    "kind-not-accepted": _rejected(422, "a recipient does not accept this kind", "leave this recipient out"),
    "recipient-missing": _rejected(422, "somebody whom this kind must reach is not a recipient", "add one, see kinds.json"),
    "handling-laxer": _rejected(422, "the marking is laxer than that of a message it was made from", "mark it as it says, or let it inherit"),
    "recall-not-allowed": _rejected(403, "neither the author of what is recalled, nor who answers for its kind", "ask its author to recall it, or the coordination centre"),
    "consent-missing": _rejected(403, "passing this on needs a consent that nobody granted", "ask for it with sharing.consent"),
    "schema-unknown": _rejected(422, "the schema version of this kind is not known", "use a version that the recipient's card lists"),
    "clearance": _rejected(403, "the marking is above a recipient's clearance", "leave this recipient out"),
    "sender-unknown": _rejected(403, "the sender is not in the directory or not active", "enrol with the authority"),
    "recipient-unknown": _rejected(422, "a recipient is not in the directory or not active", "see who is who: gateway directory"),
    "recipient-repeated": _rejected(422, "a recipient stands twice", "name each recipient once"),
    "recipient-key": _rejected(422, "a stanza names a key that is not a current delivery key of its recipient", "refresh the directory and seal anew"),
    "addressees-differ": _rejected(422, "header, stanzas and addressees do not agree", "seal again with the author's own SDK"),
    "directory-ahead": _rejected(422, "sealed with a directory version that does not exist yet", "refresh the directory"),
    "conflict": _rejected(409, "this sender used this message id for another message", "send it with a new id"),
    # --- content -------------------------------------------------------------------------------------------------
    "content-json": _rejected(422, "the content is not strict JSON", "see the pointer"),
    "content-schema": _rejected(422, "the content does not follow the schema of its kind", "see the pointer"),
    "content-rule": _rejected(422, "the content breaks a rule between its fields", "see the pointer"),
    "content-header": _rejected(422, "the content repeats a header field with another value", "leave it out or write the same"),
    "must-understand": _rejected(422, "the content names a critical extension that is not known here", "leave the extension out"),
    "conversation-state": _rejected(409, "this does not follow from where the conversation stands", "see what is allowed now: gateway case"),
    # --- another network -----------------------------------------------------------------------------------------
    "peer-unknown": _rejected(403, "that network is no peer of this one", "ask the authority: gateway network peer show"),
    "border-kind": _rejected(403, "this kind does not pass between the two networks", "leave the recipients of that network out"),
    "border-ceiling": _rejected(403, "the marking is above what may pass between the two networks", "leave the recipients of that network out"),
    "handling-unknown": _rejected(422, "a handling code that has no meaning in this network", "mark it with a code that both networks list"),
    # --- who is asking -------------------------------------------------------------------------------------------
    "signature-missing": _rejected(401, "the request is not signed as RFC 9421 asks", "sign it with the agent key"),
    "signature-bad": _rejected(401, "the signature does not verify, or its key is not good now", "check key, clock and directory"),
    "clock-skew": _rejected(401, "the clocks differ by more than 300 s", "set the clock; the answer has the server's time"),
    "nonce-used": _rejected(401, "this nonce was used before", "sign again with a new nonce"),
    "not-found": _rejected(404, "there is no such thing, or it is not yours", "check the id"),
    "method-not-allowed": _rejected(405, "not a method of this resource", "read /openapi.json"),
    "unsupported-media": _rejected(415, "not a media type of this resource", "read /openapi.json"),
    "bad-request": _rejected(400, "not a request that HTTP or the API knows", "read /openapi.json"),
    "too-many": _rejected(429, "more than this participant's share", "wait as Retry-After says"),
    "session-replaced": _rejected(409, "a newer inbox session of this participant took over", "close the other one, or leave it to it"),
    # --- directory and keys --------------------------------------------------------------------------------------
    "directory-untrusted": _rejected(422, "directory metadata that does not verify from the trusted root", "keep the last good state; tell the authority"),
    "directory-rollback": _rejected(422, "older than what was seen before", "keep the last good state; tell the authority"),
    "directory-expired": _rejected(422, "past its expiry", "wait for the authority to publish"),
    "directory-stale": _rejected(422, "no fresh directory for longer than sealing allows", "connect to a gateway"),
    "directory-split": _rejected(422, "one directory version with two contents: a view that others do not see", "keep both as evidence; tell the authority and the other participants"),
    "card-bad": _rejected(422, "a key card or delivery card that does not verify", "make a new card"),
    "card-serial": _rejected(409, "a card with a serial that is not above the last one", "raise the serial"),
    "key-taken": _rejected(409, "this key stands elsewhere in the directory", "make a new key"),
    "possession": _rejected(422, "possession of a key was not proved", "sign, or open the challenge, with that key"),
    "passphrase": _rejected(403, "the passphrase does not open the keys", "try again"),
    "home-exists": _rejected(409, "there is something already", "choose another folder"),
    "home-copied": _rejected(409, "more delivery keys in a day than one home makes", "another copy of this home is in use: stop it"),
    "home-missing": _rejected(404, "there is no home here", "enrol first"),
    "config": _rejected(400, "the configuration is not valid", "mend the value or the file that is named; gateway check tells the rest"),
    "network-differs": _rejected(422, "this belongs to another network", "a home belongs to one network; exercises are networks of their own"),
    # --- audit log -----------------------------------------------------------------------------------------------
    "checkpoint-bad": _rejected(422, "a note or checkpoint that has not its form, or is not signed by its log", "keep the last good one; tell the operator of the log"),
    "proof-bad": _rejected(422, "a proof of inclusion or growth that does not lead to the root", "ask again; keep note and proof if it stays so"),
    "checkpoint-untrusted": _rejected(403, "a checkpoint that no key of its log has signed", "compare the log's keys with those that are configured"),
    "evidence-bad": _rejected(422, "evidence that does not hold together, or not under the keys that were named", "ask its holder for another copy; compare the keys of the log"),
    "timestamp-bad": _rejected(422, "a time-stamp that does not verify for what was asked", "compare timestamp_ca with the service; it is asked again"),
    "log-forked": Code(Branch.CORRUPT, 422, "a log that is not the continuation of what it was", "keep both checkpoints; find out who changed the log"),
    # --- machinery -----------------------------------------------------------------------------------------------
    "unavailable": Code(Branch.UNAVAILABLE, 503, "a part of the service is away", "retry later; nothing was stored"),
    "busy": Code(Branch.UNAVAILABLE, 503, "more work than the service takes on", "wait as Retry-After says; nothing was stored"),
    "quota": Code(Branch.UNAVAILABLE, 429, "more than this participant's share for now", "wait as Retry-After says; nothing was stored"),
    "suspended": Code(Branch.UNAVAILABLE, 403, "this gateway's operator has suspended the participant", "ask the operator of the gateway; nothing was stored"),
    "draining": Code(Branch.UNAVAILABLE, 503, "this gateway is being emptied for a restart", "go to another gateway, or come back as Retry-After says"),
    "mailbox-full": Code(Branch.UNAVAILABLE, 503, "the mailbox takes no more for now", "retry when it has drained"),
    "time-limit": Code(Branch.UNAVAILABLE, 408, "the request took longer than its time limit", "retry on a better line"),
    "tls": Code(Branch.UNAVAILABLE, 503, "the line to the gateway cannot be trusted", "compare address, CA and client certificate of the home with the operator's: gateway tls"),
    "uncertain": Code(Branch.UNCERTAIN, 503, "the outcome is not known", "retry with the same id"),
    "internal": Code(Branch.UNCERTAIN, 500, "a bug: the outcome is not known", "retry with the same id; tell the operator"),
    "schema-version": Code(Branch.CORRUPT, 500, "the ledger has another schema version", "run gateway migrate"),
    "ledger-locked": Code(Branch.UNAVAILABLE, 503, "another process has this ledger", "stop the other one, or use PostgreSQL"),
    "corrupt": Code(Branch.CORRUPT, 500, "stored data contradicts itself", "stop; restore from a backup"),
}


class GatewayError(Exception):
    """
    An error with a code of `CODES`.

    Args:
        code: A key of `CODES`.
        detail: Lower case, no full stop; the value seen and the limit; never a secret, never content.
        pointer: RFC 6901 pointer to the place in the content, or None.
        hint: What to do, where this place knows better than the table; None takes the table's.

    Attributes:
        proved: Whether what is refused was proved to be its sender's: then alone a gateway signs the refusal.
        retry_after_s: When it is worth another try, where that is known; None elsewhere.
    """

    default: str = "internal"

    def __init__(
        self, detail: str = "", *, code: str | None = None, pointer: str | None = None, hint: str | None = None
    ) -> None:
        self.code = code or self.default
        self.detail = detail or CODES[self.code].title
        self.pointer = pointer
        self.hint = hint or CODES[self.code].hint
        self.proved = False
        self.retry_after_s: int | None = None
        super().__init__(self.detail)

    @property
    def row(self) -> Code:
        """The table's row: HTTP status, title and hint."""
        return CODES[self.code]

    def __str__(self) -> str:
        where = f" at {self.pointer!r}" if self.pointer else ""
        return f"{self.code}: {self.detail}{where}"


class Rejected(GatewayError):
    """Their fault: nothing changed, and the same input will be refused again."""

    default = "bad-request"


class CannotOpen(Rejected):
    """
    A delivery that cannot be opened; one outward code, whatever went wrong inside.

    Args:
        reason: The exact local reason, e.g. `seal-signature`; for local logs and vectors only.
    """

    default = "cannot-open"

    def __init__(self, reason: str) -> None:
        # `key-gone` alone is told to the author: the answer is a new message to the current key.
        super().__init__(code="key-gone" if reason == "key-gone" else "cannot-open")
        self.reason = reason


class EvidenceBad(Rejected):
    """
    A bundle that proves nothing.

    Args:
        reason: Which check failed, e.g. `receipt-stranger`; the words of the specification.
        detail: What was found.
    """

    default = "evidence-bad"

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason


class Unavailable(GatewayError):
    """Nothing happened: retry later."""

    default = "unavailable"


class Uncertain(GatewayError):
    """It may have happened: retry with the same id."""

    default = "uncertain"


class Corrupt(GatewayError):
    """Stored data or the installation contradicts itself: stop and raise the alarm."""

    default = "corrupt"


_CLASSES: Final[dict[Branch, type[GatewayError]]] = {
    Branch.REJECTED: Rejected,
    Branch.UNAVAILABLE: Unavailable,
    Branch.UNCERTAIN: Uncertain,
    Branch.CORRUPT: Corrupt,
}


def error_of(code: str, detail: str = "", pointer: str | None = None) -> GatewayError:
    """Make the error that a problem document names; an unknown code becomes `uncertain`, the careful answer."""
    if code not in CODES:
        return Uncertain(f"unknown code {code[:64]!r}: {detail}")
    return _CLASSES[CODES[code].branch](detail, code=code, pointer=pointer)
