"""What happens is written down for those who listen, and each hears of what he may, on both databases."""

from __future__ import annotations

import sqlalchemy as sa

from hustings.social import audience, happenings, reposts, tokens
from hustings.store.apps import apps
from hustings.store.events import events
from tests.social.square import Square

KEY = "k" * 43


def told(square: Square) -> list[tuple[str, int, int]]:
    found = square.read(happenings.since, 0, 100)
    return [(one.kind, one.account, one.about) for one in found]


def test_each_change_is_written_down_once(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    post = square.say(ada)
    repost = square.repost(bob, post)
    square.edit(ada, post, "Other words.")
    square.write(reposts.undo, bob, post)
    square.delete(ada, post)
    changes = [one for one in told(square) if one[0] != "notification"]
    assert changes == [
        ("update", ada, post),
        ("update", bob, repost),
        ("status.update", ada, post),
        ("delete", bob, repost),
        ("delete", ada, post),
    ]
    assert [one[1] for one in told(square) if one[0] == "notification"] == [ada, bob]


def test_home_and_the_square_are_those_of_the_timelines(square: Square) -> None:
    ada, bob, eve, ned = everybody = square.people("ada", "bob", "eve", "ned")
    square.follow(bob, ada)
    square.follow(ned, ada)
    square.mute(ned, ada)
    for visibility, home, seeing in (
        ("public", {ada, bob}, {ada, bob, eve}),
        ("private", {ada, bob}, {ada, bob}),
        ("direct", {ada}, {ada}),
    ):
        post = square.say(ada, visibility=visibility)
        now = square.now_ms
        assert square.read(audience.home, post, everybody, now) == home, visibility
        assert square.read(audience.seeing, post, everybody, now) == seeing, visibility
        assert {one for one in everybody if post in square.home(one)} == home, visibility
    assert square.read(audience.followers, ada, everybody) == {ada, bob, ned}
    assert square.read(audience.home, post, [], square.now_ms) == set()


def test_tokens_are_good_until_they_or_their_accounts_end(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    row = {"client_id": KEY, "secret": b"s" * 32, "name": "Quill", "redirect_uris": []}
    new = apps.insert().values(id=1, scopes="read", made_at_ms=0, **row)
    square.write(lambda c: c.execute(new))
    for id, account in ((1, ada), (2, ada), (3, bob)):
        square.write(tokens.issue, id, 1, account, "read", f"{id}" * 43, square.now_ms)
    assert square.read(audience.still_good, [1, 2, 3, 4]) == {1, 2, 3}
    square.write(tokens.revoke, 1, "1" * 43, square.now_ms)
    square.suspend(bob)
    assert square.read(audience.still_good, [1, 2, 3]) == {2}


def test_only_the_newest_are_kept_and_read(square: Square) -> None:
    many = happenings.KEPT_MAX + happenings.SWEPT_EVERY
    rows = [{"kind": "update", "account": 1, "about": n, "open": False} for n in range(many)]
    square.write(lambda c: c.execute(events.insert(), rows))
    first = square.read(happenings.last)
    for n in range(happenings.SWEPT_EVERY):
        square.write(happenings.tell, "update", 1, n)
    kept = square.read(lambda c: c.execute(sa.select(sa.func.count()).select_from(events)).scalar())
    assert happenings.KEPT_MAX <= int(kept or 0) < happenings.KEPT_MAX + happenings.SWEPT_EVERY
    newest = square.read(happenings.since, first, 10)
    assert len(newest) == 10 and newest[-1].number == square.read(happenings.last)
