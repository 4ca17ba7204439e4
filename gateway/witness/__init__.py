"""
A witness that any participant can run: it cosigns checkpoints of a log that only grows (C2SP tlog-witness).

Spec: schemas/audit.md, "Witnesses".
"""
