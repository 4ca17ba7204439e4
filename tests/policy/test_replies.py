"""What may be said in reply: judged by the header and by what is known of the message that it names."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec
import pytest

from gateway.envelope.header import Header
from gateway.errors import Rejected
from gateway.ids import Address, ConversationId, EnvelopeHash, Kind
from gateway.message.flows import flows
from gateway.message.registry import KINDS
from gateway.policy import admit_reply, is_answer, may_recall
from tests.policy.test_admit import HEADER, NOW, QM, QN
from tests.support.network import World, make_world

if TYPE_CHECKING:
    from gateway.message.flows.table import Flow

DESK = Address("GS@icn")
ONE, OTHER = ConversationId(b"1" * 16), ConversationId(b"2" * 16)


class Known(NamedTuple):
    """A message of QM that the ledger knows."""

    sender: Address = QM
    kind: Kind = Kind("cooperation.request")
    handling: str = "amber/restricted"
    conversation_id: ConversationId = ONE


@pytest.fixture(scope="module")
def world() -> World:
    """Return a network in which only GS is the coordination centre."""
    world = make_world(["NCB-QM", "GN-QN", "GS"], NOW)
    for name in ("NCB-QM", "GN-QN"):
        member = world.member(name)
        roles = tuple(role for role in member.entry.roles if role != "coordination")
        member.entry = msgspec.structs.replace(member.entry, roles=roles)
    world.publish()
    return world


def reply(kind: str, sender: Address = QN, conversation_id: ConversationId = ONE) -> Header:
    """Write the header of a reply."""
    changes = {"kind": Kind(kind), "sender": sender, "conversation_id": conversation_id}
    return msgspec.structs.replace(HEADER, in_reply_to=EnvelopeHash(bytes(32)), **changes)


def code(world: World, header: Header, target: Known | None = Known()) -> str:  # noqa: B008  immutable
    """Return the code of a refusal, or nothing."""
    try:
        admit_reply(header, target, world.directory)
    except Rejected as exc:
        return exc.code
    return ""


@pytest.mark.parametrize("kind", ["request.response", "information.report", "sharing.consent", "jit.proposal"])
def test_what_answers_it_what_asks_about_it_and_what_begins_something_follows(world: World, kind: str) -> None:
    """Replies of the registry, consent about anything, and kinds that open a flow of their own."""
    assert code(world, reply(kind)) == ""


@pytest.mark.parametrize("kind", ["training.nomination", "evidence.receipt", "notice.review", "system.correction"])
def test_what_answers_something_else_does_not_follow(world: World, kind: str) -> None:
    """The same headers are taken where nothing is known of what they name: then nobody can judge."""
    assert code(world, reply(kind)) == "conversation-state"
    assert code(world, reply(kind), None) == ""


def test_an_author_speaks_of_its_own_message(world: World) -> None:
    """A correction, a later version, a recall; another says none of them."""
    report = Known(kind=Kind("training.outcome"))
    for kind in ("system.correction", "training.outcome", "system.recall"):
        assert code(world, reply(kind, QM), report) == ""
        assert code(world, reply(kind, QN), report) in {"conversation-state", "recall-not-allowed"}


@pytest.mark.parametrize("kind", ["request.response", "information.report", "jit.proposal", "cooperation.request"])
def test_a_reply_stays_in_the_conversation(world: World, kind: str) -> None:
    """Only consent may stand elsewhere."""
    assert code(world, reply(kind, conversation_id=OTHER)) == "conversation-state"
    assert code(world, reply("sharing.consent", QM, OTHER)) == ""


@pytest.mark.parametrize("kind", ["system.recall", "system.correction"])
def test_what_is_said_of_a_message_stands_beside_it(world: World, kind: str) -> None:
    """Elsewhere it would be obeyed, and its target would stand as if nothing had been said."""
    assert code(world, reply(kind, QM, OTHER)) == "conversation-state"
    assert code(world, reply(kind, QM)) == ""


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_coordination_centre_recalls_what_it_answers_for(world: World, kind: Kind) -> None:
    """Alone those kinds whose row says so, and nobody else's recall of another's message is taken."""
    allowed = KINDS[kind].recalled_by_desk
    assert code(world, reply("system.recall", DESK), Known(kind=kind)) == ("" if allowed else "recall-not-allowed")
    assert code(world, reply("system.recall", QN), Known(kind=kind)) == "recall-not-allowed"
    assert code(world, reply("system.recall", QM), Known(kind=kind)) == ""
    assert (kind in may_recall(reply("system.recall", DESK), world.directory)) == allowed
    assert may_recall(reply("request.response", DESK), world.directory) == frozenset()


def test_an_answer_is_what_its_author_asked_for() -> None:
    """Not a question about consent, not a word of the author's own, not something about the unknown."""
    assert is_answer(reply("request.response"), Known())
    assert is_answer(reply("information.report"), Known(kind=Kind("request.response")))
    assert not is_answer(reply("sharing.consent"), Known())
    assert not is_answer(reply("request.response", QM), Known())
    assert not is_answer(reply("request.response"), None)


def test_every_move_of_every_table_is_taken_by_a_gateway(world: World) -> None:
    """Where a table lets a message move its flow, some message of that flow may be answered by it."""
    for table in flows().tables:
        kinds = {opening.kind for opening in table.opens} | table.kinds
        for move in table.moves:
            answers = [kind for kind in kinds if code(world, reply(move.kind), Known(kind=Kind(kind))) == ""]
            assert answers, f"{table.flow}: {move.kind} answers nothing of it"


@pytest.mark.parametrize("table", flows().tables, ids=lambda table: str(table.flow))
def test_whatever_a_table_lists_may_be_said_in_answer_to_what_stands_in_it(world: World, table: Flow) -> None:
    """A gateway refuses no move that a home may make: a report answers the questions of a response, a review the report."""
    standing = table.kinds | {opening.kind for opening in table.opens}
    for target in standing:
        refused = {kind for kind in table.kinds - {target} if code(world, reply(kind), Known(kind=Kind(target)))}
        assert refused == set()
