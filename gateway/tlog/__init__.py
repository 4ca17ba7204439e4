"""
C2SP formats of a transparency log: signed notes, checkpoints, cosignatures, tiles, witness messages, readable leaves.

Spec: schemas/audit.md.
"""
