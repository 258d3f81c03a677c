"""Pictures and sounds of posts: sent, made anew by work, described, put into a post, gone when no post has them.

A state is `processing` until work has made the files, then `ready`, or `failed` with a code that says why. One that belongs
to no post goes after a day.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.social import accounts, jobs, objects, text
from hustings.social.lanes import PICTURES, SOUNDS
from hustings.social.paging import id_of
from hustings.store.media import AUDIO as AUDIO
from hustings.store.media import IMAGE as IMAGE
from hustings.store.media import attachments
from hustings.store.questions import Question, among
from hustings.wire.errors import Refused

PROCESSING, READY, FAILED = "processing", "ready", "failed"
LANES = {IMAGE: PICTURES, AUDIO: SOUNDS}
PICTURES_MAX, SOUNDS_MAX = 4, 1
DESCRIPTION_MAX, CREDIT_MAX = 1_500, 200
LOOSE_MS, STUCK_MS = 86_400_000, 6 * 3_600_000
SWEPT_AT_ONCE = 200
MAGIC_BYTES = 16


@dataclass(frozen=True, slots=True)
class Said:
    """What its sender says of it. `focus`: what must be seen, from -1 to 1, right and up."""

    description: str = ""
    credit: str = ""
    focus: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Made:
    """What work made: two files' names below `published/media`, "" for none, and what they hold. Sizes in pixels."""

    file: str = ""
    preview: str = ""
    size: tuple[int, int] | None = None
    preview_size: tuple[int, int] | None = None
    blurhash: str | None = None
    duration_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """`post` none: in no post yet. `fault`: why it failed, a code of `wire.errors`. `scheduled`: the post
    to come that it is kept for."""

    id: int
    post: int | None
    place: int | None
    kind: str
    state: str
    fault: str
    said: Said
    made: Made
    scheduled: int | None = None


def kind_of(head: bytes) -> str:
    """What a file says it is by its first `MAGIC_BYTES`: never by its name or what came with it. Errors: `media_malformed`."""
    if head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a")):
        return IMAGE
    riff = head[8:12] if head.startswith(b"RIFF") else b""
    if riff == b"WEBP":
        return IMAGE
    if sound_format(head):
        return AUDIO
    raise Refused("media_malformed", field="file")


def sound_format(head: bytes) -> str:
    """Which of FFmpeg's readers is the right one, "" for none of the few: it is never left to guess, since some of those
    that it knows open other files, or other servers."""
    if head.startswith(b"RIFF") and head[8:12] == b"WAVE":
        return "wav"
    if head.startswith(b"OggS"):
        return "ogg"
    if head[4:8] == b"ftyp":
        return "mp4"
    mpeg = len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2
    return "mp3" if head.startswith(b"ID3") or mpeg else ""


def read(tree: Mapping[str, object], before: Said = Said()) -> Said:
    """What is said of one, in the fields of Mastodon's `POST /api/v2/media` and `credit`; what is not said is as `before`.

    Errors: `bad_request`, `media_alt_too_long`, `media_credit_too_long`, `media_focus_malformed`.
    """
    said = before
    if tree.get("description") is not None:
        said = replace(said, description=alt(tree["description"], "description"))
    if tree.get("credit") is not None:
        credit = _words(tree["credit"], CREDIT_MAX, "media_credit_too_long", "credit", "")
        said = replace(said, credit=credit)
    if tree.get("focus") not in (None, ""):
        said = replace(said, focus=_focus(tree["focus"]))
    return said


def alt(value: object, field: str) -> str:
    """What is seen or heard, as it is kept. Errors: `bad_request`, `media_alt_too_long`."""
    return _words(value, DESCRIPTION_MAX, "media_alt_too_long", field, "\n")


def ids_of(value: object) -> tuple[int, ...]:
    """The `media_ids` of a post. Errors: `media_unknown`, `media_many`."""
    if value in (None, ""):
        return ()
    named = list(value.values()) if isinstance(value, dict) else value
    if not isinstance(named, list):
        named = [named]
    named = [str(one) if isinstance(one, int) else one for one in named if one not in (None, "")]
    if len(named) > PICTURES_MAX:
        raise Refused("media_many", field="media_ids")
    return tuple(dict.fromkeys(id_of(one, "media_unknown") for one in named))


def begin(
    connection: Connection, id: int, account: int, kind: str, said: Said, now_ms: int
) -> None:
    """One more, whose raw file lies in the spool under its id. Errors: `account_suspended`, `not_let_in`, `work_full`."""
    accounts.check_may_speak(connection, account)
    connection.execute(
        attachments.insert().values(
            id=id,
            account=account,
            kind=kind,
            state=PROCESSING,
            fault="",
            file="",
            preview="",
            **_columns(said),
            made_at_ms=now_ms,
            loose_at_ms=now_ms,
        )
    )
    jobs.add(connection, LANES[kind], id, {"media": id}, now_ms)


def own(connection: Connection, account: int, id: int) -> Attachment:
    """One's own. Errors: `media_unknown`."""
    asked = sa.select(attachments).where(attachments.c.id == id, attachments.c.account == account)
    row = connection.execute(asked).mappings().first()
    if row is None:
        raise Refused("media_unknown")
    return _attachment(row)


def describe(connection: Connection, account: int, id: int, tree: Mapping[str, object]) -> None:
    """What is said of one's own that is in no post yet. Errors: `media_unknown`, `media_used`, those of `read`."""
    found = own(connection, account, id)
    if found.post is not None:
        raise Refused("media_used")
    _say(connection, id, read(tree, found.said))


def attach(connection: Connection, account: int, post: int, ids: Sequence[int]) -> None:
    """The pictures of a post, or its sound, are these and no others. What it had before stays its own, for its history.

    Errors: `media_unknown` (somebody else's too), `media_used`, `media_busy`, `media_many`, and why one failed.
    """
    _check_free(connection, account, post, ids)
    connection.execute(attachments.update().where(attachments.c.post == post).values(place=None))
    for place, id in enumerate(ids):
        connection.execute(
            attachments.update()
            .where(attachments.c.id == id)
            .values(post=post, place=place, loose_at_ms=None)
        )


def reserve(connection: Connection, account: int, scheduled: int, ids: Sequence[int]) -> None:
    """The pictures of a post to come are kept for it, and for no other. Errors: those of `attach`."""
    _check_free(connection, account, None, ids)
    for place, id in enumerate(ids):
        _end(connection, id, scheduled=scheduled, place=place, loose_at_ms=None)


def let_go(connection: Connection, scheduled: int, since_ms: int) -> None:
    """What was kept for a post to come is kept for it no longer, since then."""
    connection.execute(
        attachments.update()
        .where(attachments.c.scheduled == scheduled)
        .values(scheduled=None, place=None, loose_at_ms=since_ms)
    )


def held_for(
    connection: Connection, scheduled: Collection[int]
) -> dict[int, tuple[Attachment, ...]]:
    """What is kept for posts to come, in its order."""
    asked = sa.select(attachments).where(attachments.c.scheduled.in_(scheduled))
    rows = connection.execute(asked.order_by(attachments.c.place)).mappings()
    return _grouped(rows, "scheduled")


def rewrite(connection: Connection, post: int, said: Mapping[int, Mapping[str, object]]) -> None:
    """What is said of those that a post has (Mastodon's `media_attributes`), by id. Errors: `media_unknown`, those of `read`."""
    here = {one.id: one for one in of_post(connection, post)}
    for id, tree in said.items():
        if id not in here:
            raise Refused("media_unknown", field="media_attributes")
        _say(connection, id, read(tree, here[id].said))


def of_post(connection: Connection, post: int) -> tuple[Attachment, ...]:
    return of_posts(connection, [post]).get(post, ())


_IN_POSTS = Question(
    sa.select(attachments)
    .where(among(attachments.c.post), attachments.c.place.is_not(None))
    .order_by(attachments.c.post, attachments.c.place)
)


def of_posts(connection: Connection, posts: Collection[int]) -> dict[int, tuple[Attachment, ...]]:
    """Those that stand in posts, in their order."""
    return _grouped(_IN_POSTS.trees(connection, {"ids": list(posts)}), "post")


def noted(found: Sequence[Attachment]) -> list[dict[str, Any]]:
    """What a history keeps of them: which they were, and what was said of them."""
    return [{"id": str(one.id), "said": _columns(one.said)} for one in found]


def as_noted(
    connection: Connection, post: int, notes: Sequence[list[dict[str, Any]] | None]
) -> list[tuple[Attachment, ...]]:
    """For each list that `noted` made, the pictures and sounds as they were then."""
    asked = sa.select(attachments).where(attachments.c.post == post)
    rows = {str(row["id"]): _attachment(row) for row in connection.execute(asked).mappings()}
    return [
        tuple(
            replace(rows[one["id"]], said=_said(one["said"]))
            for one in some or ()
            if one["id"] in rows
        )
        for some in notes
    ]


def release(connection: Connection, post: int, since_ms: int) -> None:
    """A post is gone: what it had belongs to none any more, since then."""
    connection.execute(
        attachments.update()
        .where(attachments.c.post == post)
        .values(post=None, place=None, loose_at_ms=since_ms)
    )


def kind_waiting(connection: Connection, id: int) -> str | None:
    """What is to be made of it; None when nothing is, or it is gone."""
    asked = sa.select(attachments.c.kind).where(
        attachments.c.id == id, attachments.c.state == PROCESSING
    )
    return connection.execute(asked).scalar()


def finish(connection: Connection, id: int, made: Made) -> None:
    width, height = made.size or (None, None)
    preview_width, preview_height = made.preview_size or (None, None)
    _end(
        connection,
        id,
        state=READY,
        file=made.file,
        preview=made.preview,
        width=width,
        height=height,
        preview_width=preview_width,
        preview_height=preview_height,
        blurhash=made.blurhash,
        duration_ms=made.duration_ms,
    )


def fail(connection: Connection, id: int, code: str) -> None:
    _end(connection, id, state=FAILED, fault=code)


def sweep(connection: Connection, now_ms: int) -> list[str]:
    """Deletes what belonged to no post for a day: the names of files that nobody has any more."""
    # no post has one before it is made: so the index of the loose ones finds those that are being made
    return sweep_table(connection, attachments, now_ms, attachments.c.loose_at_ms.is_not(None))


def sweep_table(
    connection: Connection, table: sa.Table, now_ms: int, *busy: sa.ColumnElement[bool]
) -> list[str]:
    """Deletes the rows of a table of files that were loose for a day: the names of files that nobody has any more. What work
    never came to has failed, and is loose since it came. `busy`: what is known besides of rows that are being made."""
    stuck = (table.c.state == PROCESSING, table.c.made_at_ms < now_ms - STUCK_MS, *busy)
    failed = {"state": FAILED, "fault": "media_failed", "loose_at_ms": table.c.made_at_ms}
    connection.execute(table.update().where(*stuck).values(failed))
    loose, files = table.c.loose_at_ms, objects.columns_of(table)
    asked = sa.select(table.c.id, *files).where(loose < now_ms - LOOSE_MS)
    gone = connection.execute(asked.order_by(loose).limit(SWEPT_AT_ONCE)).all()
    connection.execute(sa.delete(table).where(table.c.id.in_([row.id for row in gone])))
    return objects.unheld(connection, [name for _, *names in gone for name in names])


def _check_free(connection: Connection, account: int, post: int | None, ids: Sequence[int]) -> None:
    """Whether a post may have these: one's own, made, and nobody else's. Errors: those of `attach`."""
    found = [own(connection, account, id) for id in ids]
    for one in found:
        if one.post not in (None, post) or one.scheduled is not None:
            raise Refused("media_used", field="media_ids")
        if one.state == FAILED:
            raise Refused(one.fault, field="media_ids")
        if one.state != READY:
            raise Refused("media_busy", field="media_ids")
    sounds = sum(one.kind == AUDIO for one in found)
    if len(found) > (SOUNDS_MAX if sounds else PICTURES_MAX):
        raise Refused("media_many", field="media_ids")


def _end(connection: Connection, id: int, **values: object) -> None:
    connection.execute(attachments.update().where(attachments.c.id == id).values(**values))


def _say(connection: Connection, id: int, said: Said) -> None:
    _end(connection, id, **_columns(said))


def _columns(said: Said) -> dict[str, Any]:
    return {
        "description": said.description,
        "credit": said.credit,
        "focus_x": said.focus[0],
        "focus_y": said.focus[1],
    }


def _said(row: Mapping[Any, Any]) -> Said:
    return Said(row["description"], row["credit"], (row["focus_x"], row["focus_y"]))


def _attachment(row: Mapping[Any, Any]) -> Attachment:
    return Attachment(
        id=row["id"],
        post=row["post"],
        place=row["place"],
        kind=row["kind"],
        state=row["state"],
        fault=row["fault"],
        said=_said(row),
        made=Made(
            row["file"],
            row["preview"],
            _size(row["width"], row["height"]),
            _size(row["preview_width"], row["preview_height"]),
            row["blurhash"],
            row["duration_ms"],
        ),
        scheduled=row["scheduled"],
    )


def _grouped(rows: Iterable[Mapping[Any, Any]], by: str) -> dict[int, tuple[Attachment, ...]]:
    found: dict[int, list[Attachment]] = {}
    for row in rows:
        found.setdefault(row[by], []).append(_attachment(row))
    return {id: tuple(some) for id, some in found.items()}


def _size(width: int | None, height: int | None) -> tuple[int, int] | None:
    return None if width is None or height is None else (width, height)


def _words(value: object, longest: int, code: str, field: str, kept: str) -> str:
    if not isinstance(value, str):
        raise Refused("bad_request", field=field)
    if len(value) > longest * text.POINTS_FOR_ONE:
        raise Refused(code, field=field)
    said = text.clean(value, kept).strip()
    if text.drawn(said) > longest or len(said) > longest * text.POINTS_FOR_ONE:
        raise Refused(code, field=field)
    return said


def _focus(value: object) -> tuple[float, float]:
    """`0.5,-0.25`, as Mastodon takes it."""
    try:
        x, y = (float(one) for one in value.split(",")) if isinstance(value, str) else (2.0, 2.0)
    except ValueError:
        x = y = 2.0
    if not (-1 <= x <= 1 and -1 <= y <= 1):
        raise Refused("media_focus_malformed", field="focus")
    return (x, y)
