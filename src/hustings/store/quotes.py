"""The table of quotes: which post quotes which, and whether whoever wrote the quoted one still lets it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, String, Table

from hustings.store.posts import metadata as metadata

quotes = Table(
    "quotes",
    metadata,
    Column("post", BigInteger, ForeignKey("posts.id"), primary_key=True, autoincrement=False),
    Column("account", BigInteger, ForeignKey("accounts.id"), nullable=False),
    Column("quoted", BigInteger, ForeignKey("posts.id"), nullable=False),
    Column("quoted_account", BigInteger, ForeignKey("accounts.id"), nullable=False),
    Column("state", String(8), nullable=False),
)
"""`post`, by `account`, quotes `quoted`, by `quoted_account`: never another one afterwards. The quotes of a post are found by
`posts.quote_of`."""
