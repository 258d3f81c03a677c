"""Writing: posts, edits that keep what was, deletions that leave a tombstone. Reposts are `reposts`, reading is `shown`.

Who writes was asked for his log-in before; whether he may write is asked here, in the transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

from hustings.social import (
    accounts,
    bells,
    feeds,
    happenings,
    indexing,
    media,
    notify,
    polls,
    quotes,
    visibility,
)
from hustings.social.drafts import Wanted
from hustings.social.ids import AT_MAX_MS, TAIL_BITS, moment
from hustings.social.media import Attachment
from hustings.social.shown import Original, original
from hustings.social.text import Span, tagged
from hustings.social.text import mentioned as mentioned_in
from hustings.store.follows import account_counts
from hustings.store.people import accounts as people
from hustings.store.posts import (
    bookmarks,
    favourites,
    idempotency_keys,
    pins,
    post_counts,
    post_edits,
    post_mentions,
    post_tags,
    posts,
)
from hustings.store.tables import rooms
from hustings.store.upsert import add_missing, count
from hustings.wire.errors import Refused

IDEMPOTENT_MS = 3_600_000
KEY_MAX = 200
MANY, MANY_MS = 300, 3 * 3_600_000
EDITS_MAX = 100


@dataclass(frozen=True, slots=True)
class Revision:
    """A post as it stood from `at_ms` on."""

    at_ms: int
    text: str
    spoiler: str
    sensitive: bool
    media: tuple[Attachment, ...] = ()
    poll: tuple[str, ...] = ()


def publish(
    connection: Connection,
    id: int,
    account: int,
    wanted: Wanted,
    web_url: str,
    now_ms: int,
    key: str = "",
) -> int:
    """A new post: its id. With an idempotency `key` that this account used within the hour, the post that it made then.

    Errors: `account_suspended`, `not_let_in`, `posts_many`, `post_unknown` (what it answers or quotes), `room_unknown`,
    `work_full`, and those of `media.attach`, `polls.publish`, `quotes.wanted`, `quotes.attach`.
    """
    accounts.check_may_speak(connection, account)
    if key:
        made = made_before(connection, account, key, now_ms)
        if made is not None:
            return made
    check_rate(connection, account, now_ms)
    parent = parent_of(connection, account, wanted.in_reply_to)
    whole = None if wanted.quoted is None else quotes.wanted(connection, account, wanted.quoted)
    seen_by = quotes.narrowed(wanted.visibility, whole)
    connection.execute(
        posts.insert().values(
            id=id,
            account=account,
            uri=uri_of(web_url, id),
            text=wanted.text,
            spoiler=wanted.spoiler,
            sensitive=wanted.sensitive,
            language=wanted.language,
            visibility=seen_by,
            in_reply_to=parent.id if parent else None,
            in_reply_to_account=parent.account if parent else None,
            thread=parent.thread if parent else id,
            quote_of=whole.id if whole else None,
            quote_policy=quotes.policy(connection, account, wanted.quote_policy, seen_by),
            room=plan_of(connection, wanted.room),
        )
    )
    mentioned = _attach(connection, id, wanted.spans)
    has: tuple[Attachment, ...] = ()
    if wanted.media:
        media.attach(connection, account, id, wanted.media)
        has = media.of_post(connection, id)
    asked = wanted.poll if wanted.poll and wanted.poll.options else None
    if asked:
        polls.publish(connection, id, asked, now_ms)
    if whole:
        quotes.attach(connection, id, account, seen_by, whole, mentioned)
        mentioned = [one for one in mentioned if one != whole.account]  # he heard of it
    notify.tell(connection, notify.MENTION, id, account, mentioned, id)
    _index(connection, id, account, wanted, parent is not None, has, asked is not None)
    if parent:
        count(connection, post_counts, "post", parent.id, {"replies": 1})
    written(connection, id, account)
    if key:
        remember(connection, account, key, id, now_ms)
    feeds.publish(connection, id, account, now_ms)
    if seen_by != visibility.DIRECT and (parent is None or parent.account == account):
        bells.publish(connection, id, account, now_ms)
    happenings.tell(connection, happenings.UPDATE, account, id)
    return id


def edit(
    connection: Connection,
    account: int,
    id: int,
    wanted: Wanted,
    now_ms: int,
    described: Mapping[int, Mapping[str, object]] | None = None,
) -> None:
    """One's own post says something else; what it said before stays in its history. Who may see it, and what it quotes, does
    not change.

    `described`: what is said anew of its pictures, by id. Errors: `post_unknown`, `edits_full`, `account_suspended`,
    `not_let_in`, `poll_with_media`, `quote_fixed`, those of `media.attach`, `media.rewrite` and `polls.edit`.
    """
    accounts.check_may_speak(connection, account)
    row = own(connection, account, id)
    if wanted.quoted not in (None, row["quote_of"]):
        raise Refused("quote_fixed", field=quotes.FIELD)
    if wanted.quote_policy is not None:
        quotes.set_policy(connection, account, id, wanted.quote_policy)
    said = {name: getattr(wanted, name) for name in ("text", "spoiler", "sensitive", "language")}
    had = media.of_post(connection, id)
    if wanted.media is not None and wanted.media != tuple(one.id for one in had):
        media.attach(connection, account, id, wanted.media)
    media.rewrite(connection, id, described or {})
    has = media.of_post(connection, id)
    asked = polls.of_post(connection, account, id)
    asks_anew = polls.edit(connection, id, asked, wanted.poll, now_ms)
    asks = polls.of_post(connection, account, id) is not None
    if has and asks:
        raise Refused("poll_with_media", field="poll")
    if has == had and not asks_anew and all(row[name] == value for name, value in said.items()):
        return
    many = sa.select(sa.func.count()).where(post_edits.c.post == id)
    if connection.execute(many).scalar_one() >= EDITS_MAX:
        raise Refused("edits_full")
    was_at_ms = row["edited_at_ms"] if row["edited_at_ms"] is not None else moment(id)
    before = {name: row[name] for name in said}
    before["media"], before["poll"] = media.noted(had), polls.noted(asked)
    connection.execute(post_edits.insert().values(post=id, at_ms=was_at_ms, **before))
    # two edits within a millisecond are still two
    edited_at_ms = max(now_ms, was_at_ms + 1)
    connection.execute(
        posts.update().where(posts.c.id == id).values(**said, edited_at_ms=edited_at_ms)
    )
    connection.execute(sa.delete(post_tags).where(post_tags.c.post == id))
    # whoever was mentioned once may go on reading what was written to him
    mentioned = _attach(connection, id, wanted.spans)
    told = told_at(id, edited_at_ms)
    notify.tell(connection, notify.MENTION, told, account, mentioned, id)
    notify.tell_of_edit(connection, told, account, id)
    happenings.tell(connection, happenings.EDIT, account, id)
    _index(connection, id, account, wanted, row["in_reply_to"] is not None, has, asks)


def delete(
    connection: Connection,
    account: int,
    id: int,
    now_ms: int,
    keep_media: bool = False,
    by: int | None = None,
) -> None:
    """One's own post is gone, with its history and everything that others did with it; that it was there stays.

    `keep_media`: its pictures stay for a day, for whoever writes it anew. `by`: the moderator who does it, which the tombstone
    says. Errors: `post_unknown`.
    """
    row = own(connection, account, id)
    # of every account there is one repost at the most; a hundred thousand of them are two statements
    reposters = sa.select(posts.c.account).where(posts.c.reblog_of == id)
    connection.execute(
        account_counts.update()
        .where(account_counts.c.account.in_(reposters), account_counts.c.posts > 0)
        .values(posts=account_counts.c.posts - 1)
    )
    connection.execute(sa.delete(posts).where(posts.c.reblog_of == id))
    quotes.forget(connection, id)
    for table in (post_edits, post_tags, favourites, bookmarks, pins):
        connection.execute(sa.delete(table).where(table.c.post == id))
    media.release(connection, id, now_ms if keep_media else 0)
    polls.delete(connection, id)
    connection.execute(
        posts.update()
        .where(posts.c.id == id)
        .values(
            text="",
            spoiler="",
            language=None,
            origin=None,
            quote_of=None,
            deleted_at_ms=now_ms,
            deleted_by=by,
        )
    )
    connection.execute(sa.delete(post_counts).where(post_counts.c.post == id))
    notify.forget_post(connection, id)
    happenings.tell(connection, happenings.DELETE, account, id, row["visibility"] == "public")
    indexing.forget_post(connection, id)
    if row["in_reply_to"] is not None:
        count(connection, post_counts, "post", row["in_reply_to"], {"replies": -1})
    count(connection, account_counts, "account", account, {"posts": -1})


def erase_repost(connection: Connection, id: int, account: int) -> None:
    connection.execute(sa.delete(posts).where(posts.c.id == id))
    happenings.tell(connection, happenings.DELETE, account, id)
    count(connection, account_counts, "account", account, {"posts": -1})


def history(connection: Connection, viewer: int | None, id: int) -> list[Revision]:
    """Everything that the post ever said, the first first. Errors: `post_unknown`."""
    asked = sa.select(posts).where(
        posts.c.id == id, posts.c.reblog_of.is_(None), visibility.may_see(viewer)
    )
    row = connection.execute(asked).mappings().first()
    if row is None:
        raise Refused("post_unknown")
    older = connection.execute(
        sa.select(post_edits).where(post_edits.c.post == id).order_by(post_edits.c.at_ms)
    ).mappings()
    now_ms = row["edited_at_ms"] if row["edited_at_ms"] is not None else moment(id)
    notes = media.noted(media.of_post(connection, id))
    asks = polls.noted(polls.of_post(connection, viewer, id))
    every = [*older, {**row, "at_ms": now_ms, "media": notes, "poll": asks}]
    had = media.as_noted(connection, id, [one["media"] for one in every])
    return [
        Revision(
            one["at_ms"],
            one["text"],
            one["spoiler"],
            one["sensitive"],
            pictures,
            tuple(one["poll"] or ()),
        )
        for one, pictures in zip(every, had, strict=True)
    ]


def own(connection: Connection, account: int, id: int) -> sa.RowMapping:
    """One's own post that is no repost, for changing it. Errors: `post_unknown`."""
    asked = sa.select(posts).where(
        posts.c.id == id,
        posts.c.account == account,
        posts.c.reblog_of.is_(None),
        posts.c.deleted_at_ms.is_(None),
    )
    row = connection.execute(asked).mappings().first()
    if row is None:
        raise Refused("post_unknown")
    return row


def uri_of(web_url: str, id: int) -> str:
    """Its address for good, whatever its author is called one day."""
    return f"{web_url}/posts/{id}"


def check_rate(connection: Connection, account: int, now_ms: int) -> None:
    """`MANY` posts and reposts in three hours. Errors: `posts_many`."""
    since = first_id(now_ms - MANY_MS)
    asked = sa.select(posts.c.id).where(posts.c.account == account, posts.c.id >= since)
    if connection.execute(asked.offset(MANY - 1).limit(1)).first() is not None:
        raise Refused("posts_many")


def written(connection: Connection, id: int, account: int) -> None:
    """One more of the account's posts; the newest, unless it is of a date before."""
    count(connection, account_counts, "account", account, {"posts": 1})
    newest = account_counts.c.last_post
    connection.execute(
        account_counts.update()
        .where(account_counts.c.account == account, sa.or_(newest.is_(None), newest < id))
        .values(last_post=id)
    )


def first_id(at_ms: int) -> int:
    """The smallest id of that millisecond."""
    return max(0, min(at_ms, AT_MAX_MS)) << TAIL_BITS


def told_at(post: int, at_ms: int) -> int:
    """The id under which something that came of a post at that moment is told: each time the same."""
    return first_id(at_ms) | (post & ((1 << TAIL_BITS) - 1))


def plan_of(connection: Connection, key: str) -> str | None:
    """The room behind a key, none for "". Errors: `room_unknown`."""
    if not key:
        return None
    asked = sa.select(rooms.c.plan).where(rooms.c.key == key, rooms.c.deleted_at_ms.is_(None))
    plan = connection.execute(asked).scalar()
    if plan is None:
        raise Refused("room_unknown", field="room")
    return str(plan)


def _index(
    connection: Connection,
    id: int,
    account: int,
    wanted: Wanted,
    reply: bool,
    has: Sequence[Attachment],
    asks: bool,
) -> None:
    indexing.post(
        connection,
        id,
        account,
        wanted.text,
        wanted.spoiler,
        wanted.spans,
        reply,
        kinds=[one.kind for one in has],
        asks=asks,
    )


def _attach(connection: Connection, id: int, spans: tuple[Span, ...]) -> list[int]:
    """Its tags and mentions: the accounts that are mentioned."""
    tags = [{"tag": tag, "post": id} for tag in tagged(list(spans))]
    add_missing(connection, post_tags, tags)
    keys = [mention.key for mention in mentioned_in(list(spans))]
    if not keys:
        return []
    ours = people.c.domain.is_(None)
    who = sa.or_(
        *(
            sa.and_(people.c.handle_key == handle, people.c.domain == domain if domain else ours)
            for handle, domain in keys
        )
    )
    found = connection.execute(sa.select(people.c.id).where(who, visibility.is_here(people.c.id)))
    named = list(found.scalars())
    add_missing(connection, post_mentions, [{"post": id, "account": one} for one in named])
    return named


def parent_of(connection: Connection, account: int, id: int | None) -> Original | None:
    """The post that is answered. Errors: `post_unknown`."""
    if id is None:
        return None
    try:
        return original(connection, account, id)
    except Refused as refused:
        raise Refused(refused.code, field="in_reply_to_id") from None


def made_before(connection: Connection, account: int, key: str, now_ms: int) -> int | None:
    """What an idempotency key made within the hour. Errors: `bad_request`."""
    connection.execute(
        sa.delete(idempotency_keys).where(
            idempotency_keys.c.account == account,
            idempotency_keys.c.at_ms <= now_ms - IDEMPOTENT_MS,
        )
    )
    asked = sa.select(idempotency_keys.c.post).where(
        idempotency_keys.c.account == account, idempotency_keys.c.key == _key(key)
    )
    return connection.execute(asked).scalar()


def remember(connection: Connection, account: int, key: str, id: int, now_ms: int) -> None:
    """What a key made: a post, or one that is to appear."""
    connection.execute(
        idempotency_keys.insert().values(account=account, key=_key(key), post=id, at_ms=now_ms)
    )


def _key(key: str) -> str:
    """Errors: `bad_request` for one that is too long."""
    if len(key) > KEY_MAX or not key.isprintable():
        raise Refused("bad_request", field="Idempotency-Key")
    return key
