"""
The tables of a home's file, and how an older file gets them.

Step n brings a file from format n to n + 1 (PRAGMA user_version); a new file takes all of them. A step that was released is
never changed: another is added. Steps run in one transaction, so a file has a whole format, and several processes may open an
old home at once. What a step needs the home key for is done when the home is unlocked.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from gateway.errors import Corrupt

__all__ = ["APPLICATION", "FORMAT", "format_of", "migrate", "require"]

APPLICATION: Final = 0x47574D31  # PRAGMA application_id: "GWM1"

_FIRST: Final = """
CREATE TABLE fact (
  name TEXT PRIMARY KEY,
  value BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE outgoing (
  message_id BLOB PRIMARY KEY,
  state TEXT NOT NULL CHECK (state IN ('kept', 'accepted', 'refused')),
  created INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  number INTEGER,
  reason TEXT,
  envelope_hash BLOB NOT NULL,
  media TEXT NOT NULL,
  draft BLOB NOT NULL,
  body BLOB,
  answer BLOB
);
CREATE INDEX outgoing_kept ON outgoing (created) WHERE state = 'kept';
CREATE TABLE arrived (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  envelope_hash BLOB NOT NULL UNIQUE,
  number INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'acknowledged', 'rejected')),
  owner BLOB NOT NULL,
  offered INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  reason TEXT,
  source BLOB,
  delivery BLOB NOT NULL,
  content BLOB
);
CREATE UNIQUE INDEX arrived_source ON arrived (source) WHERE source IS NOT NULL;
CREATE INDEX arrived_waiting ON arrived (id) WHERE state = 'waiting';
CREATE TABLE receipt (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  envelope_hash BLOB NOT NULL,
  event TEXT NOT NULL,
  data BLOB NOT NULL,
  due INTEGER NOT NULL,
  UNIQUE (envelope_hash, event)
);
CREATE INDEX receipt_due ON receipt (id) WHERE due;
"""

# held_key: one secret key a row, so that one can be destroyed; its id stays. `stops`: when it stops being sealed to.
# outcome: how a message ended for one recipient; `recipient` is a keyed hash. `anew`: the message that was sent in its place.
# outgoing.evidence: what proves the message when its sealed bytes are gone; null in rows of format 1.
# log_checkpoint: the newest verified one of each log, public. log_claim: views of the log in receipts, not checked yet.
# outgoing.refusal: the signed problem that ended it, encrypted; its `body` stays then, because the signature is over both.
_KEYS_AND_OUTCOMES: Final = """
CREATE TABLE held_key (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  key_id BLOB NOT NULL UNIQUE,
  use TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'held', 'destroyed')),
  stops INTEGER,
  changed_at INTEGER NOT NULL,
  secret BLOB,
  CHECK ((secret IS NULL) = (state = 'destroyed'))
);
CREATE TABLE outcome (
  envelope_hash BLOB NOT NULL,
  recipient BLOB NOT NULL,
  event TEXT NOT NULL,
  reason TEXT,
  at INTEGER NOT NULL,
  receipt BLOB NOT NULL,
  due INTEGER NOT NULL,
  anew BLOB,
  PRIMARY KEY (envelope_hash, recipient)
) WITHOUT ROWID;
CREATE INDEX outcome_due ON outcome (at) WHERE due;
CREATE TABLE anew (
  message_id BLOB PRIMARY KEY,
  generation INTEGER NOT NULL,
  sealed_to BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE log_checkpoint (
  origin TEXT PRIMARY KEY,
  size INTEGER NOT NULL,
  root BLOB NOT NULL,
  note BLOB NOT NULL,
  at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE log_claim (
  size INTEGER NOT NULL,
  root BLOB NOT NULL,
  by_gateway INTEGER NOT NULL,
  at INTEGER NOT NULL,
  statement BLOB NOT NULL,
  PRIMARY KEY (size, root)
) WITHOUT ROWID;
CREATE TABLE log_evidence (
  digest BLOB PRIMARY KEY,
  at INTEGER NOT NULL,
  code TEXT NOT NULL,
  why TEXT NOT NULL,
  kept BLOB NOT NULL,
  other BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX outgoing_hash ON outgoing (envelope_hash);
ALTER TABLE outgoing ADD COLUMN evidence BLOB;
ALTER TABLE outgoing ADD COLUMN refusal BLOB;
"""

# answer: which message that was acknowledged names which other one; `target` is a keyed hash.
_ANSWERS: Final = """
CREATE TABLE answer (
  envelope_hash BLOB PRIMARY KEY,
  target BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX answer_target ON answer (target);
"""

# outgoing: one state more, so the table is made anew: what waits for a second officer has no body and no hash yet.
# outgoing.decision: who approved or refused it in this home, encrypted.
_APPROVALS: Final = """
ALTER TABLE outgoing RENAME TO outgoing_before;
DROP INDEX outgoing_kept;
DROP INDEX outgoing_hash;
CREATE TABLE outgoing (
  message_id BLOB PRIMARY KEY,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'kept', 'accepted', 'refused')),
  created INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  number INTEGER,
  reason TEXT,
  envelope_hash BLOB NOT NULL,
  media TEXT NOT NULL,
  draft BLOB NOT NULL,
  body BLOB,
  answer BLOB,
  evidence BLOB,
  refusal BLOB,
  decision BLOB,
  CHECK (state != 'waiting' OR (body IS NULL AND envelope_hash = x''))
);
INSERT INTO outgoing
  SELECT message_id, state, created, changed_at, number, reason, envelope_hash, media, draft, body, answer, evidence,
    refusal, NULL
  FROM outgoing_before;
DROP TABLE outgoing_before;
CREATE INDEX outgoing_kept ON outgoing (created) WHERE state = 'kept';
CREATE INDEX outgoing_waiting ON outgoing (created) WHERE state = 'waiting';
CREATE INDEX outgoing_hash ON outgoing (envelope_hash);
"""

# turn: what a message is in its conversation, encrypted; `conversation` is a keyed hash.
_CONVERSATIONS: Final = """
CREATE TABLE turn (
  envelope_hash BLOB PRIMARY KEY,
  conversation BLOB NOT NULL,
  number INTEGER NOT NULL,
  said BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX turn_conversation ON turn (conversation);
"""

# arrived.recall: 1 for a recall or correction that was not acted on; it is looked at before anything is handed over.
# erased_at: content and sealed bytes are gone since then; arrived.tombstone, encrypted, proves the message all the same.
# scheduled: it has, or had, its row in `retention`, whose `id` is the envelope hash of an arrival or the id of a sent message.
# recall, correction: what messages say of a `target`, a keyed hash; whose word they are stands in `said`, encrypted.
# made_from: which messages of this home were made from a `target`; when that is deleted, somebody must look at them.
# destruction: how a recipient answered a recall; beside its outcome, for it may have opened the message before.
_RECALLS_AND_RETENTION: Final = """
ALTER TABLE arrived ADD COLUMN recall INTEGER NOT NULL DEFAULT 0;
ALTER TABLE arrived ADD COLUMN recalled TEXT CHECK (recalled IN ('deleted', 'use-stopped'));
ALTER TABLE arrived ADD COLUMN erased_at INTEGER;
ALTER TABLE arrived ADD COLUMN tombstone BLOB;
ALTER TABLE arrived ADD COLUMN scheduled INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outgoing ADD COLUMN erased_at INTEGER;
ALTER TABLE outgoing ADD COLUMN scheduled INTEGER NOT NULL DEFAULT 0;
CREATE INDEX arrived_recall ON arrived (id) WHERE recall;
CREATE INDEX arrived_unscheduled ON arrived (id) WHERE scheduled = 0 AND state <> 'waiting';
CREATE INDEX outgoing_unscheduled ON outgoing (created) WHERE scheduled = 0 AND state IN ('accepted', 'refused');
CREATE TABLE recall (
  envelope_hash BLOB PRIMARY KEY,
  target BLOB NOT NULL,
  done TEXT NOT NULL CHECK (done IN ('deleted', 'use-stopped', 'never-had', 'refused')),
  said BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX recall_target ON recall (target);
CREATE TABLE sent_recall (
  message_id BLOB PRIMARY KEY,
  target BLOB NOT NULL,
  mode TEXT NOT NULL,
  confirm_by INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX sent_recall_target ON sent_recall (target);
CREATE TABLE made_from (
  target BLOB NOT NULL,
  message_id BLOB NOT NULL,
  PRIMARY KEY (target, message_id)
) WITHOUT ROWID;
CREATE TABLE destruction (
  envelope_hash BLOB NOT NULL,
  recipient BLOB NOT NULL,
  reason TEXT NOT NULL,
  at INTEGER NOT NULL,
  receipt BLOB NOT NULL,
  PRIMARY KEY (envelope_hash, recipient)
) WITHOUT ROWID;
CREATE TABLE correction (
  source BLOB PRIMARY KEY,
  target BLOB NOT NULL,
  at INTEGER NOT NULL,
  said BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX correction_target ON correction (target);
CREATE TABLE retention (
  id BLOB PRIMARY KEY,
  conversation BLOB NOT NULL,
  review_at INTEGER NOT NULL,
  last_at INTEGER,
  hold TEXT CHECK (hold IN ('kind', 'asked'))
) WITHOUT ROWID;
CREATE INDEX retention_review ON retention (review_at);
CREATE INDEX retention_conversation ON retention (conversation);
CREATE TABLE held_conversation (
  conversation BLOB PRIMARY KEY
) WITHOUT ROWID;
CREATE TABLE trace (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  what TEXT NOT NULL,
  said BLOB NOT NULL
);
"""

# asked: what every holder of `target`, an envelope hash, is to do; an expiry is asked by the message itself.
# asked.answered: all have; it is looked at no more. holder_answer: takes the place of `destruction`, for `opened` too.
_ASKED: Final = """
CREATE TABLE asked (
  message_id BLOB NOT NULL,
  because TEXT NOT NULL CHECK (because IN ('recall', 'correction', 'lifecycle', 'expiry')),
  target BLOB NOT NULL,
  mode TEXT CHECK ((mode IS NULL) = (because <> 'recall')),
  confirm_by INTEGER NOT NULL,
  answered INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (message_id, because)
) WITHOUT ROWID;
CREATE INDEX asked_target ON asked (target);
INSERT INTO asked SELECT message_id, 'recall', target, mode, confirm_by, 0 FROM sent_recall;
DROP TABLE sent_recall;
CREATE TABLE holder_answer (
  envelope_hash BLOB NOT NULL,
  recipient BLOB NOT NULL,
  event TEXT NOT NULL CHECK (event IN ('destroyed', 'opened')),
  reason TEXT,
  at INTEGER NOT NULL,
  receipt BLOB NOT NULL,
  PRIMARY KEY (envelope_hash, recipient, event)
) WITHOUT ROWID;
INSERT INTO holder_answer SELECT envelope_hash, recipient, 'destroyed', reason, at, receipt FROM destruction;
DROP TABLE destruction;
"""

# same: what arrived and may come another way too. `digest` is keyed, and gone when the message is erased; `first`, the envelope
# hash of the first of those that are the same, stays; whose each is stands in `said`, encrypted.
_SAME: Final = """
CREATE TABLE same (
  envelope_hash BLOB PRIMARY KEY,
  digest BLOB,
  first BLOB NOT NULL,
  number INTEGER NOT NULL,
  said BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX same_digest ON same (digest) WHERE digest IS NOT NULL;
CREATE INDEX same_first ON same (first);
"""

_STEPS: Final = (_FIRST, _KEYS_AND_OUTCOMES, _ANSWERS + _APPROVALS, _CONVERSATIONS + _RECALLS_AND_RETENTION, _ASKED, _SAME)
FORMAT: Final = len(_STEPS)


def format_of(connection: sqlite3.Connection) -> int:
    """Return the format of a file; 0 for an empty one."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a file up to date, within the caller's transaction; a file of this format or a later one is left alone."""
    found = format_of(connection)
    if found:
        _require_application(connection)  # a database of somebody else is not touched
    for step in _STEPS[found:]:
        for statement in filter(str.strip, step.split(";")):
            connection.execute(statement)
    if found < FORMAT:
        connection.execute(f"PRAGMA application_id={APPLICATION}")
        connection.execute(f"PRAGMA user_version={FORMAT}")


def require(connection: sqlite3.Connection) -> None:
    """Raise Corrupt for a file that is not a home of this format."""
    _require_application(connection)
    found = format_of(connection)
    if found != FORMAT:
        raise Corrupt(f"the home has format {found}, this version reads {FORMAT}")


def _require_application(connection: sqlite3.Connection) -> None:
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION:
        raise Corrupt("the file is a database of something else, not a home")
