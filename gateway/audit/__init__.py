"""
The audit log over the ledger: sequencing, checkpoints, proofs, witnesses, time-stamps.

Spec: schemas/audit.md.
"""
