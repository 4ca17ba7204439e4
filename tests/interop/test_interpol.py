"""A public notice comes in as a lead: cleaned by rule, nothing dropped, nothing trusted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import Rejected
from gateway.interop import Imported, from_interpol
from gateway.message import Handling, find_faults, read_message_file

SAMPLE = Path(__file__).with_name("public-notice.json")
KEPT = "example.gateway.import"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)


def imported(**changes: Any) -> tuple[Any, Imported]:
    """Return the draft that is made of the sample with changes, as JSON and as it is."""
    made = from_interpol(json.dumps({**json.loads(SAMPLE.read_text()), **changes}).encode())
    return json.loads(made.data), made


def person(**changes: Any) -> Any:
    """Return the person of the draft."""
    return imported(**changes)[0]["body"]["persons"][0]


def test_the_sample_becomes_a_report_without_fault() -> None:
    """A red notice of the public form is a message file that could be sent as it stands."""
    draft, made = imported()
    assert find_faults(made.data).faults == ()
    assert draft["body"]["persons"][0] == {
        "ref": "p-1",
        "status": ["wanted"],
        "names": [{"full": "GREY HERON", "family": "GREY HERON"}],
        "sex": 1,
        "birth": {"value": "2051-03-09"},
        "birth_place": {"name": "Tal Varo", "country": "QX"},
        "nationalities": ["QX"],
        "height_cm": 183,
        "eyes": ["brown"],
        "hair": ["black"],
        "languages": ["eng", "fra"],
    }


def test_it_is_a_lead_and_no_ground_for_an_arrest() -> None:
    """TLP clear, judged by nobody, of a public extract, to be verified, with a caveat about arrests."""
    draft, made = imported()
    _, content, _ = read_message_file(made.data)
    assert isinstance(content.handling, Handling)
    assert (content.handling.tlp, content.handling.evidential_use) == ("clear", "lead-only")
    assert content.handling.verify_before_action
    assert "arrest" in next(iter(content.handling.caveats))
    assert draft["body"]["items"][0]["evaluation"] == {"scheme": "admiralty", "source": "F", "information": 6}
    assert draft["ext"][KEPT]["origin"] == "public-extract"


@pytest.mark.parametrize(
    ("height", "cm"),
    [
        (1.825, 183),
        (1.8, 180),
        (1.7, 170),
        (1.745, 175),
        (2, 200),
        (0, None),
        (0.0, None),
        (None, None),
        (17.5, None),
        ("1.8", None),
    ],
)
def test_metres_become_centimetres(height: Any, cm: int | None) -> None:
    """A length is rounded half up, 0 is none, and what no person measures is kept and told."""
    assert person(height=height).get("height_cm") == cm


def test_a_rounded_height_keeps_its_raw_value() -> None:
    """What was published can be read again; an exact value needs no copy."""
    assert imported()[0]["ext"][KEPT]["kept"]["height"] == "1.825"
    assert "height" not in imported(height=1.8)[0]["ext"][KEPT]["kept"]


@pytest.mark.parametrize(("weight", "kg"), [(0, None), (82, 82), (82.5, 83), (-3, None), (True, None)])
def test_a_weight_of_nothing_is_none(weight: Any, kg: int | None) -> None:
    """0 stands in public data for what is not known."""
    assert person(weight=weight).get("mass_kg") == kg


@pytest.mark.parametrize("forename", ["-", "", " - ", None])
def test_a_dash_is_no_forename(forename: str | None) -> None:
    """Nobody is called "-"."""
    assert person(forename=forename)["names"] == [{"full": "GREY HERON", "family": "GREY HERON"}]


def test_a_forename_stands_first() -> None:
    """What people read has the given name first; both parts are kept."""
    assert person(forename="THE")["names"] == [{"full": "THE GREY HERON", "family": "GREY HERON", "given": "THE"}]


@pytest.mark.parametrize(
    ("born", "value"),
    [
        ("2051", "2051"),
        ("2051/03", "2051-03"),
        ("2051/03/09", "2051-03-09"),
        ("2051/02/30", None),
        ("2051/13", None),
        ("0000", None),
        ("09/03/2051", None),
        ("2051/03/09\n", None),
        ("", None),
        (None, None),
    ],
)
def test_dates_with_slashes_become_partial_dates(born: str | None, value: str | None) -> None:
    """A year, a month or a day that exists; anything else is kept and told."""
    draft, made = imported(date_of_birth=born)
    assert draft["body"]["persons"][0].get("birth", {}).get("value") == value
    assert bool(born and value is None) == any(one.startswith("date_of_birth") for one in made.warnings)


@pytest.mark.parametrize(("sex", "code"), [("M", 1), ("F", 2), ("U", 0), (None, 0), ("X", 0)])
def test_sex_is_coded(sex: str | None, code: int) -> None:
    """M, F and U become 1, 2 and 0; another letter is kept and told."""
    draft, _ = imported(sex_id=sex)
    assert draft["body"]["persons"][0].get("sex", 0) == code
    assert draft["ext"][KEPT]["kept"].get("sex_id") == ("X" if sex == "X" else None)


@pytest.mark.parametrize("code", ["914", "922", "XK", "qx", "UK", "", "QXX"])
def test_an_unknown_country_is_kept_and_told(code: str) -> None:
    """A code that ISO 3166-1 does not know is never dropped and never guessed at."""
    draft, made = imported(nationalities=["QX", code], country_of_birth_id=code)
    assert draft["body"]["persons"][0]["nationalities"] == ["QX"]
    if code:
        assert draft["ext"][KEPT]["kept"]["nationalities/1"] == code
        assert draft["ext"][KEPT]["kept"]["country_of_birth_id"] == code
        assert sum("ISO 3166-1" in one for one in made.warnings) == 2


def test_a_charge_is_kept_raw_and_shown_by_lines() -> None:
    """The words of the charge stay as published, and an item shows them line by line."""
    draft, _ = imported()
    assert draft["ext"][KEPT]["kept"]["arrest_warrants/0/charge"] == "1) Wilful killing;\r\n2) Pillage."
    assert draft["body"]["items"][0]["text"] == "Charge of QN, as published:\n1) Wilful killing;\n2) Pillage."


def test_a_photograph_is_an_address() -> None:
    """Nothing is fetched: the address is kept, and that is told."""
    draft, made = imported()
    assert draft["ext"][KEPT]["kept"]["_links/thumbnail"].endswith("/images/1")
    assert "photo" not in draft["body"]["persons"][0]
    assert any("nothing was fetched" in one for one in made.warnings)


def test_members_that_are_not_known_are_kept() -> None:
    """What a later version of the public form says is in the draft too."""
    assert imported(shoe_size=43)[0]["ext"][KEPT]["kept"]["shoe_size"] == 43


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"_links": {"self": {"href": "https://notices.example/notices/v1/yellow/2099-3"}}}, ["missing"]),
        ({"_links": {}}, ["wanted"]),
        ({"_links": {}, "arrest_warrants": []}, None),
    ],
)
def test_the_role_is_what_the_notice_says(changes: dict[str, Any], status: list[str] | None) -> None:
    """A yellow notice is about a missing person; where nothing says a role, a person must add it and is told so."""
    draft, made = imported(**changes)
    assert draft["body"]["persons"][0].get("status") == status
    assert {one.pointer for one in find_faults(made.data).faults} == (set() if status else {"/body/persons/0/status"})


@pytest.mark.parametrize("text", [b"[]", b"{}", b"7", b'{"entity_id": 7}', b'{"_embedded": {"notices": []}}'])
def test_what_is_no_notice_is_refused(text: bytes) -> None:
    """A list of results or another object is refused with a hint."""
    with pytest.raises(Rejected) as refused:
        from_interpol(text)
    assert refused.value.code == "content-schema"


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(json.loads(SAMPLE.read_text()))), JSON, max_size=6))
def test_a_hostile_notice_breaks_nothing(changes: dict[str, Any]) -> None:
    """Whatever stands in the members, it is refused, or a draft comes out whose only faults a person can mend."""
    text = json.dumps({**json.loads(SAMPLE.read_text()), **changes}).encode()
    try:
        made = from_interpol(text)
    except Rejected as exc:
        assert exc.code in {"content-json", "content-schema", "too-large"}  # noqa: PT017
        return
    allowed = {"/body/persons/0/status", "/body/persons/0/names"}
    assert {one.pointer for one in find_faults(made.data).faults} <= allowed
