"""
Crimes and modes of liability, modelled on the Rome Statute; labels are ours.

84 codes of articles 6, 7, 8 and 8 bis, and sub-codes modelled on the Elements of Crimes. Amendments bind only the
States that ratified them: `since` names the year of each. The contextual elements (the intent of genocide, the attack
of crimes against humanity, the nexus of war crimes) are no codes: they belong in the facts.
"""

from __future__ import annotations

from typing import Final

from gateway.message.codelist import CodeList, rows

__all__ = ["CRIMES", "LIABILITY_MODES"]

_GENOCIDE: Final = {
    "6.a": "killing members of the group",
    "6.b": "serious bodily or mental harm",
    "6.c": "destructive conditions of life",
    "6.d": "preventing births",
    "6.e": "transferring children by force",
}
_AGAINST_HUMANITY: Final = {
    "7.1.a": "murder",
    "7.1.b": "extermination",
    "7.1.c": "enslavement",
    "7.1.d": "deportation or forcible transfer",
    "7.1.e": "imprisonment",
    "7.1.f": "torture",
    "7.1.g": "rape and other sexual violence",
    "7.1.h": "persecution",
    "7.1.i": "enforced disappearance",
    "7.1.j": "apartheid",
    "7.1.k": "other inhumane acts",
}
_GRAVE_BREACHES: Final = {
    "8.2.a.i": "wilful killing",
    "8.2.a.ii": "torture, inhuman treatment, biological experiments",
    "8.2.a.iii": "great suffering or serious injury",
    "8.2.a.iv": "destroying or appropriating property",
    "8.2.a.v": "compelling service in hostile forces",
    "8.2.a.vi": "denying a fair trial",
    "8.2.a.vii": "unlawful deportation, transfer or confinement",
    "8.2.a.viii": "taking hostages",
}
_INTERNATIONAL_CONFLICT: Final = {
    "8.2.b.i": "attacking civilians",
    "8.2.b.ii": "attacking civilian objects",
    "8.2.b.iii": "attacking humanitarian or peacekeeping missions",
    "8.2.b.iv": "excessive incidental harm or damage to the environment",
    "8.2.b.v": "attacking undefended places",
    "8.2.b.vi": "killing or wounding a person out of combat",
    "8.2.b.vii": "misusing flags, uniforms or emblems",
    "8.2.b.viii": "transferring own population in, or deporting from, occupied territory",
    "8.2.b.ix": "attacking protected buildings",
    "8.2.b.x": "mutilation, medical or scientific experiments",
    "8.2.b.xi": "treacherous killing or wounding",
    "8.2.b.xii": "declaring that no quarter will be given",
    "8.2.b.xiii": "destroying or seizing the enemy's property",
    "8.2.b.xiv": "abolishing rights and actions in court",
    "8.2.b.xv": "compelling part in operations against the own country",
    "8.2.b.xvi": "pillage",
    "8.2.b.xvii": "poison or poisoned weapons",
    "8.2.b.xviii": "gases and analogous substances",
    "8.2.b.xix": "expanding bullets",
    "8.2.b.xx": "weapons that cause superfluous injury (needs an annex)",
    "8.2.b.xxi": "outrages upon personal dignity",
    "8.2.b.xxii": "rape and other sexual violence",
    "8.2.b.xxiii": "human shields",
    "8.2.b.xxiv": "attacking those who bear the emblems, medical units",
    "8.2.b.xxv": "starvation of civilians",
    "8.2.b.xxvi": "child soldiers",
    "8.2.b.xxvii": "biological weapons",
    "8.2.b.xxviii": "undetectable fragments",
    "8.2.b.xxix": "blinding laser weapons",
}
_COMMON_ARTICLE_3: Final = {
    "8.2.c.i": "violence to life and person",
    "8.2.c.ii": "outrages upon personal dignity",
    "8.2.c.iii": "taking hostages",
    "8.2.c.iv": "sentences and executions without due process",
}
_INTERNAL_CONFLICT: Final = {
    "8.2.e.i": "attacking civilians",
    "8.2.e.ii": "attacking those who bear the emblems, medical units",
    "8.2.e.iii": "attacking humanitarian or peacekeeping missions",
    "8.2.e.iv": "attacking protected buildings",
    "8.2.e.v": "pillage",
    "8.2.e.vi": "rape and other sexual violence",
    "8.2.e.vii": "child soldiers",
    "8.2.e.viii": "displacing civilians",
    "8.2.e.ix": "treacherous killing or wounding",
    "8.2.e.x": "declaring that no quarter will be given",
    "8.2.e.xi": "mutilation, medical or scientific experiments",
    "8.2.e.xii": "destroying or seizing the adversary's property",
    "8.2.e.xiii": "poison or poisoned weapons",
    "8.2.e.xiv": "gases and analogous substances",
    "8.2.e.xv": "expanding bullets",
    "8.2.e.xvi": "biological weapons",
    "8.2.e.xvii": "undetectable fragments",
    "8.2.e.xviii": "blinding laser weapons",
    "8.2.e.xix": "starvation of civilians",
}
_AGGRESSION: Final = {
    "8bis.1": "aggression",
    "8bis.2.a": "invasion, occupation, annexation",
    "8bis.2.b": "bombardment",
    "8bis.2.c": "blockade",
    "8bis.2.d": "attack on forces or fleets",
    "8bis.2.e": "overstaying forces",
    "8bis.2.f": "lending territory",
    "8bis.2.g": "sending armed bands",
}
_LATER: Final = {
    "2010": (*_AGGRESSION, "8.2.e.xiii", "8.2.e.xiv", "8.2.e.xv"),
    "2017": ("8.2.b.xxvii", "8.2.b.xxviii", "8.2.b.xxix", "8.2.e.xvi", "8.2.e.xvii", "8.2.e.xviii"),
    "2019": ("8.2.e.xix",),
}
_SEXUAL_VIOLENCE: Final = (
    "rape",
    "sexual slavery",
    "enforced prostitution",
    "forced pregnancy",
    "enforced sterilisation",
    "other sexual violence",
)
# Modelled on the Elements of Crimes, in their order: the first is -1.
_ELEMENTS: Final = {
    "7.1.g": _SEXUAL_VIOLENCE,
    "8.2.a.ii": ("torture", "inhuman treatment", "biological experiments"),
    "8.2.a.vii": ("deportation or transfer", "confinement"),
    "8.2.b.vii": ("flag of truce", "flag, insignia or uniform of the hostile party", "those of the United Nations", "emblems"),
    "8.2.b.x": ("mutilation", "medical or scientific experiments"),
    "8.2.b.xxii": _SEXUAL_VIOLENCE,
    "8.2.c.i": ("murder", "mutilation", "cruel treatment", "torture"),
    "8.2.e.vi": _SEXUAL_VIOLENCE,
    "8.2.e.xi": ("mutilation", "medical or scientific experiments"),
}
_ARTICLES: Final = (
    _GENOCIDE
    | _AGAINST_HUMANITY
    | _GRAVE_BREACHES
    | _INTERNATIONAL_CONFLICT
    | _COMMON_ARTICLE_3
    | _INTERNAL_CONFLICT
    | _AGGRESSION
)
_SUB_CODES: Final = {f"{code}-{n}": label for code, labels in _ELEMENTS.items() for n, label in enumerate(labels, 1)}

CRIMES: Final = CodeList(
    id="rome-statute",
    version="2019",
    title="crimes",
    source="modelled on the Rome Statute, articles 6 to 8 bis, as amended to 2019; sub-codes on the Elements of Crimes",
    closed=False,
    rows=rows(
        {f"RS.{code}": label for code, label in (_ARTICLES | _SUB_CODES).items()},
        since="1998",
        later={year: [f"RS.{code}" for code in codes] for year, codes in _LATER.items()},
    ),
)

LIABILITY_MODES: Final = CodeList(
    id="liability-modes",
    version="1",
    title="modes of liability",
    source="modelled on the Rome Statute, articles 25 and 28",
    closed=False,
    rows=rows(
        {
            "25.3.a": "commits, alone, jointly or through another",
            "25.3.b": "orders, solicits or induces",
            "25.3.c": "aids, abets or otherwise assists",
            "25.3.d": "contributes to a crime of a group with a common purpose",
            "25.3.d.i": "the same, with the aim of furthering it",
            "25.3.d.ii": "the same, knowing of it",
            "25.3.e": "incites others to commit genocide",
            "25.3.f": "attempts",
            "28.a": "military commander",
            "28.b": "other superior",
        },
    ),
)
