"""Apps, their codes and tokens, and what a member sets through them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    _apps()
    _tokens()
    _settings()


def _apps() -> None:
    op.create_table(
        "apps",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("client_id", sa.String(43), nullable=False, unique=True),
        sa.Column("secret", sa.LargeBinary(32), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("website", sa.Text),
        sa.Column("redirect_uris", sa.JSON, nullable=False),
        sa.Column("scopes", sa.String(1000), nullable=False),
        sa.Column("made_at_ms", sa.BigInteger, nullable=False),
        sa.Column("used_at_ms", sa.BigInteger),
    )
    op.create_index("apps_unused", "apps", ["used_at_ms", "made_at_ms"])
    op.create_table(
        "app_codes",
        sa.Column("code", sa.LargeBinary(32), primary_key=True),
        sa.Column(
            "app", sa.BigInteger, sa.ForeignKey("apps.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("account", sa.BigInteger, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("redirect_uri", sa.Text, nullable=False),
        sa.Column("scopes", sa.String(1000), nullable=False),
        sa.Column("challenge", sa.String(43), nullable=False),
        sa.Column("until_ms", sa.BigInteger, nullable=False),
        sa.Column("token", sa.BigInteger),
    )
    op.create_index("ix_app_codes_account", "app_codes", ["account"])
    op.create_index("ix_app_codes_until_ms", "app_codes", ["until_ms"])


def _tokens() -> None:
    op.create_table(
        "app_tokens",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("token", sa.LargeBinary(32), nullable=False, unique=True),
        sa.Column(
            "app", sa.BigInteger, sa.ForeignKey("apps.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("account", sa.BigInteger, sa.ForeignKey("accounts.id")),
        sa.Column("scopes", sa.String(1000), nullable=False),
        sa.Column("made_at_ms", sa.BigInteger, nullable=False),
        sa.Column("used_at_ms", sa.BigInteger, nullable=False),
        sa.Column("revoked_at_ms", sa.BigInteger),
    )
    op.create_index("app_tokens_account", "app_tokens", ["account", "app"])
    op.create_index("app_tokens_app", "app_tokens", ["app"])
    op.create_index("ix_app_tokens_revoked_at_ms", "app_tokens", ["revoked_at_ms"])


def _settings() -> None:
    op.create_table(
        "markers",
        sa.Column(
            "account",
            sa.BigInteger,
            sa.ForeignKey("accounts.id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("timeline", sa.String(16), primary_key=True),
        sa.Column("last_read", sa.BigInteger, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "preferences",
        sa.Column(
            "account",
            sa.BigInteger,
            sa.ForeignKey("accounts.id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("visibility", sa.String(16), nullable=False),
        sa.Column("sensitive", sa.Boolean, nullable=False),
        sa.Column("language", sa.String(35)),
        sa.Column("bot", sa.Boolean, nullable=False),
        sa.Column("discoverable", sa.Boolean, nullable=False),
        sa.Column("fields", sa.JSON, nullable=False),
    )


def downgrade() -> None:
    raise NotImplementedError("the history is linear and goes forward; restore a backup")
