"""Sign-up, log-in and settings under attack: one real server, each case a plain "no"."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.e2e.house import House

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(60)]

PASSWORD = "a bridge in Kyoto"


@pytest.fixture
def browser(house: House) -> Iterator[httpx.Client]:
    """A browser that nobody has logged in with."""
    with httpx.Client(base_url=house.web, headers={"Origin": house.web}, timeout=20) as client:
        yield client


@pytest.fixture(scope="session")
def ada(house: House) -> Iterator[httpx.Client]:
    """A browser that is logged in, and stays so through every attack below."""
    with httpx.Client(base_url=house.web, headers={"Origin": house.web}, timeout=20) as client:
        answer = client.post("/sign-up", data={"handle": "ada", "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        yield client


def sane(answer: httpx.Response, *statuses: int) -> None:
    assert answer.status_code in statuses, answer.text
    assert "Traceback" not in answer.text and "sqlalchemy" not in answer.text.lower()


@pytest.mark.parametrize(
    "handle",
    ["", "' OR 1=1 --", "ada\x00", "ada\u202eevil", "аda", "../etc/passwd", "<script>", "a" * 60_000, "admin", "%s%n",
     "ada@evil.example", "{{7*7}}", "\ud83d\ude00"],
)  # fmt: skip
def test_handles_that_cannot_be(browser: httpx.Client, handle: str) -> None:
    form = {"handle": handle.encode("utf-8", "surrogatepass"), "password": PASSWORD.encode()}
    sane(browser.post("/sign-up", data=form), 422)


@pytest.mark.parametrize(
    "password", ["", "short", "password", "x" * 257, "x" * 60_000, "aaaaaaaaaaaa"]
)
def test_passwords_that_cannot_be(browser: httpx.Client, password: str) -> None:
    sane(browser.post("/sign-up", data={"handle": "newcomer", "password": password}), 422)


@pytest.mark.parametrize(
    "email",
    [
        "a@b.org\r\nBcc: all@example.org",
        "a@[127.0.0.1]",
        "a@localhost",
        "<a@b.org>",
        "a" * 5_000 + "@b.org",
    ],
)
def test_addresses_that_cannot_be(browser: httpx.Client, email: str) -> None:
    form = {"handle": "newcomer", "password": PASSWORD, "email": email}
    sane(browser.post("/sign-up", data=form), 422)


@pytest.mark.parametrize(
    "name",
    [
        "' OR '1'='1",
        "ada' --",
        "\x00",
        "*",
        "a" * 60_000,
        "ada\u0000",
        "@" * 400,
        "ada@example.org\x00",
    ],
)
def test_log_ins_by_injection(ada: httpx.Client, browser: httpx.Client, name: str) -> None:
    sane(browser.post("/login", data={"name": name, "password": PASSWORD}), 401)
    sane(browser.post("/login", data={"name": "ada", "password": f"{PASSWORD}\x00"}), 401, 429)


@pytest.mark.parametrize(
    "fields",
    [{}, {"name": "ada"}, {"password": "x"}, {"name[]": "ada"}, {f"f{n}": "x" for n in range(31)},
     {"name": "ada", "password": "x" * 65_537}],
)  # fmt: skip
def test_forms_that_are_none(browser: httpx.Client, fields: dict[str, str]) -> None:
    sane(browser.post("/login", data=fields or {"": ""}), 400, 401, 413)


@pytest.mark.parametrize("body", [b"", b"{}", b"\xff\xfe", b"name=ada&password=" + b"%" * 999])
@pytest.mark.parametrize(
    "kind", ["text/plain", "application/xml", "multipart/form-data", "a" * 5_000]
)
def test_bodies_of_another_kind(browser: httpx.Client, body: bytes, kind: str) -> None:
    sane(browser.post("/login", content=body, headers={"Content-Type": kind}), 400)


@pytest.mark.parametrize("token", ["x" * 43, "x" * 8_000, "\\x00" * 10, "' OR 1=1 --"])
def test_a_cookie_that_was_made_up(browser: httpx.Client, token: str) -> None:
    answer = browser.get("/settings", headers={"Cookie": f"hustings={token}"})
    sane(answer, 303)
    assert answer.headers["Location"] == "/login?next=/settings"


@pytest.mark.parametrize("path", ["/settings", "/settings/profile",
                                  "/settings/security/password", "/settings/security/sessions/all/end",
                                  "/moderation/invites", "/log-out", "/settings/owner"])  # fmt: skip
@pytest.mark.parametrize("site", ["https://evil.example", "null", "http://localhost:1"])
def test_a_form_from_another_site(ada: httpx.Client, path: str, site: str) -> None:
    sane(ada.post(path, data={"name": "evil"}, headers={"Origin": site}), 403)
    assert ada.get("/settings").status_code == 200


@pytest.mark.parametrize(
    "path", ["/moderation", "/moderation/invites", "/moderation/people/1/let-in"]
)
def test_a_member_does_nothing_of_a_moderators(ada: httpx.Client, path: str) -> None:
    sane(ada.get(path) if path == "/moderation" else ada.post(path, data={"uses": "1"}), 403)


@pytest.mark.parametrize(
    "which", ["0", "-1", "9" * 18, "9" * 40, "1;DROP TABLE sessions", "%00", "others%2fend"]
)
def test_sessions_that_are_not_ones_own(ada: httpx.Client, which: str) -> None:
    sane(ada.post(f"/settings/security/sessions/{which}/end"), 303, 404)
    assert ada.get("/settings").status_code == 200


@pytest.mark.parametrize(
    "text",
    ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}", "javascript:alert(1)", "\x00\x1b[31m",
     "\u202eright to left", "a" + "\u0301" * 50],
)  # fmt: skip
def test_a_name_and_a_note_are_text_everywhere(house: House, ada: httpx.Client, text: str) -> None:
    sane(ada.post("/settings", data={"name": text[:60], "note": text * 3}), 303, 422)
    for page in (ada.get("/settings"), house.http.get(f"{house.web}/@ada")):
        assert page.status_code == 200
        assert "<script>alert" not in page.text and "<img src=x" not in page.text
        assert ">49<" not in page.text and "\x1b" not in page.text and "\u202e" not in page.text


def test_a_megabyte_of_marks_is_refused_before_it_is_read(ada: httpx.Client) -> None:
    sane(ada.post("/settings", data={"note": "a" + "\u0301" * 500_000}), 413)
    sane(ada.post("/settings", data={"note": "a" + "\u0301" * 10_000}), 303, 400, 422)


@pytest.mark.parametrize("path", ["/@" + "a" * 3_000, "/@%00", "/@ada%27--", "/people/-1", "/people/" + "9" * 400, "/people/1e3",
                                  "/@../../etc/passwd"])  # fmt: skip
def test_pages_of_nobody(house: House, path: str) -> None:
    sane(house.http.get(f"{house.web}{path}"), 404)


@pytest.mark.parametrize(
    "next", ["//evil.example", "https://evil.example", "/\\evil.example", "/%0d%0aSet-Cookie:x=y"]
)
def test_a_log_in_never_leads_elsewhere(house: House, browser: httpx.Client, next: str) -> None:
    form = {"handle": f"n{abs(hash(next)) % 10**8}", "password": PASSWORD, "next": next}
    answer = browser.post("/sign-up", data=form)
    sane(answer, 303)
    assert answer.headers["Location"].startswith("/") and "evil" not in answer.headers["Location"]
    assert "x" not in answer.cookies


@pytest.mark.parametrize("step", ["", "x" * 43, "x" * 60_000, "\x00"])
@pytest.mark.parametrize("code", ["", "000000", "x" * 10_000, "\u0661" * 6])
def test_a_step_that_nobody_began(browser: httpx.Client, step: str, code: str) -> None:
    sane(browser.post("/login/code", data={"step": step, "code": code}), 401, 413)


def test_nothing_that_was_tried_reached_the_log(house: House) -> None:
    assert "broke" not in house.log and "Traceback" not in house.log


@pytest.mark.parametrize("kind", ["confirm", "reset"])
@pytest.mark.parametrize(
    "rest",
    ["1/2/3", "0/9999999999999/" + "0" * 32, "9" * 30 + "/1/a", "-1/1/a", "1/1/%00", "1/1/" + "a" * 5_000, "%27/1/a",
     "\u0661/1/a", "1/1/%ff", "1/1/..%2f..", "1/1", "1/1/a/b"],
)  # fmt: skip
def test_links_of_letters_that_we_never_wrote(browser: httpx.Client, kind: str, rest: str) -> None:
    wanted = {"password": "a bridge in Osaka"}
    for answer in (browser.get(f"/{kind}/{rest}"), browser.post(f"/{kind}/{rest}", data=wanted)):
        sane(answer, 404, 410)


@pytest.mark.parametrize("name", ["ada", "", "x" * 60_000, "a\r\nBcc: all@example.org", "\x00"])
def test_letters_where_no_mail_is_sent(browser: httpx.Client, name: str) -> None:
    sane(browser.post("/forgot", data={"name": name}), 409)
