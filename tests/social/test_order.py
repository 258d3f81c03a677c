"""Order, on both databases: what moderators do, whom they may do it to, and what is over at once."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from hustings.social import (
    accounts,
    audience,
    audit,
    letters,
    lookup,
    notifications,
    order,
    search,
    sessions,
    shown,
    timelines,
    tokens,
)
from hustings.social.audit import Wish
from hustings.social.notifications import Wish as Heard
from hustings.social.order import ACTS, Order
from hustings.social.paging import Page
from hustings.social.seal import Seal
from hustings.store.apps import apps, codes
from hustings.store.jobs import jobs
from hustings.store.people import email_blocks, log_in_steps, members
from hustings.store.people import sessions as visits
from hustings.wire.errors import Refused
from tests.social.conftest import Joins
from tests.social.square import Square, ids

WHY = "Spam in every room."


class Cast:
    """ona owns the server, mod and sub look after it; ada wrote something, bob follows her, eve does not."""

    def __init__(self, square: Square) -> None:
        self.square = square
        self.ona, self.mod, self.sub = square.people("ona", "mod", "sub")
        self.ada = square.joins("ada", email="ada.l@example.org")
        self.bob, self.eve = square.people("bob", "eve")
        square.follow(self.bob, self.ada)
        for role, id in (("owner", self.ona), ("moderator", self.mod), ("moderator", self.sub)):
            there = members.update().where(members.c.account == id).values(role=role)
            square.write(lambda c, there=there: c.execute(there))

    def does(
        self, act: str, about: int, by: int | None = None, why: str = WHY, mail: bool = True
    ) -> None:
        given = Order(
            self.mod if by is None else by, why, self.square.id(), self.square.now_ms, mail
        )
        self.square.write(ACTS[act], given, about)

    def stands(self, id: int) -> str:
        found = self.square.read(accounts.member, id)
        assert found is not None
        return order.standing(found)

    def log(self, **wish: int) -> list[tuple[str, str]]:
        lines = self.square.read(audit.page, Wish(**wish), Page())
        return [(line.act, line.facts.get("why", "")) for line in lines]


@pytest.fixture
def cast(square: Square) -> Cast:
    return Cast(square)


def an_app(square: Square) -> None:
    row = {"id": 5, "client_id": "c", "secret": b"s", "name": "App", "website": None, "scopes": "read",
           "redirect_uris": [], "made_at_ms": 1, "used_at_ms": 1}  # fmt: skip
    square.write(lambda c: c.execute(apps.insert().values(row)))


def logs_in(cast: Cast, account: int) -> None:
    """In a browser, half-way in another, and with an app that has a token and another code."""
    square, now = cast.square, cast.square.now_ms
    an_app(square)
    square.write(sessions.open, square.id(), account, "t" * 43, "::1", "", now)
    square.write(sessions.begin_step, account, "s" * 43, now)
    square.write(tokens.grant, tokens.Grant(5, account, "urn", "read", ""), "code", now)
    square.write(tokens.issue, 77, 5, account, "read", "b" * 43, now)


@pytest.mark.parametrize("act", ["suspend", "ban", "log-out"])
def test_every_way_in_is_shut_in_one_transaction(cast: Cast, act: str) -> None:
    logs_in(cast, cast.ada)
    square = cast.square
    assert square.read(audience.still_good, {77}) == {77}
    cast.does(act, cast.ada)
    for table in (visits, log_in_steps, codes):
        assert square.count(table) == 0, table.name
    assert square.read(audience.still_good, {77}) == set()
    with pytest.raises(Refused, match="token_wrong"):
        square.read(tokens.bearer, "b" * 43)
    assert square.read(sessions.visitor, "t" * 43, square.now_ms) is None


def test_from_one_standing_to_another(cast: Cast) -> None:
    ada = cast.ada
    steps = {"limit": "limited", "suspend": "suspended", "lift": "open", "ban": "banned"}
    for act in ("limit", "suspend", "lift", "suspend", "ban"):
        cast.does(act, ada)
        assert cast.stands(ada) == steps[act]
    with pytest.raises(Refused, match="act_forbidden"):
        cast.does("lift", ada)
    cast.does("lift", ada, by=cast.ona)
    assert cast.stands(ada) == "open"
    assert [act for act, _ in cast.log(about=ada)] == [
        "lifted", "banned", "suspended", "lifted", "suspended", "limited"
    ]  # fmt: skip
    assert cast.square.read(audit.count, ada, order.STRIKES) == 4
    assert len(cast.log(by=cast.ona)) == 1


@pytest.mark.parametrize(
    ("before", "act"),
    [((), "lift"), (("limit",), "limit"), (("suspend",), "suspend"), (("suspend",), "limit"),
     (("ban",), "ban"), (("ban",), "suspend")],
)  # fmt: skip
def test_what_stands_so_already_is_not_done_again(
    cast: Cast, before: tuple[str, ...], act: str
) -> None:
    for one in before:
        cast.does(one, cast.ada)
    with pytest.raises(Refused, match="standing_wrong"):
        cast.does(act, cast.ada, by=cast.ona)
    assert len(cast.log()) == len(before)


@pytest.mark.parametrize("act", sorted(ACTS))
def test_nobody_acts_on_himself_his_rank_or_above(cast: Cast, act: str) -> None:
    for by, about in (
        (cast.mod, cast.mod),
        (cast.mod, cast.sub),
        (cast.mod, cast.ona),
        (cast.ona, cast.ona),
    ):
        with pytest.raises(Refused, match="act_forbidden"):
            cast.does(act, about, by=by)
    for by in (cast.ada, 12345):
        with pytest.raises(Refused, match="not_allowed"):
            cast.does(act, cast.bob, by=by)
    with pytest.raises(Refused, match="account_unknown"):
        cast.does(act, 12345)
    with pytest.raises(Refused, match="reason_missing"):
        cast.does(act, cast.ada, why="")
    assert cast.log() == []


def test_an_owner_acts_on_a_moderator_who_can_do_nothing_then(cast: Cast) -> None:
    cast.does("suspend", cast.sub, by=cast.ona)
    with pytest.raises(Refused, match="not_allowed"):
        cast.does("limit", cast.ada, by=cast.sub)


def test_who_is_limited_is_met_by_followers_alone(cast: Cast) -> None:
    square, ada = cast.square, cast.ada
    plan = square.room("hour")
    square.follow(cast.eve, cast.bob)
    id = square.say(ada, "Old #words @eve", room="hour")
    square.repost(cast.bob, id, room="hour")

    def met(viewer: int | None) -> list[bool]:
        question = search.parse("words", viewer, lambda _: None)
        window = search.Window()
        heard = square.read(notifications.page, cast.eve, Heard(), Page(), square.now_ms)
        return [
            id in square.square(viewer),
            id in ids(square.read(timelines.tag, viewer, "words", Page(), square.now_ms)),
            any(p.original.id == id for p in square.read(timelines.room, viewer, plan, Page(), square.now_ms)),
            bool(square.read(search.find_posts, viewer, question, window, square.now_ms)),
            bool(square.read(search.find_people, viewer, "ada", window)),
            bool(square.read(search.find_tags, viewer, "words", window)),
            viewer != cast.eve or any(one.sender == ada for one in heard),
            viewer is None or viewer in square.read(audience.seeing, id, {viewer}, square.now_ms),
        ]  # fmt: skip

    assert all(met(None)) and all(met(cast.eve))
    cast.does("limit", ada)
    stranger, eve = met(None), met(cast.eve)
    assert not any(stranger[:6]) and not any(eve)
    assert all(met(cast.bob)) and all(met(ada))
    for viewer in (None, cast.eve):  # whoever looks for it finds it
        assert square.see(viewer, id) is not None and id in square.page_of(viewer, ada)
    found = square.read(accounts.find, "ada")
    assert found is not None and found.limited
    cast.does("lift", ada)
    assert all(met(None)) and all(met(cast.eve))


@pytest.mark.parametrize(
    "same", ["ada.l@example.org", "ADAL@example.org", "a.dal+again@Example.org"]
)
def test_the_address_of_who_is_banned_signs_up_no_more(cast: Cast, joins: Joins, same: str) -> None:
    cast.does("ban", cast.ada)
    kept = cast.square.read(lambda c: c.execute(sa.select(email_blocks)).one())
    assert b"ada" not in kept.address and kept.account == cast.ada
    with pytest.raises(Refused, match=r"email_blocked|email_taken"):
        joins("ada2", email=same)
    new = joins("new", email="new@example.org")
    with pytest.raises(Refused, match=r"email_blocked|email_taken"):
        cast.square.write(accounts.new_email, new, same)
    joins("adam", email="adalb@example.org")
    cast.does("lift", cast.ada, by=cast.ona)
    assert cast.square.count(email_blocks) == 0


def test_a_post_that_a_moderator_takes_away_says_so(cast: Cast) -> None:
    square = cast.square
    id = square.say(cast.ada, "Buy.")
    repost = square.repost(cast.bob, id)
    taken = Order(cast.mod, WHY, square.id(), square.now_ms)
    assert square.write(order.remove_post, taken, id) == cast.ada
    found = square.read(shown.one, None, id, True)
    assert found is not None and found.removed and found.text == "" and found.deleted_at_ms
    assert square.see(None, repost) is None
    assert cast.log(about=cast.ada) == [("post_removed", WHY)]
    own = square.say(cast.mod, "Mine.")
    with pytest.raises(Refused, match="act_forbidden"):
        square.write(order.remove_post, taken, own)
    for gone in (id, repost, 12345):
        with pytest.raises(Refused, match="post_unknown"):
            square.write(order.remove_post, taken, gone)


@pytest.mark.parametrize("act", sorted(ACTS))
def test_whom_it_is_about_gets_a_letter_with_the_reason(cast: Cast, act: str) -> None:
    square = cast.square
    if act == "lift":
        cast.does("limit", cast.ada, mail=False)
    cast.does(act, cast.ada)
    job = square.read(lambda c: c.execute(sa.select(jobs)).one())
    letter = square.read(letters.letter, Seal("secret"), job.body, job.made_at_ms, square.now_ms)
    assert letter is not None
    assert (letter.to, letter.handle, letter.why, letter.path) == (
        "ada.l@example.org",
        "ada",
        WHY,
        "",
    )
    told = [line.facts["told"] for line in square.read(audit.page, Wish(about=cast.ada), Page())]
    assert told[0] is True


def test_an_act_waits_for_no_letter(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> bool:
        raise Refused("work_full")

    monkeypatch.setattr(letters.jobs, "add", full)
    cast.does("ban", cast.ada)
    cast.does("suspend", cast.eve)  # who has no address
    assert cast.stands(cast.ada) == "banned" and cast.stands(cast.eve) == "suspended"
    lines = cast.square.read(audit.page, Wish(), Page())
    assert [line.facts["told"] for line in lines] == [False, False]


def test_members_are_looked_for(cast: Cast) -> None:
    def found(asked: str = "", stands: str = "", limit: int = 40) -> list[str]:
        some = cast.square.read(lookup.page, asked, stands, Page(limit=limit))
        return [one.account.handle for one in some]

    cast.does("limit", cast.bob)
    cast.does("suspend", cast.eve)
    cast.does("ban", cast.ada)
    assert found() == ["eve", "bob", "ada", "sub", "mod", "ona"]
    assert found("@AD") == ["ada"] and found("Ada.L@example.org") == ["ada"]
    assert found("%") == [] and found("\x00") == [] and found("a" * 321) == []
    assert (found(stands="limited"), found(stands="suspended"), found(stands="banned")) == (
        ["bob"],
        ["eve"],
        ["ada"],
    )
    assert found(limit=2) == ["eve", "bob"]
