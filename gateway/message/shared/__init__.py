"""Types that the content of several kinds is made of."""

from gateway.message.shared.attachment import Attachment, Encryption, Translation
from gateway.message.shared.authority import Authority, CaseReference, Channel, ContactPoint, LegalBasis
from gateway.message.shared.entity import Entity, Identifier
from gateway.message.shared.evaluation import Admiralty, Evaluation, FourByFour, admiralty_to_4x4
from gateway.message.shared.incident import Incident, Offence, Warrant
from gateway.message.shared.person import BiometricData, IdentityDocument, Name, Person
from gateway.message.shared.place import Geometry, LineString, MultiPoint, Place, Point, Polygon
from gateway.message.shared.times import PartialDate, PartialDateTime, instant, unix_time

__all__ = [
    "Admiralty",
    "Attachment",
    "Authority",
    "BiometricData",
    "CaseReference",
    "Channel",
    "ContactPoint",
    "Encryption",
    "Entity",
    "Evaluation",
    "FourByFour",
    "Geometry",
    "Identifier",
    "IdentityDocument",
    "Incident",
    "LegalBasis",
    "LineString",
    "MultiPoint",
    "Name",
    "Offence",
    "PartialDate",
    "PartialDateTime",
    "Person",
    "Place",
    "Point",
    "Polygon",
    "Translation",
    "Warrant",
    "admiralty_to_4x4",
    "instant",
    "unix_time",
]
