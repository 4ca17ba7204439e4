"""
The use cases of a gateway: submit, dispatch, deliver, acknowledge, expire, repair, publish cards.

`Exchange` is the one object that the interfaces talk to; `Parts` is what the composition root gives it.
Spec: "The way of a message" and "Promises" in the design.
"""

from gateway.exchange.directory_source import Authority, DirectorySource
from gateway.exchange.exchange import Exchange
from gateway.exchange.parts import Parts
from gateway.exchange.session import Session
from gateway.exchange.stamps import Stamps
from gateway.exchange.submit import Answer

__all__ = ["Answer", "Authority", "DirectorySource", "Exchange", "Parts", "Session", "Stamps"]
