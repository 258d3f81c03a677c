"""The tables of people. An account may be of another server one day (`domain`); a member is an account that logs in here.

Ids are `social.ids`. Tokens and recovery codes are kept as their SHA-256 only.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    false,
    null,
)

from hustings.store.tables import metadata as metadata

accounts = Table(
    "accounts",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("handle", String(64), nullable=False),
    Column("handle_key", String(64), nullable=False),
    Column("domain", String(253)),
    Column("uri", String(512), nullable=False, unique=True),
    Column("inbox", String(512)),
    Column("shared_inbox", String(512)),
    Column("public_key", Text),
    Column("private_key", LargeBinary),
    Column("name", String(200), nullable=False),
    Column("note", Text, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("suspended_at_ms", BigInteger),
    Column("limited_at_ms", BigInteger),
    Column("banned_at_ms", BigInteger),
    Column("deleted_at_ms", BigInteger),
    Column("locked", Boolean, nullable=False, server_default=false()),
    Column("avatar", String(100), nullable=False, server_default=""),
    Column("avatar_still", String(100), nullable=False, server_default=""),
    Column("avatar_alt", Text, nullable=False, server_default=""),
    Column("header", String(100), nullable=False, server_default=""),
    Column("header_alt", Text, nullable=False, server_default=""),
)
"""`domain` none: ours. `uri` never changes and names the web host. `private_key` is sealed; ours get their keys with the first
follower from elsewhere. `locked`: he says who may follow him. Who is banned is suspended too (`social.order`). A deleted account
stays as a tombstone, so that its handle does not become another's. `avatar`, `avatar_still`, `header`: names below
`published/media`, "" for none."""
Index(
    "accounts_ours",
    accounts.c.handle_key,
    unique=True,
    sqlite_where=accounts.c.domain.is_(null()),
    postgresql_where=accounts.c.domain.is_(null()),
)
Index("accounts_handle", accounts.c.handle_key, accounts.c.domain, unique=True)

invites = Table(
    "invites",
    metadata,
    Column("code", String(22), primary_key=True),
    Column("by", BigInteger, ForeignKey("accounts.id"), nullable=False),
    Column("made_at_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
    Column("uses_max", Integer, nullable=False),
    Column("uses", Integer, nullable=False),
)

members = Table(
    "members",
    metadata,
    Column("account", BigInteger, ForeignKey("accounts.id"), primary_key=True, autoincrement=False),
    Column("role", String(16), nullable=False),
    Column("password", String(200), nullable=False),
    Column("email", String(320)),
    Column("email_key", String(320), unique=True),
    Column("email_confirmed_at_ms", BigInteger),
    Column("approved_at_ms", BigInteger),
    Column("reason", String(500), nullable=False),
    Column("invite", String(22), ForeignKey("invites.code")),
    Column("totp", LargeBinary),
    Column("totp_on_at_ms", BigInteger),
    Column("totp_step", BigInteger, nullable=False),
)
"""`totp` is sealed; it counts once `totp_on_at_ms` is set. `totp_step` is the last step whose code was used."""
Index("members_waiting", members.c.approved_at_ms)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column(
        "account", BigInteger, ForeignKey("members.account"), primary_key=True, autoincrement=False
    ),
    Column("code", LargeBinary(32), primary_key=True),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("account", BigInteger, ForeignKey("members.account"), nullable=False, index=True),
    Column("token", LargeBinary(32), nullable=False, unique=True),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("seen_at_ms", BigInteger, nullable=False),
    Column("place", String(64), nullable=False),
    Column("agent", String(200), nullable=False),
)

log_in_steps = Table(
    "log_in_steps",
    metadata,
    Column("token", LargeBinary(32), primary_key=True),
    Column("account", BigInteger, ForeignKey("members.account"), nullable=False, index=True),
    Column("until_ms", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
)
"""Whose password was right and whose code is awaited."""

audit_log = Table(
    "audit_log",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("by", BigInteger, nullable=False),
    Column("act", String(32), nullable=False),
    Column("about", BigInteger, index=True),
    Column("facts", JSON, nullable=False),
)
"""Who did what about whom, for as long as the server stands: no foreign keys, since it outlives what it tells of."""

email_blocks = Table(
    "email_blocks",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("address", LargeBinary(32), unique=True),
    Column("domain", String(253), unique=True),
    Column("account", BigInteger, index=True),
    Column("note", String(500), nullable=False),
)
"""What nobody signs up with: one address, known by its SHA-256 alone, or a domain with all below it. `account`: whose ban it
came with."""

domain_blocks = Table(
    "domain_blocks",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("domain", String(253), nullable=False, unique=True),
    Column("suspends", Boolean, nullable=False),
    Column("said", String(500), nullable=False),
    Column("note", String(500), nullable=False),
)
"""Other servers, each with all below it, whose accounts are suspended here, or limited. `said` is for everybody, `note` for
moderators."""
