"""Alembic's entry: runs the versions on the connection that `store.migrate` hands over, in its one transaction."""

from __future__ import annotations

from alembic import context

from hustings.store.media import (
    metadata,  # all: `media` builds on `apps`, that on `follows`, `posts`, `jobs`, `people`, `tables`
)

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
context.run_migrations()
