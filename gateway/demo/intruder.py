"""
Somebody on the network without keys of the network: forges, alters and repeats submissions.

He has every byte that passed (as whoever holds the gateway's database or the line has), and can make keys of his own.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

import aiohttp
import msgspec

from gateway.envelope import (
    DeliveryKey,
    Header,
    MemoryKeyring,
    SigningKey,
    Use,
    addressees_hash,
    draw_addressees,
    encode_header,
    seal,
    sign_content,
)
from gateway.ids import Address, ConversationId, Kind, MessageId, new_uuid7
from gateway.protocol import media

__all__ = ["altered", "forged", "post", "submission_of"]

_DAY_S: Final = 86_400


def forged(sender: Address, recipient: Address, now: float) -> bytes:
    """Return a submission in another's name, sealed and signed as the specification says, with keys that he made himself."""
    keyring = MemoryKeyring(sender, [SigningKey.generate(sender, use, os.urandom) for use in (Use.AUTHOR, Use.AGENT)])
    addressees = draw_addressees([recipient], os.urandom)
    header = encode_header(
        Header(
            message_id=MessageId(new_uuid7(int(now * 1000), os.urandom(10))),
            sender=sender,
            sealer=sender,
            kind=Kind("information.report"),
            schema_version="1.0.0",
            created=int(now),
            expires=int(now) + _DAY_S,
            urgency="flash",
            handling="red/confidential",
            conversation_id=ConversationId(new_uuid7(int(now * 1000), os.urandom(10))),
            recipients=1,
            addressees=addressees_hash(addressees),
            blobs=(),
        )
    )
    content = b'{"kind":"information.report"}'
    return seal(
        header,
        content,
        author=sign_content(header, content, keyring),
        addressees=addressees,
        keys={recipient: DeliveryKey.generate(recipient, Use.DELIVERY, os.urandom).public},
        keyring=keyring,
        directory_version=1,
        rng=os.urandom,
    ).submission


def altered(submission: bytes, marking: bytes, weaker: bytes) -> bytes:
    """Return a submission with its marking in the header overwritten by a weaker one of the same length."""
    assert len(marking) == len(weaker)
    assert submission.count(marking) == 1
    return submission.replace(marking, weaker)


def submission_of(common: bytes, stanzas: Sequence[bytes]) -> bytes:
    """Put a submission together again from what the gateway stored."""
    return msgspec.msgpack.encode([common, list(stanzas)])


async def post(url: str, submission: bytes) -> tuple[int, bytes, str]:
    """Post a submission; return status, body and, for a problem, its code."""
    headers = {"Content-Type": media.SEALED}
    async with (
        aiohttp.ClientSession() as session,
        session.post(url + media.MESSAGES, data=submission, headers=headers) as answer,
    ):
        body = await answer.read()
        return answer.status, body, msgspec.json.decode(body)["code"] if answer.status >= 400 else ""
