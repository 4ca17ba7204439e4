"""
What a contact point needs to take part: its home, its keys, sending, receiving. Ships without the gateway.

Rooms, from what an application calls down to the line; each needs only those below it:
`contact_point` and its `point_*` parts; `inbox`, `proof`, `sent`, which need all `parts` of an open home; `warnings`; `cases`;
`sending`; `ties`; `receiving`; `keeping`; `writing`, `log`; `trust`; `records`; `home`; `line`.
"""

from gateway.client.cases.case import Case, Owed, Standing
from gateway.client.cases.channels import Channel
from gateway.client.cases.desk import Item
from gateway.client.contact_point import ContactPoint
from gateway.client.home.backup import restore_home
from gateway.client.home.create import create_home
from gateway.client.inbox.inbox import Inbox
from gateway.client.keeping.retention import Review
from gateway.client.keeping.trace import TraceEntry
from gateway.client.receiving.delivery import Delivery
from gateway.client.receiving.twins import Twin
from gateway.client.sending.approvals import Decision, Waiting
from gateway.client.sending.send_receipt import SendReceipt
from gateway.client.sent.numbered import Sent
from gateway.client.sent.outstanding import Demand, Holder
from gateway.client.sent.status import MessageStatus, RecipientStatus
from gateway.client.trust.key_status import KeyStatus
from gateway.client.warnings import EarlyWarning

__all__ = [
    "Case",
    "Channel",
    "ContactPoint",
    "Decision",
    "Delivery",
    "Demand",
    "EarlyWarning",
    "Holder",
    "Inbox",
    "Item",
    "KeyStatus",
    "MessageStatus",
    "Owed",
    "RecipientStatus",
    "Review",
    "SendReceipt",
    "Sent",
    "Standing",
    "TraceEntry",
    "Twin",
    "Waiting",
    "create_home",
    "restore_home",
]
