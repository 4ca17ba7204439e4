"""What passes between two networks: each asks its own rules, and the strictest wins."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.directory.entries import Status
from gateway.directory.peers import strictest, within
from gateway.directory.view import Directory, with_peers
from gateway.envelope.header import CONFIDENTIALITY, HANDLING_CODES, TLP, Header
from gateway.errors import CODES, Rejected
from gateway.ids import Address, ConversationId, Kind, MessageId
from gateway.policy import admit, admit_relayed, judge, judge_relayed
from gateway.policy.border import coming, leaving, meant_here
from gateway.policy.parties import parties
from gateway.policy.verdict import Rule
from tests.support.network import World, make_pair

RELAY_SPEC: Final = Path(__file__).resolve().parents[2] / "schemas" / "relay.md"
NOW = 2_000_000_000
QM, QN, FAR, FAR_QX = (Address(name) for name in ("NCB-QM@icn", "NCB-QN@icn", "GN-QN@eu-network", "GN-QX@eu-network"))
GATE, FAR_GATE = Address("GW-ICN@icn"), Address("GW-ICN@eu-network")
REPORT, REQUEST, ANSWER = Kind("information.report"), Kind("cooperation.request"), Kind("request.response")
HEADER = Header(
    message_id=MessageId(bytes(16)),
    sender=QM,
    sealer=QM,
    kind=REQUEST,
    schema_version="1.0.0",
    created=NOW,
    expires=NOW + 86_400,
    urgency="normal",
    handling="amber/restricted",
    conversation_id=ConversationId(bytes(16)),
    recipients=1,
    addressees=bytes(32),
    blobs=(),
)
codes = st.sampled_from(HANDLING_CODES)
kinds = st.sampled_from([("*",), (), (REQUEST,), (REPORT,), (REPORT, REQUEST)])
tables: st.SearchStrategy[dict[str, str]] = st.one_of(st.just({}), st.dictionaries(codes, codes, min_size=1))
Asked = tuple[str, str | None]


Pair = tuple[Directory, Directory]
OURS, THEIRS = make_pair(NOW)


@pytest.fixture
def pair() -> Pair:
    """Return the directories of two networks that are each other's peers and allow everything."""
    return seeing(OURS, THEIRS)


def seeing(ours: World, theirs: World) -> Pair:
    """Return what both publish, each with the other's at hand."""
    one, two = ours.directory, theirs.directory
    return with_peers(one, [two]), with_peers(two, [one])


def stating(directory: Directory, **changes: object) -> Directory:
    """Return a directory whose authority says something else about its one peer."""
    [(network, peer)] = directory.borders.items()
    return replace(directory, borders={network: msgspec.structs.replace(peer, **changes)})


def left(ours: Directory, *, to: tuple[Address, ...] = (FAR,), **changes: object) -> Asked:
    """Return rule and code at home, for the standard message with some fields changed."""
    verdict = judge(msgspec.structs.replace(HEADER, **changes), to, ours, NOW)
    return verdict.rule, verdict.code


def came(theirs: Directory, *, to: tuple[Address, ...] = (FAR,), **changes: object) -> Asked:
    """Return rule and code at the other gateway."""
    verdict = judge_relayed(msgspec.structs.replace(HEADER, **changes), to, theirs, NOW)
    return verdict.rule, verdict.code


def test_what_both_networks_allow_passes(pair: Pair) -> None:
    """An author writes to another network's participant as to a neighbour, and to both at once."""
    ours, theirs = pair
    assert left(ours) == left(ours, to=(FAR, QN)) == came(theirs) == ("admitted", None)
    assert leaving(parties(HEADER, [QN, FAR]), ours) is None
    assert coming(parties(HEADER, [FAR]), theirs) is None
    admit(HEADER, [FAR], ours, NOW)
    admit_relayed(HEADER, [FAR], theirs, NOW)


def test_what_stays_at_home_passes_no_border(pair: Pair) -> None:
    """Rules about another network say nothing of a message between neighbours."""
    ours = stating(pair[0], sends=(), takes=(), ceiling="clear/official-use-only")
    assert left(ours, to=(QN,), handling="red/confidential") == ("admitted", None)


def test_nothing_passes_where_there_is_no_peer(pair: Pair) -> None:
    """A network that was never named, or is not any more, is nobody, whatever directory is at hand."""
    ours, theirs = pair
    nobody = ("border-peer", "peer-unknown")
    assert left(ours, to=(QN, Address("GN-QN@elsewhere"))) == nobody
    assert came(theirs, sender=Address("NCB-QM@elsewhere")) == nobody
    assert came(theirs, sender=FAR_QX, sealer=FAR_QX) == nobody  # it comes from no other network
    assert left(replace(ours, borders={})) == came(replace(theirs, borders={})) == nobody


def test_nothing_passes_without_a_fresh_directory(pair: Pair) -> None:
    """A peer whose directory is not at hand is sealed to by nobody, and nothing is taken from it."""
    ours, theirs = (with_peers(directory, []) for directory in pair)
    assert left(ours) == came(theirs) == ("border-directory", "directory-stale")


@pytest.mark.parametrize("allowed", [("*",), (REQUEST, REPORT), (REPORT,), ()])
def test_each_direction_has_its_kinds(pair: Pair, allowed: tuple[str, ...]) -> None:
    """`sends` is asked at home and `takes` at the other gateway; neither is asked of the other direction."""
    ours, theirs = stating(pair[0], sends=allowed, takes=()), stating(pair[1], takes=allowed, sends=())
    expected = ("admitted", None) if {"*", REQUEST} & set(allowed) else ("border-kind", "border-kind")
    assert left(ours) == came(theirs) == expected


@pytest.mark.parametrize("ceiling", HANDLING_CODES)
@pytest.mark.parametrize("code", HANDLING_CODES)
def test_neither_word_of_a_marking_is_above_the_ceiling(pair: Pair, code: str, ceiling: str) -> None:
    """The rule is that of both words apart, in both directions."""
    ours, theirs = (stating(directory, ceiling=ceiling) for directory in pair)
    words = zip(code.split("/"), ceiling.split("/"), (TLP, CONFIDENTIALITY), strict=True)
    allowed = all(order.index(one) <= order.index(most) for one, most, order in words)
    expected = ("admitted", None) if allowed else ("border-ceiling", "border-ceiling")
    assert left(ours, handling=code) == came(theirs, handling=code) == expected


def test_a_table_says_what_their_codes_mean_here() -> None:
    """A listed code is handled by the strictest of both, an unlisted one is refused, and ceiling and clearance follow."""
    ours, other = make_pair(NOW)
    other.change("GN-QN", clearance="restricted")
    other.publish()
    table = {"green/restricted": "amber/confidential", "red/restricted": "clear/restricted"}
    theirs = stating(seeing(ours, other)[1], handling=table)
    assert came(theirs) == ("border-handling", "handling-unknown")
    assert came(theirs, handling="red/restricted") == ("admitted", None)  # a table makes nothing laxer
    assert came(theirs, handling="green/restricted") == ("clearance", "clearance")
    assert meant_here(HEADER.sender, "red/restricted", theirs) == "red/restricted"
    lower = stating(theirs, ceiling="amber/restricted")
    assert came(lower, handling="green/restricted") == ("border-ceiling", "border-ceiling")


def test_the_table_is_asked_of_what_comes_alone(pair: Pair) -> None:
    """What leaves is marked in this network's own codes."""
    ours = stating(pair[0], handling={"clear/restricted": "clear/restricted"})
    assert left(ours, handling="red/confidential") == ("admitted", None)


def test_an_alias_alone_is_known_to_the_other_network() -> None:
    """Who is known to its own network alone neither gets nor sends mail across; its alias does, and is nobody at home."""
    one, two = make_pair(NOW)
    one.change("NCB-QM", known_to=("icn",))
    one.change("NCB-QN", known_to=("eu-network",))
    one.publish()
    ours, theirs = seeing(one, two)
    assert left(ours) == ("sender-known", "sender-unknown")
    assert came(theirs) == ("sender-active", "sender-unknown")
    nobody = ("recipients-active", "recipient-unknown")
    assert left(theirs, sender=FAR, sealer=FAR, to=(QM,)) == came(ours, sender=FAR, sealer=FAR, to=(QM,)) == nobody
    assert left(ours, sender=QN, sealer=QN) == came(theirs, sender=QN, sealer=QN) == ("admitted", None)
    assert came(ours, sender=FAR, sealer=FAR, to=(QN,)) == ("admitted", None)
    assert left(ours, sender=QN, sealer=QN, to=(QM,)) == ("sender-known", "sender-unknown")
    assert left(ours, to=(QN,)) == nobody


def test_a_peers_participant_is_no_participant_here(pair: Pair) -> None:
    """It submits at home; a gateway takes its messages from the relay, and for its own participants alone."""
    ours, theirs = pair
    assert left(ours, sender=FAR, sealer=FAR, to=(QM,)) == ("sender-active", "sender-unknown")
    assert came(theirs, to=(FAR, QN)) == came(theirs, to=(QN,)) == ("recipients-active", "recipient-unknown")


def test_each_network_asks_its_ordinary_rules_of_what_comes(pair: Pair) -> None:
    """Sender, kind, times and recipients are asked as of one's own."""
    theirs = pair[1]
    assert came(theirs, sender=Address("NCB-XX@icn")) == ("sender-active", "sender-unknown")
    assert came(theirs, kind=Kind("no.such")) == ("kind-known", "kind-unknown")
    assert came(theirs, expires=NOW) == ("not-expired", "expired")
    assert came(theirs, expires=NOW + 91 * 86_400) == ("lifetime", "out-of-time")
    assert came(theirs, to=(FAR, FAR)) == ("recipients-distinct", "recipient-repeated")


def test_roles_and_recipients_are_those_of_their_own_directories() -> None:
    """A sender's role stands in its network's directory; status, kinds and clearance of a recipient in this one's."""
    one, two = make_pair(NOW)
    one.change("NCB-QM", roles=("coordination",))
    two.change("GN-QN", clearance="official-use-only")
    two.change("GN-QX", kinds_accepted=(REPORT,))
    for world in (one, two):
        world.publish()
    theirs = seeing(one, two)[1]
    assert came(theirs) == ("sender-may-send", "kind-not-allowed")
    assert came(theirs, sender=QN, sealer=QN) == ("clearance", "clearance")
    assert came(theirs, sender=QN, sealer=QN, to=(FAR_QX,)) == ("kind-accepted", "kind-not-accepted")
    two.change("GN-QX", status=Status.SUSPENDED)
    two.publish()
    theirs = seeing(one, two)[1]
    assert came(theirs, sender=QN, sealer=QN, to=(FAR_QX,)) == ("recipients-active", "recipient-unknown")


def test_whom_a_kind_must_reach_is_asked_at_home() -> None:
    """The other gateway sees its own recipients alone; the author's has seen all of them."""
    one, two = make_pair(NOW)
    one.change("NCB-QN", roles=("coordination",))
    two.change("GN-QN", roles=("contact-point",))
    for world in (one, two):
        world.publish()
    ours, theirs = seeing(one, two)
    notice = Kind("diffusion.circulate")
    assert left(ours, kind=notice, to=(FAR,)) == ("must-reach", "recipient-missing")
    assert left(ours, kind=notice, to=(FAR, QN)) == came(theirs, kind=notice) == ("admitted", None)


def test_a_gateway_seals_for_its_own_network_alone(pair: Pair) -> None:
    """A thin client's answer is sealed by a gateway of the author's network, and by no other."""
    ours, theirs = pair
    assert left(ours, kind=ANSWER, sealer=GATE) == came(theirs, kind=ANSWER, sealer=GATE) == ("admitted", None)
    assert left(ours, kind=ANSWER, sealer=FAR_GATE) == ("sealer", "sealer-not-allowed")
    assert came(theirs, kind=ANSWER, sealer=FAR_GATE) == ("sealer", "sealer-not-allowed")


def test_an_author_reads_the_rule_and_both_networks(pair: Pair) -> None:
    """The refusal says what does not pass, and between whom."""
    told = r"amber/restricted is above green/restricted, the most between icn and eu-network \(rule border-ceiling\)"
    with pytest.raises(Rejected, match=told):
        admit(HEADER, [FAR], stating(pair[0], ceiling="green/restricted"), NOW)


@given(kinds, kinds, codes, codes, tables, codes, st.sampled_from([REPORT, REQUEST, ANSWER]))
def test_no_message_passes_that_one_of_the_two_networks_forbids(
    sends: tuple[str, ...], takes: tuple[str, ...], up: str, down: str, table: dict[str, str], code: str, kind: Kind
) -> None:
    """Whatever both state, a gateway passes what its own network allows and nothing else."""
    one, two = seeing(OURS, THEIRS)
    ours, theirs = stating(one, sends=sends, ceiling=up), stating(two, takes=takes, ceiling=down, handling=table)
    meaning = strictest(code, table[code]) if code in table else code
    out, into = left(ours, kind=kind, handling=code), came(theirs, kind=kind, handling=code)
    assert (out[1] is None) is (bool({"*", kind} & set(sends)) and within(code, up))
    listed = not table or code in table
    assert (into[1] is None) is (bool({"*", kind} & set(takes)) and listed and within(meaning, down))
    for rule, refused in (out, into):
        assert refused is None or (rule.startswith("border-") and refused in CODES)


@given(codes, codes, codes)
def test_the_strictest_is_a_join(one: str, other: str, third: str) -> None:
    """Whoever asks, in whatever order and however often, comes to the same code, and never to a laxer one."""
    both = strictest(one, other)
    assert both == strictest(other, one)
    assert strictest(one, one) == one
    assert strictest(both, third) == strictest(one, strictest(other, third))
    assert within(one, both)
    assert within(other, both)
    assert within(one, third) <= within(one, strictest(third, other))
    assert within(both, third) == (within(one, third) and within(other, third))


def test_the_rules_stand_in_the_specification() -> None:
    """Each rule id of the border is one of the table that both networks read."""
    ids = {rule for rule in Rule if rule.startswith("border-")}
    text = RELAY_SPEC.read_text()
    assert {rule for rule in ids if f"| `{rule}` |" in text} == ids
