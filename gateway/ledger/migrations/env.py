"""
How Alembic runs our migrations: on the connection that `gateway.ledger.migrate` hands over, inside its transaction.

There is no offline mode and no `alembic.ini`: `gateway migrate` is the one way.
"""

from __future__ import annotations

from alembic import context

from gateway.ledger.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=False)
context.run_migrations()
