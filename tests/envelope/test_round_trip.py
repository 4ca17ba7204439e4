"""A message that is sealed, accepted and opened, as it happens every day."""

from __future__ import annotations

import pytest

from gateway.envelope import check_submission, examine, open_delivery
from gateway.ids import Address
from tests.envelope.world import CONTENT, NOW, SENDER, Message, World, keyring


@pytest.mark.parametrize("count", [1, 2, 3, 30])
def test_each_recipient_reads_what_the_author_wrote(count: int) -> None:
    """What was sealed for several recipients passes the gateway and opens for each of them."""
    recipients = [Address(f"NCB-Q{i}@icn") for i in range(10, 10 + count)]
    world = World.of([SENDER, *recipients])
    message = Message(recipients)
    check_submission(examine(message.sealed().submission), world, NOW, world.delivery_key_ok)
    for recipient, delivery in message.deliveries().items():
        opened = open_delivery(delivery, me=recipient, keyring=keyring(recipient), answers=world, now=NOW)
        assert opened.content == CONTENT
        assert (opened.header.sender, opened.number, opened.first, opened.last) == (SENDER, 41, NOW, NOW)
