"""Blocks of domains, on both databases: who signs up no more, and whose accounts are not here any longer."""

from __future__ import annotations

import pytest

from hustings.social import accounts, audit, blocks, email_blocks, names, timelines
from hustings.social.audit import Wish
from hustings.social.order import Order
from hustings.social.paging import Page
from hustings.store.people import accounts as people
from hustings.store.posts import posts
from hustings.wire.errors import Refused
from tests.social.conftest import Joins
from tests.social.square import Square
from tests.social.test_order import WHY, Cast


@pytest.fixture
def cast(square: Square) -> Cast:
    return Cast(square)


def order(cast: Cast, by: int | None = None) -> Order:
    return Order(cast.mod if by is None else by, WHY, cast.square.id(), cast.square.now_ms)


@pytest.mark.parametrize("email", ["x@spam.example", "x@Sub.SPAM.example", "x@a.b.spam.example"])
def test_nobody_signs_up_with_an_address_of_a_blocked_domain(
    cast: Cast, joins: Joins, email: str
) -> None:
    square = cast.square
    square.write(blocks.block_email, order(cast), "spam.example")
    with pytest.raises(Refused, match="email_blocked"):
        joins("newcomer", email=email)
    joins("other", email="x@notspam.example")
    (kept,) = square.read(email_blocks.domains)
    assert (kept.domain, kept.note) == ("spam.example", WHY)
    with pytest.raises(Refused, match="block_taken"):
        square.write(blocks.block_email, order(cast), "spam.example")
    square.write(blocks.lift_email, order(cast), kept.id)
    joins("newcomer", email=email)
    acts = [(line.act, line.facts["domain"]) for line in square.read(audit.page, Wish(), Page())]
    assert acts == [("block_lifted", "spam.example"), ("email_domain_blocked", "spam.example")]


def test_the_ban_of_an_address_is_no_domain_that_could_be_lifted(cast: Cast) -> None:
    cast.does("ban", cast.ada)
    assert cast.square.read(email_blocks.domains) == []


def somebody_elsewhere(cast: Cast, domain: str) -> tuple[int, int]:
    """An account of another server that bob follows, and a public post of it."""
    square = cast.square
    id, post = square.id(), square.id()
    row = {"id": id, "handle": "zoe", "handle_key": "zoe", "domain": domain, "name": "", "note": "",
           "uri": f"https://{domain}/zoe", "created_at_ms": 1}  # fmt: skip
    square.write(lambda c: c.execute(people.insert().values(row)))
    said = {"id": post, "account": id, "domain": domain, "uri": f"https://{domain}/1", "text": "Far.", "spoiler": "",
            "sensitive": False, "visibility": "public", "thread": post}  # fmt: skip
    square.write(lambda c: c.execute(posts.insert().values(said)))
    square.follow(cast.bob, id)
    return id, post


@pytest.mark.parametrize("domain", ["far.example", "sub.far.example"])
def test_accounts_of_a_suspended_server_are_not_here(cast: Cast, domain: str) -> None:
    square = cast.square
    id, post = somebody_elsewhere(cast, domain)
    near, another = somebody_elsewhere(cast, "notfar.example")
    repost = square.repost(cast.eve, post)
    for viewer in (None, cast.bob):
        assert square.see(viewer, post) is not None and square.see(viewer, repost) is not None
    square.write(blocks.block_server, order(cast), "far.example", True, "Floods us.")
    for viewer in (None, cast.bob):
        assert square.see(viewer, post) is None and square.see(viewer, repost) is None
        assert square.see(viewer, another) is not None
    assert set(square.read(accounts.of_ids, [id, near])) == {near}
    assert set(square.read(accounts.of_ids, [id], True)) == {id}
    (kept,) = square.read(blocks.servers)
    assert (kept.domain, kept.suspends, kept.said, kept.note) == (
        "far.example",
        True,
        "Floods us.",
        WHY,
    )
    square.write(blocks.lift_server, order(cast), kept.id)
    assert square.see(cast.bob, post) is not None


def test_accounts_of_a_limited_server_are_met_by_followers(cast: Cast) -> None:
    square = cast.square
    _, post = somebody_elsewhere(cast, "far.example")
    plan = square.room("hour")
    square.write(lambda c: c.execute(posts.update().where(posts.c.id == post).values(room=plan)))

    def met(viewer: int | None) -> bool:
        return bool(square.read(timelines.room, viewer, plan, Page(), square.now_ms))

    assert met(None) and met(cast.eve) and met(cast.bob)
    square.write(blocks.block_server, order(cast), "far.example", False, "")
    assert not met(None) and not met(cast.eve) and met(cast.bob)
    assert square.see(None, post) is not None


def test_only_moderators_block(cast: Cast) -> None:
    for by in (cast.ada, 12345):
        for work, words in (
            (blocks.block_email, ("x.example",)),
            (blocks.block_server, ("x.example", True, "")),
            (blocks.lift_email, (1,)),
            (blocks.lift_server, (1,)),
        ):
            with pytest.raises(Refused, match="not_allowed"):
                cast.square.write(work, order(cast, by), *words)  # type: ignore[arg-type]
    for lift in (blocks.lift_email, blocks.lift_server):
        with pytest.raises(Refused, match="block_unknown"):
            cast.square.write(lift, order(cast), 1)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("Spam.Example", "spam.example"), (" spam.example. ", "spam.example"), ("bücher.example", "xn--bcher-kva.example"),
     ("a." * 120 + "example", "a." * 120 + "example")],
)  # fmt: skip
def test_a_domain_as_it_is_kept(typed: str, kept: str) -> None:
    assert names.domain(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [None, 5, "", ".", "example", "a..example", "-a.example", "a-.example", "x" * 64 + ".example", "a." * 125 + "example",
     "spam.example/x", "x@spam.example", "127.0.0.1", "[::1]", "a b.example", "\u202espam.example", "x" * 100_000,
     "%.example", "*.example"],
)  # fmt: skip
def test_what_is_no_domain(typed: object) -> None:
    with pytest.raises(Refused, match="domain_malformed"):
        names.domain(typed)
