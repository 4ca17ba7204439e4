"""
Accept a submission, sealed or in clear text: what a gateway checks, in the order of the text.

Rules: first and last are the gateway's clock. What a gateway knows of earlier messages is not asked here, and clear text
is judged, not sealed.
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.second_opener.checks import (
    Me,
    approval_missing,
    check_approval,
    check_author,
    check_directory,
    check_seal,
    check_sealer,
    check_times,
    hashes_of,
    labelled,
    need,
)
from tests.second_opener.forms import Addressee, Clear, Header, Stanza, Submission, read_clear, read_submission
from tests.second_opener.primitives import sha256, siblings_of, tree_root


def accept(data: bytes, me: Me) -> tuple[Submission, bytes]:
    """
    Judge a sealed submission.

    Args:
        data: The bytes as they were received.
        me: What the gateway knows.

    Returns:
        The submission and its envelope hash.

    Raises:
        RefusedError: Anything is not as it must be.
    """
    submission = read_submission(data)
    envelope, times = submission.envelope, (me.now, me.now)
    check_directory(envelope, me)
    check_times(envelope.header, times)
    check_sealer(envelope.header, me)
    envelope_hash = hashes_of(envelope).envelope
    check_seal(envelope, envelope_hash, times, me)
    need(not approval_missing(envelope, me), "approval-missing")
    check_approval(envelope, envelope_hash, times, me)
    check_addressees(submission.stanzas, envelope.header)
    need(tree_root(submission.stanza_bytes) == envelope.common.stanzas, "addressees-differ")
    need(all(current(stanza.recipient, stanza.key_id, me) for stanza in submission.stanzas), "recipient-key")
    return submission, envelope_hash


def accept_clear(data: bytes, me: Me) -> tuple[Clear, bytes]:
    """
    Judge clear text.

    Args:
        data: The bytes as they were received.
        me: What the gateway knows.

    Returns:
        The clear text and its name.

    Raises:
        RefusedError: Anything is not as it must be.
    """
    clear = read_clear(data)
    header, times = clear.header, (me.now, me.now)
    check_times(header, times)
    check_sealer(header, me)
    need(header.sealer == me.address, "sealer-not-allowed")
    need(not me.kind(header.kind).needs_approval, "approval-missing")
    a = sha256(labelled("env1/header", clear.header_bytes))
    check_author(clear.author, clear.content, header, a, times, me)
    check_addressees(clear.addressees, header)
    need(all(has_key(addressee.recipient, me) for addressee in clear.addressees), "recipient-key")
    return clear, sha256(labelled("env1/submission", a, clear.author.signature))


def check_addressees(them: Sequence[Stanza | Addressee], header: Header) -> None:
    """They are distinct, and those that the author signed."""
    need(len({one.recipient for one in them}) == len(them), "recipient-repeated")
    need(len(them) == header.recipients, "addressees-differ")
    need(tree_root(leaves_of(them)) == header.addressees, "addressees-differ")


def leaves_of(them: Sequence[Stanza | Addressee]) -> list[bytes]:
    """Return the leaves of the tree of addressees."""
    return [labelled("env1/addressee", one.blind, one.recipient.encode()) for one in them]


def rows(submission: Submission) -> list[tuple[str, list[bytes]]]:
    """Return each recipient with the siblings that its delivery needs."""
    leaves = leaves_of(submission.stanzas)
    return [(stanza.recipient, siblings_of(place, leaves)) for place, stanza in enumerate(submission.stanzas)]


def current(recipient: str, wanted: bytes, me: Me) -> bool:
    """Return whether this names a delivery key of the recipient that is current now."""
    return me.good(wanted, recipient, "delivery-1", me.now, me.now) is not None


def has_key(recipient: str, me: Me) -> bool:
    """Return whether the recipient has any delivery key that is current now."""
    return any(current(recipient, wanted, me) for wanted in me.by_id)
