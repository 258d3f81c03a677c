"""Posts that are to appear later, on both databases: kept, limited, and one post each when their hour has come."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from hustings.social import drafts, jobs, media, posts, scheduled, shown
from hustings.social.drafts import LENGTH_MAX
from hustings.social.ids import moment
from hustings.social.lanes import SCHEDULED
from hustings.social.paging import Page
from hustings.social.scheduled import AHEAD_MS, DAY_MS, FAR_MS
from hustings.store.posts import posts as post_table
from hustings.store.scheduled import scheduled_posts
from hustings.store.tables import rooms
from hustings.wire.errors import Refused
from tests.social.square import NOW_MS, OURS, WEB, Square

HOUR_MS = 3_600_000


def later(square: Square, account: int, in_ms: int = HOUR_MS, key: str = "", **fields: Any) -> int:
    wanted = drafts.read({"status": "Later.", **fields}, OURS)
    id = square.id()
    return square.write(scheduled.add, id, account, wanted, square.now_ms + in_ms, square.now_ms, key)  # fmt: skip


def appears(square: Square, body: dict[str, Any]) -> int | None:
    new = square.id()
    rules = (OURS, LENGTH_MAX, WEB, square.now_ms)
    return square.write(scheduled.publish, body["scheduled"], body["due_at_ms"], new, *rules)


def call(square: Square) -> list[dict[str, Any]]:
    """The hour has come; the bodies of the jobs that wait then."""
    square.write(scheduled.call, square.ids.at, square.now_ms)
    found = square.write(jobs.take, SCHEDULED, "me", 50, square.now_ms)
    for job in found:
        square.write(jobs.done, job, square.now_ms)
    return [dict(job.body) for job in found]


def waiting(square: Square, account: int) -> list[int]:
    return [one.id for one in square.read(scheduled.page, account, Page())]


def picture(square: Square, account: int) -> int:
    id = square.id()
    square.write(media.begin, id, account, media.IMAGE, media.Said(), square.now_ms)
    square.write(media.finish, id, media.Made(file=f"aa/{id}.jpg"))
    return id


@pytest.mark.parametrize(
    ("typed", "after_ms"),
    [
        ("2027-01-15T09:00:00Z", HOUR_MS),
        ("2027-01-15T09:00:00.500Z", HOUR_MS + 500),
        ("2027-01-15T09:00", HOUR_MS),
        ("2027-01-15 10:00:00+01:00", HOUR_MS),
        (" 20270115T090000Z ", HOUR_MS),
        ("2027-01-15T08:05:00Z", AHEAD_MS),
    ],
)
def test_hours_as_apps_write_them(typed: str, after_ms: int) -> None:
    assert scheduled.due_of(typed, NOW_MS) == NOW_MS + after_ms


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("2027-01-15T08:04:59.999Z", "scheduled_soon"),
        ("2027-01-15T08:00:00Z", "scheduled_soon"),
        ("1970-01-01T00:00:00Z", "scheduled_soon"),
        ("0001-01-01T00:00:00+23:59", "scheduled_soon"),
        ("9999-12-31T23:59:59Z", "time_too_far"),
        ("2029-02-01T00:00:00Z", "time_too_far"),
        ("tomorrow", "time_malformed"),
        ("", "time_malformed"),
        ("1800003600", "time_malformed"),
        ("2027-02-30T09:00:00Z", "time_malformed"),
        ("2027-01-15T25:00:00Z", "time_malformed"),
        ("2027-01-15T09:00:00+99:00", "time_malformed"),
        ("٢٠٢٧-01-15T09:00:00Z", "time_malformed"),
        ("2027-01-15T09:00:00Z" + " " * 80, "time_malformed"),
        ("2027-01-15T09:00:00Z\x00", "time_malformed"),
        (1_800_003_600, "time_malformed"),
        (True, "time_malformed"),
        (["2027-01-15T09:00:00Z"], "time_malformed"),
        ({"a": "b"}, "time_malformed"),
    ],
)
def test_hours_that_are_none(typed: object, code: str) -> None:
    with pytest.raises(Refused) as refused:
        scheduled.due_of(typed, NOW_MS)
    assert refused.value.code == code


def test_as_far_as_one_may_look_and_no_further() -> None:
    scheduled.check_due(NOW_MS + FAR_MS, NOW_MS)
    with pytest.raises(Refused, match="time_too_far"):
        scheduled.check_due(NOW_MS + FAR_MS + 1, NOW_MS)


def test_it_appears_once_as_it_was_written_and_with_the_date_of_then(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    square.follow(bob, ada)
    square.care(bob)
    square.room("hour")
    first = square.say(bob)
    other = square.say(ada)
    id = later(
        square,
        ada,
        quoted_status_id=str(other),
        quote_approval_policy="followers",
        status="Hear @bob #hour",
        spoiler_text="News",
        language="en",
        visibility="unlisted",
        in_reply_to_id=str(first),
        room="hour",
        poll={"options": ["a", "b"], "expires_in": 300, "multiple": True},
    )
    assert waiting(square, ada) == [id] and waiting(square, bob) == []
    assert square.count(post_table) == 2 and square.see(ada, id) is None
    assert call(square) == []
    due_ms = square.read(scheduled.next_due_ms)
    assert due_ms == square.now_ms + HOUR_MS
    square.tick(HOUR_MS)
    (body,) = call(square)
    assert call(square) == [] and square.read(scheduled.next_due_ms) is None
    square.tick(30_000)
    made = appears(square, body)
    assert made is not None and appears(square, body) is None
    post = square.see(bob, made)
    assert post is not None and post.at_ms == moment(made) == square.now_ms - 1_000
    assert (post.text, post.spoiler, post.language) == ("Hear @bob #hour", "News", "en")
    assert (post.visibility, post.in_reply_to) == ("unlisted", first)
    assert post.quoted is not None and (post.quoted.id, post.quote_policy) == (other, "followers")
    assert post.room is not None and post.room.key == "hour" and post.tags == ("hour",)
    assert post.poll is not None and post.poll.multiple
    assert post.poll.ends_at_ms == post.at_ms + 300_000, "it runs from then on"
    assert square.home(bob)[0] == made
    assert square.count(scheduled_posts) == 0


def test_two_workers_make_one_post(square: Square) -> None:
    (ada,) = square.people("ada")
    later(square, ada)
    square.tick(HOUR_MS)
    (body,) = call(square)
    news = [square.id() for _ in range(3)]
    rules = (OURS, LENGTH_MAX, WEB, square.now_ms)
    with ThreadPoolExecutor(3) as threads:
        made = list(
            threads.map(
                lambda new: square.write(
                    scheduled.publish, body["scheduled"], body["due_at_ms"], new, *rules
                ),
                news,
            )
        )
    assert len([one for one in made if one is not None]) == 1 == square.count(post_table)


def test_another_hour(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    id = later(square, ada)
    square.tick(HOUR_MS)
    (body,) = call(square)
    with pytest.raises(Refused, match="scheduled_soon"):
        square.write(scheduled.move, ada, id, square.now_ms + AHEAD_MS - 1, square.now_ms)
    with pytest.raises(Refused, match="scheduled_unknown"):
        square.write(scheduled.move, bob, id, square.now_ms + HOUR_MS, square.now_ms)
    square.write(scheduled.move, ada, id, square.now_ms + AHEAD_MS, square.now_ms)
    assert appears(square, body) is None and waiting(square, ada) == [id]
    square.tick(AHEAD_MS)
    (body,) = call(square)
    assert appears(square, body) is not None and waiting(square, ada) == []


def test_what_was_taken_back_never_appears(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    id = later(square, ada)
    with pytest.raises(Refused, match="scheduled_unknown"):
        square.write(scheduled.take_back, bob, id, square.now_ms)
    square.tick(HOUR_MS)
    (body,) = call(square)
    square.write(scheduled.take_back, ada, id, square.now_ms)
    assert appears(square, body) is None and square.count(post_table) == 0
    for act in (scheduled.take_back, scheduled.move):
        more = (square.now_ms + HOUR_MS,) if act is scheduled.move else ()
        with pytest.raises(Refused, match="scheduled_unknown"):
            square.write(act, ada, id, *more, square.now_ms)


def test_its_pictures_are_its_own(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    one, other = picture(square, ada), picture(square, ada)
    with pytest.raises(Refused, match="media_unknown"):
        later(square, bob, media_ids=[str(one)])
    id = later(square, ada, media_ids=[str(other), str(one)])
    (kept,) = square.read(scheduled.page, ada, Page())
    assert [each.id for each in kept.media] == [other, one]
    for act in (square.say, lambda a, **more: later(square, a, **more)):
        with pytest.raises(Refused, match="media_used"):
            act(ada, media_ids=[str(one)])
    assert square.write(media.sweep, square.now_ms + 3 * DAY_MS) == [], "nobody throws it away"
    square.tick(HOUR_MS)
    made = appears(square, call(square)[0])
    assert made is not None
    assert [each.id for each in square.read(media.of_post, made)] == [other, one]
    third = picture(square, ada)
    id = later(square, ada, media_ids=[str(third)])
    square.write(scheduled.take_back, ada, id, square.tick())
    square.say(ada, media_ids=[str(third)])


def test_pictures_of_what_was_taken_back_go_after_a_day(square: Square) -> None:
    (ada,) = square.people("ada")
    one = picture(square, ada)
    id = later(square, ada, media_ids=[str(one)])
    square.write(scheduled.take_back, ada, id, square.now_ms)
    assert square.write(media.sweep, square.now_ms + media.LOOSE_MS) == []
    assert square.write(media.sweep, square.now_ms + media.LOOSE_MS + 1) == [f"aa/{one}.jpg"]


def test_a_key_makes_one(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    id = later(square, ada, key="k")
    assert later(square, ada, key="k") == id and later(square, bob, key="k") != id
    assert later(square, ada, key="j") != id
    square.write(scheduled.take_back, ada, id, square.now_ms)
    with pytest.raises(Refused, match="scheduled_unknown"):
        later(square, ada, key="k")
    square.tick(posts.IDEMPOTENT_MS)
    assert later(square, ada, key="k") != id


def test_twenty_five_for_a_day_and_no_more(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    square.now_ms = NOW_MS - NOW_MS % DAY_MS
    evening = DAY_MS - HOUR_MS
    made = [later(square, ada, evening) for _ in range(scheduled.DAY_MAX)]
    with pytest.raises(Refused, match="scheduled_many"):
        later(square, ada, evening)
    later(square, bob, evening)
    tomorrow = later(square, ada, evening + 2 * HOUR_MS)
    day = square.now_ms - square.now_ms % DAY_MS
    with pytest.raises(Refused, match="scheduled_many"):
        square.write(scheduled.move, ada, tomorrow, day + DAY_MS - 1, square.now_ms)
    square.write(scheduled.move, ada, made[0], day + DAY_MS - 1, square.now_ms)
    square.write(scheduled.take_back, ada, made[0], square.now_ms)
    square.write(scheduled.move, ada, tomorrow, day + DAY_MS - 1, square.now_ms)


def test_as_many_as_may_wait_and_no_more(square: Square, monkeypatch: pytest.MonkeyPatch) -> None:
    assert scheduled.ALL_MAX == 300
    monkeypatch.setattr(scheduled, "ALL_MAX", 3)
    (ada,) = square.people("ada")
    made = [later(square, ada, day * DAY_MS) for day in (1, 2, 3)]
    with pytest.raises(Refused, match="scheduled_many"):
        later(square, ada, 4 * DAY_MS)
    square.write(scheduled.move, ada, made[0], square.now_ms + 5 * DAY_MS, square.now_ms)


def test_what_cannot_be_is_refused_when_it_is_asked_for(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    secret = square.say(bob, visibility="private")
    for code, fields in (
        ("post_unknown", {"in_reply_to_id": str(secret)}),
        ("room_unknown", {"room": "none"}),
        ("poll_length_wrong", {"poll": {"options": ["a", "b"]}}),
        ("media_unknown", {"media_ids": ["1"]}),
    ):
        with pytest.raises(Refused, match=code):
            later(square, ada, **fields)
    with pytest.raises(Refused, match="scheduled_soon"):
        later(square, ada, AHEAD_MS - 1)
    square.suspend(ada)
    with pytest.raises(Refused, match="account_suspended"):
        later(square, ada)
    assert square.count(scheduled_posts) == 0


@pytest.mark.parametrize("what", ["suspended", "answered", "room"])
def test_what_cannot_appear_stays_with_the_reason(square: Square, what: str) -> None:
    ada, bob = square.people("ada", "bob")
    plan = square.room("hour")
    first = square.say(bob)
    id = later(square, ada, in_reply_to_id=str(first), room="hour")
    square.tick(HOUR_MS)
    (body,) = call(square)
    code = {"suspended": "account_suspended", "answered": "post_unknown", "room": "room_unknown"}
    if what == "suspended":
        square.suspend(ada)
    elif what == "answered":
        square.delete(bob, first)
    else:
        gone = rooms.update().where(rooms.c.plan == plan).values(deleted_at_ms=square.now_ms)
        square.write(lambda c: c.execute(gone))
    with pytest.raises(Refused, match=code[what]):
        appears(square, body)
    square.write(scheduled.fail, id, body["due_at_ms"], code[what])
    (kept,) = square.read(scheduled.page, ada, Page())
    assert (kept.fault, kept.said["status"]) == (code[what], "Later.")
    assert square.read(scheduled.failed, ada) == 1 and square.read(scheduled.failed, bob) == 0
    square.suspend(ada, on=False)
    square.tick(10 * DAY_MS)
    assert call(square) == [] and appears(square, body) is None, "never by itself"
    square.write(scheduled.move, ada, id, square.now_ms + AHEAD_MS, square.now_ms)
    assert square.read(scheduled.failed, ada) == 0


def test_what_was_lost_with_its_workers_says_so(square: Square) -> None:
    (ada,) = square.people("ada")
    later(square, ada)
    square.tick(HOUR_MS)
    call(square)
    square.write(scheduled.sweep, square.now_ms + scheduled.STUCK_MS)
    assert square.read(scheduled.failed, ada) == 0
    square.write(scheduled.sweep, square.now_ms + scheduled.STUCK_MS + 1)
    assert square.read(scheduled.failed, ada) == 1


def test_pages_walk_both_ways(square: Square) -> None:
    (ada,) = square.people("ada")
    made = [later(square, ada, day * DAY_MS) for day in range(1, 6)][::-1]
    first = square.read(scheduled.page, ada, Page(limit=2))
    assert [one.id for one in first] == made[:2]
    second = square.read(scheduled.page, ada, Page(max_id=made[1], limit=2))
    assert [one.id for one in second] == made[2:4]
    up = square.read(scheduled.page, ada, Page(min_id=made[4], limit=2))
    assert [one.id for one in up] == made[2:4]


def test_as_many_as_are_called_at_once_and_one_more(
    square: Square, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduled, "CALLED_AT_ONCE", 2)
    (ada,) = square.people("ada")
    for _ in range(3):
        later(square, ada)
    square.tick(HOUR_MS)
    assert [len(call(square)), len(call(square))] == [2, 1]


def test_it_reads_the_same_again(square: Square) -> None:
    (ada,) = square.people("ada")
    fields = {"status": "A @b #c\n\nhttps://a.example/x", "spoiler_text": "w"}
    wanted = drafts.read({**fields, "poll": {"options": ["a", "b"], "expires_in": 300}}, OURS)
    id = square.id()
    square.write(scheduled.add, id, ada, wanted, square.now_ms + HOUR_MS, square.now_ms)
    again = drafts.read(square.read(scheduled.one, ada, id).said, OURS)
    assert (again.text, again.spans) == (wanted.text, wanted.spans)
    assert (again.spoiler, again.poll) == (wanted.spoiler, wanted.poll)
    assert square.read(shown.one, ada, id) is None
