"""
What operators see of a running gateway: one snapshot a second while somebody watches, and nothing when nobody does.

The page shows and the command line acts: nothing here changes anything. Ids, states and times only; nothing that was sealed or
signed is read, so nothing of it can be shown. The routes are `gateway.api.dashboard`.
"""

from gateway.dashboard.desk import Desk
from gateway.dashboard.files import StaticFile, static_files
from gateway.dashboard.gather import Gatherer
from gateway.dashboard.snapshot import Snapshot
from gateway.dashboard.watch import Watch

__all__ = ["Desk", "Gatherer", "Snapshot", "StaticFile", "Watch", "static_files"]
