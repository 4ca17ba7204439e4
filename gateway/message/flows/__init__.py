"""
Conversations: how messages of a flow follow each other, by whom, and until when.

The tables are data, `schemas/flows/`; the engine is one function of the messages known. PURE.
Spec: schemas/conversations.md.
"""

from gateway.message.flows.clocks import Due, Pace, due_of
from gateway.message.flows.conversation import Conversation, Said, Side, Thread
from gateway.message.flows.engine import converse
from gateway.message.flows.moves import Option, options, require_move
from gateway.message.flows.table import Clock, Flow, Flows, Move, StateRow, flows
from gateway.message.flows.turns import Turn, values_of

__all__ = [
    "Clock",
    "Conversation",
    "Due",
    "Flow",
    "Flows",
    "Move",
    "Option",
    "Pace",
    "Said",
    "Side",
    "StateRow",
    "Thread",
    "Turn",
    "converse",
    "due_of",
    "flows",
    "options",
    "require_move",
    "values_of",
]
