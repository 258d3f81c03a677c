"""Alembic's entry: runs the versions on the connection that `store.migrate` hands over, in its one transaction."""

from __future__ import annotations

from alembic import context

from hustings.store.apps import (
    metadata,  # all of them: `apps` builds on `follows`, that on `posts`, `jobs`, `people`, `tables`
)

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
context.run_migrations()
