"""
Code lists of marking and judgement: urgency, handling, evaluation, type of conflict. All closed.

Members of handling are listed from the laxest to the strictest or the reverse, as their title says;
`gateway.message.handling` orders them and a test holds both together.
"""

from __future__ import annotations

from typing import Final

from gateway.message.codelist import CodeList, rows

__all__ = ["CLOSED_MARKINGS"]


def _closed(id_: str, title: str, source: str, labels: dict[str, str]) -> CodeList:
    return CodeList(id_, "1", title, source, closed=True, rows=rows(labels))


CLOSED_MARKINGS: Final = (
    _closed(
        "urgency",
        "how fast it goes",
        "gateway",
        {
            "flash": "life or arrest at stake; overtakes",
            "urgent": "within hours; overtakes",
            "normal": "within days",
            "routine": "no hurry",
        },
    ),
    _closed(
        "tlp",
        "how far it may be passed on, laxest first",
        "modelled on the Traffic Light Protocol 2.0",
        {
            "clear": "no limit",
            "green": "the community",
            "amber": "the organisation and its clients, as needed",
            "amber+strict": "the organisation alone, as needed",
            "red": "the named officers alone",
        },
    ),
    _closed(
        "confidentiality",
        "level of protection, lowest first",
        "modelled on the levels of INTERPOL",
        {"official-use-only": "for official use only", "restricted": "restricted", "confidential": "confidential"},
    ),
    _closed(
        "handling-codes",
        "restrictions of use, combined as a set",
        "modelled on the handling codes of Europol",
        {
            "H0": "to prevent crime only",
            "H1": "not in court without permission",
            "H2": "not onward without permission",
            "H3": "other restriction, in a caveat",
        },
    ),
    _closed(
        "evidential-use",
        "use as evidence, strictest first",
        "lead-only modelled on the Rome Statute, articles 93(8)(b) and 54(3)(e)",
        {
            "none": "no use in proceedings",
            "lead-only": "only to find new evidence",
            "with-consent": "after the originator agreed",
            "unrestricted": "any",
        },
    ),
    _closed(
        "onward",
        "passing on, strictest first",
        "gateway",
        {
            "none": "nobody else",
            "unit": "within the unit",
            "organisation": "within the organisation",
            "consent": "others after the originator agreed",
            "group": "within the named group",
        },
    ),
    _closed(
        "evaluation-4x4-source",
        "reliability of the source",
        "modelled on the 4x4 system",
        {"A": "no doubt, or always reliable", "B": "mostly reliable", "C": "mostly unreliable", "X": "cannot be assessed"},
    ),
    _closed(
        "evaluation-4x4-information",
        "accuracy of the information",
        "modelled on the 4x4 system",
        {
            "1": "accuracy not in doubt",
            "2": "known personally to the source, not to the officer",
            "3": "not known to the source but corroborated",
            "4": "not known to the source and cannot be corroborated",
        },
    ),
    _closed(
        "evaluation-admiralty-source",
        "reliability of the source",
        "modelled on the Admiralty system",
        {
            "A": "completely reliable",
            "B": "usually reliable",
            "C": "fairly reliable",
            "D": "not usually reliable",
            "E": "unreliable",
            "F": "cannot be judged",
            "G": "known to deceive",
        },
    ),
    _closed(
        "evaluation-admiralty-information",
        "credibility of the information",
        "modelled on the Admiralty system",
        {
            "1": "confirmed by other sources",
            "2": "probably true",
            "3": "possibly true",
            "4": "doubtful",
            "5": "improbable",
            "6": "cannot be judged",
        },
    ),
    _closed(
        "conflict-types",
        "type of armed conflict; must agree with the war crimes named",
        "gateway",
        {
            "iac": "international",
            "occupation": "occupation",
            "niac": "not international",
            "none": "no armed conflict",
            "undetermined": "not determined, or several",
        },
    ),
)
