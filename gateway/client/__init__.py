"""What a contact point needs to take part: its home, its keys, sending, receiving. Ships without the gateway."""

from gateway.client.approvals import Decision, Waiting
from gateway.client.backup import restore_home
from gateway.client.cases import Case, Owed, Standing
from gateway.client.contact_point import ContactPoint
from gateway.client.delivery import Delivery
from gateway.client.desk import Item
from gateway.client.home import create_home
from gateway.client.inbox import Inbox
from gateway.client.key_status import KeyStatus
from gateway.client.recalling import Holder, RecallStatus
from gateway.client.retention import Review
from gateway.client.send_receipt import SendReceipt
from gateway.client.status import MessageStatus, RecipientStatus
from gateway.client.trace import TraceEntry
from gateway.client.warnings import EarlyWarning

__all__ = [
    "Case",
    "ContactPoint",
    "Decision",
    "Delivery",
    "EarlyWarning",
    "Holder",
    "Inbox",
    "Item",
    "KeyStatus",
    "MessageStatus",
    "Owed",
    "RecallStatus",
    "RecipientStatus",
    "Review",
    "SendReceipt",
    "Standing",
    "TraceEntry",
    "Waiting",
    "create_home",
    "restore_home",
]
