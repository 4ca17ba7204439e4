"""What a contact point needs to take part: its home, sending, receiving. Ships without the gateway."""

from gateway.client.contact_point import ContactPoint
from gateway.client.delivery import Delivery
from gateway.client.home import create_home
from gateway.client.inbox import Inbox
from gateway.client.outbox import SendReceipt
from gateway.client.status import MessageStatus, RecipientStatus

__all__ = ["ContactPoint", "Delivery", "Inbox", "MessageStatus", "RecipientStatus", "SendReceipt", "create_home"]
