"""Order under attack: a moderator's addresses, asked by those who are none, or for what nobody may do."""

from __future__ import annotations

import httpx
import pytest

from tests.bad_inputs.test_people import sane
from tests.e2e.house import House
from tests.e2e.square import Member, account, make_owner

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(60)]
WHY = {"why": "For the test."}


def id_of(member: Member) -> int:
    return account(member.house, member.handle)


@pytest.fixture(scope="session")
def ona(house: House) -> Member:
    """She owns the server."""
    return make_owner(Member(house, "ona_owns"))


@pytest.fixture(scope="session")
def mia(house: House) -> Member:
    """She means harm."""
    return Member(house, "mia_harms")


@pytest.fixture(scope="session")
def ned(house: House) -> Member:
    return Member(house, "ned_writes")


@pytest.mark.parametrize(
    "act", ["limit", "suspend", "ban", "lift", "log-out", "let-in", "turn-away"]
)
def test_a_member_acts_on_nobody(ona: Member, mia: Member, ned: Member, act: str) -> None:
    for about in (ned, ona, mia):
        sane(mia.http.post(f"/moderation/people/{id_of(about)}/{act}", data=WHY), 403)
    assert ned.http.get("/settings").status_code == 200


@pytest.mark.parametrize(
    "path", ["people", "people/1", "log", "posts/1", "people?stands=banned", "log?by=ona_owns"]
)
def test_a_member_reads_nothing_of_a_moderators(mia: Member, path: str) -> None:
    sane(mia.http.get(f"/moderation/{path}"), 403)


@pytest.mark.parametrize("act", ["limit", "suspend", "ban", "lift", "log-out"])
def test_an_owner_does_not_act_on_himself(ona: Member, act: str) -> None:
    sane(ona.http.post(f"/moderation/people/{id_of(ona)}/{act}", data=WHY), 403)
    assert ona.http.get("/moderation").status_code == 200


@pytest.mark.parametrize("site", ["https://evil.example", "null", "http://localhost:1"])
def test_an_act_from_another_site(ona: Member, ned: Member, site: str) -> None:
    path = f"/moderation/people/{id_of(ned)}/ban"
    sane(ona.http.post(path, data=WHY, headers={"Origin": site}), 403)
    assert ned.http.get("/settings").status_code == 200


@pytest.mark.parametrize(
    "which", ["0", "-1", "9" * 18, "9" * 40, "1;DROP TABLE members", "%00", "ned_writes"]
)
def test_acts_on_nobody(ona: Member, which: str) -> None:
    sane(ona.http.post(f"/moderation/people/{which}/ban", data=WHY), 404)
    sane(ona.http.get(f"/moderation/people/{which}"), 404)
    sane(ona.http.post(f"/moderation/posts/{which}/remove", data=WHY), 404)


@pytest.mark.parametrize(
    "why",
    ["", " ", "\u200b\u202e", "x" * 501, "x" * 60_000, "\x00"],
)  # fmt: skip
def test_reasons_that_are_none(ona: Member, ned: Member, why: str) -> None:
    answer = ona.http.post(f"/moderation/people/{id_of(ned)}/suspend", data={"why": why})
    sane(answer, 413, 422)
    assert ned.http.get("/settings").status_code == 200


@pytest.mark.parametrize(
    "why",
    ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}", "{why}{0}",
     "\u202egnp.exe", "a" + "\u0301" * 5_000],
)  # fmt: skip
def test_a_reason_is_text_everywhere(ona: Member, ned: Member, why: str) -> None:
    path = f"/moderation/people/{id_of(ned)}"
    for act in ("limit", "lift"):
        sane(ona.http.post(f"{path}/{act}", data={"why": f"{why} x"}), 303)
    for page in (ona.http.get(path), ona.http.get("/moderation/log")):
        sane(page, 200)
        assert "<script>alert" not in page.text and "<img src=x" not in page.text
        assert ">49<" not in page.text and "\u202e" not in page.text


@pytest.mark.parametrize(
    "query",
    [
        "q=" + "a" * 9_000,
        "q=%00",
        "q=%25",
        "q=' OR 1=1 --",
        "stands=x",
        "max_id=x",
        "max_id=" + "9" * 40,
        "q=%F0%9F",
    ],
)
def test_questions_for_members_that_are_none(ona: Member, query: str) -> None:
    sane(ona.http.get(f"/moderation/people?{query}"), 200, 400)
    sane(ona.http.get(f"/moderation/log?{query.replace('q=', 'about=')}"), 200, 400)


def test_whoever_is_suspended_meanwhile_acts_no_more(house: House, ona: Member) -> None:
    sub = Member(house, "sub_helps")
    make_owner(sub, "moderator")
    other = Member(house, "other_writes")
    sane(ona.http.post(f"/moderation/people/{id_of(sub)}/suspend", data=WHY), 303)
    answer: httpx.Response = sub.http.post(f"/moderation/people/{id_of(other)}/ban", data=WHY)
    assert answer.status_code == 303 and answer.headers["Location"].startswith("/login")
    assert other.http.get("/settings").status_code == 200
