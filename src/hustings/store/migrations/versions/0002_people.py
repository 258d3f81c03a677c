"""People: accounts, who logs in, sessions, second factors, invites, and a log of what moderators do."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    _accounts()
    _members()
    _log_ins()
    op.create_table(
        "audit_log",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("by", sa.BigInteger, nullable=False),
        sa.Column("act", sa.String(32), nullable=False),
        sa.Column("about", sa.BigInteger, index=True),
        sa.Column("facts", sa.JSON, nullable=False),
    )


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("handle", sa.String(64), nullable=False),
        sa.Column("handle_key", sa.String(64), nullable=False),
        sa.Column("domain", sa.String(253)),
        sa.Column("uri", sa.String(512), nullable=False, unique=True),
        sa.Column("inbox", sa.String(512)),
        sa.Column("shared_inbox", sa.String(512)),
        sa.Column("public_key", sa.Text),
        sa.Column("private_key", sa.LargeBinary),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("created_at_ms", sa.BigInteger, nullable=False),
        sa.Column("suspended_at_ms", sa.BigInteger),
        sa.Column("deleted_at_ms", sa.BigInteger),
    )
    ours = sa.text("domain IS NULL")
    op.create_index(
        "accounts_ours",
        "accounts",
        ["handle_key"],
        unique=True,
        sqlite_where=ours,
        postgresql_where=ours,
    )
    op.create_index("accounts_handle", "accounts", ["handle_key", "domain"], unique=True)
    op.create_table(
        "invites",
        sa.Column("code", sa.String(22), primary_key=True),
        sa.Column("by", sa.BigInteger, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("made_at_ms", sa.BigInteger, nullable=False),
        sa.Column("until_ms", sa.BigInteger, nullable=False),
        sa.Column("uses_max", sa.Integer, nullable=False),
        sa.Column("uses", sa.Integer, nullable=False),
    )


def _members() -> None:
    op.create_table(
        "members",
        sa.Column(
            "account",
            sa.BigInteger,
            sa.ForeignKey("accounts.id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("password", sa.String(200), nullable=False),
        sa.Column("email", sa.String(320)),
        sa.Column("email_key", sa.String(320), unique=True),
        sa.Column("email_confirmed_at_ms", sa.BigInteger),
        sa.Column("approved_at_ms", sa.BigInteger),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("invite", sa.String(22), sa.ForeignKey("invites.code")),
        sa.Column("totp", sa.LargeBinary),
        sa.Column("totp_on_at_ms", sa.BigInteger),
        sa.Column("totp_step", sa.BigInteger, nullable=False),
    )
    op.create_index("members_waiting", "members", ["approved_at_ms"])
    op.create_table(
        "recovery_codes",
        sa.Column(
            "account",
            sa.BigInteger,
            sa.ForeignKey("members.account"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("code", sa.LargeBinary(32), primary_key=True),
    )


def _log_ins() -> None:
    member = sa.ForeignKey("members.account")
    op.create_table(
        "sessions",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("account", sa.BigInteger, member, nullable=False, index=True),
        sa.Column("token", sa.LargeBinary(32), nullable=False, unique=True),
        sa.Column("created_at_ms", sa.BigInteger, nullable=False),
        sa.Column("seen_at_ms", sa.BigInteger, nullable=False),
        sa.Column("place", sa.String(64), nullable=False),
        sa.Column("agent", sa.String(200), nullable=False),
    )
    op.create_table(
        "log_in_steps",
        sa.Column("token", sa.LargeBinary(32), primary_key=True),
        sa.Column(
            "account",
            sa.BigInteger,
            sa.ForeignKey("members.account"),
            nullable=False,
            index=True,
        ),
        sa.Column("until_ms", sa.BigInteger, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    raise NotImplementedError("the history is linear and goes forward; restore a backup")
