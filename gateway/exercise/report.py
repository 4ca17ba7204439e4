"""
The report as a page and as JSON. PURE.

One HTML file with its style and picture inside: no script, nothing from another host, and a policy in the page that says so.
All text is escaped, and what would act or hide in it is made visible.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

import msgspec

from gateway.errors import Rejected
from gateway.exercise.facts import Judged, Message, Report, Total
from gateway.exercise.scoring import Outcome
from gateway.exercise.style import STYLE
from gateway.exercise.timeline import timeline
from gateway.exercise.times import format_span
from gateway.message.shared.times import instant
from gateway.message.show import visible

__all__ = ["REPORT_HTML", "REPORT_JSON", "read_json", "to_html", "to_json"]

REPORT_HTML: Final = "report.html"
REPORT_JSON: Final = "report.json"
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
_TOTALS: Final = ("trainee", "expected", "without fault", "late", "missing", "over-shared", "incomplete", "forbidden")
_FINDINGS: Final = ("trainee", "what was expected", "until", "done", "message", "result")
_MESSAGES: Final = ("number", "at", "from", "to", "kind", "marking", "led to", "wrong")
_SAID: Final = {
    Outcome.MET: "met",
    Outcome.OPEN: "not due yet",
    Outcome.NOT_ASKED: "not asked: its inject was not sent",
}


def to_json(report: Report) -> bytes:
    """Return the report for programs."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2)


def read_json(data: bytes) -> Report:
    """Read a report again; Rejected `malformed` where it is none."""
    try:
        return msgspec.json.decode(data, type=Report)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
        raise Rejected("not a report of an exercise", code="malformed", hint="name the folder of an exercise") from exc


def to_html(report: Report) -> bytes:
    """Return the report for people."""
    title = _safe(report.title)
    return f"""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<title>Exercise: {title}</title>
<style>
{STYLE}</style>
</head>
<body>
<header>
<strong>EXERCISE</strong>
<h1>{title}</h1>
<p>{_about(report)}</p>
</header>
<main>
<p>{_safe(report.summary)}</p>
<h2 id="totals">Trainees</h2>
{_table("totals", _TOTALS, (_total(one) for one in report.totals))}
<h2 id="findings">What was expected</h2>
{_table("findings", _FINDINGS, (_finding(one) for one in report.findings))}
<h2 id="timeline">Timeline</h2>
<p>Time runs down. A dot sends, an arrow receives; a triangle is a deadline. What is wrong has a hollow dot, a broken line or a
cross, and an exclamation mark in words.</p>
<div class="scroll" tabindex="0" role="region" aria-labelledby="timeline">
{timeline(report)}
</div>
<h2 id="messages">Messages</h2>
{_table("messages", _MESSAGES, (_message(one) for one in report.messages))}
</main>
<footer>
<p>All names, places and events are fictional. The network of an exercise is its own: no real home takes part in it.</p>
</footer>
</body>
</html>
""".encode()


def _about(report: Report) -> str:
    played = "with simulated trainees" if report.simulated else "with trainees"
    facts = [
        f"network {report.network}",
        f"began {instant(report.began_at)}",
        f"a day lasted {report.day_s:g} s",
        f"ended at {format_span(report.ended_s)}",
        played,
    ]
    return _safe(" \u00b7 ".join(facts))


def _table(name: str, columns: Sequence[str], rows: Iterable[str]) -> str:
    heads = "".join(f'<th scope="col">{column}</th>' for column in columns)
    body = "\n".join(rows)
    return f"""\
<div class="scroll" tabindex="0" role="region" aria-labelledby="{name}">
<table>
<thead><tr>{heads}</tr></thead>
<tbody>
{body}
</tbody>
</table>
</div>"""


def _total(one: Total) -> str:
    counts = (one.expected, one.faultless, one.late, one.missing, one.over_shared, one.incomplete, one.forbidden)
    cells = "".join(f'<td class="count">{count}</td>' for count in counts)
    return f'<tr><th scope="row">{_safe(one.who)}</th>{cells}</tr>'


def _finding(one: Judged) -> str:
    said = "; ".join(one.faults) or _SAID.get(one.outcome, one.outcome)
    look = "bad" if one.faults else "good" if one.faultless else ""
    number = "" if one.number is None else str(one.number)
    until = "never" if one.outcome is Outcome.UNEXPECTED else one.due
    cells = f'<td class="task">{_safe(one.task)}</td>'
    cells += "".join(f'<td class="name">{_safe(cell)}</td>' for cell in (until, one.done or "", number))
    return f'<tr><th scope="row">{_safe(one.who)}</th>{cells}<td class="{look}">{_safe(said)}</td></tr>'


def _message(one: Message) -> str:
    what = f"{one.kind} ({one.inject})" if one.inject is not None else one.kind
    facts = (", ".join(one.recipients), what, one.handling, ", ".join(one.states))
    cells = "".join(f'<td class="name">{_safe(cell)}</td>' for cell in (one.at, one.sender))
    cells += "".join(f"<td>{_safe(cell)}</td>" for cell in facts)
    return f'<tr><th scope="row">{one.number}</th>{cells}<td class="bad">{_safe("; ".join(one.faults))}</td></tr>'


def _safe(text: str) -> str:
    return escape(visible(text))
