"""
Code lists of requests and answers: instruments, purposes, types of assistance, grounds of refusal, authorities.

Each is modelled on a public text that its `source` names; labels are ours, and no list claims to be the law.
"""

from __future__ import annotations

from typing import Final

from gateway.message.codelist import CodeList, rows

__all__ = ["ASSISTANCE", "INSTRUMENTS", "PURPOSES", "REFUSALS"]

INSTRUMENTS: Final = CodeList(
    id="instruments",
    version="1",
    title="instrument that a request rests on",
    source="gateway",
    closed=False,
    rows=rows(
        {
            "rs-part9": "Rome Statute, part 9",
            "lhc": "Ljubljana-The Hague Convention",
            "eio": "European Investigation Order",
            "ecma": "European Convention on Mutual Assistance in Criminal Matters",
            "bilateral": "bilateral treaty or agreement",
            "police-977": "police information exchange, Directive (EU) 2023/977",
            "irmct-28": "Residual Mechanism, article 28 of its Statute",
            "network-2002": "genocide contact points, Decisions 2002/494/JHA and 2003/335/JHA",
        }
    ),
)

PURPOSES: Final = CodeList(
    id="purposes",
    version="1",
    title="purpose that data may be used for",
    source="modelled on the purposes of article 10 of INTERPOL's Rules on the Processing of Data",
    closed=False,
    rows=rows(
        {
            "RPD10-a": "locate a wanted person",
            "RPD10-b": "identify persons or objects, or obtain information on them",
            "RPD10-c": "support a criminal investigation or know a criminal history",
            "RPD10-d": "warn of a person, event, object or method",
            "RPD10-e": "identify a person or a body",
            "RPD10-f": "forensic analysis",
            "RPD10-g": "security checks",
            "RPD10-h": "analyse threats, trends and networks",
            "RPD10-i": "border control",
        }
    ),
)

ASSISTANCE: Final = CodeList(
    id="assistance-types",
    version="1",
    title="type of assistance",
    source="a to l modelled on the Rome Statute, article 93(1); m on articles 89 to 92; n to u of the gateway",
    closed=False,
    rows=rows(
        {
            "AT.a": "locate or identify a person or an item",
            "AT.b": "take evidence, testimony or an expert's opinion",
            "AT.c": "question a suspect",
            "AT.d": "serve documents",
            "AT.e": "voluntary appearance of a witness or expert",
            "AT.f": "temporary transfer of a person in custody",
            "AT.g": "examine a site, exhume",
            "AT.h": "search and seize",
            "AT.i": "provide records and documents",
            "AT.j": "protect victims and witnesses, preserve evidence",
            "AT.k": "trace or freeze assets",
            "AT.l": "other assistance",
            "AT.m": "arrest and surrender",
            "AT.n": "check databases",
            "AT.o": "support with analysis",
            "AT.p": "check for earlier interviews",
            "AT.q": "set up a joint investigation team",
            "AT.r": "hearing by video link",
            "AT.s": "vary protective measures",
            "AT.t": "certified copies",
            "AT.u": "deploy experts",
        }
    ),
)

REFUSALS: Final = CodeList(
    id="refusal-grounds",
    version="1",
    title="ground for refusing or postponing",
    source="modelled on article 11(1) of Directive 2014/41/EU and article 93 of the Rome Statute; the rest of the gateway",
    closed=False,
    rows=rows(
        {
            **{f"eio-11-1-{letter}": f"ground modelled on article 11(1)({letter})" for letter in "abcdefgh"},
            "rs-93-4": "national security",
            "rs-93-3": "fundamental legal principle",
            "rs-93-6": "other reason, to be stated",
            "incomplete": "the request lacks what is needed",
            "no-jurisdiction": "outside the jurisdiction of the requested authority",
            "not-found": "the person, item or record was not found",
            "consent-refused": "whose consent is needed refuses it",
        }
    ),
)
