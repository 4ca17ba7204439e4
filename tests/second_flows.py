"""
A second engine of conversations, written from schemas/conversations.md and the files of schemas/ alone.

It imports nothing of `gateway`. Messages and views are JSON as in `schemas/vectors/conversation`; numbers name turns.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

__all__ = ["view"]

Json = dict[str, Any]

_SCHEMAS: Final = Path(__file__).resolve().parents[1] / "schemas"
_FILES: Final = {path.name: json.loads(path.read_text()) for path in sorted((_SCHEMAS / "flows").glob("*.json"))}
_CLOCKS: Final[Json] = _FILES.pop("clocks-1.json")
_KINDS: Final = {row["kind"]: row for row in json.loads((_SCHEMAS / "kinds.json").read_text())["kinds"]}
_LAST: Final = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


def view(messages: Sequence[Json], desk: Sequence[str], now: int) -> Json:
    """Return what stands at a time: threads with their sides, and the history."""
    return _Engine(sorted(messages, key=lambda one: int(one["number"])), desk).run(now)


class _Engine:
    def __init__(self, turns: list[Json], desk: Sequence[str]) -> None:
        self.turns, self.desk = turns, desk
        self.by_hash: dict[str, Json] = {}  # taken so far
        self.threads: dict[int, Json] = {}
        self.stands_for: dict[int, Json] = {}  # first messages, and what was put right in their place
        self.history: dict[int, Json] = {}
        self.waiting: dict[str, list[Json]] = {}

    def run(self, now: int) -> Json:
        for turn in self.turns:
            self.take(turn)
            self.by_hash[turn["envelope_hash"]] = turn
            for early in self.waiting.pop(turn["envelope_hash"], []):  # 6
                self.mark(early, turn["at"])
        for thread in self.threads.values():
            thread["sides"] = {party: self.side(thread, party, now) for party in thread["sides"]}
        shown = ("first", "flow", "version", "about", "sides")
        threads = [
            {"first": number, "flow": one["table"]["flow"], "version": one["table"]["version"], **one}
            for number, one in self.threads.items()
        ]
        return {
            "now": now,
            "threads": [{name: one[name] for name in shown} for one in threads],
            "history": list(self.history.values()),
        }

    def take(self, turn: Json) -> None:
        said = {"number": turn["number"], "thread": None, "led": {}, "crossed": False, "late": False}
        said |= {"recalled_by": None, "corrected_by": None}
        self.history[turn["number"]] = said
        if turn["kind"] in ("system.recall", "system.correction"):  # 1
            self.mark(turn, turn["at"])
        elif not turn["erased"] and not self.put_right(turn, said):
            target = self.target(turn)
            thread = self.thread_of(target)
            applied = thread is not None and self.move(thread, turn, said)
            if not self.begin(turn, said, target, thread, applied=applied) and not applied:
                self.remark(turn, said, target, thread)

    def put_right(self, turn: Json, said: Json) -> bool:  # 2
        named = [one for one in self.turns if one["kind"] == "system.correction" and one["in_reply_to"]]
        named = [one for one in named if one["values"].get("/body/new_message_id") == turn["message_id"]]
        named = [one for one in named if one["sender"] == turn["sender"]]
        wrong = self.by_hash.get(named[-1]["in_reply_to"]) if named else None
        thread = self.stands_for.get(wrong["number"]) if wrong else None
        if thread is None or (thread["turn"]["sender"], thread["turn"]["kind"]) != (turn["sender"], turn["kind"]):
            return False
        self.stands_for[turn["number"]] = thread
        for party in self.about(thread, turn):
            side = self.side(thread, party, turn["at"])
            self.bring(thread, party, side["state"], side["since"], [turn["number"], *side["turns"]])
            said["led"][party] = side["state"]
        said["thread"] = thread["turn"]["number"]
        return True

    def move(self, thread: Json, turn: Json, said: Json) -> bool:  # 3
        roles = self.roles(thread, turn["sender"])
        meant = [one for one in thread["table"]["moves"] if _fits(one, turn) and roles & set(one["by"])]
        if not meant:
            return False
        said["thread"] = thread["turn"]["number"]
        for party in self.about(thread, turn):
            side = self.side(thread, party, turn["at"])
            due = side["due"]
            over = due is not None and turn["at"] >= due["at"]
            leads = [one for one in meant if side["state"] in one["from"] and (over or not one.get("after_clock"))]
            if not leads:
                said["crossed"] = True
                continue
            said["late"] |= over and due["waits_for"] in roles
            stays = leads[0]["to"] == "="
            said["led"][party] = side["state"] if stays else leads[0]["to"]
            since = side["since"] if stays else turn["at"]
            self.bring(thread, party, said["led"][party], since, [turn["number"], *side["turns"]])
        return True

    def begin(self, turn: Json, said: Json, target: Json | None, thread: Json | None, *, applied: bool) -> bool:  # 4
        for flow in sorted({one["flow"] for one in _FILES.values()}):
            table = _in_force([one for one in _FILES.values() if one["flow"] == flow], turn["at"])
            row = next((one for one in table["opens"] if _fits(one, turn)), None)
            if row is None or (applied and thread is not None and thread["table"]["flow"] == flow):
                continue
            begun: Json = {"turn": turn, "table": table, "begins": row["state"], "sides": {}}
            begun["about"] = target["number"] if target else None
            self.threads[turn["number"]] = self.stands_for[turn["number"]] = begun
            for party in self.about(begun, turn):
                self.bring(begun, party, row["state"], turn["at"], [turn["number"]])
            if not applied:
                said |= {"thread": turn["number"], "led": dict.fromkeys(begun["sides"], row["state"])}
            return True
        return False

    def remark(self, turn: Json, said: Json, target: Json | None, thread: Json | None) -> None:  # 5
        said["thread"] = thread["turn"]["number"] if thread else None
        if target is None:
            said["crossed"] = turn["in_reply_to"] is not None
            return
        moving = thread is not None and turn["kind"] in {one["kind"] for one in thread["table"]["moves"]}
        expected = target["erased"] or turn["kind"] in _KINDS[target["kind"]]["replies"]
        said["crossed"] = not expected or moving

    def mark(self, turn: Json, at: int) -> None:  # 7
        target, said = self.by_hash.get(turn["in_reply_to"]), self.history[turn["number"]]
        if target is None:
            self.waiting.setdefault(turn["in_reply_to"], []).append(turn)
            return
        recalls = turn["kind"] == "system.recall"
        thread = self.thread_of(target)
        said["thread"] = thread["turn"]["number"] if thread else None
        by_desk = recalls and turn["sender"] in self.desk and _KINDS[target["kind"]]["recalled_by_desk"]
        if turn["sender"] != target["sender"] and not by_desk:
            said["crossed"] = True
        elif not recalls:
            self.history[target["number"]]["corrected_by"] = turn["values"].get("/body/new_message_id")
        else:
            self.history[target["number"]]["recalled_by"] = turn["number"]
            self.recall(self.stands_for.get(target["number"]), turn, at)

    def recall(self, thread: Json | None, turn: Json, at: int) -> None:
        for party, side in thread["sides"].items() if thread else ():
            if party in {"", turn["sender"], *turn["recipients"]}:
                state = thread["table"].get("recalled_to", "recalled") if thread else ""
                self.bring(thread, party, state, at, [turn["number"], *side["turns"]])
                self.history[turn["number"]]["led"][party] = state

    def target(self, turn: Json) -> Json | None:
        for table in _FILES.values():
            if turn["kind"] in {one["kind"] for one in table["moves"]}:
                for place in table.get("link", []):
                    if turn["values"].get(place) in self.by_hash:
                        return self.by_hash[turn["values"][place]]
        return self.by_hash.get(turn["in_reply_to"])

    def thread_of(self, turn: Json | None) -> Json | None:
        if turn is None:
            return None
        return self.threads.get(turn["number"]) or self.threads.get(self.history[turn["number"]]["thread"])

    def about(self, thread: Json, turn: Json) -> list[str]:
        opener = thread["turn"]["sender"]
        if thread["table"]["sides"] == "one":
            return [""]
        return [turn["sender"]] if turn["sender"] != opener else [one for one in turn["recipients"] if one != opener]

    def roles(self, thread: Json, who: str) -> set[str]:
        first = thread["turn"]
        owner = first["values"].get("/body/owner")
        owns = first["sender"] if owner is None else f"{owner}@{first['sender'].partition('@')[2]}"
        found = {"opener" if who == first["sender"] else "other"}
        return found | ({"desk"} if who in self.desk else set()) | ({"owner"} if who == owns else set())

    def side(self, thread: Json, party: str, now: int) -> Json:
        """Return a side after time did its part."""
        first = thread["turn"]
        side: Json = thread["sides"].get(party) or self.made(thread, thread["begins"], first["at"], [first["number"]])
        to = _row(thread, side["state"]).get("lapses_to")
        if to is None or side["due"] is None or now < side["due"]["at"]:
            return side
        return self.made(thread, to, side["due"]["at"], side["turns"])

    def bring(self, thread: Json | None, party: str, state: str, since: int, turns: list[int]) -> None:
        if thread is not None:
            thread["sides"][party] = self.made(thread, state, since, turns)

    def made(self, thread: Json, state: str, since: int, turns: list[int]) -> Json:
        return {"state": state, "since": since, "turns": turns, "due": self.due(thread, state, since, turns)}

    def due(self, thread: Json, state: str, since: int, turns: list[int]) -> Json | None:
        row, first = _row(thread, state), thread["turn"]
        if row.get("clock") is None:
            return None
        clock = _clock(row["clock"], first)
        numbered = {one["number"]: one for one in self.turns}
        times = _times([numbered[number] for number in turns], clock.get("at", []), first, since)
        within = clock.get("within_s", {}).get(first["urgency"])
        at = next(times, None if within is None else since + within)
        if at is None:
            return None
        risk = since + max(0, at - since) * int(_CLOCKS["at_risk_after_percent"]) // 100
        return {"clock": row["clock"], "at": at, "at_risk_at": risk, "waits_for": row.get("waits_for")}


def _times(turns: list[Json], places: list[str], first: Json, since: int) -> Iterator[int]:
    anew = False
    for turn in turns:
        opener = turn["sender"] == first["sender"]
        asked = turn["respond_by"] if "header:respond_by" in places and opener and not anew else None
        if asked is not None and asked > turn["at"]:
            yield min(asked, int(_LAST.timestamp()))
        for time in (_time(turn["values"].get(place, "")) for place in places):
            if time is not None and (time > since or turn["at"] >= since):
                yield time
        anew = anew or (opener and turn["kind"] == first["kind"])


def _fits(row: Json, turn: Json) -> bool:
    said = all(turn["values"].get(place) in allowed for place, allowed in row.get("if", {}).items())
    return bool(turn["kind"] == row["kind"] and said)


def _row(thread: Json, state: str) -> Json:
    return next((one for one in thread["table"]["states"] if one["state"] == state), {})


def _clock(name: str, first: Json) -> Json:
    rows = [one for one in _CLOCKS["clocks"] if one["clock"] == name and first["kind"] in one.get("kinds", [first["kind"]])]
    rows = [one for one in rows if one["since"] <= _day(first["at"])] or [min(rows, key=lambda one: str(one["since"]))]
    return max(rows, key=lambda one: ("kinds" in one, str(one["since"])))


def _in_force(versions: list[Json], at: int) -> Json:
    versions = sorted(versions, key=lambda one: int(one["version"]))
    return [versions[0], *(one for one in versions if one["since"] <= _day(at))][-1]


def _day(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()


def _time(text: str) -> int | None:
    """Return when a day ends, or an instant is; None for what is neither."""
    try:
        if len(text) == len("2099-01-01"):
            day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
            return int(min(day + timedelta(days=1), _LAST).timestamp()) if day.date() < _LAST.date() else int(_LAST.timestamp())
        whole, _, decimals = text.removesuffix("Z").partition(".")
        plain = text.endswith("Z") and (decimals.isdecimal() or text == f"{whole}Z")
        return int(datetime.strptime(whole, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC).timestamp()) if plain else None
    except ValueError:
        return None
