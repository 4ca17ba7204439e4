"""Accepted means kept, once, with a number in the order of commits (promises 1, 4 and 11)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from gateway.errors import Rejected
from gateway.ids import Address, EnvelopeHash
from gateway.ledger import Acceptance, Ledger, State
from tests.ledger.samples import NOW, QM, QN, QX, accept, sample, sign
from tests.support.ledger_dump import dump

if TYPE_CHECKING:
    from gateway.ledger import Stored


async def test_a_message_is_kept_with_its_deliveries(ledger: Ledger) -> None:
    """What was accepted can be read back: receipt, hashes, recipients."""
    message = sample()
    stored = await ledger.accept(message)
    assert (stored.number, stored.receipt, stored.head, stored.repeated) == (1, sign(1), b"head", False)
    assert await ledger.find(QM, message.message_id) == stored._replace(repeated=True)
    status = await ledger.status(QM, message.message_id)
    assert status is not None
    assert (status.number, status.envelope_hash, status.accepted_at) == (1, message.envelope_hash, NOW)
    assert [(one.recipient, one.state, one.receipt) for one in status.recipients] == [
        (QN, State.ACCEPTED, None),
        (QX, State.ACCEPTED, None),
    ]


async def test_the_same_message_again_is_answered_with_the_first_receipt(ledger: Ledger, ledger_url: str) -> None:
    """Retrying is safe: the first answer comes again and nothing changes."""
    message = sample()
    first = await ledger.accept(message)
    before = dump(ledger_url)
    again = await ledger.accept(replace(message, sign=lambda _: b"never"))
    assert again == first._replace(repeated=True)
    assert dump(ledger_url) == before


async def test_another_message_under_the_same_id_is_a_conflict(ledger: Ledger, ledger_url: str) -> None:
    """An id names one message of its sender."""
    message = sample()
    await ledger.accept(message)
    before = dump(ledger_url)
    with pytest.raises(Rejected, match="conflict"):
        await ledger.accept(replace(message, envelope_hash=EnvelopeHash(b"x" * 32)))
    assert dump(ledger_url) == before


async def test_two_senders_may_use_one_id(ledger: Ledger) -> None:
    """An id belongs to its sender: nobody can block another's."""
    message = sample()
    other = replace(message, sender=QN, envelope_hash=EnvelopeHash(b"x" * 32))
    assert [(await ledger.accept(one)).number for one in (message, other)] == [1, 2]
    found = await ledger.find(QN, message.message_id)
    assert found is not None
    assert found.number == 2


async def test_clear_text_is_the_same_message_when_its_submission_is(ledger: Ledger) -> None:
    """The gateway seals anew each time, so a thin client's repeat is known by what its author signed."""
    message = replace(sample(), submission_hash=b"s" * 32)
    first = await ledger.accept(message)
    sealed_anew = replace(message, envelope_hash=EnvelopeHash(b"y" * 32))
    assert await ledger.accept(sealed_anew) == first._replace(repeated=True)
    with pytest.raises(Rejected, match="conflict"):
        await ledger.accept(replace(sealed_anew, submission_hash=b"t" * 32))


async def test_messages_that_arrive_together_are_numbered_without_gaps(ledger: Ledger) -> None:
    """A crowd is committed in groups and every message gets its own number."""
    messages = [sample() for _ in range(300)]
    stored = await asyncio.gather(*(ledger.accept(one) for one in messages))
    assert sorted(one.number for one in stored) == list(range(1, 301))
    assert all(one.receipt == sign(one.number) for one in stored)
    assert (await ledger.totals())[State.ACCEPTED] == 600


async def test_repeats_within_one_group_are_found(ledger: Ledger) -> None:
    """A client that sends the same thing on several lines at once has one message."""
    message = sample()
    stored = await asyncio.gather(*(ledger.accept(message) for _ in range(50)))
    assert [one.number for one in stored] == [1] * 50
    assert sum(not one.repeated for one in stored) == 1


async def test_a_bad_member_costs_the_others_of_its_group_nothing(ledger: Ledger) -> None:
    """A message that cannot be signed fails alone, and its number is given to another."""

    def broken(_number: int) -> bytes:
        raise Rejected("no key", code="key-gone")

    async def outcome(message: Acceptance) -> Stored | None:
        try:
            return await ledger.accept(message)
        except Rejected:
            return None

    messages = [replace(sample(), sign=broken) if turn % 7 == 3 else sample() for turn in range(40)]
    stored = await asyncio.gather(*(outcome(one) for one in messages))
    assert [turn for turn, one in enumerate(stored) if one is None] == [3, 10, 17, 24, 31, 38]
    assert sorted(one.number for one in stored if one) == list(range(1, 35))


async def test_a_message_to_the_largest_number_of_recipients_is_kept(ledger: Ledger) -> None:
    """4,096 recipients are one message and one commit."""
    refs = await accept(ledger, sample([type(QM)(f"NCB-X{number:04}@icn") for number in range(4096)]))
    assert len(refs) == 4096
    assert (await ledger.totals())[State.ACCEPTED] == 4096


async def test_every_acceptance_is_an_event(ledger: Ledger) -> None:
    """The history has one line for each message, with its receipt."""
    messages = [sample() for _ in range(3)]
    await accept(ledger, *messages)
    events = await ledger.events(0, 100)
    assert [(one.event, one.envelope_hash, one.subject, one.receipt) for one in events] == [
        ("accepted", message.envelope_hash, QM, sign(number)) for number, message in enumerate(messages, 1)
    ]
    assert await ledger.events(events[1].seq, 100) == events[2:]


async def test_numbers_grow_in_the_order_of_commits_over_processes(postgres_url: str) -> None:
    """Whoever has read number N will never meet a lower one later, though two gateways write."""
    async with (
        await Ledger.open(postgres_url, migrate=False) as one,
        await Ledger.open(postgres_url, migrate=False) as other,
    ):
        seen: list[list[int]] = []

        async def watch() -> None:
            while not seen or len(seen[-1]) < 120:
                page = (await one.waiting(1 << 20, 1000)).messages
                seen.append([waiting.number for waiting in page])

        writers = [side.accept(sample([QN])) for _ in range(60) for side in (one, other)]
        await asyncio.gather(watch(), *writers)
    assert seen[-1] == list(range(1, 121))
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in seen)


async def test_what_binds_a_reply_is_told_to_who_sent_or_got_the_message(ledger: Ledger) -> None:
    """Author, kind, marking and conversation, for its sender and recipients; for strangers it is like none (promise 9)."""
    message = sample()
    await ledger.accept(message)
    for party in (QM, QN):
        assert await ledger.answered(message.envelope_hash, party) == (
            QM,
            message.kind,
            message.handling,
            message.conversation_id,
        )
    for asker, asked in ((Address("NCB-XZ@icn"), message.envelope_hash), (QN, b"x" * 32)):
        assert await ledger.answered(EnvelopeHash(asked), asker) is None
