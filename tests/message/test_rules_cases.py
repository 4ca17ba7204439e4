"""Rules of protection, of cases that are matched without names, and of consent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.message import read
from tests.message.full_parts import ATTACHMENT, HASH
from tests.message.test_rules import at, changed, refusal, repeated

if TYPE_CHECKING:
    from collections.abc import Callable

MEASURE, INDEX, MATCH, CONSENT = "protection.measure", "case.index", "case.match", "sharing.consent"
Json = dict[str, Any]


def phase(name: str, *dropped: str) -> list[Callable[[Json], None]]:
    """Return changes that make a match one of another phase, some members dropped."""
    return [at("/body/phase", name), *(at(f"/body/{member}", None) for member in dropped)]


def action(name: str, *dropped: str) -> list[Callable[[Json], None]]:
    """Return changes that make a message one of another action, some members dropped."""
    return [at("/body/action", name), *(at(f"/body/{member}", None) for member in dropped)]


SEALED: Json = {
    "attachment_id": "a-1",
    "sha256": ATTACHMENT.sha256,
    "size_bytes": 1,
    "media_type": "text/plain",
    "filename": "a.txt",
    "role": "form",
}
PROTECTION: dict[str, tuple[list[Callable[[Json], None]], str]] = {
    "not red": ([at("/handling/tlp", "amber+strict")], "/handling/tlp"),
    "not confidential": ([at("/handling/confidentiality", "restricted")], "/handling/confidentiality"),
    "no officers": ([at("/handling/officers", None)], "/handling/officers"),
    "no measure": (action("vary", "measures"), "/body/measures"),
    "ordered by nobody": (action("declare", "ordered_by", "measure_ref"), "/body/ordered_by"),
    "an order without number": (action("lift", "order_ref"), "/body/order_ref"),
    "in force from no day": (action("vary", "in_force_from"), "/body/in_force_from"),
    "a breach of nothing": (action("breach-alert", "measures"), "/body/measures"),
    "a question without words": (action("query-prior-interviews", "account"), "/body/account"),
    "a breach without words": (action("breach-alert", "account"), "/body/account"),
    "declared before it is declared": (action("declare"), "/body/measure_ref"),
    "a measure twice": ([repeated("/body/measures")], "/body/measures/2"),
    "an end before the start": ([at("/body/in_force_until", "2099-04-30")], "/body/in_force_until"),
    "reasons that are not there": ([at("/body/reasons", "a-9")], "/body/reasons"),
    "reasons for all to read": ([at("/attachments/0", SEALED)], "/body/reasons"),
    "a breach that can wait": ([*action("breach-alert"), at("/urgency", "normal")], "/urgency"),
    "a breach that may wait": ([*action("breach-alert"), at("/urgency", None)], "/urgency"),
    "an authority that ends before it begins": (
        [at("/body/ordered_by/contact/valid_until", "2098-01-01")],
        "/body/ordered_by/contact/valid_until",
    ),
}
CASES: dict[str, tuple[list[Callable[[Json], None]], str]] = {
    "amber": ([at("/handling/tlp", "amber")], "/handling/tlp"),
    "passed on": ([at("/handling/onward", "unit")], "/handling/onward"),
    "a case number": ([at("/case_refs", [{"scheme": "X", "id": "1"}])], "/case_refs"),
    "an attachment": ([at("/attachments", [SEALED])], "/attachments"),
    "another's case": ([at("/body/owner", "NCB-QN")], "/body/owner"),
    "nothing to match": ([at("/body/tokens", None)], "/body/tokens"),
    "a token twice": ([repeated("/body/tokens")], "/body/tokens/1/hmac"),
    "tokens of a case that goes": (action("withdraw"), "/body/tokens"),
    "withdrawn without reason": (action("withdraw", "tokens", "reason"), "/body/reason"),
    "a period the wrong way round": ([at("/body/period/end", "2098-02-01")], "/body/period/end"),
}
SHOWN = ("contact", "meeting")
MATCHES: dict[str, tuple[list[Callable[[Json], None]], str]] = {
    "amber": ([at("/handling/tlp", "amber")], "/handling/tlp"),
    "passed on": ([at("/handling/onward", "organisation")], "/handling/onward"),
    "a case number": ([at("/case_refs", [{"scheme": "X", "id": "1"}])], "/case_refs"),
    "an attachment": ([at("/attachments", [SEALED])], "/attachments"),
    "a hit that answers a hit": (phase("hit", *SHOWN), "/body/hit_ref"),
    "a hit of nothing": (phase("hit", *SHOWN, "hit_ref", "overlap"), "/body/overlap"),
    "a hit without score": (phase("hit", *SHOWN, "hit_ref", "score"), "/body/score"),
    "no hit, and yet an overlap": (phase("no-hit", *SHOWN, "hit_ref", "score"), "/body/overlap"),
    "no hit, and yet a score": (phase("no-hit", *SHOWN, "hit_ref", "overlap"), "/body/score"),
    "a confirmation of no hit": (phase("confirm", *SHOWN, "hit_ref"), "/body/hit_ref"),
    "a contact before it is offered": (phase("confirm", "meeting"), "/body/contact"),
    "a meeting before it is offered": (phase("confirm", "contact"), "/body/meeting"),
    "shown, but not whom": (phase("reveal", "contact"), "/body/contact"),
    "declined without reason": (phase("decline", *SHOWN, "reason"), "/body/reason"),
    "false without reason": (phase("false-positive", *SHOWN, "reason"), "/body/reason"),
    "a type twice": ([repeated("/body/overlap")], "/body/overlap/1/type"),
    "a contact that ends before it begins": ([at("/body/contact/valid_until", "2098-01-01")], "/body/contact/valid_until"),
}
GRANT_ONLY = ("agreed_by",)
PERMISSIONS: dict[str, tuple[list[Callable[[Json], None]], str]] = {
    "a grant of nobody": ([at("/body/decided_by", None)], "/body/decided_by"),
    "a refusal of nobody": (action("refuse", "decided_by"), "/body/decided_by"),
    "a question that is decided": (action("ask"), "/body/decided_by"),
    "a question that answers one": (action("ask", "decided_by"), "/body/ask_ref"),
    "a grant without conditions": ([at("/body/conditions", None)], "/body/conditions"),
    "a grant for ever": ([at("/body/valid_until", None)], "/body/valid_until"),
    "a grant that has ended": ([at("/body/valid_until", "2099-04-30")], "/body/valid_until"),
    "a refusal that others agree to": (action("refuse"), "/body/agreed_by"),
    "a refusal of no question": (action("refuse", *GRANT_ONLY, "ask_ref"), "/body/ask_ref"),
    "a refusal without reason": (action("refuse", *GRANT_ONLY, "reason"), "/body/reason"),
    "withdrawn without reason": (action("revoke", *GRANT_ONLY, "reason"), "/body/reason"),
    "nothing to withdraw": (action("revoke", *GRANT_ONLY, "earlier_refs"), "/body/earlier_refs"),
    "a wish twice": ([at("/body/wanted/1", {"type": "onward", "to": ["GN-QO@icn"]})], "/body/wanted/1/type"),
    "no use as evidence": ([at("/body/wanted/1/use", "none")], "/body/wanted/1/use"),
    "an authority that ends before it begins": (
        [at("/body/decided_by/contact/valid_until", "2098-01-01")],
        "/body/decided_by/contact/valid_until",
    ),
}
BROKEN = {
    f"{kind}: {name}": (kind, *case)
    for kind, cases in ((MEASURE, PROTECTION), (INDEX, CASES), (MATCH, MATCHES), (CONSENT, PERMISSIONS))
    for name, case in cases.items()
}
GOOD: dict[str, tuple[str, list[Callable[[Json], None]]]] = {
    "a measure is declared": (MEASURE, action("declare", "measure_ref", "account")),
    "a measure is lifted": (MEASURE, action("lift", "account", "reasons")),
    "a question before an interview": (
        MEASURE,
        action("query-prior-interviews", "measures", "ordered_by", "order_ref", "in_force_from", "measure_ref"),
    ),
    "a breach": (MEASURE, [*action("breach-alert"), at("/urgency", "flash")]),
    "a case is withdrawn": (INDEX, action("withdraw", "tokens")),
    "a case of another": (INDEX, [at("/body/owner", "GN-QN")]),
    "a case of a sender that the header alone names": (INDEX, [at("/sender", None), at("/body/owner", "NCB-QN")]),
    "a hit": (MATCH, phase("hit", *SHOWN, "hit_ref", "reason")),
    "no hit": (MATCH, phase("no-hit", *SHOWN, "hit_ref", "overlap", "score")),
    "a hit is confirmed": (MATCH, phase("confirm", *SHOWN, "overlap", "score")),
    "a case is offered": (MATCH, phase("reveal-offer", *SHOWN)),
    "a question": (CONSENT, action("ask", "decided_by", "ask_ref", "agreed_by", "conditions", "valid_until")),
    "a refusal": (CONSENT, action("refuse", "agreed_by", "conditions", "valid_until")),
    "a grant is withdrawn": (CONSENT, action("revoke", "agreed_by", "ask_ref")),
}


@pytest.mark.parametrize("name", BROKEN)
def test_contradictions_are_refused(name: str) -> None:
    """What follows the schema and still makes no sense, or shows too much, is refused at the member to mend."""
    kind, changes, pointer = BROKEN[name]
    assert refusal(kind, changed(kind, *changes)) == ("content-rule", pointer)


@pytest.mark.parametrize("name", GOOD)
def test_each_step_needs_no_more_than_it_says(name: str) -> None:
    """Every action and phase can be written without the members of the others."""
    kind, changes = GOOD[name]
    data = changed(kind, *changes)
    assert read(kind, "1.0.0", data).raw == data


def test_no_name_can_be_written_of_a_protected_person() -> None:
    """A member for names does not exist: it stays unread, and is shown as such."""
    data = changed(MEASURE, at("/body/person/names", [{"full": "Subject One"}]))
    assert read(MEASURE, "1.0.0", data).unread_fields == ("/body/person/names",)


@pytest.mark.parametrize(("kind", "hash_"), [(CONSENT, HASH), (MATCH, HASH)])
def test_what_is_answered_is_named(kind: str, hash_: str) -> None:
    """A permission answers its target and an owner's word the hit, so that the header must name the same."""
    assert read(kind, "1.0.0", changed(kind)).body.answers in {("/body/target", hash_), ("/body/hit_ref", hash_)}
