"""A gateway without its audit log, to be measured beside one that has it: `python -m tests.bench.without_log CONFIG`."""

from __future__ import annotations

import sys
from pathlib import Path
from unittest import mock

from gateway import server
from gateway.audit.log import AuditLog
from gateway.config import load
from gateway.exchange.sequencing import Sequencing
from gateway.ledger.statements import accepting


async def nothing(_: object) -> None:
    """Do nothing."""


if __name__ == "__main__":
    settings = load(Path(sys.argv[1]))
    assert settings.keys.passphrase_file is not None
    with (
        mock.patch.object(accepting, "signed_receipt_leaf", return_value=None),
        mock.patch.object(AuditLog, "start", nothing),
        mock.patch.object(Sequencing, "run", nothing),
        mock.patch.object(Sequencing, "round", nothing),
    ):
        server.run(settings, settings.keys.passphrase_file.read_bytes().strip())
