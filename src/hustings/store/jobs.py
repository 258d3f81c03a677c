"""The table of work that waits: one row a job, in lanes. What it means is `social.jobs`."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, String, Table, null

from hustings.store.people import metadata as metadata

jobs = Table(
    "jobs",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("lane", String(32), nullable=False),
    Column("key", String(200)),
    Column("body", JSON, nullable=False),
    Column("made_at_ms", BigInteger, nullable=False),
    Column("due_at_ms", BigInteger, nullable=False),
    Column("takes", Integer, nullable=False),
    Column("holder", String(22), nullable=False),
    Column("fault", String(500)),
    Column("ended_at_ms", BigInteger),
)
"""`due_at_ms`: when it may be taken next; whoever takes a job moves it to the end of his lease, so one that he never ends
comes back by itself. `holder` "": nobody. `fault`: why the last try failed; ended with a fault is a dead letter."""
Index(
    "jobs_due",
    jobs.c.lane,
    jobs.c.due_at_ms,
    jobs.c.id,
    sqlite_where=jobs.c.ended_at_ms.is_(null()),
    postgresql_where=jobs.c.ended_at_ms.is_(null()),
)
Index("jobs_key", jobs.c.lane, jobs.c.key, unique=True)
Index("jobs_ended", jobs.c.lane, jobs.c.ended_at_ms)
