"""
Code lists about persons: status, sex, documents, looks, biometric modalities.

The status decides which members of a person may be written (`gateway.message.shared.person`), so its list is closed.
"""

from __future__ import annotations

from typing import Final

from gateway.message.codelist import CodeList, rows

__all__ = ["BIOMETRICS", "DOCUMENTS", "EYES", "HAIR", "PERSON_STATUS", "SEX"]

PERSON_STATUS: Final = CodeList(
    id="person-status",
    version="1",
    title="role of a person",
    source="gateway",
    closed=True,
    rows=rows(
        {
            "suspect": "under suspicion",
            "accused": "charged or committed for trial",
            "convicted": "found guilty",
            "wanted": "sought for arrest",
            "missing": "whereabouts unknown to those who care",
            "unidentified": "without a known identity",
            "deceased": "dead",
            "victim": "suffered harm; pseudonym only",
            "witness": "saw or knows; pseudonym only",
            "victim-witness": "both; pseudonym only",
            "source": "gives information in confidence; pseudonym only",
            "expert": "gives an opinion",
            "contact": "can be spoken to about the case",
            "associate": "known to be close to another person",
        }
    ),
)

SEX: Final = CodeList(
    id="sex",
    version="1",
    title="sex of a person; the codes are numbers in content",
    source="modelled on ISO/IEC 5218",
    closed=True,
    rows=rows({"0": "not known", "1": "male", "2": "female", "9": "not applicable"}),
)

DOCUMENTS: Final = CodeList(
    id="identity-documents",
    version="1",
    title="type of identity document",
    source="gateway",
    closed=False,
    rows=rows(
        {
            "passport": "passport",
            "identity-card": "identity card",
            "driving-licence": "driving licence",
            "residence-permit": "residence permit",
            "refugee-document": "travel document of a refugee",
            "military-card": "military card or book",
            "birth-certificate": "birth certificate",
            "other": "another document",
        }
    ),
)

EYES: Final = CodeList(
    id="eye-colours",
    version="1",
    title="colour of the eyes",
    source="gateway",
    closed=False,
    rows=rows({code: code for code in ("black", "blue", "brown", "green", "grey", "hazel", "other")}),
)

HAIR: Final = CodeList(
    id="hair-colours",
    version="1",
    title="colour of the hair",
    source="gateway",
    closed=False,
    rows=rows({code: code for code in ("black", "blond", "brown", "grey", "red", "white", "bald", "dyed", "other")}),
)

BIOMETRICS: Final = CodeList(
    id="biometric-modalities",
    version="1",
    title="kind of biometric data",
    source="gateway",
    closed=False,
    rows=rows(
        {
            "fingerprint": "fingerprints",
            "palm": "palm prints",
            "face": "face image",
            "iris": "iris",
            "dna": "DNA profile",
            "voice": "voice",
            "gait": "gait",
        }
    ),
)
