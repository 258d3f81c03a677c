"""Pictures and sounds that people send: with their posts (`social.media`), of themselves (`social.portraits`), and with
the plan of a room (`social.room_pictures`)."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, Integer, String, Table, Text
from sqlalchemy import text as words

from hustings.store.apps import metadata as metadata

IMAGE, AUDIO = "image", "audio"
"""`kind` of an attachment."""

attachments = Table(
    "attachments",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("account", BigInteger, ForeignKey("accounts.id"), nullable=False),
    Column("post", BigInteger, ForeignKey("posts.id")),
    Column("place", Integer),
    Column("kind", String(5), nullable=False),
    Column("state", String(10), nullable=False),
    Column("fault", String(40), nullable=False),
    Column("file", String(100), nullable=False),
    Column("preview", String(100), nullable=False),
    Column("width", Integer),
    Column("height", Integer),
    Column("preview_width", Integer),
    Column("preview_height", Integer),
    Column("blurhash", String(64)),
    Column("duration_ms", Integer),
    Column("description", Text, nullable=False),
    Column("credit", Text, nullable=False),
    Column("focus_x", Float, nullable=False),
    Column("focus_y", Float, nullable=False),
    Column("made_at_ms", BigInteger, nullable=False),
    Column("loose_at_ms", BigInteger),
    Column("scheduled", BigInteger),
)
"""`place`: which of its post's it is, from 0; none with a post: an edit took it out, and the history shows it. `file` and
`preview`: names below `published/media`, made of their content. `loose_at_ms`: since when it belongs to no post.
`scheduled`: the post to come that it is kept for."""
loose = words("loose_at_ms IS NOT NULL")
Index("attachments_post", attachments.c.post, attachments.c.place)
Index("attachments_scheduled", attachments.c.scheduled)
Index("attachments_file", attachments.c.file)
Index("attachments_preview", attachments.c.preview)
Index(
    "attachments_loose",
    attachments.c.loose_at_ms,
    sqlite_where=loose,
    postgresql_where=loose,
)

portraits = Table(
    "portraits",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("account", BigInteger, ForeignKey("accounts.id"), nullable=False),
    Column("kind", String(6), nullable=False),
    Column("state", String(10), nullable=False),
    Column("fault", String(40), nullable=False),
    Column("file", String(100), nullable=False),
    Column("preview", String(100), nullable=False),
    Column("made_at_ms", BigInteger, nullable=False),
    Column("loose_at_ms", BigInteger),
)
"""An account's avatar or header, also while it is made. `loose_at_ms`: since when it is none that the account wants; of each
kind one is wanted at the most, and once it is made its files are named in `accounts`."""
Index("portraits_account", portraits.c.account, portraits.c.kind)
Index("portraits_file", portraits.c.file)
Index("portraits_preview", portraits.c.preview)
Index(
    "portraits_loose",
    portraits.c.loose_at_ms,
    sqlite_where=loose,
    postgresql_where=loose,
)

room_pictures = Table(
    "room_pictures",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("state", String(10), nullable=False),
    Column("fault", String(40), nullable=False),
    Column("file", String(100), nullable=False),
    Column("made_at_ms", BigInteger, nullable=False),
    Column("loose_at_ms", BigInteger),
)
"""`loose_at_ms`: since when no room has it. A room names its picture by the whole address."""
Index("room_pictures_file", room_pictures.c.file)
Index(
    "room_pictures_loose",
    room_pictures.c.loose_at_ms,
    sqlite_where=loose,
    postgresql_where=loose,
)
