"""Rules of notices by colour: each contradiction is refused at the member to mend, in whatever message holds the notice."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from gateway.errors import Rejected
from gateway.message import encode, read
from tests.message.full import FULL, MORE
from tests.message.full_notices import NAMES
from tests.message.test_rules import Json, at, repeated

if TYPE_CHECKING:
    from collections.abc import Callable

REQUEST, PUBLICATION, DIFFUSION, LIFECYCLE = "notice.request", "notice.publication", "diffusion.circulate", "notice.lifecycle"
HOLDERS = {REQUEST: "/body/notice", PUBLICATION: "/body/notice", DIFFUSION: "/body/notice", LIFECYCLE: "/body/patch/notice"}
NOTICE = "/body/notice"
SUBJECT = f"{NOTICE}/subject"
NAME = {"full": "Subject One", "family": "One", "given": "Subject"}
PARTLY = {"photo": None, "documents": None, "biometrics": None, "marks": None, "height_cm": None, "mass_kg": None}


def notice(colour: str, kind: str = REQUEST) -> Json:
    """Return full content of a kind with a notice of this colour."""
    found: Json = json.loads(encode([FULL[kind], *MORE[kind]][NAMES.index(colour)]))
    return found


def subject(**members: object) -> Callable[[Json], None]:
    """Return a change of several members of the subject; None drops one."""

    def change(content: Json) -> None:
        for name, value in members.items():
            at(f"{SUBJECT}/{name}", value)(content)

    return change


def refusal(kind: str, content: Json) -> tuple[str, str | None] | None:
    """Return code and pointer with which content is refused, or None."""
    try:
        read(kind, "1.0.0", json.dumps(content).encode())
    except Rejected as exc:
        return exc.code, exc.pointer
    return None


WARRANT = f"{NOTICE}/warrants/0"
BROKEN: dict[str, tuple[str, list[Callable[[Json], None]], str]] = {
    "no surrender wanted": ("red", [at(f"{NOTICE}/assurance_extradition", value=False)], f"{NOTICE}/assurance_extradition"),
    "surrender from nowhere": ("red", [at(f"{NOTICE}/extradition_from", None)], f"{NOTICE}/extradition_from"),
    "surrender from all and some": ("red-all", [at(f"{NOTICE}/extradition_from", ["QN"])], f"{NOTICE}/extradition_from"),
    "surrender from one country twice": (
        "red",
        [at(f"{NOTICE}/extradition_from", ["QN", "QN"])],
        f"{NOTICE}/extradition_from/1",
    ),
    "a charge without time": ("red", [at(f"{NOTICE}/incidents/0/start", None)], f"{NOTICE}/incidents/0/start"),
    "a charge without place": ("red", [at(f"{NOTICE}/incidents/0/places", None)], f"{NOTICE}/incidents/0/places"),
    "nobody wanted": ("red", [subject(status=["accused"])], f"{SUBJECT}/status"),
    "a sentence of somebody not convicted": ("red-all", [subject(status=["wanted"])], f"{SUBJECT}/status"),
    "arrest of the dead": ("red", [subject(deceased=True)], f"{SUBJECT}/deceased"),
    "a refugee sought by a State": ("red", [subject(refugee_check="protected")], f"{SUBJECT}/refugee_check"),
    "nobody asked about protection": ("red", [subject(refugee_check=None)], f"{SUBJECT}/refugee_check"),
    "nobody asked about protection, blue": ("blue", [subject(refugee_check=None)], f"{SUBJECT}/refugee_check"),
    "a warrant without offence": ("red", [at(f"{WARRANT}/offences", None)], f"{WARRANT}/offences"),
    "a warrant that is not attached": ("red", [at(f"{WARRANT}/attachment", "a-9")], f"{WARRANT}/attachment"),
    "a petty offence": (
        "red",
        [at(f"{WARRANT}/max_penalty_years", 1), at(f"{WARRANT}/offences/0/max_penalty_years", 1)],
        f"{WARRANT}/max_penalty_years",
    ),
    "a short sentence": (
        "red-all",
        [at(f"{WARRANT}/sentence_months", 5), at(f"{WARRANT}/remaining_months", 5)],
        f"{WARRANT}/sentence_months",
    ),
    "a sentence of unknown length": (
        "red-all",
        [at(f"{WARRANT}/sentence_months", None), at(f"{WARRANT}/remaining_months", None)],
        f"{WARRANT}/sentence_months",
    ),
    "a photograph alone": ("red", [subject(names=None, marks=None, documents=None, biometrics=None)], f"{SUBJECT}/names"),
    "no family name": ("red", [subject(photo=None, names=[{"full": "One"}])], f"{SUBJECT}/names"),
    "no sex": ("red", [subject(photo=None, names=[NAME], sex=0)], f"{SUBJECT}/sex"),
    "no year of birth": ("red", [subject(photo=None, names=[NAME], birth=None)], f"{SUBJECT}/birth"),
    "no description": ("red", [subject(**PARTLY, names=[NAME], eyes=None, hair=None)], f"{SUBJECT}/documents"),
    "an arrest that is not for locating": ("red", [at("/purpose", ["RPD10-c"])], "/purpose"),
    "a subject who is an associate too": ("red", [at(f"{NOTICE}/associates/0/ref", "p-0")], f"{NOTICE}/associates/0/ref"),
    "an associate who is a co-subject too": (
        "silver",
        [at(f"{NOTICE}/co_subjects/0/ref", "p-1")],
        f"{NOTICE}/co_subjects/0/ref",
    ),
    "a photograph of nothing": ("red", [at(f"{NOTICE}/photos/0", "a-9")], f"{NOTICE}/photos/0"),
    "a subject without name": ("blue", [subject(names=None, pseudonym=None)], f"{SUBJECT}/names"),
    "an associate without name": (
        "blue",
        [at(f"{NOTICE}/associates/0/pseudonym", None)],
        f"{NOTICE}/associates/0/names",
    ),
    "a crime that the conflict contradicts": (
        "black",
        [at(f"{NOTICE}/incidents/0/conflict_type", "iac")],
        f"{NOTICE}/incidents/0/crimes/1",
    ),
    "the same asked twice": ("blue", [at(f"{NOTICE}/asked", ["info", "info"])], f"{NOTICE}/asked/1"),
    "a blue notice without case": ("blue", [at("/case_refs", None)], "/case_refs"),
    "a warning founded on nothing": (
        "green",
        [at(f"{NOTICE}/past_offences", None), at(f"{NOTICE}/assessment_basis", None)],
        f"{NOTICE}/assessment_basis",
    ),
    "a warning of the dead": ("green", [subject(deceased=True)], f"{SUBJECT}/deceased"),
    "a past offence with two penalties": (
        "green",
        [at(f"{NOTICE}/past_offences/0/life", value=True)],
        f"{NOTICE}/past_offences/0/life",
    ),
    "an evaluator whose contact ends early": (
        "green",
        [at(f"{NOTICE}/evaluator/contact/valid_until", "2098-01-01")],
        f"{NOTICE}/evaluator/contact/valid_until",
    ),
    "nobody missing": ("yellow", [subject(status=["contact"])], f"{SUBJECT}/status"),
    "a wanted person looked for as missing": ("yellow", [subject(status=["missing", "wanted"])], f"{SUBJECT}/status"),
    "reported before last seen": ("yellow", [at(f"{NOTICE}/reported_on", "2099-03-31")], f"{NOTICE}/reported_on"),
    "last seen to the metre": (
        "yellow",
        [at(f"{NOTICE}/last_seen/place/precision_m", 5)],
        f"{NOTICE}/last_seen/place/precision_m",
    ),
    "a body without description": (
        "black",
        [subject(height_cm=None, mass_kg=None, eyes=None, hair=None, clothing=None, marks=None, biometrics=None)],
        f"{SUBJECT}/marks",
    ),
    "ages the wrong way round": ("black", [subject(age_max=20)], f"{SUBJECT}/age_max"),
    "biometrics of a body not attached": (
        "black",
        [at(f"{SUBJECT}/biometrics/0/attachment", "a-9")],
        f"{SUBJECT}/biometrics/0/attachment",
    ),
    "found to the metre": ("black", [at(f"{NOTICE}/found_at/precision_m", 5)], f"{NOTICE}/found_at/precision_m"),
    "a threat by a person not named": ("orange", [subject(persons=None)], f"{SUBJECT}/persons"),
    "a threat by the same person twice": ("orange", [repeated(f"{SUBJECT}/persons")], f"{SUBJECT}/persons/1/ref"),
    "a threat to a place to the metre": (
        "orange",
        [at(f"{NOTICE}/affected/1/precision_m", 5)],
        f"{NOTICE}/affected/1/precision_m",
    ),
    "a threat that is over": ("orange", [at("/created", "2099-05-21T00:00:00Z")], f"{NOTICE}/valid_until"),
    "measures against nobody": ("un-person", [subject(person=None)], f"{SUBJECT}/person"),
    "measures against person and entity": (
        "un-person",
        [subject(entity={"name": "Eastern Column", "type": "armed-group"})],
        f"{SUBJECT}/entity",
    ),
    "a listed person without name": (
        "un-person",
        [at(f"{SUBJECT}/person/names", None), at(f"{SUBJECT}/person/pseudonym", None)],
        f"{SUBJECT}/person/names",
    ),
    "the same measure twice": (
        "un-person",
        [at(f"{NOTICE}/measures", ["asset-freeze", "asset-freeze"])],
        f"{NOTICE}/measures/1",
    ),
    "an entity that may not travel": (
        "un-entity",
        [at(f"{NOTICE}/measures", ["asset-freeze", "travel-ban"])],
        f"{NOTICE}/measures/1",
    ),
    "an entity that sits to the metre": (
        "un-entity",
        [at(f"{SUBJECT}/entity/seat/precision_m", 5)],
        f"{SUBJECT}/entity/seat/precision_m",
    ),
    "an asset without holder": ("silver", [subject(holder={})], f"{SUBJECT}/holder/person"),
    "an asset to the metre": ("silver", [at(f"{SUBJECT}/place/precision_m", 5)], f"{SUBJECT}/place/precision_m"),
    "a suspected offence with two penalties": (
        "silver",
        [at(f"{NOTICE}/suspected_offences/0/life", value=True)],
        f"{NOTICE}/suspected_offences/0/life",
    ),
    "a follow-up that ends early": (
        "silver",
        [at(f"{NOTICE}/follow_up/valid_until", "2098-01-01")],
        f"{NOTICE}/follow_up/valid_until",
    ),
    "a silver notice for the public": (
        "silver",
        [at("/body/public_extract_requested", value=True)],
        "/body/public_extract_requested",
    ),
    "a notice of the Security Council kept from the public": (
        "un-entity",
        [at("/body/public_extract_requested", value=False)],
        "/body/public_extract_requested",
    ),
    "a victim for the public": ("yellow", [subject(status=["missing", "victim"])], "/body/public_extract_requested"),
    "a language twice": ("blue", [at("/body/languages", ["en", "en"])], "/body/languages/1"),
    "a contact that ends early": ("blue", [at("/body/contact/valid_until", "2098-01-01")], "/body/contact/valid_until"),
    "a request for everybody": ("purple", [at("/handling/tlp", "green")], "/handling/tlp"),
    "a request that is hardly protected": (
        "purple",
        [at("/handling/confidentiality", "official-use-only"), subject(description="A hiding place.")],
        "/handling/confidentiality",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_an_incomplete_notice_is_refused(name: str) -> None:
    """What follows the schema and no reviewer would publish is refused before it is signed."""
    colour, changes, pointer = BROKEN[name]
    content = notice(colour)
    for change in changes:
        change(content)
    assert refusal(REQUEST, content) == ("content-rule", pointer)


GOOD: dict[str, tuple[str, list[Callable[[Json], None]]]] = {
    "a photograph and a mark": ("red", [subject(names=None, documents=None, biometrics=None)]),
    "no photograph and a passport": (
        "red",
        [subject(**{**PARTLY, "documents": [{"type": "passport", "number": "X1"}]}, names=[NAME])],
    ),
    "life in one of several warrants": (
        "red",
        [
            repeated(f"{NOTICE}/warrants"),
            at(f"{WARRANT}/max_penalty_years", 1),
            at(f"{WARRANT}/offences/0/max_penalty_years", 1),
        ],
    ),
    "a life sentence": (
        "red-all",
        [
            at(
                WARRANT,
                {
                    "authority": "Court",
                    "court_type": "national",
                    "reference": "J1",
                    "issued_on": "2099-01-01",
                    "life": True,
                    "offences": [{"country": "QX", "statute": "Code", "provision": "7"}],
                },
            )
        ],
    ),
    "a refugee sought by an international court": (
        "red",
        [subject(refugee_check="protected"), at(f"{WARRANT}/court_type", "international")],
    ),
    "a victim who is missing, in confidence": (
        "yellow",
        [subject(status=["missing", "victim"]), at("/body/public_extract_requested", value=False)],
    ),
    "a threat by an event": ("orange", [subject(type="event", persons=None)]),
    "an entity that holds an asset": ("silver", [subject(holder={"entity": {"name": "Column Transport", "type": "company"}})]),
}


@pytest.mark.parametrize("name", GOOD)
def test_other_ways_to_be_complete(name: str) -> None:
    """The minimum data may be met in more than one way."""
    colour, changes = GOOD[name]
    content = notice(colour)
    for change in changes:
        change(content)
    assert refusal(REQUEST, content) is None


@pytest.mark.parametrize("kind", HOLDERS)
@pytest.mark.parametrize("colour", [colour for colour in NAMES if colour != "silver"])
def test_every_message_that_holds_a_notice_asks_the_same(kind: str, colour: str) -> None:
    """A request, a publication, a diffusion and an update take the same notice, and refuse the same one."""
    content = notice(colour, kind)
    assert refusal(kind, content) is None
    at(f"{HOLDERS[kind]}/photos/0", "a-9")(content)
    assert refusal(kind, content) == ("content-rule", f"{HOLDERS[kind]}/photos/0")


@pytest.mark.parametrize("kind", HOLDERS)
def test_the_frame_fits_the_colour_everywhere(kind: str) -> None:
    """Whoever is sought for arrest is to be located, whatever message says so."""
    content = {**notice("red", kind), "purpose": ["RPD10-c"]}
    assert refusal(kind, content) == ("content-rule", "/purpose")


def test_a_diffusion_is_never_silver() -> None:
    """The colour that is on trial is asked for and published, and not sent around."""
    content = notice("red", DIFFUSION)
    content["body"]["notice"] = notice("silver")["body"]["notice"]
    assert refusal(DIFFUSION, content) == ("content-schema", f"{NOTICE}/colour")
