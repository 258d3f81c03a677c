"""Polls on both databases: what may be asked, one whole vote each, an edit that begins anew, an end that is told."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from hustings.social import jobs, media, notify, polls, posts, voting
from hustings.social.ids import moment
from hustings.social.lanes import POLLS
from hustings.social.polls import LENGTH_MAX_S, LENGTH_MIN_S, OPTION_MAX, Asked, Poll
from hustings.store.polls import poll_answers, poll_ballots
from hustings.store.polls import polls as table
from hustings.store.posts import post_edits
from hustings.wire.errors import Refused
from tests.questions import noted
from tests.social.square import Square
from tests.social.test_notifications import heard

ASKS: dict[str, Any] = {"options": ["Tea", "Coffee", "Water"], "expires_in": 3600}
HOUR_MS = 3_600_000


def asks(square: Square, account: int, **more: Any) -> int:
    fields = {name: more.pop(name) for name in ("visibility", "status") if name in more}
    return square.say(account, fields.pop("status", "What?"), poll={**ASKS, **more}, **fields)


def vote(square: Square, account: int, post: int, *choices: int) -> None:
    square.write(voting.vote, account, post, choices, square.tick())


def poll(square: Square, viewer: int | None, post: int) -> Poll:
    found = square.see(viewer, post)
    assert found is not None and found.poll is not None
    return found.poll


def counts(square: Square, post: int) -> list[int]:
    return [one.votes for one in poll(square, None, post).answers]


@pytest.mark.parametrize(
    ("value", "asked"),
    [
        (None, Asked()),
        ("", Asked()),
        ({}, Asked()),
        ({"options": ["a", "b"]}, Asked(("a", "b"))),
        ({"options": {"0": " a ", "1": "b\n c", "2": ""}}, Asked(("a", "b c"))),
        ({"options": ["a", "", "b", " ", "c", "d"]}, Asked(("a", "b", "c", "d"))),
        ({"options": ["x" * OPTION_MAX, "b"]}, Asked(("x" * OPTION_MAX, "b"))),
        ({"options": ["👩\u200d🚀" * OPTION_MAX, "b"]}, Asked(("👩\u200d🚀" * OPTION_MAX, "b"))),
        ({"options": ["a", "b"], "multiple": "true", "hide_totals": True}, Asked(("a", "b"), None, True, True)),
        ({"options": ["a", "b"], "multiple": "0", "hide_totals": "false"}, Asked(("a", "b"))),
        ({"options": ["a", "b"], "expires_in": LENGTH_MIN_S}, Asked(("a", "b"), LENGTH_MIN_S * 1000)),
        ({"options": ["a", "b"], "expires_in": str(LENGTH_MAX_S)}, Asked(("a", "b"), LENGTH_MAX_S * 1000)),
    ],
)  # fmt: skip
def test_what_may_be_asked(value: object, asked: Asked) -> None:
    assert polls.read(value) == asked


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("yes or no", "bad_request"),
        (["a", "b"], "bad_request"),
        ({"options": "a"}, "bad_request"),
        ({"options": [1, 2]}, "bad_request"),
        ({"options": [["a"], "b"]}, "bad_request"),
        ({"expires_in": 300}, "bad_request"),
        ({"options": []}, "poll_options_count"),
        ({"options": ["a"]}, "poll_options_count"),
        ({"options": ["a", ""]}, "poll_options_count"),
        ({"options": ["a", "\u202e\u200b"]}, "poll_options_count"),
        ({"options": ["a", "b", "c", "d", "e"]}, "poll_options_count"),
        ({"options": ["a"] * 100_000}, "poll_options_count"),
        ({"options": ["a", "a"]}, "poll_options_alike"),
        ({"options": ["Tea", " tea "]}, "poll_options_alike"),
        ({"options": ["a", "a\u202e"]}, "poll_options_alike"),
        ({"options": ["x" * (OPTION_MAX + 1), "b"]}, "poll_option_too_long"),
        ({"options": ["a" + "\u0301" * 500_000, "b"]}, "poll_option_too_long"),
        ({"options": ["a", "b"], "expires_in": LENGTH_MIN_S - 1}, "poll_length_wrong"),
        ({"options": ["a", "b"], "expires_in": LENGTH_MAX_S + 1}, "poll_length_wrong"),
        ({"options": ["a", "b"], "expires_in": "soon"}, "poll_length_wrong"),
        ({"options": ["a", "b"], "expires_in": "-300"}, "poll_length_wrong"),
        ({"options": ["a", "b"], "expires_in": "9" * 400}, "poll_length_wrong"),
        ({"options": ["a", "b"], "expires_in": 1e9}, "poll_length_wrong"),
        ({"options": ["a", "b"], "expires_in": True}, "poll_length_wrong"),
        ({"options": ["a", "b"], "expires_in": "٣٠٠"}, "poll_length_wrong"),
    ],
)  # fmt: skip
def test_what_may_not(value: object, code: str) -> None:
    with pytest.raises(Refused) as refused:
        polls.read(value)
    assert refused.value.code == code


def test_a_poll_stands_in_its_post_and_counts_votes(square: Square) -> None:
    ada, bob, eve = square.people("ada", "bob", "eve")
    post = asks(square, ada)
    made = poll(square, bob, post)
    assert (made.options, made.multiple, made.hide_totals) == (("Tea", "Coffee", "Water"), False, False)  # fmt: skip
    assert made.ends_at_ms == moment(post) + HOUR_MS
    assert (made.voters, made.votes, made.voted, made.mine) == (0, 0, False, ())
    vote(square, bob, post, 1)
    vote(square, eve, square.repost(eve, post), 1)  # of a repost: what it reposts
    after = poll(square, bob, post)
    assert counts(square, post) == [0, 2, 0]
    assert (after.voters, after.votes, after.voted, after.mine) == (2, 2, True, (1,))
    assert poll(square, ada, post).voted is True and poll(square, ada, post).mine == ()
    assert poll(square, None, post).voted is None
    reposted = square.see(bob, square.repost(bob, post))
    assert reposted is not None and reposted.poll is None
    assert reposted.reblog is not None and reposted.reblog.poll == after


def test_a_vote_for_several_is_one_vote(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    post = asks(square, ada, multiple=True)
    vote(square, bob, post, 2, 0)
    found = poll(square, bob, post)
    assert (counts(square, post), found.voters, found.votes, found.mine) == ([1, 0, 1], 1, 2, (2, 0))  # fmt: skip
    with pytest.raises(Refused, match="poll_voted"):
        vote(square, bob, post, 1)
    assert counts(square, post) == [1, 0, 1]


@pytest.mark.parametrize(
    ("choices", "several"), [((3,), False), ((0, 1), False), ((0, 3), True), ((9,), True)]
)
def test_a_wrong_choice_is_no_vote_at_all(
    square: Square, choices: tuple[int, ...], several: bool
) -> None:
    ada, bob = square.people("ada", "bob")
    post = asks(square, ada, multiple=several)
    with pytest.raises(Refused, match="poll_choice_wrong"):
        vote(square, bob, post, *choices)
    assert counts(square, post) == [0, 0, 0] and square.count(poll_ballots) == 0


@pytest.mark.parametrize(
    "value",
    [[], None, "", ["a"], ["-1"], [-1], ["4.0"], [1.0], [True], [[1]], [{"a": 1}], [2**63], ["٣"], list(range(5)), ["10"]],
)  # fmt: skip
def test_choices_that_are_none(value: object) -> None:
    with pytest.raises(Refused, match="poll_choice_wrong"):
        voting.choices_of(value)


def test_choices_as_apps_write_them() -> None:
    assert voting.choices_of(["1", 0, "1"]) == (1, 0)
    assert voting.choices_of({"0": "2"}) == voting.choices_of("2") == (2,)


def test_two_votes_at_once_are_one(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    post = asks(square, ada)

    def tries(choice: int) -> str:
        try:
            square.write(voting.vote, bob, post, (choice,), square.now_ms)
        except Refused as refused:
            return refused.code
        return "counted"

    with ThreadPoolExecutor(4) as threads:
        said = sorted(threads.map(tries, [0, 1, 2, 0]))
    assert said == ["counted", "poll_voted", "poll_voted", "poll_voted"]
    assert sum(counts(square, post)) == 1 == poll(square, None, post).voters


def test_many_voters_at_once_are_all_counted(square: Square) -> None:
    ada, *voters = square.people("ada", *(f"v{n}" for n in range(12)))
    post = asks(square, ada)
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(lambda one: square.write(voting.vote, one, post, (1,), square.now_ms), voters))  # fmt: skip
    assert counts(square, post) == [0, 12, 0] and poll(square, None, post).voters == 12


def test_who_may_not_vote(square: Square) -> None:
    ada, bob, eve = square.people("ada", "bob", "eve")
    square.follow(bob, ada)
    post = asks(square, ada, visibility="private")
    for account, code in ((ada, "poll_own"), (eve, "poll_unknown")):
        with pytest.raises(Refused, match=code):
            vote(square, account, post, 0)
    with pytest.raises(Refused, match="poll_unknown"):
        square.read(voting.one, eve, post)
    with pytest.raises(Refused, match="poll_unknown"):
        vote(square, bob, square.say(ada), 0)
    square.suspend(bob)
    with pytest.raises(Refused, match="account_suspended"):
        vote(square, bob, post, 0)
    assert square.count(poll_ballots) == 0


def test_a_poll_ends_to_the_millisecond(square: Square) -> None:
    ada, bob, eve = square.people("ada", "bob", "eve")
    post = asks(square, ada)
    end_ms = moment(post) + HOUR_MS
    square.write(voting.vote, bob, post, (0,), end_ms - 1)
    with pytest.raises(Refused, match="poll_over"):
        square.write(voting.vote, eve, post, (0,), end_ms)
    assert not poll(square, None, post).is_over(end_ms - 1)
    assert poll(square, None, post).is_over(end_ms)


def test_counts_that_are_hidden_until_the_end(square: Square) -> None:
    (ada,) = square.people("ada")
    found = poll(square, None, asks(square, ada, hide_totals=True))
    assert not found.shows_counts(found.ends_at_ms - 1) and found.shows_counts(found.ends_at_ms)


def test_who_is_suspended_later_has_voted_all_the_same(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    post = asks(square, ada)
    vote(square, bob, post, 2)
    square.suspend(bob)
    assert counts(square, post) == [0, 0, 1]
    square.suspend(bob, on=False)
    assert poll(square, bob, post).mine == (2,)


def test_other_answers_are_another_poll_and_the_history_shows_the_older(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    post = asks(square, ada)
    vote(square, bob, post, 0)
    square.edit(ada, post, "What?", poll={**ASKS, "options": ["Tea", "Milk"]})
    found = poll(square, bob, post)
    assert (found.options, found.voters, found.voted) == (("Tea", "Milk"), 0, False)
    vote(square, bob, post, 1)
    square.edit(ada, post, "What?", poll={**ASKS, "options": ["Tea", "Milk"], "multiple": True})
    assert counts(square, post) == [0, 0] and square.count(poll_ballots) == 0
    said = square.read(posts.history, None, post)
    assert [one.poll for one in said] == [("Tea", "Coffee", "Water"), ("Tea", "Milk"), ("Tea", "Milk")]  # fmt: skip


def test_an_edit_of_other_things_keeps_the_votes(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    post = asks(square, ada)
    vote(square, bob, post, 0)
    square.edit(ada, post, "Which?")  # says nothing of it
    same = {"options": ASKS["options"]}
    square.edit(ada, post, "Which?", poll=same)  # nor anything else: no edit
    assert square.count(post_edits) == 1
    square.edit(ada, post, "Which?", poll={**same, "expires_in": 7200, "hide_totals": True})
    found = poll(square, bob, post)
    assert square.count(post_edits) == 1 and found.hide_totals and found.mine == (0,)
    assert found.ends_at_ms == square.now_ms + 2 * HOUR_MS


def test_a_poll_comes_and_goes_with_an_edit(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    post = square.say(ada, "Words.")
    with pytest.raises(Refused, match="poll_length_wrong"):
        square.edit(ada, post, "Words.", poll={"options": ["a", "b"]})
    square.edit(ada, post, "Words.", poll=ASKS)
    vote(square, bob, post, 0)
    square.edit(ada, post, "Words.", poll=None)
    seen = square.see(bob, post)
    assert seen is not None and seen.poll is None
    assert square.count(table) == square.count(poll_answers) == square.count(poll_ballots) == 0
    said = square.read(posts.history, None, post)
    assert [one.poll for one in said] == [(), ("Tea", "Coffee", "Water"), ()]


def test_a_poll_needs_its_length_and_no_picture(square: Square) -> None:
    (ada,) = square.people("ada")
    with pytest.raises(Refused, match="poll_length_wrong"):
        square.say(ada, "What?", poll={"options": ["a", "b"]})
    with pytest.raises(Refused, match="poll_with_media"):
        square.say(ada, "What?", poll=ASKS, media_ids=["1"])
    post = asks(square, ada)
    picture = square.id()
    square.write(media.begin, picture, ada, media.IMAGE, media.Said(), square.now_ms)
    square.write(media.finish, picture, media.Made())
    with pytest.raises(Refused, match="poll_with_media"):
        square.edit(ada, post, "What?", media_ids=[str(picture)])
    assert square.read(media.own, ada, picture).post is None
    square.edit(ada, post, "What?", media_ids=[str(picture)], poll=None)


def test_a_deleted_post_takes_its_votes_along(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    post = asks(square, ada)
    vote(square, bob, post, 0)
    square.delete(ada, post)
    assert square.count(table) == square.count(poll_answers) == square.count(poll_ballots) == 0
    assert square.read(voting.next_end_ms) is None


def call(square: Square) -> list[dict[str, Any]]:
    """The hour has come; the bodies of the jobs that wait then."""
    square.write(voting.call, square.ids.at, square.now_ms)
    found = square.write(jobs.take, POLLS, "me", 50, square.now_ms)
    for job in found:
        square.write(jobs.done, job, square.now_ms)
    return [dict(job.body) for job in found]


def tell(square: Square, body: dict[str, Any]) -> int:
    """In how many batches."""
    after: int | None = 0
    for batch in range(1, 100):
        after = square.write(voting.tell, body["post"], body["ended_at_ms"], after)
        if after is None:
            return batch
    raise AssertionError


def test_its_end_is_told_to_the_author_and_to_who_voted_once(
    square: Square, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(voting, "BATCH", 2)
    ada, bob, eve, kim, zoe = square.people("ada", "bob", "eve", "kim", "zoe")
    post = asks(square, ada)
    end_ms = moment(post) + HOUR_MS
    for one in (bob, eve, kim):
        vote(square, one, post, 0)
    square.mute(kim, ada)
    assert square.read(voting.next_end_ms) == end_ms and call(square) == []
    square.now_ms = end_ms
    (body,) = call(square)
    assert square.read(voting.next_end_ms) is None and call(square) == []
    assert tell(square, body) == 2 and tell(square, body) == 2  # a worker died, and began anew
    for one in (ada, bob, eve):
        assert heard(square, one) == [(notify.POLL, ada, post)]
    assert heard(square, kim) == heard(square, zoe) == []
    square.delete(ada, post)
    assert heard(square, bob) == [] and tell(square, body) == 1


def test_a_poll_that_goes_on_is_not_over(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    post = asks(square, ada)
    vote(square, bob, post, 0)
    square.now_ms = moment(post) + HOUR_MS
    (body,) = call(square)
    square.edit(ada, post, "What?", poll=ASKS)  # an hour more
    tell(square, body)
    assert heard(square, bob) == [] and poll(square, bob, post).mine == (0,)
    square.tick(HOUR_MS)
    (body,) = call(square)
    tell(square, body)
    assert heard(square, bob) == heard(square, ada) == [(notify.POLL, ada, post)]
    square.edit(ada, post, "What?", poll=ASKS)
    assert heard(square, bob) == [], "what is not over was not told"


def test_a_full_lane_tells_them_later(square: Square) -> None:
    (ada,) = square.people("ada")
    post = asks(square, ada)
    square.now_ms = moment(post) + HOUR_MS
    for n in range(3):
        square.write(jobs.add, POLLS, n + 1, {}, square.now_ms)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(voting, "POLLS", voting.POLLS.__class__("polls", 3, 8, 2, 60.0, 120.0))
        with pytest.raises(Refused, match="work_full"):
            square.write(voting.call, square.ids.at, square.now_ms)
    assert square.read(voting.next_end_ms) == moment(post) + HOUR_MS
    assert {body.get("post") for body in call(square)} == {None, post}


def test_as_many_as_are_called_at_once_and_one_more(
    square: Square, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(voting, "CALLED_AT_ONCE", 2)
    (ada,) = square.people("ada")
    for _ in range(3):
        asks(square, ada)
    square.tick(HOUR_MS)
    assert [len(call(square)), len(call(square))] == [2, 1]


def test_reading_polls_costs_three_questions_however_many(square: Square) -> None:
    ada, bob = square.people("ada", "bob")
    some = [asks(square, ada) for _ in range(5)]
    with square.database.reading() as connection, noted() as asked:
        assert len(polls.of_posts(connection, bob, some)) == 5
        assert polls.of_posts(connection, bob, [1]) == {}
    assert len(asked) == 4
