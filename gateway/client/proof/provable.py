"""
What a home itself knows of a message that is to be proved: the author's home of what it sent, a recipient's of what it got.

An author names whom he wishes to name, with the blinds that his draft keeps; the others stay hidden. A recipient can show no
more than its own place among the addressees. Content is added only where its holder asks for it. A bundle speaks of this
network, whose log it rests on, and of at most one other: the sender's, or that of recipients who are named.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from gateway.client.keeping.named import find_named
from gateway.client.receiving.opening import Refused
from gateway.client.records import receipt_rows
from gateway.client.records.heads import Head
from gateway.client.records.outgoing import Outgoing, State
from gateway.client.records.sealed import content_of, delivery_of
from gateway.client.sending.rows import head_of
from gateway.client.sent.status import ask_receipts
from gateway.client.ties.lineage import require_usable
from gateway.client.writing.draft import draft_of
from gateway.envelope import contexts
from gateway.envelope.common import read_core
from gateway.envelope.payload import SUITES
from gateway.envelope.wire import InnerForm
from gateway.errors import Rejected
from gateway.evidence.bundle import NamedRecipient
from gateway.ids import MessageId, format_id, network_of
from gateway.merkle import all_inclusion_proofs, leaf_hash

if TYPE_CHECKING:
    from gateway.client.parts import Parts
    from gateway.client.records.arrivals import Arrived
    from gateway.client.writing.draft import Draft
    from gateway.ids import Address, Network

__all__ = ["ALL", "Provable", "provable"]

FLUSH_S: Final = 5.0  # for receipts that no gateway has yet: what it does not have is not in the log
ALL: Final = "all"  # every recipient; no participant is called so


class Provable(NamedTuple):
    """
    What a home knows of one message.

    Args:
        head: What its hash is made of.
        accepted: The signed receipt of the gateway of this network.
        receipts: Signed receipts of those who are named, and about them; the acceptance of their network too.
        named: Recipients to name.
        opened: What the author signed, where it is to be shown.
        far: The other network; None for a message within this one.
        first: The signed receipt of its gateway, where the message came from there.
    """

    head: Head
    accepted: bytes
    receipts: Sequence[bytes]
    named: Sequence[NamedRecipient]
    opened: InnerForm | None
    far: Network | None = None
    first: bytes | None = None


async def provable(parts: Parts, message_id: MessageId, names: Sequence[str], *, with_content: bool) -> Provable:
    """
    Look for a message that this home sent or got.

    Args:
        parts: Of the home.
        message_id: As `send` returned it, or as the delivery says.
        names: Recipients to name, for an author: participants, addresses, groups or `ALL`.
        with_content: Show the content.

    Raises:
        Rejected: `not-found`: neither sent nor received, or not accepted; `conflict`: several senders used this id, which names
            none of their messages; `recipient-unknown`: a name that the message was not written to; `network-differs`: names of
            more than one other network; the content is asked for and was `recalled`, is `content-deleted`, or cannot be opened
            any more (`cannot-open`, `key-gone`).
        Unavailable: No gateway can be asked for the receipts of recipients.
    """
    found = await find_named(parts.home, parts.directory, parts.eraser, message_id)
    if found.sent is not None:
        return await _sent(parts, found.sent, names, with_content=with_content)
    assert found.arrived is not None  # a name stands for one of the two
    if names:
        raise Rejected("a recipient can name itself alone, and is named already", code="bad-request", hint="leave out --name")
    return await _received(parts, found.arrived, with_content=with_content)


async def _sent(parts: Parts, row: Outgoing, names: Sequence[str], *, with_content: bool) -> Provable:
    if row.state is not State.ACCEPTED or row.answer is None:
        raise Rejected(f"{format_id(row.message_id)} is {row.state}: no gateway accepted it", code="not-found")
    head, draft = head_of(parts.home, row), draft_of(parts.home, row)
    if head is None or draft.author is None:
        hint = "its recipients can still prove it"
        raise Rejected("sent by an older version, which kept too little to prove it", code="not-found", hint=hint)
    if with_content and not draft.content:
        raise Rejected("its content was deleted here, as a recall or its review date asks", code="content-deleted")
    wanted = _wanted(parts, draft, names)
    far = _other_network(parts, wanted)
    named = _named(draft, wanted)
    receipts = await ask_receipts(parts, row) if named else {}
    opened = InnerForm(*draft.author, draft.content) if with_content else None
    told = [receipts[one.recipient] for one in named if one.recipient in receipts]
    # Of all who are there, and have not answered, there is one receipt: that their network took it over.
    return Provable(head, row.answer, list(dict.fromkeys(told)), named, opened, far)


def _wanted(parts: Parts, draft: Draft, names: Sequence[str]) -> set[Address]:
    addressed = {one.recipient for one in draft.addressees}
    if ALL in names:
        return addressed
    wanted = set(parts.directory.last().expand(names))
    if strangers := wanted - addressed:
        raise Rejected(
            f"the message was not written to {min(strangers)}", code="recipient-unknown", hint="see `gateway status`"
        )
    return wanted


def _other_network(parts: Parts, names: Iterable[Address]) -> Network | None:
    """Return the network that these are of beside this one; None where all are of this one."""
    others = sorted({network_of(one) for one in names} - {parts.home.network})
    if len(others) > 1:
        told = f"recipients of {' and '.join(others)}: a bundle shows one other network"
        raise Rejected(told, code="network-differs", hint="name the recipients of one of them, and make a bundle for each")
    return others[0] if others else None


def _named(draft: Draft, wanted: set[Address]) -> list[NamedRecipient]:
    leaves = [leaf_hash(contexts.addressee_leaf(one.blind, one.recipient)) for one in draft.addressees]
    _, proofs = all_inclusion_proofs(leaves)
    places = enumerate(zip(draft.addressees, proofs, strict=True))
    return [
        NamedRecipient(one.recipient, one.blind, index, list(proof))
        for index, (one, proof) in places
        if one.recipient in wanted
    ]


async def _received(parts: Parts, row: Arrived, *, with_content: bool) -> Provable:
    await parts.post.flush(FLUSH_S)
    told = parts.eraser.tombstone(row)
    if told is None:
        raise Rejected("what arrived has not the form of a delivery", code="cannot-open")
    far = _other_network(parts, [read_core(told.head.core, SUITES)[1].sender])
    receipts = await parts.home.store.read(partial(receipt_rows.of_envelope, envelope_hash=row.envelope_hash))
    opened = await _opened(parts, row) if with_content else None
    here, first = (told.accepted, None) if told.accepted_here is None else (told.accepted_here, told.accepted)
    return Provable(told.head, here, receipts, [told.named], opened, far, first)


async def _opened(parts: Parts, row: Arrived) -> InnerForm:
    """Return the content as it was kept when it was acknowledged; open the delivery where it was not."""
    require_usable(row)
    kept = content_of(parts.home, row)
    if kept is not None and kept.author is not None:
        return InnerForm(*kept.author, kept.content)
    try:
        opened = (await parts.opener.read_current(delivery_of(parts.home, row))).opened
    except Refused as exc:
        raise Rejected(exc.reason, code=exc.code) from exc
    return InnerForm(*opened.author, opened.content)
