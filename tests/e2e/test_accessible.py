"""Every page, looked at by axe-core: light and dark, on a desk and at 320 px; its weight; what stays without a script."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.e2e.harness.chromium import PROGRAM
from tests.e2e.house import started
from tests.e2e.square import PASSWORD, Member
from tests.e2e.visits import NOT_THERE, VISITS, Scene, addresses, play

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

AXE = Path(__file__).parent / "node_modules/axe-core/axe.min.js"
BYTES_MAX = 60_000
DESK, NARROW = {"width": 1280, "height": 800}, {"width": 320, "height": 640}
SERIOUS = ("serious", "critical")
COLOURS = {"runOnly": ["cat.color"]}
ASK = """async (options) => (await axe.run(document, { resultTypes: ["violations"], ...options })).violations
  .map(({ id, impact, nodes }) => ({ id, impact, where: nodes.map((node) => `${node.target} ${node.failureSummary}`) }))"""
WEIGHT = """() => performance.getEntries()
  .filter((entry) => ["navigation", "resource"].includes(entry.entryType))
  .filter((entry) => entry.entryType === "navigation" || /[.](js|css)$/.test(new URL(entry.name).pathname))
  .reduce((sum, entry) => sum + entry.encodedBodySize, 0)"""
TOO_WIDE = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth"
SEEN = """() => [...document.querySelectorAll("h1, h2, main p, main label, main [href], main input, main textarea, main select")]
  .filter((one) => one.checkVisibility())
  .map((one) => `${one.tagName} ${one.id || one.getAttribute("href") || one.textContent.replace(/[0-9].*/s, "").trim()}`)"""
"""What can be read and used. From its first digit on, a text may be a time, which a script makes local."""


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with started(tmp_path_factory.mktemp("house") / "data") as house:
        made = play(house)
        yield made
        made.owner.http.close()
        made.member.http.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as driver:
        one = driver.chromium.launch(executable_path=PROGRAM, args=["--no-sandbox"])
        yield one
        one.close()


@pytest.fixture(scope="module")
def readers(browser: Browser, scene: Scene) -> Iterator[dict[str, Page]]:
    """Somebody with a browser, by who he is."""
    opened = {name: context(browser, scene, who) for name, who in those(scene).items()}
    yield {name: one.new_page() for name, one in opened.items()}
    for one in opened.values():
        one.close()


@pytest.fixture(scope="module")
def without_script(browser: Browser, scene: Scene) -> Iterator[dict[str, Page]]:
    opened = {
        name: context(browser, scene, who, java_script_enabled=False)
        for name, who in those(scene).items()
    }
    yield {name: one.new_page() for name, one in opened.items()}
    for one in opened.values():
        one.close()


def those(scene: Scene) -> dict[str, Member | None]:
    return {"stranger": None, "member": scene.member, "owner": scene.owner}


def context(browser: Browser, scene: Scene, who: Member | None, **how: Any) -> BrowserContext:
    made = browser.new_context(locale="en-GB", viewport=DESK, color_scheme="light", **how)  # type: ignore[arg-type]
    cookies = [
        {"name": one.name, "value": str(one.value), "url": scene.house.web}
        for one in (who.http.cookies.jar if who else ())
    ]
    made.add_cookies(cookies)  # type: ignore[arg-type]
    return made


def faults(page: Page) -> list[str]:
    """What is seriously wrong with the page as it stands, in each of four looks."""
    page.evaluate(AXE.read_text())
    found = []
    for size in (DESK, NARROW):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        if page.evaluate(TOO_WIDE):
            found.append(f"{size['width']} px: it scrolls sideways")
        for scheme, options in (("light", {}), ("dark", COLOURS)):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
            found += [
                f"{size['width']} px, {scheme}: {one['id']}: {one['where'][:3]}"
                for one in page.evaluate(ASK, options)
                if one["impact"] in SERIOUS
            ]
    page.set_viewport_size(DESK)  # type: ignore[arg-type]
    page.emulate_media(color_scheme="light")
    return found


def test_there_is_a_visit_to_every_page() -> None:
    assert set(VISITS) == addresses()


@pytest.mark.parametrize("pattern", VISITS)
def test_a_page_for_everybody(
    pattern: str, scene: Scene, readers: dict[str, Page], without_script: dict[str, Page]
) -> None:
    who, where = VISITS[pattern]
    url, page, plain = scene.house.web + where(scene), readers[who], without_script[who]
    answer = page.goto(url)
    assert answer is not None and answer.status == 200
    assert page.title() and page.locator("h1:visible").count() == 1
    assert faults(page) == []
    assert page.evaluate(WEIGHT) < BYTES_MAX
    page.reload()  # what was new is so once
    seen = set(page.evaluate(SEEN))
    plain.goto(url)
    assert seen - set(plain.evaluate(SEEN)) == set()


def test_a_fault_is_seen(readers: dict[str, Page]) -> None:
    page = readers["stranger"]
    page.goto("about:blank")  # the policy of the page before would stay
    page.set_content(
        "<p style='color: #999; background: #fff; width: 400px'>Pale <a href=/x></a></p>"
    )
    found = " ".join(faults(page))
    assert "scrolls" in found and "color-contrast" in found and "link-name" in found


def test_what_is_not_there(scene: Scene, readers: dict[str, Page]) -> None:
    page = readers["stranger"]
    for host in (scene.house.web, scene.house.live):
        answer = page.goto(host + NOT_THERE)
        assert answer is not None and answer.status == 404
        assert faults(page) == []


def test_the_pages_of_a_room(scene: Scene, readers: dict[str, Page]) -> None:
    page = readers["stranger"]
    for url in (
        f"{scene.house.live}/{scene.room.key}",
        f"{scene.house.stage}/{scene.room.key}#t={scene.room.host}",
    ):
        page.goto(url)
        page.locator("h1").first.wait_for()
        assert faults(page) == []


def wrong_password(page: Page, web: str) -> None:
    page.goto(f"{web}/login")
    page.locator("#name").fill("ben")
    page.locator("#password").fill("not his at all")
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("alert").wait_for()


def nothing_written(page: Page, web: str) -> None:
    page.goto(f"{web}/compose")
    page.get_by_role("button", name="Post").first.click()


def a_second_factor(page: Page, web: str) -> None:
    page.goto(f"{web}/settings/security")
    page.locator("form[action$='/codes/begin'] [name=password]").fill(PASSWORD)
    page.locator("form[action$='/codes/begin'] button").click()
    page.locator("form[action$='/codes/prove']").wait_for()


def a_code_for_an_app(page: Page, web: str) -> None:
    page.get_by_role("button", name="Let it in").click()
    page.locator("#code").wait_for()


@pytest.mark.parametrize(
    ("who", "act"),
    [("stranger", wrong_password), ("member", nothing_written), ("member", a_second_factor)],
)
def test_what_a_form_leads_to(
    who: str, act: Callable[[Page, str], None], scene: Scene, readers: dict[str, Page]
) -> None:
    act(readers[who], scene.house.web)
    assert faults(readers[who]) == []


def test_what_an_app_is_given(scene: Scene, readers: dict[str, Page]) -> None:
    page = readers["member"]
    page.goto(scene.house.web + scene.consent())
    a_code_for_an_app(page, scene.house.web)
    assert faults(page) == []
    page.goto(f"{scene.house.web}/settings/apps")
    assert faults(page) == []
