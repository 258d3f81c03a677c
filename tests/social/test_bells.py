"""Who asked to hear of somebody's posts hears of each, once, on both databases."""

from __future__ import annotations

import pytest

from hustings.social import bells, follows, jobs
from hustings.social.lanes import BELLS
from hustings.social.visibility import DIRECT, PRIVATE
from hustings.wire.errors import Refused
from tests.social.square import Square
from tests.social.test_notifications import heard


def test_a_bell_rings_for_posts_of_ones_own(square: Square) -> None:
    ada, bob, eve = square.people("ada", "bob", "eve")
    square.follow(bob, ada, notify=True)
    square.follow(eve, ada)
    first = square.say(ada)
    more = square.say(ada, "And so on.", in_reply_to_id=str(first))
    private = square.say(ada, "For few.", visibility=PRIVATE)
    assert heard(square, bob) == [("status", ada, one) for one in (private, more, first)]
    assert heard(square, eve) == []


def test_what_rings_no_bell(square: Square) -> None:
    ada, bob, eve = square.people("ada", "bob", "eve")
    square.follow(bob, ada, notify=True)
    others = square.say(eve)
    square.say(ada, "So it is.", in_reply_to_id=str(others))
    square.repost(ada, others)
    square.say(ada, "To @eve alone.", visibility=DIRECT)
    assert heard(square, bob) == []
    mentioned = square.say(ada, "To @bob")
    assert heard(square, bob) == [("mention", ada, mentioned)], "once, and the mention is more"
    square.delete(ada, mentioned)
    assert heard(square, bob) == []


def test_a_bell_is_hung_and_taken_down(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    with pytest.raises(Refused, match="account_unknown"):
        square.write(follows.ring, bob, ada, True)
    square.follow(bob, ada, reblogs=False)
    square.write(follows.ring, bob, ada, True)
    (between,) = square.read(follows.relationships, bob, [ada], square.now_ms)
    assert between.notify and not between.reblogs
    post = square.say(ada)
    square.write(follows.ring, bob, ada, False)
    square.say(ada)
    assert heard(square, bob) == [("status", ada, post)]


def test_who_blocked_or_muted_him_hears_nothing(square: Square) -> None:
    ada, bob, eve = square.people("ada", "bob", "eve")
    for one in (bob, eve):
        square.follow(one, ada, notify=True)
    square.block(bob, ada)
    square.write(follows.mute, square.id(), eve, ada)
    square.say(ada)
    assert heard(square, bob) == heard(square, eve) == []


def test_many_hear_by_a_job_in_batches(square: Square, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bells, "AT_ONCE_MAX", 2)
    monkeypatch.setattr(bells, "BATCH", 2)
    ada, *ears = square.people("ada", "r1", "r2", "r3", "r4", "r5")
    for n, one in enumerate(ears, 1):
        square.follow(one, ada, notify=True)
        post = square.say(ada)
        waits = square.write(jobs.take, BELLS, "me", 50, square.now_ms)
        assert len(waits) == (n > 2), "the limit, and one past it"
        for job in waits:
            assert dict(job.body) == {"post": post, "author": ada}
            square.write(jobs.done, job, square.now_ms)
    after: int | None = 0
    batches = 0
    while after is not None:
        after = square.write(bells.spread, post, ada, after)
        batches += 1
    assert batches == 3 and all(heard(square, one)[0] == ("status", ada, post) for one in ears)
    square.write(bells.spread, post, ada)
    assert [one[2] for one in heard(square, ears[0])].count(post) == 1, "again is once"


def test_a_post_that_is_gone_rings_no_more(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    square.follow(bob, ada, notify=True)
    post = square.say(ada)
    square.delete(ada, post)
    assert square.write(bells.spread, post, ada) is None and heard(square, bob) == []
