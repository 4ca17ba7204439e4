"""Every fault of a message file at once: none forgotten, none invented, each with a place and a remedy."""

from __future__ import annotations

import copy
import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from gateway.errors import Rejected
from gateway.message import KINDS, encode, find_faults, read_message_file
from gateway.message.faults import MAX_FAULTS
from gateway.message.information.information_report import InformationReportBody
from gateway.message.pointers import make_pointer
from gateway.message.positions import Positions
from gateway.message.shared.refuse import require
from tests.message import full
from tests.message.campaign import mutations, reached
from tests.message.test_rules import BROKEN, changed
from tests.message.test_schemas import resolver
from tests.message.validators import example_files, schema_of, validator

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jsonschema.exceptions import ValidationError  # type: ignore[import-untyped]

    from gateway.message import Content

GONE = object()
REPORT = "information.report"
Edit = tuple[str, Any]


def contents(kind: str) -> list[Any]:
    """Return full contents of a kind, as message files: more than one where alternatives exclude each other."""
    more: dict[str, list[Content]] = getattr(full, "MORE", {})
    return [{**json.loads(encode(one)), "kind": kind} for one in (full.FULL[kind], *more.get(kind, ()))]


def edits(kind: str, content: Any, draw: random.Random) -> list[Edit]:
    """Return single defects of some places of a content as (pointer, value there), `GONE` for a member that is removed."""
    root, *places = (one for one in reached(schema_of(kind), content, resolver(kind)) if one.value != [])
    chosen = [root, *draw.sample(places, min(len(places), 50))]
    found = [(one.pointer, _at(one.content, one.pointer)) for one in mutations(chosen)]
    return [one for one in found if one[0] not in {"", "/kind"}]


def _at(content: Any, pointer: str) -> Any:
    for step in pointer.split("/")[1:]:
        try:
            content = content[int(step) if isinstance(content, list) else step]
        except (KeyError, IndexError, TypeError):
            return GONE
    return content


def broken(content: Any, chosen: Iterable[Edit]) -> Any:
    """Return a content with several defects; one inside another counts once."""
    content = copy.deepcopy(content)
    for pointer, value in sorted(chosen, key=lambda edit: -len(edit[0])):
        *path, last = pointer.split("/")[1:]
        place = _at(content, "".join(f"/{step}" for step in path))
        if isinstance(place, dict) and value is GONE:
            place.pop(last, None)
        elif isinstance(place, dict):
            place[last] = value
        elif isinstance(place, list) and int(last) < len(place):
            place[int(last)] = value
    return content


def several(kind: str, counts: tuple[int, ...], times: int) -> Iterator[tuple[list[Edit], Any]]:
    """Yield (defects, content with them), drawn alike in every run."""
    draw = random.Random(kind)
    for content in contents(kind):
        single = edits(kind, content, draw)
        for some in (draw.sample(single, count) for count in counts for _ in range(times)):
            yield some, broken(content, some)


def independent(errors: Iterable[ValidationError]) -> Iterator[str]:
    """Yield where the validator finds faults; in a union only those of the alternative that the tag names."""
    for error in errors:
        path = list(error.absolute_path)
        if error.validator == "required":
            yield from (make_pointer([*path, name]) for name in error.validator_value if name not in error.instance)
        elif error.validator == "anyOf" and isinstance(error.instance, dict):
            options: dict[int, list[ValidationError]] = {}
            for inner in error.context:
                options.setdefault(inner.relative_schema_path[0], []).append(inner)
            fit = [one for one in options.values() if not any(_wrong_tag(inner, error) for inner in one)]
            yield from independent(fit[0]) if fit else [make_pointer([*path, _tag(error)])]
        else:
            yield make_pointer(path)


def _wrong_tag(inner: ValidationError, union: ValidationError) -> bool:
    return _tag(union) in _tag_faults(inner)


def _tag(union: ValidationError) -> str:
    """Return the member that tells the alternatives apart: all but one of them find fault with it."""
    return next(name for name in ("scheme", "colour", "type", "form") if any(name in _tag_faults(one) for one in union.context))


def _tag_faults(inner: ValidationError) -> list[str]:
    """Return the members of the union itself that an alternative misses or finds another tag in."""
    if inner.validator == "required" and not inner.relative_path:
        return [name for name in inner.validator_value if name not in inner.instance]
    return [str(inner.relative_path[0])] if len(inner.relative_path) == 1 and inner.validator == "enum" else []


def ours(content: object) -> set[str]:
    """Return where we find faults of the schema."""
    return {one.pointer for one in find_faults(json.dumps(content).encode()).faults if one.code == "content-schema"}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_an_independent_validator_finds_the_same(kind: str) -> None:
    """With two or three defects at once, every place that the validator names is told, and no other."""
    wrong = []
    for some, content in several(kind, (2, 3), 8):
        theirs = set(independent(validator(kind).iter_errors(content)))
        if len(theirs) <= MAX_FAULTS and ours(content) != theirs:
            wrong.append((some, ours(content) ^ theirs))
    assert wrong == []


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_single_defect_is_told_alone(kind: str) -> None:
    """Required members removed, bounds exceeded, codes misspelt, types swapped: one defect, its place, and a remedy."""
    wrong = []
    for ((pointer, _),), content in several(kind, (1,), 60):
        found = find_faults(json.dumps(content).encode()).faults
        if {one.pointer for one in found if one.code != "content-rule"} != {pointer} or not all(one.remedy for one in found):
            wrong.append((pointer, found))
    assert wrong == []


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_what_the_codec_refuses_first_is_among_them(kind: str) -> None:
    """The place at which reading stops is told, and a file without fault is read."""
    for some, content in several(kind, (2,), 20):
        found = {one.pointer for one in find_faults(json.dumps(content).encode()).faults}
        assert (refused_at(content) in found) if found else (refused_at(content) is None), some


def refused_at(content: object) -> str | None:
    """Return where reading stops, or None when nothing is refused."""
    try:
        read_message_file(json.dumps(content).encode())
    except Rejected as exc:
        return exc.pointer
    return None


@pytest.mark.parametrize("path", example_files(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_examples_have_no_fault(path: Any) -> None:
    """Every example of the catalogue is told to be without fault, all rules included."""
    found = find_faults(path.read_bytes())
    assert (found.faults, found.unchecked) == ((), None)


@pytest.mark.parametrize("name", BROKEN)
def test_every_rule_is_told_at_its_place(name: str) -> None:
    """A contradiction that reading refuses is told with the same code and pointer."""
    kind, changes, pointer = BROKEN[name]
    content = {**json.loads(changed(kind, *changes)), "kind": kind}
    found = find_faults(json.dumps(content).encode())
    assert ("content-rule", pointer) in {(one.code, one.pointer) for one in found.faults}


def test_several_rules_are_told_at_once() -> None:
    """Two contradictions in different parts are both told, with what the officer could do."""
    content = contents(REPORT)[0]
    content["retention"]["delete_after"] = "2098-01-01"
    content["body"]["graph"] = "a-9"
    content["created"] = "2099-05-01T08:30:00.5Z"
    found = find_faults(json.dumps(content).encode())
    assert {one.pointer for one in found.faults} == {"/created", "/retention/delete_after", "/body/graph"}
    assert all(one.remedy for one in found.faults)


def test_an_answer_to_nothing_is_told() -> None:
    """A report that says it is a reply names what it answers."""
    content = contents(REPORT)[0]
    del content["in_reply_to"]
    found = find_faults(json.dumps(content).encode())
    assert [(one.code, one.pointer) for one in found.faults] == [("content-header", "/in_reply_to")]


TEXT = b"""{
  "kind": "information.report",
  "handling": {"tlp": "ambre", "confidentiality": "restricted"},
  "purpose": ["RPD10-c"], "purpose": ["RPD10-z"],
  "urgency": null,
  "body": {
    "triger": "spontaneous",
    "source_protection": "yes",
    "items": [{"text": "", "evaluation": {"scheme": "5x5"}, "score": 1.5}]
  }
}"""


def test_faults_of_every_storey_stand_together_with_line_and_remedy() -> None:
    """Strict JSON, codes, misspelt names and types are told in the order of the file; rules wait, and that is said."""
    found = find_faults(TEXT)
    assert [(one.line, one.code, one.pointer) for one in found.faults] == [
        (3, "content-schema", "/handling/tlp"),
        (4, "content-json", "/purpose"),
        (4, "content-schema", "/purpose/0"),
        (5, "content-json", "/urgency"),
        (6, "content-schema", "/body/trigger"),
        (7, "content-schema", "/body/triger"),
        (8, "content-schema", "/body/source_protection"),
        (9, "content-schema", "/body/items/0/text"),
        (9, "content-schema", "/body/items/0/evaluation/scheme"),
        (9, "content-json", "/body/items/0/score"),
    ]
    remedies = {one.pointer: one.remedy for one in found.faults}
    assert remedies["/handling/tlp"] == "write amber"
    assert remedies["/body/triger"] == "write `trigger`"
    assert "rules" in (found.unchecked or "")


@pytest.mark.parametrize(
    ("text", "code", "pointer"),
    [
        (b"{", "content-json", ""),
        (b"\xff", "content-json", ""),
        (b"[]", "content-schema", ""),
        (b"7", "content-schema", ""),
        (b"{}", "content-schema", "/kind"),
        (b'{"kind": 7}', "content-schema", "/kind"),
        (b'{"kind": "information.reprot"}', "kind-unknown", "/kind"),
        (b'{"kind": "information.report", "schema_version": "9.0.0"}', "schema-unknown", "/schema_version"),
        (b" " * (1 << 20) + b"{}", "too-large", ""),
        (b"[" * 5000 + b"]" * 5000, "content-json", ""),
    ],
)
def test_what_is_no_message_is_told(text: bytes, code: str, pointer: str) -> None:
    """Text that is no JSON, no object, or of no known kind has one fault, and nothing fails."""
    found = find_faults(text)
    assert [(one.code, one.pointer) for one in found.faults] == [(code, pointer)]
    assert found.unchecked


def test_a_deep_text_is_told_at_its_depth() -> None:
    """Nesting beyond the limit is a fault with a place, whatever else is wrong."""
    text = b'{"kind": "information.report", "ext": ' + b'{"a":' * 40 + b"1" + b"}" * 41
    assert "content-json" in {one.code for one in find_faults(text).faults}


def test_no_fault_quotes_what_the_file_says() -> None:
    """Rules and remedies speak of the schema alone, so that they may be logged and sent on."""
    content = broken(contents(REPORT)[0], [("/body/trigger", "SECRET-1"), ("/urgency", "SECRET-2"), ("/created", "SECRET-3")])
    found = find_faults(json.dumps(content).encode())
    assert len(found.faults) == 3
    assert not any("SECRET" in text for one in found.faults for text in (one.rule, one.remedy, one.pointer))


def test_a_flood_of_faults_is_cut() -> None:
    """A file with thousands of faults is told the first hundred, and that there are more."""
    content = broken(contents(REPORT)[0], [("/body/items", [{}] * 100)])
    found = find_faults(json.dumps(content).encode())
    assert len(found.faults) == MAX_FAULTS
    assert "more than" in (found.unchecked or "")


def test_a_rule_that_stumbles_over_a_broken_one_ends_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was found stands, and the author is told that the rules behind it were not looked at."""

    def check(_body: object, at: str, _around: object) -> None:
        require(holds=False, pointer=f"{at}/trigger", detail="broken")
        raise KeyError

    data = json.dumps(contents(REPORT)[0]).encode()
    monkeypatch.setattr(InformationReportBody, "check", check)
    found = find_faults(data)
    assert [one.pointer for one in found.faults] == ["/body/trigger"]
    assert "up to the last" in (found.unchecked or "")


def test_a_rule_that_fails_by_itself_is_a_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is hidden: an error of ours over content that breaks no rule comes out as one."""

    def check(_body: object, _at: str, _around: object) -> None:
        raise KeyError("a bug")

    data = json.dumps(contents(REPORT)[0]).encode()
    monkeypatch.setattr(InformationReportBody, "check", check)
    with pytest.raises(KeyError):
        find_faults(data)


def test_a_direct_refusal_counts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule that raises by itself is told like the others, as the last that was looked at."""

    def check(_body: object, at: str, _around: object) -> None:
        raise Rejected("broken", code="content-rule", pointer=f"{at}/items")

    data = json.dumps(contents(REPORT)[0]).encode()
    monkeypatch.setattr(InformationReportBody, "check", check)
    found = find_faults(data)
    assert [one.pointer for one in found.faults] == ["/body/items"]
    assert "up to the last" in (found.unchecked or "")


@pytest.mark.parametrize(
    ("pointer", "line", "excerpt"),
    [("/a~1b", 2, '"x\\"y"'), ("/c/1", 4, "{"), ("/c/1/~0", 5, "true"), ("/c/7", 3, ""), ("/d", 1, ""), ("", 1, "{")],
)
def test_a_place_has_a_line_and_an_excerpt(pointer: str, line: int, excerpt: str) -> None:
    """Escaped names, elements and members that are missing are found in the text."""
    places = Positions('{\n "a/b": "x\\"y",\n "c": [1,\n {\n "~": true}]}')
    assert (places.line(pointer), places.excerpt(pointer, 1 if excerpt == "{" else 9)) == (line, excerpt)
