"""The frame and the shared types with every member set: what the full content of every kind is made of."""

from __future__ import annotations

from gateway.message import (
    Attachment,
    Author,
    Authority,
    BiometricData,
    CaseReference,
    Channel,
    ContactPoint,
    Encryption,
    Handling,
    IdentityDocument,
    Incident,
    LegalBasis,
    LineString,
    MultiPoint,
    Name,
    Offence,
    PartialDate,
    PartialDateTime,
    Person,
    PersonalData,
    Place,
    Point,
    Polygon,
    Retention,
    Translation,
)

__all__ = ["ATTACHMENT", "AUTHORITY", "CONTACT", "HASH", "ID", "INCIDENT", "OFFENCE", "PERSON", "PLACES", "WHEN", "frame"]

HASH = "7d" * 32
ID = "01890a5d-ac96-774b-bcce-b302099a8057"
WHEN = "2099-05-01T08:30:00Z"

RING = [(19.25, 43.5), (19.5, 43.5), (19.5, 43.75), (19.25, 43.5)]
PLACES = [
    Place(
        name="Tal Varo",
        country="XA",
        subdivision="XA-04",
        locode="XATVR",
        geometry=geometry,
        precision_m=5_000,
        sensitivity="protected",
    )
    for geometry in (
        Point(coordinates=(24.5, 47.25)),
        MultiPoint(coordinates=RING),
        LineString(coordinates=RING),
        Polygon(coordinates=[RING]),
    )
]
ATTACHMENT = Attachment(
    attachment_id="a-1",
    sha256="1a" * 32,
    sha512="4d" * 64,
    size_bytes=184_320,
    media_type="application/pdf",
    filename="warrant.pdf",
    role="warrant",
    encryption=Encryption(algorithm="xchacha20-poly1305", key_ref="k-1"),
    storage_uri="store:1",
)
PERSON = Person(
    ref="p-1",
    status=["accused", "wanted"],
    pseudonym="Subject One",
    names=[Name(full="Subject", family="S", given="One", script="Latn", language="en", type="alias", quality="possible")],
    sex=2,
    birth=PartialDate(value="2061-02", qualifier="claimed"),
    birth_place=PLACES[0],
    nationalities=["QX"],
    former_nationalities=["QXZZ"],
    documents=[IdentityDocument(type="passport", number="X0", issuer="QX", expiry=PartialDate(value="2101"))],
    height_cm=170,
    mass_kg=60,
    eyes=["grey"],
    hair=["red"],
    marks="Scar.",
    languages=["fra"],
    photo="a-1",
    biometrics=[BiometricData(modality="face", format="ISO/IEC 19794-5", attachment="a-1")],
    refugee_check="clear",
    minor=True,
    deceased=True,
)
INCIDENT = Incident(
    ref="i-1",
    crimes=["RS.6.a", "RS.8.2.c.i-1"],
    summary="What happened.",
    conflict_type="niac",
    start=PartialDateTime(value="2098-03", qualifier="approximate"),
    end=PartialDateTime(value=WHEN, qualifier="claimed"),
    places=PLACES,
    modes_of_liability=["25.3.e"],
    groups=["Eastern Column"],
    victims_min=1,
    victims_max=2,
)
OFFENCE = Offence(country="QO", statute="Code", provision="7", text="Crimes.", max_penalty_years=30)
CONTACT = ContactPoint(
    unit="Desk",
    function="duty",
    participant="NCB-QM",
    channels=[Channel(type="phone", value="+999 555 0114")],
    hours="always",
    languages=["eng"],
    instruments=["eio"],
    valid_from="2099-01-01",
    valid_until="2099-12-31",
)
AUTHORITY = Authority(name="Court", type="court", country="QO", reference="1/99", contact=CONTACT)


def frame(**others: object) -> dict[str, object]:
    """Return every member of the frame."""
    return {
        "handling": Handling(
            tlp="amber+strict",
            confidentiality="confidential",
            restrictions={"H1", "H3"},
            caveats={"Ask first."},
            evidential_use="lead-only",
            onward="unit",
            verify_before_action=False,
            originators={"NCB-QM@icn"},
            officers={"NCB-QM/officer-07"},
        ),
        "purpose": ["RPD10-a", "RPD10-c"],
        "schema_version": "1.0.0",
        "message_id": ID,
        "sender": "NCB-QM@icn",
        "created": WHEN,
        "expires": WHEN,
        "urgency": "urgent",
        "respond_by": WHEN,
        "conversation_id": ID,
        "in_reply_to": HASH,
        "author": Author(unit="Unit", officer="officer-07", role="investigator"),
        "on_behalf_of": "GN-QN",
        "language": "en",
        "translations": [Translation(language="fr", attachment="a-1", official=True)],
        "legal_basis": [LegalBasis(instrument="eio", article="1", note="Note.")],
        "case_refs": [CaseReference(scheme="X", id="1", owner="NCB-QM")],
        "personal_data": PersonalData(
            present=True, categories=["identity"], special_categories=["health"], justification="Needed."
        ),
        "retention": Retention(review_on="2100-01-01", delete_after="2101-01-01", basis="law"),
        "supersedes": HASH,
        "derived_from": [HASH],
        "sequence": 3,
        "disclosed_recipients": ["GN-QN@icn"],
        "attachments": [ATTACHMENT],
        "ext": {"example.links": {"any": [1]}},
        **others,
    }
