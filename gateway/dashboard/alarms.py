"""
What in a snapshot a person should do something about, and what that is.

A table in words: what is true, how bad it is, and the command line to type, because the page itself does nothing. Each bound
says why it is one. Prometheus alerts about more, with a patience of its own (`deploy/alerts.md`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gateway.dashboard.snapshot import Alarm, Snapshot

__all__ = ["SEVERITIES", "alarms_of"]

SEVERITIES: Final = ("critical", "warning", "notice")
WAITS_S: Final = 3600  # a duty officer reads within the hour
RELAY_S: Final = 600  # a relay takes what waits within seconds
LAG_S: Final = 60  # the log is signed every second
WITNESS_S: Final = 6 * 3600  # a witness is asked every minute while the log grows; who has cosigned its head is not asked
RECALL_S: Final = 72 * 3600  # the time that a recall gives its holders
SUSPENDED_S: Final = 24 * 3600  # until then the authority has acted
LOOP_LAG_S: Final = 0.25  # five times what is promised
_SHOWN: Final = 3  # commands of one alarm; the panel has the rest

_JOURNAL: Final = "journalctl -u gateway -p warning -n 50"
_PUBLISH: Final = "gateway network publish AUTHORITY"


def alarms_of(snapshot: Snapshot) -> list[Alarm]:
    """Return what is wrong, the worst first; the same snapshot always gives the same."""
    rules = (_parts, _orders, _conveying, _owed, _log, _endings)
    found = [alarm for rule in rules for alarm in rule(snapshot)]
    return sorted(found, key=lambda alarm: SEVERITIES.index(alarm.severity))


def _parts(seen: Snapshot) -> Iterator[Alarm]:
    if seen.parts.get("ledger", "ok") != "ok":
        text = "The ledger does not answer: nothing is accepted until it is back."
        advice = "Look at the database; senders keep what they have."
        yield _critical("ledger-away", text, advice, "systemctl status postgresql", _JOURNAL)
    if seen.parts.get("directory", "ok") != "ok":
        yield _critical("directory-away", "There is no directory: nothing is accepted.", "Publish one.", _PUBLISH, _JOURNAL)
    if seen.parts.get("authority", "ok") != "ok":
        text = "The authority's metadata has expired: homes refuse the directory."
        yield _critical("directory-expired", text, "Let the officers publish, and carry the folder here.", _PUBLISH)
    if seen.parts.get("broker", "ok") != "ok":
        text = "The broker is away: messages are accepted and wait in the ledger."
        advice = "Bring it back; what waits is conveyed by itself."
        yield _warning("broker-away", text, advice, "rabbitmq-diagnostics check_running", _JOURNAL)


def _orders(seen: Snapshot) -> Iterator[Alarm]:
    """Tell of orders that stand: whoever gave them may have gone home."""
    if seen.parts.get("operator") == "draining":
        again = _order("drain --off")
        if seen.sessions:
            text = f"This process is being drained: {_many(seen.sessions, 'session is', 'sessions are')} still open here."
            yield _notice("draining", text, "Restart it when none is left, or let it take sessions again.", again)
        else:
            text = "This process is drained: it takes no session, and load balancers turn away from it."
            yield _notice("drained", text, "Restart it, or let it take sessions again.", "systemctl restart gateway", again)
    if seen.suspended:
        longest_s = seen.at - min(one.since for one in seen.suspended)
        many = _many(len(seen.suspended), "participant is", "participants are")
        text = f"{many} suspended here, the longest for {_hours(longest_s)}; mail for them waits."
        resume = [_order(f"resume {one.address}") for one in seen.suspended[:_SHOWN]]
        alarm = _warning if longest_s >= SUSPENDED_S else _notice
        yield alarm("suspended", text, "Resume them, or let the authority suspend them for everybody.", *resume)


def _conveying(seen: Snapshot) -> Iterator[Alarm]:
    if held := seen.states.get("held", 0):
        release = [_order(f"release {one.ref}") for one in seen.held[:_SHOWN]]
        many = _many(held, "delivery is", "deliveries are")
        text = f"{many} held: left unanswered by ten sessions, or sealed to an unsafe key."
        yield _warning("deliveries-held", text, "Ask the recipient what its software says, then release.", *release)
    oldest_s = seen.oldest_waiting_s or 0
    if oldest_s >= WAITS_S:
        first = next(iter(seen.mailboxes), None)
        whose = f"; {first.address} waits longest" if first is not None else ""
        advice = "Ask those recipients whether their software runs; their mail is kept."
        yield _warning("waits-long", f"A message has waited for {_hours(oldest_s)}{whose}.", advice)
    for lane in seen.lanes:
        if (lane.oldest_s or 0) >= RELAY_S:
            waits = _many(lane.waiting, "delivery waits", "deliveries wait")
            text = f"{waits} for the relay to {lane.network}, the oldest for {_hours(lane.oldest_s or 0)}."
            advice = "Look whether the relay runs and reaches the other network."
            yield _warning("relay-waits", text, advice, f"systemctl status gateway-relay@{lane.network}")
    lag = seen.times.loop_lag_p99_s or 0.0
    if lag >= LOOP_LAG_S:
        advice = "Look at load and memory of the machine."
        yield _notice("loop-lag", f"The process answers {lag:.2f} s late.", advice, "top -d 1")


def _owed(seen: Snapshot) -> Iterator[Alarm]:
    overdue = sum(one.overdue for one in seen.deadlines)
    if overdue:
        advice = "Ask who owes them; each is listed under Deadlines."
        yield _warning("answers-overdue", f"{_many(overdue, 'answer is', 'answers are')} overdue.", advice)
    if at_risk := sum(one.at_risk for one in seen.deadlines):
        text = f"{_many(at_risk, 'answer has', 'answers have')} little time left."
        yield _notice("answers-at-risk", text, "Remind who owes them.")
    for one in seen.outstanding:
        if one.kind == "system.recall" and (one.oldest_s or 0) >= RECALL_S:
            copies = _many(one.count, "recalled copy is", "recalled copies are")
            text = f"{copies} not known to be destroyed, the oldest for {_hours(one.oldest_s or 0)}."
            yield _warning("recalls-open", text, "Ask the holders; the sender sees who they are.")


def _log(seen: Snapshot) -> Iterator[Alarm]:
    audit = seen.audit
    if audit.halted:
        text = "The audit log is halted: it was cut or forked, and this process signs no checkpoint."
        advice = "Do not restart: keep everything, and follow the manual on a restored ledger."
        yield _critical("log-halted", text, advice, "gateway audit verify --home HOME", _JOURNAL)
    elif audit.lag_s >= LAG_S:
        leaves = _many(audit.lag_leaves, "leaf waits", "leaves wait")
        text = f"{leaves} for a signed checkpoint, the oldest for {_hours(audit.lag_s)}."
        yield _warning("log-lags", text, "Look at the sequencing process and its clock.", _JOURNAL)
    for one in audit.witnesses:
        if one.forked:
            text = f"Witness {one.name} says that the log is another one than it saw before."
            advice = "Keep everything and compare checkpoints."
            yield _critical("witness-forked", text, advice, "gateway audit verify --home HOME")
        elif one.age_s >= WITNESS_S and audit.cosignatures < len(audit.witnesses):
            text = f"Witness {one.name} has not cosigned for {_hours(one.age_s)}."
            yield _warning("witness-late", text, "Look whether it is reached.", _JOURNAL)


def _endings(seen: Snapshot) -> Iterator[Alarm]:
    keys = [one.name for one in seen.endings if one.soon and one.what == "key"]
    if keys:
        uses = " ".join(f"--use {name}" for name in keys)
        command = f"gateway gateway-keys rotate --gateway-keys GATEWAY.KEYS --identity IDENTITY.KEY {uses}"
        yield _warning("keys-end", f"Keys of this gateway end soon: {', '.join(keys)}.", "Rotate them.", command)
    roles = [one.name for one in seen.endings if one.soon and one.what == "metadata"]
    if roles:
        yield _warning("metadata-ends", f"The directory's metadata ends soon: {', '.join(roles)}.", "Publish anew.", _PUBLISH)
    for card, count in sorted(seen.cards_ending.items()):
        if count:
            text = f"The {card} card of {_many(count, 'participant', 'participants')} ends soon."
            advice = "Their software renews delivery cards while it runs: ask."
            yield _notice("cards-end", text, advice, "gateway network show AUTHORITY")


def _critical(code: str, text: str, advice: str, *commands: str) -> Alarm:
    return Alarm(code=code, severity="critical", text=text, advice=advice, commands=commands)


def _warning(code: str, text: str, advice: str, *commands: str) -> Alarm:
    return Alarm(code=code, severity="warning", text=text, advice=advice, commands=commands)


def _notice(code: str, text: str, advice: str, *commands: str) -> Alarm:
    return Alarm(code=code, severity="notice", text=text, advice=advice, commands=commands)


def _order(words: str) -> str:
    return f'gateway operate {words} --reason "..." --config CONFIG'


def _many(count: int, one: str, more: str) -> str:
    return f"{count} {one if count == 1 else more}"


def _hours(seconds: int) -> str:
    """Write a time in its largest unit that says enough."""
    for size, unit in ((86_400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} seconds"
