"""The tables of polls: what a post asks, the answers with their counts, and who gave which. What they mean is `social.polls`."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, ForeignKey, Index, Integer, Table, Text
from sqlalchemy import text as words

from hustings.store.events import metadata as metadata

polls = Table(
    "polls",
    metadata,
    Column("post", BigInteger, ForeignKey("posts.id"), primary_key=True, autoincrement=False),
    Column("multiple", Boolean, nullable=False),
    Column("hide_totals", Boolean, nullable=False),
    Column("ends_at_ms", BigInteger, nullable=False),
    Column("voters", Integer, nullable=False),
    Column("told_at_ms", BigInteger),
)
"""`told_at_ms`: when its end was made a job, which tells it to those who voted."""
running = words("told_at_ms IS NULL")
Index("polls_ends", polls.c.ends_at_ms, sqlite_where=running, postgresql_where=running)

poll_answers = Table(
    "poll_answers",
    metadata,
    Column("post", BigInteger, ForeignKey("posts.id"), primary_key=True, autoincrement=False),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("title", Text, nullable=False),
    Column("votes", Integer, nullable=False),
)

poll_ballots = Table(
    "poll_ballots",
    metadata,
    Column("post", BigInteger, ForeignKey("posts.id"), primary_key=True, autoincrement=False),
    Column("account", BigInteger, ForeignKey("accounts.id"), primary_key=True, autoincrement=False),
    Column("choices", JSON, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)
"""One row for each who voted, with everything that he chose (a list of places): so a vote is whole, and there is one."""
