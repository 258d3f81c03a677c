"""Quotes, on both databases: with consent, with both dates, and never with words that the reader may not see."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from hustings.social import (
    accounts,
    drafts,
    follows,
    imports,
    notifications,
    posts,
    preferences,
    quotes,
    timelines,
)
from hustings.social.archives import Claimed
from hustings.social.ids import moment
from hustings.social.notifications import Wish
from hustings.social.paging import Page
from hustings.social.preferences import Preferences
from hustings.social.shown import Post
from hustings.store.people import accounts as people
from hustings.wire.errors import Refused
from tests.social.square import NOW_MS, OURS, WEB, Square, ids

YEAR_MS = 365 * 86_400_000


def quote(square: Square, account: int, of: int, status: str = "See this.", **fields: Any) -> int:
    return square.say(account, status, quoted_status_id=str(of), **fields)


def seen(square: Square, viewer: int | None, id: int) -> Post:
    post = square.see(viewer, id)
    assert post is not None
    return post


def state(square: Square, viewer: int | None, id: int) -> str:
    """The state of a quote; that the words are there exactly when they may be is asked beside it."""
    post = seen(square, viewer, id)
    assert post.quote is not None
    found = post.quote.at(square.now_ms)
    may = found in ("accepted", "blocked_account", "muted_account")
    assert (post.quoted is not None) is may and (post.quote.quoted is not None) is may
    return found


def kinds(square: Square, account: int) -> list[str]:
    found = square.read(notifications.page, account, Wish(), Page(), square.now_ms)
    return [one.kind for one in found]


def test_a_quote_has_its_own_date_and_the_quoted_post_s(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    old = square.say(ada, "Seen before.")
    square.tick(YEAR_MS)
    id = quote(square, bob, old)
    post = seen(square, None, id)
    assert post.at_ms == square.now_ms and post.quoted is not None
    assert (post.quoted.id, post.quoted.text, post.quoted.at_ms) == (
        old,
        "Seen before.",
        moment(old),
    )
    assert state(square, None, id) == "accepted"
    assert seen(square, None, old).quotes == 1
    assert kinds(square, ada) == ["quote"]


def test_an_imported_post_is_quoted_with_its_claim(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    at_ms = NOW_MS - 4 * YEAR_MS
    claimed = Claimed(at_ms, "Mocked.", "", False, None, "public", "https://x.example/1")
    square.write(imports.take_in, ada, [claimed], square.ids.at, WEB, square.now_ms)
    (old,) = square.page_of(None, ada)
    post = seen(square, None, quote(square, bob, old))
    assert post.quoted is not None and post.quoted.claim is not None
    assert post.quoted.claim.claimed_at_ms == post.quoted.at_ms == at_ms


def test_a_quote_of_a_repost_is_one_of_the_original(square: Square) -> None:
    ada, bob, eve = square.people("ada", "bob", "eve")
    id = square.say(ada)
    post = seen(square, None, quote(square, eve, square.repost(bob, id)))
    assert post.quoted is not None and post.quoted.id == id


def test_a_repost_of_a_quote_shows_what_it_quotes(square: Square) -> None:
    ada, bob, eve = square.people("ada", "bob", "eve")
    id = square.say(ada, "First.")
    post = seen(square, None, square.repost(eve, quote(square, bob, id)))
    assert post.reblog is not None and post.reblog.quoted is not None
    assert post.reblog.quoted.text == "First."


def test_a_quote_within_a_quote_is_an_id(square: Square) -> None:
    ada, bob, eve = square.people("ada", "bob", "eve")
    first = square.say(ada, "First.")
    second = quote(square, bob, first)
    post = seen(square, None, quote(square, eve, second))
    inner = post.quoted
    assert inner is not None and inner.id == second and inner.quoted is None
    assert inner.quote is not None
    assert (inner.quote.state, inner.quote.quoted) == ("accepted", first)
    square.block(ada, bob)
    inner = seen(square, None, post.id).quoted
    assert inner is not None and inner.quote is not None
    assert (inner.quote.state, inner.quote.quoted) == ("unauthorized", None)


@pytest.mark.parametrize(
    ("policy", "visibility", "may"),
    [
        ("public", "public", {"ada", "bob", "eve"}),
        ("public", "unlisted", {"ada", "bob", "eve"}),
        ("followers", "public", {"ada", "bob"}),
        ("nobody", "public", {"ada"}),
        ("public", "private", {"ada"}),
        ("public", "direct", set()),
    ],
)
def test_who_may_quote(square: Square, policy: str, visibility: str, may: set[str]) -> None:
    ada, bob, eve = square.people("ada", "bob", "eve")
    square.follow(bob, ada)
    square.follow(ada, eve)
    id = square.say(ada, "@bob @eve", quote_approval_policy=policy, visibility=visibility)
    for name, who in (("ada", ada), ("bob", bob), ("eve", eve)):
        assert seen(square, who, id).quotable is (name in may), name
        if name in may:
            assert state(square, who, quote(square, who, id)) == "accepted"
        else:
            with pytest.raises(Refused, match="quote_forbidden"):
                quote(square, who, id)
    if visibility in ("public", "unlisted"):
        post = seen(square, None, id)
        assert post.quotable is False and post.quotes == len(may)


def test_a_question_to_follow_is_no_follow(square: Square) -> None:
    ada, eve = square.people("ada", "eve")
    square.write(accounts.describe, ada, "", "", True)
    id = square.say(ada, quote_approval_policy="followers")
    square.follow(eve, ada)
    with pytest.raises(Refused, match="quote_forbidden"):
        quote(square, eve, id)


def test_the_policy_is_the_author_s_unless_the_post_says_otherwise(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    assert seen(square, None, square.say(ada)).quote_policy == "public"
    square.write(preferences.keep, ada, Preferences(quote_policy="followers"))
    id = square.say(ada)
    assert seen(square, None, id).quote_policy == "followers"
    assert seen(square, None, square.say(ada, quote_approval_policy="nobody")).quote_policy == (
        "nobody"
    )
    private = square.say(ada, visibility="private", quote_approval_policy="public")
    assert seen(square, ada, private).quote_policy == "nobody"
    square.write(quotes.set_policy, ada, id, "public")
    made = quote(square, bob, id)
    square.write(quotes.set_policy, ada, id, "nobody")
    assert state(square, None, made) == "accepted"  # what was let stays let
    with pytest.raises(Refused, match="quote_forbidden"):
        quote(square, bob, id)
    square.write(quotes.set_policy, ada, private, "public")
    assert seen(square, ada, private).quote_policy == "nobody"
    square.edit(ada, id, "Changed.", quote_approval_policy="followers")
    assert seen(square, None, id).quote_policy == "followers"
    for who, post, said, code in (
        (bob, id, "public", "post_unknown"),
        (ada, 5, "public", "post_unknown"),
        (ada, square.repost(ada, id), "public", "post_unknown"),
        (ada, id, "everybody", "quote_policy_unknown"),
        (ada, id, None, "quote_policy_unknown"),
        (ada, id, ["public"], "quote_policy_unknown"),
    ):
        with pytest.raises(Refused, match=code):
            square.write(quotes.set_policy, who, post, said)
    with pytest.raises(Refused, match="quote_policy_unknown"):
        square.say(ada, quote_approval_policy="everybody")


def test_what_was_for_followers_is_quoted_for_followers(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    square.follow(bob, ada)
    private = square.say(ada, "Ours.", visibility="private")
    for visibility in ("public", "unlisted", "private"):
        id = quote(square, ada, private, visibility=visibility)
        assert seen(square, ada, id).visibility == "private"
        assert square.see(None, id) is None and state(square, bob, id) == "accepted"
    letter = quote(square, ada, private, "@eve", visibility="direct")
    assert seen(square, ada, letter).visibility == "direct"


def test_a_letter_quotes_whom_it_is_for(square: Square) -> None:
    ada, bob, eve = square.people("ada", "bob", "eve")
    id = square.say(ada)
    with pytest.raises(Refused, match="quote_unmentioned"):
        quote(square, bob, id, "@eve look", visibility="direct")
    assert seen(square, None, id).quotes == 0
    made = quote(square, bob, id, "@eve @ada look", visibility="direct")
    assert state(square, eve, made) == "accepted"
    assert kinds(square, ada) == ["quote"] and kinds(square, eve) == ["mention"]


def test_what_one_may_not_see_one_may_not_quote(square: Square) -> None:
    ada, bob, eve = square.people("ada", "bob", "eve")
    gone = square.say(ada)
    square.delete(ada, gone)
    for id in (
        square.say(ada, visibility="private"),
        square.say(ada, "@eve", visibility="direct"),
        gone,
        5,
    ):
        with pytest.raises(Refused, match="post_unknown"):
            quote(square, bob, id)
    open_to_all = square.say(ada)
    square.block(eve, ada)  # who blocks somebody does not show him either
    assert seen(square, eve, open_to_all).quotable is False
    with pytest.raises(Refused, match="quote_forbidden"):
        quote(square, eve, open_to_all)
    square.block(ada, bob)
    with pytest.raises(Refused, match="post_unknown"):
        quote(square, bob, open_to_all)
    square.suspend(ada)
    with pytest.raises(Refused, match="post_unknown"):
        quote(square, eve, open_to_all)


def test_the_author_takes_his_words_back_and_the_quote_stays(square: Square) -> None:
    ada, bob, eve = square.people("ada", "bob", "eve")
    id = square.say(ada, "Mine.")
    made = quote(square, bob, id, "His.")
    for who, of in ((bob, id), (eve, id), (ada, made), (ada, 5)):
        with pytest.raises(Refused, match="post_unknown"):
            square.write(quotes.revoke, who, of, made)
    assert state(square, None, made) == "accepted"
    for _ in range(2):  # twice is once
        square.write(quotes.revoke, ada, id, made)
        assert seen(square, None, id).quotes == 0
    for viewer in (None, ada, bob, eve):
        assert state(square, viewer, made) == "revoked"
        assert seen(square, viewer, made).text == "His."
    assert ids(square.read(quotes.of, ada, id, Page(), square.now_ms)) == []
    square.edit(bob, made, "His, still.")
    assert state(square, None, made) == "revoked"


def test_an_edit_keeps_what_is_quoted(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    id, other = square.say(ada), square.say(ada)
    made = quote(square, bob, id)
    square.edit(bob, made, "Otherwise.")
    square.edit(bob, made, "And again.", quoted_status_id=str(id))
    assert state(square, None, made) == "accepted"
    for of in (other, made, 5):
        with pytest.raises(Refused, match="quote_fixed"):
            square.edit(bob, made, "No.", quoted_status_id=str(of))
    plain = square.say(bob)
    with pytest.raises(Refused, match="quote_fixed"):
        square.edit(bob, plain, "No.", quoted_status_id=str(id))
    # so there are no circles: what is quoted was there before
    with pytest.raises(Refused, match="quote_fixed"):
        square.edit(ada, id, "A circle.", quoted_status_id=str(made))
    assert len(square.read(posts.history, None, made)) == 3


def test_who_quoted_hears_of_an_edit(square: Square) -> None:
    ada, bob, eve, mia = square.people("ada", "bob", "eve", "mia")
    id = square.say(ada)
    quote(square, bob, id)
    quote(square, eve, id)
    square.repost(eve, id)
    square.repost(mia, id)
    for _ in range(2):
        square.edit(ada, id, f"Changed {square.now_ms}.")
        assert kinds(square, bob) == ["quoted_update"]
        assert kinds(square, eve) == kinds(square, mia) == ["update"]


def test_a_deleted_quote_counts_no_more(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    id = square.say(ada)
    kept, gone, revoked = (quote(square, bob, id) for _ in range(3))
    square.write(quotes.revoke, ada, id, revoked)
    assert seen(square, None, id).quotes == 2
    square.delete(bob, gone)
    square.delete(bob, revoked)
    assert seen(square, None, id).quotes == 1
    assert ids(square.read(quotes.of, None, id, Page(), square.now_ms)) == [kept]
    assert kinds(square, ada) == ["quote"]


def test_quotes_of_a_post_come_in_pages(square: Square) -> None:
    ada, bob, eve = square.people("ada", "bob", "eve")
    square.follow(eve, bob)
    id = square.say(ada)
    made = [quote(square, bob, id) for _ in range(3)]
    private = quote(square, bob, id, visibility="private")

    def page(viewer: int | None, **of: Any) -> list[int]:
        return ids(square.read(quotes.of, viewer, id, Page(**of), square.now_ms))

    assert page(None) == made[::-1] and page(eve) == [private, *made[::-1]]
    assert page(None, limit=2) == made[:0:-1]
    assert page(None, max_id=made[1]) == made[:1]
    assert page(None, min_id=made[0], limit=1) == made[1:2]
    square.block(ada, bob)
    assert page(None) == page(ada) == []
    with pytest.raises(Refused, match="post_unknown"):
        page(bob)
    square.write(follows.unblock, ada, bob)
    square.mute(eve, bob)
    assert page(eve) == [] and page(None) == made[::-1]


def everywhere(square: Square, viewer: int | None, id: int, plan: str, by: int) -> list[Post]:
    """The quote `id` of the account `by` in every list in which a post can stand."""
    now_ms = square.now_ms
    lists = [
        [seen(square, viewer, id)],
        square.read(timelines.account, viewer, by, Page()),
        square.read(timelines.square, viewer, Page(), now_ms),
        square.read(timelines.tag, viewer, "see", Page(), now_ms),
        square.read(timelines.room, viewer, plan, Page(), now_ms),
        *([square.read(timelines.home, viewer, Page(), now_ms)] if viewer == by else []),
    ]
    return [next(post for post in found if post.id == id) for found in lists]


@pytest.mark.parametrize(
    ("what", "viewer", "shown"),
    [
        ("nothing", "eve", "accepted"),
        ("deleted", "eve", "deleted"),
        ("suspended", "eve", "unauthorized"),
        ("away", "eve", "unauthorized"),
        ("blocks the quoter", "eve", "unauthorized"),
        ("blocks the quoter", "bob", "unauthorized"),
        ("blocks the reader", "eve", "unauthorized"),
        ("blocks the reader", "stranger", "accepted"),
        ("blocked by the reader", "eve", "blocked_account"),
        ("blocked by the reader", "bob", "accepted"),
        ("muted by the reader", "eve", "muted_account"),
        ("muted by the reader", "stranger", "accepted"),
        ("revoked", "bob", "revoked"),
    ],
)
def test_the_words_go_with_the_right_to_see_them(
    square: Square, what: str, viewer: str, shown: str
) -> None:
    ada, bob, eve = square.people("ada", "bob", "eve")
    plan = square.room("hour")
    id = square.say(ada, "Secret words.")
    made = quote(square, bob, id, "Look #see", room="hour")
    reader = {"eve": eve, "bob": bob, "stranger": None}[viewer]

    def gone(**values: int) -> None:
        square.write(
            lambda c: c.execute(people.update().where(people.c.id == ada).values(**values))
        )

    acts = {
        "nothing": lambda: None,
        "deleted": lambda: square.delete(ada, id),
        "suspended": lambda: square.suspend(ada),
        "away": lambda: gone(deleted_at_ms=1),
        "blocks the quoter": lambda: square.block(ada, bob),
        "blocks the reader": lambda: square.block(ada, eve),
        "blocked by the reader": lambda: square.block(eve, ada),
        "muted by the reader": lambda: square.mute(eve, ada),
        "revoked": lambda: square.write(quotes.revoke, ada, id, made),
    }
    acts[what]()
    assert state(square, reader, made) == shown
    for post in everywhere(square, reader, made, plan, bob):
        assert post.quote is not None and post.quote.at(square.now_ms) == shown
        assert ("Secret" in repr(post)) is (post.quoted is not None)
    if shown in ("unauthorized", "deleted", "revoked"):
        repost = square.repost(eve, made)
        assert "Secret" not in repr(seen(square, reader, repost))


def test_a_mute_of_the_quoted_one_ends_when_it_ends(square: Square) -> None:
    ada, bob, eve = square.people("ada", "bob", "eve")
    made = quote(square, bob, square.say(ada))
    until_ms = square.now_ms + 60_000
    square.mute(eve, ada, until_ms=until_ms)
    for at_ms, shown in ((until_ms - 1, "muted_account"), (until_ms, "accepted")):
        square.now_ms = at_ms
        assert state(square, eve, made) == shown


def test_two_quotes_and_a_revocation_at_once_are_all_done(square: Square) -> None:
    """CVE-2026-33869: nobody can be kept from quoting, or from taking a quote back, by being faster."""
    ada, bob, eve = square.people("ada", "bob", "eve")
    id = square.say(ada)
    first = quote(square, bob, id)
    made: list[int] = []
    new = {who: square.id() for who in (bob, eve)}

    def say(account: int) -> None:
        wanted = drafts.read({"status": "At once.", "quoted_status_id": str(id)}, OURS)
        made.append(
            square.write(posts.publish, new[account], account, wanted, WEB, square.now_ms, "same")
        )

    at_once = [
        threading.Thread(target=say, args=(bob,)),
        threading.Thread(target=say, args=(eve,)),
        threading.Thread(target=square.write, args=(quotes.revoke, ada, id, first)),
    ]
    for one in at_once:
        one.start()
    for one in at_once:
        one.join()
    assert sorted(made) == sorted(new.values())
    assert [state(square, None, one) for one in (first, *made)] == ["revoked"] + ["accepted"] * 2
    assert seen(square, None, id).quotes == 2
