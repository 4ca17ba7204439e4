"""
Country codes: which two letters ISO 3166-1 gives to somebody, which it leaves to users, and what others write instead.

Our schemas take any two capital letters, since a list would age with the world. An import looks closer: a code that is neither
official nor user-assigned is kept and told, not guessed at. Languages come in as the bibliographic codes of ISO 639-2.
"""

from __future__ import annotations

from typing import Final

__all__ = ["is_country", "language_639_3"]

_OFFICIAL: Final = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY
BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK
FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR
IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK
ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM
PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF
TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""
_CODES: Final = frozenset(_OFFICIAL.split())
_TERMINOLOGIC: Final = {
    "alb": "sqi",
    "arm": "hye",
    "baq": "eus",
    "bur": "mya",
    "chi": "zho",
    "cze": "ces",
    "dut": "nld",
    "fre": "fra",
    "geo": "kat",
    "ger": "deu",
    "gre": "ell",
    "ice": "isl",
    "mac": "mkd",
    "mao": "mri",
    "may": "msa",
    "per": "fas",
    "rum": "ron",
    "slo": "slk",
    "tib": "bod",
    "wel": "cym",
}


def is_country(code: str) -> bool:
    """
    Say whether ISO 3166-1 knows a code: official, or user-assigned (AA, QM to QZ, XA to XZ, ZZ).

    XK is user-assigned too, and others write it for one country: it is not ours to say which is meant.
    """
    if code == "XK":
        return False
    if code in _CODES or code in {"AA", "ZZ"}:
        return True
    first, second = (code[0], code[1]) if len(code) == 2 else ("", "")
    return (first == "Q" and "M" <= second <= "Z") or (first == "X" and "A" <= second <= "Z")


def language_639_3(code: str) -> str | None:
    """Return the ISO 639-3 code for three letters in any case; None for what is no such code."""
    lower = code.lower()
    if len(lower) != 3 or not (lower.isascii() and lower.isalpha()):
        return None
    return _TERMINOLOGIC.get(lower, lower)
