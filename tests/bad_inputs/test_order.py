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


@pytest.mark.parametrize(
    "fields",
    [{"account_id": "1"}, {"account_id": "' OR 1=1"}, {"account_id": "\x00"}, {"category": "x" * 9_000},
     {"comment": "x" * 60_000}, {"comment": "a" + "\u0301" * 9_000},
     {"post-1": "on"}, {"post-x": "on"}, {f"post-{n}": "on" for n in range(1, 25)},
     {"rule-1": "on"}, {"rule-" + "9" * 40: "on"}],
)  # fmt: skip
def test_reports_that_are_none(mia: Member, ned: Member, fields: dict[str, str]) -> None:
    said = {"account_id": str(id_of(ned)), "category": "spam", "comment": "", **fields}
    sane(mia.http.post("/report", data=said), 303, 400, 404, 422)


def test_a_report_of_a_megabyte(mia: Member, ned: Member) -> None:
    said = {"account_id": str(id_of(ned)), "comment": "a\u0301" * 350_000}
    sane(mia.http.post("/report", data=said), 413)
    sane(mia.http.post("/api/v1/reports", json=said), 401, 413)


def test_nobody_reports_himself_nor_anothers_post_as_somebodys(mia: Member, ned: Member) -> None:
    sane(mia.http.post("/report", data={"account_id": str(id_of(mia))}), 422)
    own = mia.say("Mine.")
    sane(mia.http.post("/report", data={"account_id": str(id_of(ned)), f"post-{own}": "on"}), 404)
    hidden = ned.say("For nobody else.", visibility="direct")
    said = {"account_id": str(id_of(ned)), f"post-{hidden}": "on"}
    sane(mia.http.post("/report", data=said), 404)
    sane(mia.http.get(f"/report?account={id_of(ned)}&post={hidden}"), 200)
    assert (
        "For nobody else." not in mia.http.get(f"/report?account={id_of(ned)}&post={hidden}").text
    )


@pytest.mark.parametrize("which", ["1", "x", "9" * 40, "1/resolve", "..", "%00"])
def test_reports_of_others(ona: Member, mia: Member, which: str) -> None:
    sane(mia.http.get(f"/moderation/reports/{which}"), 303, 403, 404, 405)
    sane(ona.http.get(f"/moderation/reports/{which}"), 200, 303, 404, 405)
    for act in ("take", "resolve", "reopen"):
        sane(mia.http.post(f"/moderation/reports/{which}/{act}"), 403, 404, 405)
        sane(ona.http.post(f"/moderation/reports/{which}/{act}"), 404, 405)


@pytest.mark.parametrize(
    "comment",
    ["<script>alert(1)</script>", "{{ 7*7 }}", '"><img src=x onerror=alert(1)>', "\u202egnp.exe"],
)
def test_a_report_is_text_in_the_queue(ona: Member, mia: Member, ned: Member, comment: str) -> None:
    said = {"account_id": str(id_of(ned)), "category": "other", "comment": f"{comment} x"}
    sane(mia.http.post("/report", data=said), 303)
    page = ona.http.get("/moderation/reports").text
    assert "<script>alert" not in page and ">49<" not in page and "<img src=x" not in page
    assert "\u202e" not in page


@pytest.mark.parametrize("kind", ["email", "server"])
@pytest.mark.parametrize(
    "domain", ["", "x", "a b.example", "<b>.example", "x" * 9_000, "127.0.0.1", "\x00.example", "*"]
)
def test_domains_that_are_none(ona: Member, mia: Member, kind: str, domain: str) -> None:
    sane(ona.http.post(f"/moderation/blocks/{kind}", data={"domain": domain}), 422)
    sane(mia.http.post(f"/moderation/blocks/{kind}", data={"domain": "fine.example"}), 403)


def test_whoever_is_suspended_meanwhile_acts_no_more(house: House, ona: Member) -> None:
    sub = Member(house, "sub_helps")
    make_owner(sub, "moderator")
    other = Member(house, "other_writes")
    sane(ona.http.post(f"/moderation/people/{id_of(sub)}/suspend", data=WHY), 303)
    answer: httpx.Response = sub.http.post(f"/moderation/people/{id_of(other)}/ban", data=WHY)
    assert answer.status_code == 303 and answer.headers["Location"].startswith("/login")
    assert other.http.get("/settings").status_code == 200
