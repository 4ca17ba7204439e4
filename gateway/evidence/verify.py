"""
Verifying an evidence bundle: bytes and anchors in, what is proved or one refusal out. Offline, in a fixed order, fail closed.

 1 forms, its networks            5 key of the log                9 named recipients
 2 checkpoint and cosignatures    6 acceptance                   10 acknowledgements
 3 inclusion of every leaf        7 times, and who may seal      11 content
 4 directory of those named       8 seal and approval            12 time-stamp

The first check that fails refuses the whole: nothing of a bundle counts that has a flaw anywhere. No clock is asked.
Spec: schemas/audit.md, "Evidence bundle".
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec

from gateway.envelope import checks
from gateway.envelope.keys import Signature
from gateway.envelope.receipt import Event
from gateway.errors import CannotOpen, EvidenceBad, Rejected
from gateway.evidence import log, parties
from gateway.evidence.anchors import Anchors
from gateway.evidence.bundle import Bundle
from gateway.evidence.listed import Listed, read_listed
from gateway.evidence.statement import (
    ANCHORED,
    CONSISTENT,
    Acknowledgement,
    Crossing,
    Doubts,
    LogPosition,
    Statement,
    unproved,
)
from gateway.evidence.token import verify_token
from gateway.ids import Address, network_of
from gateway.message import check_repeats, read

__all__ = ["verify"]


def verify(data: bytes, anchors: Anchors) -> Statement:
    """
    Verify an evidence bundle.

    Args:
        data: The file.
        anchors: What is trusted; without a key of the log the verdict is `CONSISTENT`.

    Raises:
        Rejected: Step 1: `unknown-version`, `unknown-suite`, `too-large`, `malformed` or `not-canonical`.
        EvidenceBad: Every other step, with its reason.
    """
    # 1. Forms; everybody belongs to the network, or to the other one where there is one.
    bundle = Bundle(data)
    _check_networks(bundle)
    # 2. The checkpoint, by a key of the log, and by each witness that was named.
    logged = log.read_logged(bundle, anchors)
    # 3. Every receipt and leaf is in its tree, each at a place of its own.
    log.check_inclusion(bundle, logged.checkpoint)
    # 4. Who is who, of those who signed something, and of nobody else.
    listed = read_listed(bundle, anchors.revoked_in(bundle.networks))
    parties.check_parties(bundle, listed, logged.gateway)
    # 5. The log is that gateway's: its key stands on the gateway's card.
    log.check_log_key(logged, listed)
    # 6. Accepted by a gateway.
    parties.check_accepted(bundle, listed)
    # 7. Times, and who may seal.
    _check_header(bundle, listed)
    # 8. The seal, and the approval where there is one or the kind needs one.
    parties.check_seal(bundle, listed)
    parties.check_approval(bundle, listed)
    # 9. The recipients who are named are the author's.
    named = parties.check_named(bundle)
    # 10. What recipients, and the gateway about them, say of this very envelope.
    parties.check_acknowledgements(bundle, listed, named)
    log.check_views(bundle, logged.checkpoint)
    # 11. What the author signed.
    content = _check_content(bundle, listed)
    # 12. When a time-stamp service saw the checkpoint.
    stamped_at = _check_token(bundle, logged, anchors)
    return _statement(_Held(bundle, logged, listed, named, content, stamped_at), anchors)


@dataclass(frozen=True, slots=True)
class _Held:
    """What the steps found."""

    bundle: Bundle
    logged: log.Logged
    listed: Listed
    named: tuple[Address, ...]
    content: bytes | None
    stamped_at: int | None


@contextmanager
def _step() -> Iterator[None]:
    """Tell a check that this shares with the envelope by its own reason."""
    try:
        yield
    except CannotOpen as exc:
        raise EvidenceBad(exc.reason) from exc
    except Rejected as exc:
        raise EvidenceBad(exc.code, exc.detail) from exc


def _check_networks(bundle: Bundle) -> None:
    """Step 1: who is of neither network is another directory's matter; the author's is the one that accepted first."""
    networks, header = bundle.networks, bundle.header
    authors = {header.sender, header.sealer}
    names = {*authors, *(one.recipient for one in bundle.form.addressees)}
    for signed in (bundle.first, *bundle.receipts):
        names |= {signed.receipt.subject, signed.receipt.signer}
    strangers = {name for name in names if network_of(name) not in networks}
    strangers |= {name for name in authors if network_of(name) != networks[-1 if bundle.came_from_far else 0]}
    if strangers:
        raise EvidenceBad("network", f"{min(strangers)} is not of {' or '.join(networks)}")
    if len({network_of(name) for name in names}) != len(networks) or len(set(networks)) != len(networks):
        raise EvidenceBad("network", f"nobody here is of {networks[-1]}")


def _check_header(bundle: Bundle, listed: Listed) -> None:
    """Step 7."""
    with _step():
        checks.check_times(bundle.header, bundle.span)
        checks.check_sealer(bundle.header, listed.answers)


def _check_content(bundle: Bundle, listed: Listed) -> bytes | None:
    """Step 11: the author's signature over header and content, and no contradiction between the two."""
    opened, header = bundle.form.opened, bundle.header
    if opened is None:
        return None
    if not parties.is_good_author(bundle, listed, opened.author_key_id):
        raise EvidenceBad("author-key")
    author = Signature(opened.author_key_id, opened.author_signature)
    with _step():
        checks.check_author((header, bundle.core.header), opened.content, author, listed.answers, bundle.span)
        check_repeats(header, read(header.kind, header.schema_version, opened.content))
    return opened.content


def _check_token(bundle: Bundle, logged: log.Logged, anchors: Anchors) -> int | None:
    """Step 12: who names a time-stamp service wants its word."""
    if not anchors.time_stamps:
        return None
    if bundle.form.token is None:
        raise EvidenceBad("token-missing", "a time-stamp service was named, and the bundle has no token")
    try:
        return verify_token(bundle.form.token, logged.text, anchors.time_stamps)
    except Rejected as exc:
        raise EvidenceBad("token", exc.detail) from exc


def _statement(held: _Held, anchors: Anchors) -> Statement:
    bundle, logged = held.bundle, held.logged
    receipt = bundle.accepted.receipt
    assert receipt.number is not None  # `read_receipt` refuses an `accepted` without one
    position = LogPosition(
        origin=logged.checkpoint.origin,
        size=logged.checkpoint.size,
        root=logged.checkpoint.root,
        index=bundle.form.receipts[0].index,
    )
    statement = Statement(
        verdict=ANCHORED if anchors.anchored else CONSISTENT,
        header=bundle.header,
        envelope_hash=bundle.envelope_hash,
        accepted_by=receipt.signer,
        accepted_at=receipt.at,
        number=receipt.number,
        approved=bundle.form.approval is not None,
        named=held.named,
        acknowledgements=_acknowledgements(bundle),
        content=held.content,
        log=position,
        witnesses=logged.witnesses,
        stamped_at=held.stamped_at,
        directory_version=held.listed.directory.version,
        relayed=_crossing(bundle, held.listed),
        not_proved=(),
    )
    unlisted = parties.listed_otherwise(held.listed, anchors.directory)
    doubts = Doubts(unlisted, parties.doubted(bundle, held.listed), token=bundle.form.token is not None)
    open_ = unproved(statement, doubts)
    return msgspec.structs.replace(statement, not_proved=open_)


def _crossing(bundle: Bundle, listed: Listed) -> Crossing | None:
    """Say what is known of the other network; None for a message within one."""
    if listed.far is None:
        return None
    taken_over = [signed for signed, _ in bundle.acknowledgements if signed.receipt.event is Event.ACCEPTED]
    there = bundle.first.receipt if bundle.came_from_far else next((signed.receipt for signed in taken_over), None)
    return Crossing(
        network=listed.far.network,
        directory_version=listed.far.version,
        accepted_by=None if there is None else there.signer,
        accepted_at=None if there is None else there.at,
        number=None if there is None else there.number,
    )


def _acknowledgements(bundle: Bundle) -> tuple[Acknowledgement, ...]:
    return tuple(
        Acknowledgement(
            recipient=signed.receipt.subject,
            event=str(signed.receipt.event),
            at=signed.receipt.at,
            signer=signed.receipt.signer,
            reason=signed.receipt.reason,
            index=index,
        )
        for signed, index in bundle.acknowledgements
        if signed.receipt.event is not Event.ACCEPTED
    )
