"""
Every code list, and a type for the codes of each open one.

For the type checker a code is text; at run time it is a `Literal` of the list, which msgspec looks up in C. (A checker
cannot read a `Literal` that is made from a table, and a table written twice would drift.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from gateway.message.codes.cooperation import ASSISTANCE, INSTRUMENTS, PURPOSES, REFUSALS
from gateway.message.codes.crimes import CRIMES, LIABILITY_MODES
from gateway.message.codes.entities import ENTITY_TYPES
from gateway.message.codes.heritage import COUNTRY_EXT, ICTR_CRIMES, ICTY_CRIMES, JUSTICE_OFFENCES
from gateway.message.codes.marking import CLOSED_MARKINGS
from gateway.message.codes.persons import BIOMETRICS, DOCUMENTS, EYES, HAIR, PERSON_STATUS, SEX
from gateway.message.codes.training import TOPICS

__all__ = [
    "CODE_LISTS",
    "AssistanceType",
    "Biometric",
    "Crime",
    "Document",
    "EntityType",
    "EyeColour",
    "HairColour",
    "Instrument",
    "LiabilityMode",
    "Purpose",
    "RefusalGround",
    "TrainingTopic",
]

if TYPE_CHECKING:
    AssistanceType = str
    Biometric = str
    Crime = str
    Document = str
    EntityType = str
    EyeColour = str
    HairColour = str
    Instrument = str
    LiabilityMode = str
    Purpose = str
    RefusalGround = str
    TrainingTopic = str
else:
    AssistanceType = Literal[ASSISTANCE.codes]
    Biometric = Literal[BIOMETRICS.codes]
    Crime = Literal[CRIMES.codes]
    Document = Literal[DOCUMENTS.codes]
    EntityType = Literal[ENTITY_TYPES.codes]
    EyeColour = Literal[EYES.codes]
    HairColour = Literal[HAIR.codes]
    Instrument = Literal[INSTRUMENTS.codes]
    LiabilityMode = Literal[LIABILITY_MODES.codes]
    Purpose = Literal[PURPOSES.codes]
    RefusalGround = Literal[REFUSALS.codes]
    TrainingTopic = Literal[TOPICS.codes]

CODE_LISTS: Final = (
    CRIMES,
    LIABILITY_MODES,
    ASSISTANCE,
    INSTRUMENTS,
    PURPOSES,
    REFUSALS,
    DOCUMENTS,
    ENTITY_TYPES,
    EYES,
    HAIR,
    BIOMETRICS,
    PERSON_STATUS,
    TOPICS,
    SEX,
    JUSTICE_OFFENCES,
    ICTY_CRIMES,
    ICTR_CRIMES,
    COUNTRY_EXT,
    *CLOSED_MARKINGS,
)
