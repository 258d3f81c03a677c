"""The tables of apps: which programs ask for people's accounts, the codes on their way, and the tokens they hold.

A secret, a code and a token are 256 random bits; here lies the SHA-256 of each (`social.sessions.hash_of`).
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
)

from hustings.store.follows import metadata as metadata

apps = Table(
    "apps",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("client_id", String(43), nullable=False, unique=True),
    Column("secret", LargeBinary(32), nullable=False),
    Column("name", String(60), nullable=False),
    Column("website", Text),
    Column("redirect_uris", JSON, nullable=False),
    Column("scopes", String(1000), nullable=False),
    Column("made_at_ms", BigInteger, nullable=False),
    Column("used_at_ms", BigInteger),
)
"""`used_at_ms` none: nobody ever let it in, and it is forgotten after a day."""
Index("apps_unused", apps.c.used_at_ms, apps.c.made_at_ms)

codes = Table(
    "app_codes",
    metadata,
    Column("code", LargeBinary(32), primary_key=True),
    Column("app", BigInteger, ForeignKey("apps.id", ondelete="CASCADE"), nullable=False),
    Column("account", BigInteger, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("redirect_uri", Text, nullable=False),
    Column("scopes", String(1000), nullable=False),
    Column("challenge", String(43), nullable=False),
    Column("until_ms", BigInteger, nullable=False, index=True),
    Column("token", BigInteger),
)
"""`challenge` "": the app sent none. `token`: what the code was exchanged for; a code that comes twice takes it back."""

tokens = Table(
    "app_tokens",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("token", LargeBinary(32), nullable=False, unique=True),
    Column("app", BigInteger, ForeignKey("apps.id", ondelete="CASCADE"), nullable=False),
    Column("account", BigInteger, ForeignKey("accounts.id")),
    Column("scopes", String(1000), nullable=False),
    Column("made_at_ms", BigInteger, nullable=False),
    Column("used_at_ms", BigInteger, nullable=False),
    Column("revoked_at_ms", BigInteger, index=True),
)
"""`account` none: the app's own token, which is nobody's."""
Index("app_tokens_account", tokens.c.account, tokens.c.app)
Index("app_tokens_app", tokens.c.app)

markers = Table(
    "markers",
    metadata,
    Column("account", BigInteger, ForeignKey("accounts.id"), primary_key=True, autoincrement=False),
    Column("timeline", String(16), primary_key=True),
    Column("last_read", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)
"""How far somebody has read, so that another of his apps goes on there."""

preferences = Table(
    "preferences",
    metadata,
    Column("account", BigInteger, ForeignKey("accounts.id"), primary_key=True, autoincrement=False),
    Column("visibility", String(16), nullable=False),
    Column("sensitive", Boolean, nullable=False),
    Column("language", String(35)),
    Column("bot", Boolean, nullable=False),
    Column("discoverable", Boolean, nullable=False),
    Column("fields", JSON, nullable=False),
    Column("role_shown", Boolean, nullable=False, server_default=false()),
    Column("quote_policy", String(9), nullable=False, server_default="public"),
)
"""What a member sets through an app: how posts are written unless they say otherwise, and more of the profile. `role_shown`:
everybody may see that he looks after this server."""
