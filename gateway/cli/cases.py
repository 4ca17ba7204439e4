"""
`gateway cases`, `gateway case ID`, `gateway due`, `gateway desk`: conversations as this home sees them.

All four ask nobody. A step that is late stands first; what may be said next is named as kind and deciding member.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from gateway.cli import output
from gateway.cli.homes import AsJson, HomeFolder, PassphraseFile, at_home, locate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gateway.client import Case, Item, Owed, Standing

__all__ = ["register"]

Part = Literal["reviews", "objections", "diffusions", "asked"]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("cases")(cases)
    app.command("case")(case)
    app.command("due")(due)
    app.command("desk")(desk)


def cases(
    home: HomeFolder,
    passphrase_file: PassphraseFile = None,
    *,
    open_only: Annotated[bool, typer.Option("--open", help="Only those in which something is expected.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the conversations of this home: where they stand, and what is due."""
    found = at_home(locate(home, passphrase_file), lambda point: point.cases.all(open_only=open_only))
    if as_json:
        output.print_json([one.to_json() for one in found])
        return
    rows = [_row(one, standing) for one in found for standing in one.standings]
    columns = ("conversation", "flow", "opened by", "with", "state", "due", "owed by", "same as")
    output.print_table("conversations", columns, rows)


def case(
    conversation_id: Annotated[str, typer.Argument(metavar="ID", help="As `gateway cases` shows it.", show_default=False)],
    home: HomeFolder,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Show one conversation: its threads, its history, open questions, and what may be said next."""
    found = at_home(locate(home, passphrase_file), lambda point: point.cases.one(conversation_id))
    if as_json:
        output.print_json(found.to_json())
        return
    told = found.to_json()
    for shown in found.standings:
        standing = shown.to_json()
        party = f", with {standing['party']}" if standing["party"] else ""
        output.print_pairs([(f"{standing['flow']}, opened by {standing['opened_by']}{party}", "")])
        output.print_pairs(
            [
                ("state", f"{standing['state']}: {standing['label']}"),
                ("due", _due(standing["due"])),
                ("owed by", ", ".join(standing["owed_by"])),
                ("next", "; ".join(standing["next"]) or "nothing by this home"),
                *(("same as", str(one)) for one in shown.channels),
                *_elsewhere(shown),
            ]
        )
    rows = [(str(one["number"]), one["at"], one["sender"], one["kind"], _led(one), _marks(one)) for one in told["history"]]
    output.print_table("history", ("number", "accepted", "sender", "kind", "led to", ""), rows)
    output.print_pairs([("question", text) for one in told["history"] for text in one["questions"]])


def due(home: HomeFolder, passphrase_file: PassphraseFile = None, as_json: AsJson = False) -> None:
    """
    Show what this participant owes, and what it is owed; what is late first.

    A request that came another way too is owed once; one that was answered there is nobody's, and stands last.
    """
    from gateway.ids import format_id

    found = at_home(locate(home, passphrase_file), lambda point: point.cases.due())
    if as_json:
        output.print_json([one.to_json() for one in found])
        return
    rows = [_owed(one) for one in found]
    columns = ("pace", "due", "owed by", "flow", "with", "state", "conversation", "same as")
    output.print_table("due", columns, rows)
    output.print_pairs((format_id(one.case.id), text) for one in found for _, text in _elsewhere(one.standing))


def desk(
    part: Annotated[Part | None, typer.Argument(help="One part alone.", show_default=False)] = None,
    *,
    home: HomeFolder,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Show the desk of the coordination centre: reviews, objection windows, diffusions, and who was asked what."""
    found = at_home(locate(home, passphrase_file), lambda point: point.cases.desk(part))
    if as_json:
        output.print_json([one.to_json() for one in found])
        return
    rows = [_work(one) for one in found]
    columns = ("desk", "state", "due", "opened by", "with", "waits for an officer", "conversation")
    output.print_table("desk", columns, rows)


def _row(one: Case, standing: Standing) -> Sequence[str]:
    told, root = standing.to_json(), standing.thread.root
    ids = one.to_json()["conversation_id"]
    first = ids, told["flow"], root.sender, standing.party, told["state"], _due(told["due"])
    return *first, ", ".join(standing.owed_by), _same(standing)


def _owed(one: Owed) -> Sequence[str]:
    told = one.to_json()
    late = told["due"]["pace"] if told["due"] else ""
    who = "this home" if one.mine else ", ".join(told["owed_by"])
    if one.answered_in is not None:
        late, who = "", f"answered in {told['answered_in']}"
    return (
        late,
        told["due"]["at"],
        who,
        told["flow"],
        told["party"] or told["opened_by"],
        told["state"],
        told["conversation_id"],
        _same(one.standing),
    )


def _work(one: Item) -> Sequence[str]:
    told = one.to_json()
    waits = ", ".join(one.waiting)
    return one.desk, told["state"], _due(told["due"]), told["opened_by"], told["party"], waits, told["conversation_id"]


def _same(standing: Standing) -> str:
    """Name the other conversations, and who sent the request there."""
    return "; ".join(f"{one.to_json()['conversation_id']} from {one.twin.sender}" for one in standing.channels)


def _elsewhere(standing: Standing) -> Iterator[tuple[str, str]]:
    """Say of a request that was answered in another channel what is still expected in this one."""
    told, there = standing.to_json(), standing.answered_in
    if there is not None:
        until = f"its gateway waits here until {told['due']['at']}" if told["due"] else "nothing is due here"
        answer = f"{told['opened_by']} got no answer: gateway send FILE --in-reply-to {told['envelope_hash']}"
        yield (
            "answered",
            f"answered in {told['answered_in']}, to {there.twin.sender}; {until}; {answer} --to {told['opened_by']}",
        )


def _due(told: dict[str, str | None] | None) -> str:
    if told is None:
        return ""
    return f"{told['at']} ({told['pace']})" if told["pace"] else f"{told['at']}"


def _led(said: dict[str, dict[str, str]]) -> str:
    return ", ".join(state if party == "all" else f"{party}: {state}" for party, state in said["led_to"].items())


def _marks(said: dict[str, object]) -> str:
    marks = [name for name in ("crossed", "late", "erased") if said[name]]
    marks += ["recalled"] if said["recalled_by"] else []
    marks += [f"corrected by {said['corrected_by']}"] if said["corrected_by"] else []
    return ", ".join(marks)
