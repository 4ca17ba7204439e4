"""
Evidence bundles: one file that proves offline what was sent, accepted and acknowledged.

Spec: schemas/audit.md, "Evidence bundle".
"""
