"""
Who a red notice is about: enough to arrest the right person and nobody else.

Modelled on the minimum data of public rules on notices: (a) family name, given name, sex and at least the year of birth, with a
physical description, fingerprints, DNA or an identity document; or (b) a photograph and one more identifier. Records that come
from elsewhere have less: they are imported as information, never as a request of this kind.
"""

from typing import Final

from gateway.message.shared.person import Person
from gateway.message.shared.refuse import require

__all__ = ["check_identity", "check_protection"]

_NOT_KNOWN: Final = 0  # ISO/IEC 5218
_CERTAIN: Final = frozenset({"fingerprint", "palm", "dna"})  # modalities that tell one person from all others


def check_identity(person: Person, at: str) -> None:
    """Refuse a person who has neither set; the pointer is the first member that is missing."""
    if person.photo is not None:
        more = person.names or person.marks or _sure(person)
        require(more, f"{at}/names", "a photograph needs a name, a mark, a document, fingerprints or DNA beside it")
        return
    named = any(name.family and name.given for name in person.names)
    require(named, f"{at}/names", "without a photograph a family name and a given name are needed")
    require(person.sex != _NOT_KNOWN, f"{at}/sex", "without a photograph the sex is needed")
    require(person.birth is not None, f"{at}/birth", "without a photograph the year of birth is needed")
    require(_described(person) or _sure(person), f"{at}/documents", "needs a description, a document, fingerprints or DNA")


def check_protection(person: Person, at: str) -> None:
    """Refuse a person for whom nobody asked whether another State protects them."""
    asked = person.refugee_check != "none"
    require(asked, f"{at}/refugee_check", "say whether protection as a refugee was looked for")


def _sure(person: Person) -> bool:
    return bool(person.documents) or any(data.modality in _CERTAIN for data in person.biometrics)


def _described(person: Person) -> bool:
    return bool(person.height_cm or person.mass_kg or person.eyes or person.hair or person.marks)
