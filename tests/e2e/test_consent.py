"""The page of consent in a real browser: it leads on to the app, which its policy must allow, and to nowhere else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.e2e.harness.chromium import PROGRAM
from tests.e2e.house import started
from tests.ports import free_ports

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

PASSWORD = "a bridge in Kyoto"
OOB = "urn:ietf:wg:oauth:2.0:oob"


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with started(tmp_path_factory.mktemp("house") / "data") as house:
        yield house.web


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=PROGRAM, args=["--no-sandbox"])
        yield browser.new_page(color_scheme="light")
        browser.close()


@pytest.fixture
def app_host() -> Iterator[str]:
    """A page of another origin, where an app waits for its answer."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<title>the app</title>")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", free_ports(1)[0]), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/back"
    server.shutdown()
    server.server_close()


def address(page: Page, web: str, uri: str) -> str:
    """What an app opens, with an app that registered itself just before."""
    said = {"client_name": "Quill", "redirect_uris": uri, "scopes": "read write:statuses"}
    answer = page.request.post(f"{web}/api/v1/apps", form=said)
    query = {
        "response_type": "code",
        "client_id": answer.json()["client_id"],
        "redirect_uri": uri,
        "scope": "read write:statuses",
        "state": "s",
    }
    return f"{web}/oauth/authorize?{urlencode(query)}"


def test_from_the_app_by_a_log_in_and_back(page: Page, web: str, app_host: str) -> None:
    page.goto(f"{web}/sign-up")
    page.locator("#handle").fill("ada")
    page.locator("#password").fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    page.get_by_role("button", name="Log out").click()
    page.goto(address(page, web, app_host))
    page.locator("#name").fill("ada")
    page.locator("#password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Let an app in")).to_be_visible()
    page.get_by_role("button", name="Let it in").click()
    page.wait_for_url(f"{app_host}**")
    told = parse_qs(urlsplit(page.url).query)
    assert len(told["code"][0]) == 43 and told["state"] == ["s"]


def test_the_code_is_shown_where_the_app_has_no_address(page: Page, web: str) -> None:
    page.goto(address(page, web, OOB))
    page.get_by_role("button", name="Let it in").click()
    expect(page.get_by_role("heading", name="Take this code to your app")).to_be_visible()
    assert len(page.locator("#code").input_value()) == 43
    expect(page.get_by_role("button", name="Copy")).to_be_visible()


def test_the_settings_name_the_apps(page: Page, web: str, tmp_path: Path) -> None:
    page.goto(f"{web}/settings")
    page.get_by_role("link", name="Apps").click()
    expect(page.get_by_text("You have let no app in.")).to_be_visible()
