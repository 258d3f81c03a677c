"""The browser code: its logic under Node, and the stage page whole, in Chromium, against a small real stage host."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from hustings.copy import catalogue
from hustings.pages.stage import MODULES, embed, render
from tests.client.browsing import *  # noqa: F403
from tests.client.browsing import CHROMIUM
from tests.client.stage_host import KEY, ROOT, StageHost, now_ms, person, ticket

CLIENT = ROOT / "client"

# Keeps what the page asked of the microphone, so that a test can count it and pull a plug; and its calls.
WATCH_MICROPHONE = """
window.tracks = [];
const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (wish) => {
  const stream = await open(wish);
  window.tracks.push(stream.getAudioTracks()[0]);
  window.wish = wish.audio;
  return stream;
};
window.calls = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...how) {
    super(...how);
    window.calls.push(this);
  }
};
"""


def test_logic_under_node(capsys: pytest.CaptureFixture[str]) -> None:
    files = sorted(str(path) for path in Path(__file__).parent.glob("*.test.mjs"))
    run = subprocess.run(["node", "--test", *files], capture_output=True, text=True, timeout=120)
    with capsys.disabled():
        print("\n" + "\n".join(run.stdout.splitlines()[-8:]))
    assert run.returncode == 0, run.stdout + run.stderr


class TestStagePage:
    def test_it_holds_no_room_and_no_sentence_of_its_own(self) -> None:
        copy = catalogue("en", "stage") | {"evil": "</script><b>"}
        page = render(copy, "/assets/h", "http://live", "http://web", "en").decode()
        assert 'src="/assets/h/stage/main.js"' in page
        assert "</script><b>" not in page
        embedded = re.search(r'id="copy">(.*?)</script>', page)
        assert embedded and json.loads(embedded[1]) == copy
        place = re.search(r'id="place">(.*?)</script>', page)
        assert place and json.loads(place[1]) == {
            "live_url": "http://live", "web_url": "http://web", "lang": "en",
        }  # fmt: skip
        visible = re.sub(r"<script.*?</script>|<head>.*?</head>|<[^>]+>", " ", page, flags=re.S)
        assert set(visible.split()) <= set(" ".join(copy.values()).split())

    def test_a_right_to_left_language_turns_the_page(self) -> None:
        assert b'<html lang="ar" dir="rtl">' in render(catalogue("ar", "stage"), "", "", "", "ar")

    def test_every_module_is_fetched_at_once(self) -> None:
        """The preload list is what main.js imports, all the way down: nothing missing, nothing idle."""
        reached: set[Path] = set()
        left = [CLIENT / "stage/main.js"]
        while left:
            module = left.pop()
            if module in reached:
                continue
            reached.add(module)
            imports = re.findall(r'^import [^;]*?"(\.[^"]+)";', module.read_text(), flags=re.M)
            left += [(module.parent / target).resolve() for target in imports]
        assert sorted(MODULES) == sorted(str(path.relative_to(CLIENT)) for path in reached)

    def test_what_is_embedded_cannot_end_its_script(self) -> None:
        assert str(embed("<!--<script>")) == '"\\u003c!--\\u003cscript>"'


def test_every_sentence_asked_for_is_there() -> None:
    copy = catalogue("en", "stage")
    asked = set()
    for module in MODULES:
        asked |= set(re.findall(r'\bsay\(\s*"([a-z_.]+)"', (CLIENT / module).read_text()))
    hands = {name for name in asked if name.startswith("hands.")}  # that feature's own catalogue
    assert len(asked) > 80
    assert {
        name for name in asked - hands if name not in copy and f"{name}.other" not in copy
    } == set()


# ---- the page itself


@pytest.fixture
async def host() -> AsyncIterator[StageHost]:
    async with StageHost() as running:
        yield running


async def arrive(
    browser: Browser, host: StageHost, role: str = "host", name: str = "Ada Quine"
) -> Page:
    context: BrowserContext = await browser.new_context(reduced_motion="reduce", locale="en-GB")
    page = await context.new_page()
    page.broken = []  # type: ignore[attr-defined]
    page.on("pageerror", lambda error: page.broken.append(str(error)))  # type: ignore[attr-defined]
    await page.add_init_script(WATCH_MICROPHONE)
    host.view["you"] |= {"role": role, "name": name}
    await page.goto(f"{host.url}/{KEY}#t={ticket(role, name)}")
    return page


async def join(page: Page) -> None:
    await page.check("#consent")
    await page.click("text=Choose a microphone")
    await page.click("text=Join back stage")


async def on_stage(page: Page) -> None:
    """The session stands, and the page shows it."""
    await page.wait_for_selector("body[data-session=here]")
    await expect(page.locator("person-card").first).to_be_visible()
    await expect(page.locator(".desk")).to_be_visible()


async def command(host: StageHost, name: str) -> dict[str, Any]:
    """The next command of that name, waiting until it has come."""
    async with asyncio.timeout(20), host.changed:
        await host.changed.wait_for(lambda: any(one[0] == name for one in host.commands))
    found = next(one for one in host.commands if one[0] == name)
    host.commands.remove(found)
    return found[1]


async def offered(host: StageHost, count: int) -> None:
    async with asyncio.timeout(20), host.changed:
        await host.changed.wait_for(lambda: len(host.offers) >= count)


async def test_a_host_from_consent_to_the_end(browser: Browser, host: StageHost) -> None:
    page = await arrive(browser, host)
    assert "#" not in page.url, "the ticket has left the address bar"

    await expect(page.locator("h1")).to_have_text("What does a fair election cost?")
    await page.click("text=Choose a microphone")  # without consent
    assert await page.evaluate("tracks.length") == 0
    await page.fill("#name", "Ada B. Quine")
    await page.check("#consent")
    await page.click("text=Choose a microphone")
    assert await command(host, "rename") == {"name": "Ada B. Quine"}

    await expect(page.locator("text=Join back stage")).to_be_enabled()
    wish = await page.evaluate("wish")
    assert wish["echoCancellation"] and wish["noiseSuppression"] and wish["autoGainControl"]
    assert (wish["channelCount"], wish["sampleRate"]) == (1, 48000)
    await page.click("text=Reduce noise")
    await page.wait_for_function("window.wish.noiseSuppression === false")
    await page.wait_for_function(
        "Number(document.querySelector('level-meter').getAttribute('aria-valuenow')) > -40"
    )

    assert host.offers == [], "nothing is sent before joining"
    await page.click("text=Join back stage")
    await on_stage(page)
    offer = host.offers[0]
    assert offer.count("m=audio") == offer.count("m=") == 1 and "a=sendrecv" in offer
    fmtp = re.search(r"a=fmtp:\d+ (.*maxaveragebitrate.*)", offer)
    assert fmtp and {"maxaveragebitrate=72000", "useinbandfec=1", "stereo=0"} <= set(
        fmtp[1].strip().split(";")
    )
    assert "a=candidate" in offer, "not trickled"

    await page.keyboard.press("m")
    assert await command(host, "mute") == {"person": "AAAAAAAA", "muted": True}
    await expect(page.locator(".mute")).to_have_text("Unmute")
    assert not await page.evaluate("tracks.at(-1).enabled")
    await page.locator(".mute").click()
    assert (await command(host, "mute"))["muted"] is False
    await page.wait_for_function("tracks.at(-1).enabled")

    await page.click("text=Invite by link")
    await page.fill("#invite-name", "Ruth")
    await page.click("text=Make a link")
    assert await command(host, "invite") == {"role": "speaker", "name": "Ruth"}
    await expect(page.locator("#invite-link")).to_have_value(re.compile("#t=v1"))

    await page.click("text=Go on the air")
    assert await command(host, "go_on_air") == {"in_ms": 3000}
    await expect(page.locator("count-in .numeral")).to_have_text(re.compile("[123]"))
    await expect(page.locator("tally-lamp")).to_have_attribute("state", "standby")
    await host.show(room={"state": "on_air", "air_at_ms": None, "on_air_since_ms": now_ms()})
    await expect(page.locator("tally-lamp")).to_have_text("On the air")
    await expect(page.locator("count-in")).to_be_hidden()

    await page.locator("[data-command=ask-end]").click()
    await page.click("text=End for everyone")
    assert await command(host, "end") == {}
    await expect(page.locator("main h2").first).to_have_text("The room is over")
    await host.show(room={"state": "replay"})
    link = page.locator("text=Listen to the replay")
    await expect(link).to_have_attribute("href", host.view["room"]["live_url"])
    assert await page.evaluate("tracks.every((track) => track.readyState === 'ended')"), "closed"
    assert page.broken == []  # type: ignore[attr-defined]


async def test_to_join_is_one_question(browser: Browser, host: StageHost) -> None:
    """The offer is made while one looks at one's microphone; anew where the network has changed since."""
    page = await arrive(browser, host, "speaker", "Tom Abara")
    await page.check("#consent")
    await page.click("text=Choose a microphone")
    has_offer = "() => calls.at(-1)?.localDescription?.sdp.includes('a=candidate:')"
    await page.wait_for_function(has_offer)
    assert (host.offers, await page.evaluate("calls.length")) == ([], 1)
    await page.click("text=Join back stage")
    await on_stage(page)
    assert (len(host.offers), await page.evaluate("calls.length")) == (1, 1)

    other = await arrive(browser, host, "speaker", "Una Bell")
    await other.check("#consent")
    await other.click("text=Choose a microphone")
    await other.wait_for_function(has_offer)
    await other.evaluate("dispatchEvent(new Event('online'))")
    assert await other.evaluate("calls[0].connectionState") == "closed"
    await other.click("text=Join back stage")
    await on_stage(other)
    assert (len(host.offers), await other.evaluate("calls.length")) == (2, 2)


async def test_a_host_rules_the_stage(browser: Browser, host: StageHost) -> None:
    host.view["people"] = [
        person("RRRRRRRR", "Ruth", "speaker"),
        person("JJJJJJJJ", "Joon-ho", "speaker"),
    ]
    page = await arrive(browser, host)
    await join(page)
    await on_stage(page)
    await page.get_by_role("button", name="Mute Ruth").click()
    assert await command(host, "mute") == {"person": "RRRRRRRR", "muted": True}
    await expect(page.get_by_role("button", name="Mute Ruth")).to_have_count(0)
    await page.get_by_role("button", name="Remove Joon-ho from the stage").click()
    assert not [one for one in host.commands if one[0] == "remove"], "asked twice"
    await page.get_by_role("button", name="Remove", exact=True).first.click()
    assert await command(host, "remove") == {"person": "JJJJJJJJ"}

    waiting = {
        "code": "device_waiting",
        "since_ms": now_ms(),
        "text": "",
        "device": "d" * 22,
        "person": "RRRRRRRR",
    }
    await host.show(alarms=[waiting])
    await page.click("text=Let it in")
    assert await command(host, "admit") == {"device": "d" * 22, "person": "RRRRRRRR"}
    await page.click("text=If you are late")
    await page.fill("#late", "The train is late")
    await page.click("text=Tell them")
    assert await command(host, "late") == {"reason": "The train is late"}
    await expect(page.locator("text=They read: The train is late")).to_be_visible()


VOICE = {
    "finding": "narrow", "figure": 4, "lost": 0.0, "jitter_ms": 3, "round_trip_ms": 41, "concealed_ms": 0, "level_db": -24,
    "noise_db": -80, "clipped": 0.0, "band_hz": 4_500, "sibilance": 0.1, "echo_s": None,
}  # fmt: skip


async def test_a_host_sees_how_each_voice_sounds_and_the_figures_behind_it(
    browser: Browser, host: StageHost
) -> None:
    """What is open stays open, and a button keeps its focus, while figures change."""

    async def told(**change: Any) -> None:
        others = [person("RRRRRRRR", "Ruth", "speaker", voice=VOICE | change)]
        others += [person("JJJJJJJJ", "Joon-ho", "speaker", voice=VOICE | {"finding": "fine"})]
        await host.show(people=[*host.view["people"][:1], *others])

    page = await arrive(browser, host)
    await join(page)
    await on_stage(page)
    await told()
    lines = page.locator("voice-line .words")
    await expect(lines.first).to_have_text(re.compile("Ruth's microphone is a narrow-band headset"))
    await expect(lines.nth(1)).to_have_text("Joon-ho sounds fine.")
    await expect(page.locator("voice-line[amiss]")).to_have_count(1)
    await page.locator("voice-line summary").first.press("Enter")
    band = page.locator("voice-line").first.locator("dd").nth(7)
    await expect(band).to_be_visible()
    await expect(band).to_have_text("4.5 kHz")
    mute = page.get_by_role("button", name="Mute Ruth")
    await mute.focus()
    await told(finding="lossy", figure=7, lost=7.1, band_hz=4_000)
    await expect(lines.first).to_have_text(re.compile("7 % of Ruth's packets are lost"))
    await expect(band).to_have_text("4 kHz")
    await expect(band).to_be_visible()
    await expect(mute).to_be_focused()
    assert page.broken == []  # type: ignore[attr-defined]


async def test_a_speaker_reads_what_to_do_about_his_own_sound(
    browser: Browser, host: StageHost
) -> None:
    page = await arrive(browser, host, "speaker", "Tom Abara")
    await join(page)
    await on_stage(page)
    await expect(page.locator(".desk .why")).to_have_text("Your microphone is open.")
    me = host.view["people"][0] | {"voice": VOICE}
    await host.show(people=[me, person("HHHHHHHH", "Ada", "host", voice=None)])
    help_ = re.compile("^Your microphone is a narrow-band headset.* Choose another microphone")
    said = re.compile("^Your microphone is a narrow-band headset.*4 kHz.$")
    await expect(page.locator(".desk .why")).to_have_text(said)
    await expect(page.locator("voice-line .words")).to_have_text(help_)
    await host.show(people=[me | {"voice": VOICE | {"finding": "fine"}}])
    await expect(page.locator(".desk .why")).to_have_text("Your microphone is open.")


async def test_a_host_holds_a_step_of_a_brownout_by_keyboard_and_takes_it_back(
    browser: Browser, host: StageHost
) -> None:
    page = await arrive(browser, host)
    await join(page)
    await on_stage(page)
    now, count = page.locator(".brownout [role=status]"), page.locator(".brownout > .count")
    await expect(count).to_have_text("Counting the listeners.")
    await expect(now).to_have_text(re.compile("Nothing is given up"))
    await host.show(room={"listeners": {"count": 0, "error": 0}})
    await expect(count).to_have_text("Nobody is listening just now.")
    await host.show(room={"listeners": {"count": 1_240, "error": 60}})
    await expect(count).to_have_text("About 1,240 listeners, give or take 60")

    await page.locator(".brownout summary").focus()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    for _ in range(2):  # an arrow key only looks
        await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("radio", name="newcomers hear you")).to_be_checked()
    assert not [one for one in host.commands if one[0] == "brownout"]
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    assert await command(host, "brownout") == {"step": 2}
    await expect(now).to_have_text(re.compile("ten seconds later. Held by a host"))
    await host.show(room={"brownout": {"step": 3, "since_ms": 5, "says": "", "least": 2}})
    await expect(now).to_have_text(re.compile("simpler for everybody. A host holds step 2"))
    await expect(page.get_by_role("radio", name="newcomers hear you")).to_be_checked()

    await page.get_by_role("radio", name="Automatic").check()
    await page.get_by_role("group", name="at least").locator("..").get_by_role("button").click()
    assert await command(host, "brownout") == {"step": 0}
    await host.show(room={"brownout": {"step": 1, "since_ms": 5, "says": "", "least": 0}})
    await expect(now).to_have_text(re.compile("no MP3. Automatic: it goes back by itself"))
    await host.show(room={"state": "planned"})
    await expect(page.locator(".brownout")).to_be_hidden()
    assert page.broken == []  # type: ignore[attr-defined]


async def test_a_speaker_has_no_control_room_and_obeys_a_mute(
    browser: Browser, host: StageHost
) -> None:
    page = await arrive(browser, host, "speaker", "Tom Abara")
    await join(page)
    await on_stage(page)
    await expect(page.locator(".control-room")).to_have_count(0)
    await expect(page.locator("person-card button")).to_have_count(0)
    me = host.view["people"][0] | {"muted": True, "muted_by": "HHHHHHHH"}
    await host.show(you={"muted": True}, people=[me, person("HHHHHHHH", "Ada", "host")])
    await expect(page.locator(".desk .why")).to_have_text("Ada muted you. You can unmute yourself.")
    assert not await page.evaluate("tracks.at(-1).enabled")


async def test_a_lost_session_comes_back_by_itself_with_the_same_microphone(
    browser: Browser, host: StageHost
) -> None:
    page = await arrive(browser, host, "speaker", "Tom Abara")
    await join(page)
    await on_stage(page)
    host.session_refusal = (503, "studio_away")
    await host.hang_up()
    await expect(page.locator(".alarm")).to_have_text(
        re.compile(r"We lost the stage \d+ seconds? ago. Trying again. Your place is kept.")
    )
    host.session_refusal = None
    await expect(page.locator(".alarm")).to_have_count(0)
    assert len(host.offers) == 2
    assert await page.evaluate("tracks.length") == 1


async def test_a_dead_stage_host_is_waited_for(browser: Browser, host: StageHost) -> None:
    page = await arrive(browser, host)
    await join(page)
    await on_stage(page)
    await host.die()
    await expect(page.locator(".alarm")).to_have_text(re.compile("We lost the stage"))
    await page.click(".mute")  # at once, here; and told when the stage is back
    assert not await page.evaluate("tracks.at(-1).enabled")
    await host.listen(host.port)
    await expect(page.locator(".alarm")).to_have_count(0)
    assert await command(host, "mute") == {"person": "AAAAAAAA", "muted": True}
    assert len([one for one in host.commands if one[0] == "mute"]) == 0


async def test_an_unplugged_microphone_is_said_and_healed_in_the_same_session(
    browser: Browser, host: StageHost
) -> None:
    page = await arrive(browser, host, "speaker", "Tom Abara")
    await join(page)
    await on_stage(page)
    await page.evaluate("tracks[0].stop(); tracks[0].dispatchEvent(new Event('ended'))")
    await expect(page.locator(".alarm")).to_have_text(re.compile("We lost your microphone"))
    await expect(page.locator(".alarm")).to_have_count(0)
    assert await page.evaluate("tracks.length") == 2
    assert len(host.offers) == 1


async def test_closed_doors_open_without_a_touch(browser: Browser, host: StageHost) -> None:
    host.view["room"]["state"] = "planned"
    host.session_refusal = (409, "doors_closed")
    page = await arrive(browser, host, "speaker", "Tom Abara")
    await join(page)
    await expect(page.locator(".note")).to_contain_text("The doors open")
    host.session_refusal = None
    await host.show(room={"state": "open"})
    await on_stage(page)


async def test_a_second_device_waits_and_a_first_one_steps_back(
    browser: Browser, host: StageHost
) -> None:
    host.session_refusal = (409, "ticket_in_use")
    page = await arrive(browser, host, "speaker", "Tom Abara")
    await join(page)
    await expect(page.locator("main h2").first).to_have_text(
        "Your place is taken by another device"
    )
    host.session_refusal = None
    await host.show(you={"admitted": False})
    await host.show(you={"admitted": True})
    await on_stage(page)
    host.session_refusal = (409, "ticket_in_use")
    await host.hang_up()
    await expect(page.locator("main h2").first).to_have_text(
        "You are on the stage on another device"
    )
    host.session_refusal = None
    await page.click("text=Come back to this device")
    await on_stage(page)


@pytest.mark.parametrize(
    ("status", "code", "title"),
    [
        (401, "ticket_revoked", "Your place on this stage has ended"),
        (401, "ticket_forged", "This link does not open the stage"),
        (401, "ticket_malformed", "This link is not whole"),
        (403, "ticket_wrong_room", "This link is for another room"),
        (401, "ticket_expired", "The room is over"),
        (410, "room_over", "The room is over"),
    ],
)
async def test_a_refusal_says_what_to_do(
    browser: Browser, host: StageHost, status: int, code: str, title: str
) -> None:
    host.refusal = (status, code)
    page = await arrive(browser, host)
    await expect(page.locator("main h2").first).to_have_text(title)


async def test_without_a_ticket_one_may_listen(browser: Browser, host: StageHost) -> None:
    page = await browser.new_page()
    await page.goto(f"{host.url}/{KEY}")
    await expect(page.locator("main h2").first).to_have_text("This stage needs a link")
    await expect(page.locator("text=Listen to the room")).to_have_attribute(
        "href", f"http://localhost:8001/{KEY}"
    )


async def test_a_reload_in_mid_talk_goes_straight_back_and_leaving_closes_the_microphone(
    browser: Browser, host: StageHost
) -> None:
    page = await arrive(browser, host, "speaker", "Tom Abara")
    await join(page)
    await on_stage(page)
    await page.reload()
    await offered(host, 2)
    await on_stage(page)
    assert host.left == ["s1"], "the page that went away said so"
    await page.click("text=Leave")
    await expect(page.locator("main h2").first).to_have_text("You have left the stage")
    async with asyncio.timeout(20), host.changed:
        await host.changed.wait_for(lambda: host.left == ["s1", "s2"])
    assert await page.evaluate("tracks.at(-1).readyState") == "ended"


async def test_no_permission_says_how_to_give_it(host: StageHost) -> None:
    async with async_playwright() as playwright:
        args = ["--no-sandbox", "--deny-permission-prompts", "--use-fake-device-for-media-stream"]
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=args)
        page = await arrive(browser, host)
        await page.check("#consent")
        await page.click("text=Choose a microphone")
        await expect(page.locator(".trouble")).to_contain_text(
            "has no permission for your microphone"
        )
        await expect(page.locator("text=Join back stage")).to_be_disabled()
        await browser.close()


async def test_the_whole_way_in_by_keyboard(browser: Browser, host: StageHost) -> None:
    page = await arrive(browser, host)

    async def tab_to(selector: str) -> None:
        for _ in range(40):
            await page.keyboard.press("Tab")
            if await page.evaluate("(what) => document.activeElement?.matches(what)", selector):
                return
        raise AssertionError(f"{selector} is out of the keyboard's reach")

    await tab_to("#consent")
    await page.keyboard.press("Space")
    await tab_to("button.main")
    await page.keyboard.press("Enter")
    await expect(page.locator("text=Join back stage")).to_be_enabled()
    await tab_to(".last button.main")
    await page.keyboard.press("Enter")
    await on_stage(page)
    await page.locator("main").focus()
    await page.keyboard.press("Space")
    assert (await command(host, "mute"))["muted"] is True
    await tab_to(".mute")
    await page.keyboard.press("Space")  # presses the button: once, not twice
    assert (await command(host, "mute"))["muted"] is False
    assert [one for one in host.commands if one[0] == "mute"] == []


async def test_targets_are_large_and_nothing_is_cut_on_a_small_phone(
    browser: Browser, host: StageHost
) -> None:
    host.view["people"] = [
        person("RRRRRRRR", "Rindfleischetikettierungsüberwachung von und zu", "speaker")
    ]
    page = await arrive(browser, host)
    await page.set_viewport_size({"width": 320, "height": 568})
    await join(page)
    await on_stage(page)
    small = await page.evaluate(
        "[...document.querySelectorAll('button, select, summary, a.button, label.tick, "
        "input:not([type=checkbox], [type=radio])')]"
        ".filter((one) => one.offsetParent && one.getBoundingClientRect().height < 44).map((one) => one.outerHTML)"
    )
    assert small == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320
