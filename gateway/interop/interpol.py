r"""
Import of a public notice as JSON, in the form that INTERPOL publishes, into a draft of an information report.

Rules: a height or weight of 0 is none; metres become whole centimetres (1.825: 183) and the raw value is kept; a forename "-"
or "" is none; `1990/05/01` is a partial date; sex U is 0; a charge is kept raw and shown by its lines (\r\n); a code of a
country or colour that is not known is kept in `ext` and told, never dropped; a photograph is a reference, never fetched. The
draft is TLP clear, judged by nobody (Admiralty F6), of origin `public-extract`, and never a ground for arrest.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from gateway.errors import Rejected
from gateway.interop.countries import is_country, language_639_3
from gateway.interop.draft import MAX_ITEMS, NOT_JUDGED, Imported, Json, draft, split_text
from gateway.interop.foreign import read_foreign

__all__ = ["from_interpol"]

_HANDLING: Final[Json] = {
    "tlp": "clear",
    "confidentiality": "official-use-only",
    "restrictions": ["H3"],
    "caveats": ["From a public extract: no ground for an arrest. Ask whoever published it before anybody acts."],
    "evidential_use": "lead-only",
    "onward": "group",
    "verify_before_action": True,
}
_SEX: Final = {"M": 1, "F": 2, "U": 0}
_EYES: Final = {
    "BLA": "black",
    "BLU": "blue",
    "BLUE": "blue",
    "BRO": "brown",
    "BROD": "brown",
    "GRE": "green",
    "GRY": "grey",
    "HAZ": "hazel",
}
_HAIR: Final = {"BLA": "black", "BLO": "blond", "BRO": "brown", "GRY": "grey", "RED": "red", "WHI": "white", "BALD": "bald"}
_DATE: Final = re.compile(r"[0-9]{4}(?:/[0-9]{2}(?:/[0-9]{2})?)?")
_DAYS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_NOTICE_ID: Final = re.compile(r"[0-9]{4}/[0-9]{1,6}")
_COLOUR: Final = re.compile(r"/notices/v[0-9]+/(red|yellow)/")
_STATUS: Final = {"red": "wanted", "yellow": "missing"}
_LINE: Final = 200  # characters
_NOTE: Final = 2_000
_LARGEST: Final = 100_000  # characters of raw text that are kept
_KNOWN: Final = frozenset({
    *("name", "forename", "sex_id", "date_of_birth", "place_of_birth", "country_of_birth_id", "nationalities", "height"),
    *("weight", "eyes_colors_id", "hairs_id", "distinguishing_marks", "languages_spoken_ids", "arrest_warrants", "entity_id"),
    *("_links", "_embedded"),
})  # fmt: skip


def from_interpol(data: bytes) -> Imported:
    """
    Return a draft from one public notice.

    Args:
        data: The notice as published, one object.

    Raises:
        Rejected: `too-large`, `content-json`, or `content-schema`: not a notice.
    """
    notice = read_foreign(data)
    if not isinstance(notice, dict) or not isinstance(notice.get("entity_id"), str):
        hint = "give one notice, not a list of results"
        raise Rejected("not a public notice: no `entity_id`", code="content-schema", pointer="/entity_id", hint=hint)
    return _Import(notice).result()


class _Import:
    """Reads one notice; what does not fit goes to `kept`, and is told."""

    def __init__(self, notice: Json) -> None:
        self._notice = notice
        self._kept: Json = {}
        self._told: list[str] = ["evaluation: judged by nobody; the draft is a lead and no ground for an arrest"]

    def result(self) -> Imported:
        person = self._person()
        items = self._items()
        links = []
        if _NOTICE_ID.fullmatch(self._notice["entity_id"]):
            links = [{"scheme": "notice", "id": self._notice["entity_id"]}]
        else:
            self._keep("entity_id", self._notice["entity_id"], "not the number of a notice")
        self._photos()
        for name in self._notice:
            if name not in _KNOWN:
                self._keep(name, self._notice[name], "not read")
        body = {"trigger": "spontaneous", "source_protection": False, "items": items, "persons": [person], "links": links}
        origin = {"origin": "public-extract", "format": "interpol-json", **({"kept": self._kept} if self._kept else {})}
        return Imported(draft(_HANDLING, ["RPD10-b"], body, origin), tuple(self._told))

    def _person(self) -> Json:
        person: Json = {
            "ref": "p-1",
            "status": self._status(),
            "names": self._names(),
            "sex": self._sex(),
            "birth": self._birth(),
        }
        birth_place = self._text("place_of_birth", _LINE)
        country = self._country("country_of_birth_id", self._notice.get("country_of_birth_id"))
        if birth_place or country:
            named = {"name": birth_place or "not known"}
            person["birth_place"] = {**named, "country": country} if country else named
        found = [self._country(f"nationalities/{index}", one) for index, one in enumerate(self._list("nationalities"))]
        person["nationalities"] = [one for one in dict.fromkeys(found) if one][:10]
        person["height_cm"] = self._measure("height", 100, 30, 260)
        person["mass_kg"] = self._measure("weight", 1, 1, 400)
        person["eyes"] = self._codes("eyes_colors_id", _EYES.get, 4)
        person["hair"] = self._codes("hairs_id", _HAIR.get, 4)
        person["marks"] = self._text("distinguishing_marks", _NOTE)
        person["languages"] = self._codes("languages_spoken_ids", language_639_3, 20)
        return {name: value for name, value in person.items() if value not in (None, [], "") and (name, value) != ("sex", 0)}

    def _status(self) -> list[str]:
        """Return what the address of the notice says about the person; where it says nothing, a person decides."""
        links = self._notice.get("_links")
        address = links.get("self") if isinstance(links, dict) else None
        found = _COLOUR.search(str(address.get("href"))) if isinstance(address, dict) else None
        if found:
            return [_STATUS[found[1]]]
        if self._list("arrest_warrants"):
            return ["wanted"]
        self._told.append("/body/persons/0/status: the notice does not say; add it")
        return []

    def _names(self) -> list[Json]:
        family, given = self._text("name", _LINE), self._text("forename", _LINE)
        family, given = (one if one and one.strip() not in {"", "-"} else None for one in (family, given))
        full = " ".join(one for one in (given, family) if one)[:_LINE]
        if not full:
            self._told.append("/body/persons/0/names: the notice names nobody; add a pseudonym or the status `unidentified`")
            return []
        name = {"full": full, "family": family, "given": given}
        return [{key: value for key, value in name.items() if value}]

    def _sex(self) -> int:
        value = self._notice.get("sex_id")
        if isinstance(value, str) and value in _SEX:
            return _SEX[value]
        if value is not None:
            self._keep("sex_id", value, "not M, F or U")
        return 0

    def _birth(self) -> Json | None:
        value = self._notice.get("date_of_birth")
        if value in (None, "", "-"):
            return None
        if isinstance(value, str) and _DATE.fullmatch(value) and _exists(value):
            return {"value": value.replace("/", "-")}
        self._keep("date_of_birth", value, "not a date")
        return None

    def _country(self, name: str, value: object) -> str | None:
        if value in (None, "", "-"):
            return None
        if isinstance(value, str) and is_country(value):
            return value
        self._keep(name, value, "not a country of ISO 3166-1")
        return None

    def _measure(self, name: str, factor: int, least: int, most: int) -> int | None:
        """Return a length or mass as a whole number; 0 is none, and a raw value that was rounded is kept."""
        value = self._notice.get(name)
        if value in (None, 0, "", "0", "-"):
            return None
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            exact = Decimal(value) * factor
            whole = int(exact.to_integral_value(rounding=ROUND_HALF_UP))
            if least <= whole <= most:
                if whole != exact:
                    self._kept[name] = str(value)
                return whole
        self._keep(name, value, "no such measure of a person")
        return None

    def _codes(self, name: str, known: Callable[[str], str | None], most: int) -> list[str]:
        found: list[str] = []
        for index, value in enumerate(self._list(name)):
            code = known(value) if isinstance(value, str) else None
            if code is None or len(found) == most:
                self._keep(f"{name}/{index}", value, "not a code that is known here")
            elif code not in found:
                found.append(code)
        return found

    def _items(self) -> list[Json]:
        """Return an item for each charge, by its lines; a notice without any has one that says so."""
        items = []
        for index, warrant in enumerate(self._list("arrest_warrants")):
            charge = warrant.get("charge") if isinstance(warrant, dict) else None
            if not isinstance(warrant, dict) or not isinstance(charge, str) or not charge.strip():
                self._keep(f"arrest_warrants/{index}", warrant, "no charge in words")
                continue
            issuer = self._country(f"arrest_warrants/{index}/issuing_country_id", warrant.get("issuing_country_id"))
            self._kept[f"arrest_warrants/{index}/charge"] = charge[:_LARGEST]
            by = f"Charge of {issuer}, as published" if issuer else "Charge, as published"
            text = "\n".join([f"{by}:", *(line.strip() for line in charge.splitlines() if line.strip())])
            items += [{"text": piece, "persons": ["p-1"], "evaluation": NOT_JUDGED} for piece in split_text(text)]
            if translation := warrant.get("charge_translation"):
                self._keep(f"arrest_warrants/{index}/charge_translation", translation, "not read")
        if len(items) > MAX_ITEMS:
            self._told.append(f"/body/items: the first {MAX_ITEMS} of {len(items)} pieces of charges; all are in ext")
        published = "A public notice, without a charge in words."
        return items[:MAX_ITEMS] or [{"text": published, "persons": ["p-1"], "evaluation": NOT_JUDGED}]

    def _photos(self) -> None:
        links = self._notice.get("_links")
        for name in ("self", "images", "thumbnail"):
            one = links.get(name) if isinstance(links, dict) else None
            if isinstance(one, dict) and isinstance(one.get("href"), str):
                self._kept[f"_links/{name}"] = one["href"][:_NOTE]
        if any(name in self._kept for name in ("_links/images", "_links/thumbnail")):
            self._told.append("photographs are kept as addresses in ext; nothing was fetched")

    def _text(self, name: str, most: int) -> str | None:
        value = self._notice.get(name)
        if value is None or (isinstance(value, str) and value.strip() in {"", "-"}):
            return None
        if isinstance(value, str) and len(value) <= most:
            return value
        self._keep(name, value, "not a text of this length")
        return value[:most] if isinstance(value, str) else None

    def _list(self, name: str) -> list[Any]:
        value = self._notice.get(name)
        if value is None or isinstance(value, list):
            return value or []
        self._keep(name, value, "not a list")
        return []

    def _keep(self, name: str, value: object, why: str) -> None:
        """Keep a raw value in `ext`, as text, and tell it."""
        self._kept[name] = _raw(value)
        self._told.append(f"{name}: {why}; kept in ext")


def _raw(value: object) -> Any:
    """Return a value in the form that content may hold: no null, no fraction, no depth."""
    return value if isinstance(value, bool | int) else str(value)[:_LARGEST]


def _exists(value: str) -> bool:
    """Say whether year, month and day, as far as given, exist."""
    year, month, day = (*map(int, value.split("/")), 1, 1)[:3]
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return year > 0 and 1 <= month <= 12 and 1 <= day <= (28 if month == 2 and not leap else _DAYS[month - 1])
