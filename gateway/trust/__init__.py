"""
The directory as a participant verifies and keeps it: an adapter over python-tuf's client, with files and a lock.

Spec: schemas/directory.md, "Reading", "Offline".
"""

from gateway.trust.directory import SEAL_FOR_S, Expected, TrustedDirectory

__all__ = ["SEAL_FOR_S", "Expected", "TrustedDirectory"]
