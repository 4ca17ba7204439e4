"""
Notices of every colour with every member set; where two members exclude each other, there are two.

A validator tries nine alternatives on each notice, so what is long (persons, incidents, geometries) stands in one of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gateway.message import Admiralty, CaseReference, FourByFour, Incident, Name, PartialDate, Person, Warrant
from gateway.message.operational.persons_sought import BlueNotice, GreenNotice, LastSeen, RedNotice, YellowNotice
from gateway.message.operational.subjects import Asset, AssetIdentifier, DeadBody, Entity, Method, Party, Threat
from gateway.message.operational.things_sought import BlackNotice, OrangeNotice, PurpleNotice, SilverNotice, UnSpecialNotice
from gateway.message.shared.money import Money
from tests.message.full_parts import AUTHORITY, CONTACT, INCIDENT, OFFENCE, PERSON, PLACES

if TYPE_CHECKING:
    from gateway.message.operational.notices import DiffusedNotice, Notice

__all__ = ["COLOURS", "DIFFUSED", "NAMES"]

WANTED = msgspec.structs.replace(PERSON, ref="p-0", status=["accused", "convicted", "wanted"], deceased=False)
PLAIN_SUBJECT = Person(
    ref="p-0", status=["suspect"], pseudonym="Subject One", names=[Name(full="Subject One")], refugee_check="clear"
)
MISSING = msgspec.structs.replace(PLAIN_SUBJECT, status=["missing"])
ENTITY = Entity(name="Column Transport", type="company", aliases=["CT"], country="XB", registration="XB 77", seat=PLACES[0])
FACTS = "On 11 November 2097 the flotilla shelled the undefended town of Osmar."
COMMON = {
    "facts": FACTS,
    "incidents": [Incident(ref="i-1", crimes=["RS.6.a", "RS.8.2.c.i-1"], conflict_type="niac", summary="What happened.")],
    "photos": ["a-1"],
    "associates": [Person(ref="p-1", status=["associate"], pseudonym="Subject Two", deceased=True)],
    "co_subjects": [Person(ref="p-2", status=["wanted"], pseudonym="Subject Three")],
    "previous_notice": "2098/4",
}
RED = RedNotice(
    subject=WANTED,
    sought_for="prosecution",
    warrants=[
        Warrant(
            authority="Court",
            court_type="national",
            reference="W1",
            issued_on="2099-04-01",
            offences=[OFFENCE],
            max_penalty_years=30,
            sentence_months=200,
            remaining_months=100,
            in_absentia=True,
            attachment="a-1",
        )
    ],
    assurance_extradition=True,
    extradition_from=["QN", "QP"],
    **{**COMMON, "incidents": [msgspec.structs.replace(INCIDENT, places=PLACES[:1])]},  # type: ignore[arg-type]
)
RED_EVERYWHERE = msgspec.structs.replace(RED, sought_for="sentence", extradition_from=[], extradition_from_all=True)
UN_PERSON = UnSpecialNotice(
    subject=Party(person=PLAIN_SUBJECT),
    un_reference="QXi.012",
    resolution=9_999,
    measures=["asset-freeze", "travel-ban", "arms-embargo"],
    listed_on="2099-01-15",
    **COMMON,  # type: ignore[arg-type]
)
GREEN = GreenNotice(
    subject=PLAIN_SUBJECT,
    threat="May recruit children again.",
    evaluator=AUTHORITY,
    past_offences=[OFFENCE],
    assessment_basis="Two convictions.",
    evaluation=FourByFour(source="A", information=2, evaluated_by="Desk", on="2099-05-01"),
    **COMMON,  # type: ignore[arg-type]
)
DIFFUSED: list[DiffusedNotice] = [
    RED,
    RED_EVERYWHERE,
    BlueNotice(subject=PLAIN_SUBJECT, asked=["locate", "identify", "info"], **COMMON),  # type: ignore[arg-type]
    GREEN,
    msgspec.structs.replace(GREEN, evaluation=Admiralty(source="G", information=6, evaluated_by="Desk", on="2099-05-01")),
    YellowNotice(
        subject=MISSING,
        reported_on="2099-04-02",
        report_ref="QM 99/118",
        last_seen=LastSeen(place=PLACES[0], on=PartialDate(value="2099-04", qualifier="approximate")),
        circumstances="Separated from the family at the crossing.",
        **COMMON,  # type: ignore[arg-type]
    ),
    BlackNotice(
        subject=DeadBody(
            condition="skeletal",
            sex=2,
            age_min=30,
            age_max=45,
            height_cm=168,
            mass_kg=50,
            eyes=["grey"],
            hair=["red"],
            marks="Healed fracture.",
            clothing="Blue coat.",
            biometrics=PERSON.biometrics,
        ),
        found_at=PLACES[0],
        found_on=PartialDate(value="2099-04-20", qualifier="approximate"),
        **COMMON,  # type: ignore[arg-type]
    ),
    OrangeNotice(
        subject=Threat(type="person", description="Announced an attack on the court.", persons=[PLAIN_SUBJECT]),
        imminence="days",
        valid_until="2099-05-20T00:00:00Z",
        affected=PLACES,
        **COMMON,  # type: ignore[arg-type]
    ),
    PurpleNotice(
        subject=Method(
            type="concealment",
            description="Documents hidden in the lining of aid parcels.",
            first_seen=PartialDate(value="2098-11", qualifier="claimed"),
            seen_in=["XB"],
        ),
        source_case=CaseReference(scheme="NCB-QM", id="99/7", owner="NCB-QM"),
        **COMMON,  # type: ignore[arg-type]
    ),
    UN_PERSON,
    msgspec.structs.replace(UN_PERSON, subject=Party(entity=ENTITY), measures=["asset-freeze"]),
]
SILVER = SilverNotice(
    subject=Asset(
        asset_type="vessel",
        description="River barge of 60 m.",
        holder=Party(person=PLAIN_SUBJECT),
        identifiers=[AssetIdentifier(scheme="hull", value="XB-60")],
        place=PLACES[0],
        value=Money(amount="125000.50", currency="XTS"),
    ),
    suspected_offences=[OFFENCE],
    follow_up=CONTACT,
    **COMMON,  # type: ignore[arg-type]
)
COLOURS: list[Notice] = [*DIFFUSED, SILVER]
NAMES = (
    "red",
    "red-all",
    "blue",
    "green",
    "green-2",
    "yellow",
    "black",
    "orange",
    "purple",
    "un-person",
    "un-entity",
    "silver",
)  # of COLOURS, in their order
