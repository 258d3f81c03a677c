"""The tables of lists: some of those whom an account follows, as a timeline of its own."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, String, Table

from hustings.store.quotes import metadata as metadata

lists = Table(
    "lists",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("account", BigInteger, ForeignKey("accounts.id"), nullable=False),
    Column("title", String(256), nullable=False),
    Column("replies", String(8), nullable=False),
    Column("exclusive", Boolean, nullable=False),
)
"""`replies`: to whom answers of its members are in it. `exclusive`: its members are not in home."""
Index("lists_account", lists.c.account, lists.c.id)

list_members = Table(
    "list_members",
    metadata,
    Column("list", BigInteger, ForeignKey("lists.id"), primary_key=True, autoincrement=False),
    Column("account", BigInteger, ForeignKey("accounts.id"), primary_key=True, autoincrement=False),
    Column("owner", BigInteger, ForeignKey("accounts.id"), nullable=False),
    Column("id", BigInteger, nullable=False),
)
"""`owner`: whose list it is. `id` sorts by when."""
Index("list_members_owner", list_members.c.owner, list_members.c.account)
