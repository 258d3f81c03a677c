"""Alembic's entry: runs the versions on the connection that `store.migrate` hands over, in its one transaction."""

from __future__ import annotations

from alembic import context

from hustings.store.going_live import (
    metadata,  # all of them: each module of tables builds on the one before
)

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
context.run_migrations()
