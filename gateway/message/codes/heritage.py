"""
Codes for what courts before the Rome Statute charged, for offences against justice, and for States that are no more.

Open cases and archives still speak of the tribunals for the former Yugoslavia (ICTY) and for Rwanda (ICTR) in the numbers of
their statutes; labels are ours. No crime here stands for one of `rome-statute`: the elements differ, and nothing converts them.
"""

from __future__ import annotations

from typing import Final

from gateway.message.codelist import CodeList, rows

__all__ = ["COUNTRY_EXT", "ICTR_CRIMES", "ICTY_CRIMES", "JUSTICE_OFFENCES"]

# Letters of a statute's paragraphs are codes: `since` is the year in which it was adopted.
_GENOCIDE: Final = (
    "genocide",
    "conspiracy to commit genocide",
    "direct and public incitement to commit genocide",
    "attempt to commit genocide",
    "complicity in genocide",
)
_AGAINST_HUMANITY: Final = (
    "murder",
    "extermination",
    "enslavement",
    "deportation",
    "imprisonment",
    "torture",
    "rape",
    "persecution on political, racial or religious grounds",
    "other inhumane acts",
)
_ICTY_GRAVE_BREACHES: Final = (
    "wilful killing",
    "torture, inhuman treatment, biological experiments",
    "great suffering or serious injury",
    "extensive destruction or appropriation of property",
    "compelling service in hostile forces",
    "denying a fair and regular trial",
    "unlawful deportation, transfer or confinement of a civilian",
    "taking civilians as hostages",
)
_ICTY_LAWS_OF_WAR: Final = (
    "poisonous weapons, or weapons that cause unnecessary suffering",
    "wanton destruction of cities, towns or villages",
    "attacking undefended places",
    "seizing or damaging institutions of religion, charity, education, art, science, and monuments",
    "plunder",
)
_ICTR_COMMON_ARTICLE_3: Final = (
    "violence to life, health and well-being, murder and cruel treatment above all",
    "collective punishments",
    "taking hostages",
    "acts of terrorism",
    "outrages upon personal dignity",
    "pillage",
    "sentences and executions without due process",
    "threats to commit any of these",
)
_JUSTICE: Final = (
    "false testimony under an obligation to tell the truth",
    "presenting evidence known to be false or forged",
    "corruptly influencing a witness, or interfering with witnesses or evidence",
    "impeding, intimidating or corruptly influencing an official of the court",
    "retaliating against an official of the court",
    "asking for or taking a bribe as an official of the court",
)


def _lettered(labels: dict[str, tuple[str, ...]]) -> dict[str, str]:
    """Return code to label, the labels of each paragraph lettered from a."""
    return {
        f"{paragraph}.{letter}": label
        for paragraph, listed in labels.items()
        for letter, label in zip("abcdefghi", listed, strict=False)
    }


ICTY_CRIMES: Final = CodeList(
    id="icty-crimes",
    version="1993",
    title="crimes under the Statute of the ICTY",
    source="modelled on articles 2 to 5 of the Statute of the International Criminal Tribunal for the former Yugoslavia",
    closed=False,
    rows=rows(
        _lettered(
            {
                "ICTY.2": _ICTY_GRAVE_BREACHES,
                "ICTY.3": _ICTY_LAWS_OF_WAR,
                "ICTY.4.3": _GENOCIDE,
                "ICTY.5": _AGAINST_HUMANITY,
            }
        ),
        since="1993",
    ),
)

ICTR_CRIMES: Final = CodeList(
    id="ictr-crimes",
    version="1994",
    title="crimes under the Statute of the ICTR",
    source="modelled on articles 2 to 4 of the Statute of the International Criminal Tribunal for Rwanda",
    closed=False,
    rows=rows(_lettered({"ICTR.2.3": _GENOCIDE, "ICTR.3": _AGAINST_HUMANITY, "ICTR.4": _ICTR_COMMON_ARTICLE_3}), since="1994"),
)

JUSTICE_OFFENCES: Final = CodeList(
    id="justice-offences",
    version="1998",
    title="offences against the administration of justice",
    source="modelled on the Rome Statute, article 70(1)",
    closed=False,
    rows=rows(_lettered({"RS.70": _JUSTICE}), since="1998"),
)

COUNTRY_EXT: Final = CodeList(
    id="country-ext",
    version="1",
    title="States that are no more, and codes of notices that ISO 3166-1 has not",
    source="modelled on ISO 3166-3; 914 and 922 as they stand in public notices of INTERPOL, which say no more of them",
    closed=False,
    rows=rows(
        {
            "914": "a code of notices whose meaning is not public; kept as sent",
            "922": "a code of notices whose meaning is not public; kept as sent",
            "CSHH": "Czechoslovakia",
            "CSXX": "Serbia and Montenegro",
            "DDDE": "German Democratic Republic",
            "SUHH": "Union of Soviet Socialist Republics",
            "TPTL": "East Timor, before it was Timor-Leste",
            "YUCS": "Yugoslavia",
            "ZRCD": "Zaire",
        }
    ),
)
