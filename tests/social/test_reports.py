"""Reports, on both databases: who may report what, what moderators do with it, and who never hears of it."""

from __future__ import annotations

from typing import Any

import pytest

from hustings.social import audit, notifications, reports
from hustings.social.audit import Wish
from hustings.social.notifications import Wish as Heard
from hustings.social.order import Order
from hustings.social.paging import Page
from hustings.social.reports import COMMENT_MAX, MANY, MANY_MS, POSTS_MAX, Report
from hustings.store.order import order_notes
from hustings.store.order import reports as table
from hustings.wire.errors import Refused
from tests.social.square import Square
from tests.social.test_order import WHY, Cast


@pytest.fixture
def cast(square: Square) -> Cast:
    return Cast(square)


def files(
    cast: Cast, by: int, posts: tuple[int, ...] = (), rules: tuple[int, ...] = (), **said: Any
) -> Report:
    tree = {"account_id": str(cast.ada), "comment": "Watches again.", **said}
    wanted = reports.read(tree, [str(one) for one in posts], [str(one) for one in rules], 3)
    return cast.square.write(reports.file, cast.square.id(), by, wanted, cast.square.now_ms)


def order(cast: Cast, by: int | None = None) -> Order:
    return Order(cast.mod if by is None else by, WHY, cast.square.id(), cast.square.now_ms)


def queue(cast: Cast, resolved: bool = False, taken_by: int | None = None) -> list[int]:
    page = Page() if resolved else Page(min_id=0)
    return [one.id for one in cast.square.read(reports.page, page, resolved, taken_by)]


def test_from_a_report_to_its_end(cast: Cast) -> None:
    square = cast.square
    post = square.say(cast.ada, "Watches!")
    first = files(cast, cast.bob, (post,), category="spam")
    assert (first.by and first.by.handle, first.about and first.about.handle) == ("bob", "ada")
    assert (first.category, first.posts, first.comment) == ("spam", (post,), "Watches again.")
    second = files(cast, cast.eve, rules=(2,))
    assert (second.category, second.rules) == ("violation", (2,))
    assert queue(cast) == [first.id, second.id] and square.read(reports.open_ones, 99) == 2
    square.write(reports.take, order(cast), first.id)
    assert queue(cast, taken_by=cast.mod) == [first.id]
    square.write(reports.note, order(cast), cast.ada, "Third time.", first.id)
    square.write(reports.resolve, order(cast), first.id)
    assert queue(cast) == [second.id] and queue(cast, resolved=True) == [first.id]
    found = square.read(reports.of_id, first.id)
    assert found.resolved_by and found.resolved_by.handle == "mod" and found.resolved_at_ms
    square.write(reports.reopen, order(cast), first.id)
    assert queue(cast) == [first.id, second.id]
    (note,) = square.read(reports.notes, cast.ada)
    assert (note.text, note.by and note.by.handle, note.report) == ("Third time.", "mod", first.id)
    acts = [line.act for line in square.read(audit.page, Wish(about=cast.ada), Page())]
    assert acts == ["report_reopened", "report_resolved", "report_taken"]
    assert [one.id for one in square.read(reports.about, cast.ada, 9)] == [second.id, first.id]


def test_an_act_resolves_the_report_that_led_to_it(cast: Cast) -> None:
    square = cast.square
    found, other = files(cast, cast.bob), files(cast, cast.eve)
    square.write(reports.act, order(cast), "suspend", cast.ada, found.id, square.id())
    assert cast.stands(cast.ada) == "suspended" and queue(cast) == [other.id]
    wrong = files_about_bob(cast)
    with pytest.raises(Refused, match="report_unknown"):
        square.write(reports.act, order(cast), "ban", cast.ada, wrong.id, square.id())
    assert cast.stands(cast.ada) == "suspended"
    assert (
        square.read(reports.of_id, other.id).about is not None
    )  # suspended ones stand in the queue


def files_about_bob(cast: Cast) -> Report:
    return files(cast, cast.eve, account_id=str(cast.bob))


def test_whom_it_is_about_hears_nothing(cast: Cast) -> None:
    files(cast, cast.bob)
    heard = cast.square.read(notifications.page, cast.ada, Heard(), Page(), cast.square.now_ms)
    assert [one.kind for one in heard] == ["follow"]


def test_only_what_one_may_see_of_that_account_is_reported(cast: Cast) -> None:
    square = cast.square
    private = square.say(cast.ada, "For few.", visibility="private")
    anothers = square.say(cast.bob, "Mine.")
    gone = square.say(cast.ada, "Gone.")
    square.delete(cast.ada, gone)
    assert files(cast, cast.bob, (private,)).posts == (private,)
    for by, post in (
        (cast.eve, private),
        (cast.eve, anothers),
        (cast.eve, gone),
        (cast.eve, 12345),
    ):
        with pytest.raises(Refused, match="post_unknown"):
            files(cast, by, (post,))


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"account_id": "12345"}, "account_unknown"),
        ({"account_id": ""}, "account_unknown"),
        ({"account_id": "x"}, "account_unknown"),
        ({"category": "rude"}, "report_category_unknown"),
        ({"comment": "x" * (COMMENT_MAX + 1)}, "report_comment_too_long"),
        ({"comment": ["x"]}, "bad_request"),
        ({"posts": tuple(range(1, POSTS_MAX + 2))}, "report_posts_many"),
        ({"rules": (4,)}, "rule_unknown"),
        ({"rules": (0,)}, "rule_unknown"),
        ({"rules": (1, 2, 3, 1)}, "rule_unknown"),
    ],
)
def test_what_is_no_report(cast: Cast, said: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused, match=code):
        files(cast, cast.bob, **said)
    assert cast.square.count(table) == 0


def test_a_report_at_its_limits(cast: Cast) -> None:
    posts = tuple(cast.square.say(cast.ada) for _ in range(POSTS_MAX))
    found = files(cast, cast.bob, posts, (1, 2, 3), comment="x" * COMMENT_MAX)
    assert len(found.posts) == POSTS_MAX and found.rules == (1, 2, 3)


def test_nobody_reports_himself_nor_while_he_waits(cast: Cast) -> None:
    with pytest.raises(Refused, match="report_oneself"):
        files(cast, cast.ada)
    waits = cast.square.joins("waits", approved=False)
    with pytest.raises(Refused, match="not_let_in"):
        files(cast, waits)
    with pytest.raises(Refused, match="account_unknown"):
        files(cast, cast.bob, account_id=str(12345))


def test_a_member_reports_twenty_times_a_day(cast: Cast) -> None:
    for _ in range(MANY):
        files(cast, cast.bob)
    with pytest.raises(Refused, match="reports_many"):
        files(cast, cast.bob)
    files(cast, cast.eve)
    cast.square.tick(MANY_MS)
    files(cast, cast.bob)


def test_a_member_does_nothing_with_reports(cast: Cast) -> None:
    found = files(cast, cast.bob)
    for work in (reports.take, reports.resolve, reports.reopen):
        with pytest.raises(Refused, match="not_allowed"):
            cast.square.write(work, order(cast, cast.eve), found.id)
        with pytest.raises(Refused, match="report_unknown"):
            cast.square.write(work, order(cast), 12345)
    with pytest.raises(Refused, match="not_allowed"):
        cast.square.write(reports.note, order(cast, cast.eve), cast.ada, "x", None)


def test_notes_that_are_none(cast: Cast) -> None:
    found = files(cast, cast.bob)
    for about, text, report, code in (
        (cast.ada, "", None, "reason_missing"),
        (cast.bob, "x", found.id, "report_unknown"),
        (cast.ada, "x", 12345, "report_unknown"),
        (12345, "x", None, "account_unknown"),
    ):
        with pytest.raises(Refused, match=code):
            cast.square.write(reports.note, order(cast), about, text, report)
    assert cast.square.count(order_notes) == 0
