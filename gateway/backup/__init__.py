"""
Backup and restore of a gateway: its ledger as it stood at one moment, its sealed keys, its directory and its configuration.

A backup is taken while the gateway works; a restore goes into an empty place only. Spec: deploy/backup.md.
"""

from gateway.backup.making import make_backup
from gateway.backup.manifest import Manifest
from gateway.backup.proof import Proved, verify_backup
from gateway.backup.restoring import Restored, restore_backup

__all__ = ["Manifest", "Proved", "Restored", "make_backup", "restore_backup", "verify_backup"]
