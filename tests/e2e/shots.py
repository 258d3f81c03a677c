"""`make shots`: every page in its main states, light and dark, phone and desktop, from a real server, into docs/pictures/.

Palette PNGs under 120 kB each, at most 24 of them. The people on stage are real sessions; the pages know nothing of it.
"""

from __future__ import annotations

import io
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.e2e.harness.chromium import People, Person
from tests.e2e.harness.fixtures import VOICES
from tests.e2e.harness.pulse import Pulse
from tests.e2e.harness.waiting import until
from tests.e2e.house import House, Room, started
from tests.e2e.peer import Cast, cast
from tests.e2e.players import consent, join
from tests.e2e.square import Member

PICTURES = Path(__file__).parents[2] / "docs/pictures"
BYTES_MAX = 120_000
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True}
DESKTOP = {"viewport": {"width": 1280, "height": 800}}
ABOUT = (
    "Two economists, one ballot. Hanna Sörensen and Gil Okafor go through the question on rents line by line, "
    "and take yours."
)


@dataclass
class Studio:
    """What the scenes share."""

    house: House
    people: People
    cast: Cast

    def person(self, name: str, phone: bool = False, dark: bool = False) -> Person:
        look: dict[str, Any] = dict(PHONE if phone else DESKTOP)
        return self.people.person(
            f"{name}-{len(self.people.everybody)}",
            color_scheme="dark" if dark else "light",
            timezone_id="Europe/Berlin",
            **look,
        )


def save(person: Person, name: str) -> None:
    """One screenshot, reduced to a palette."""
    person.page.wait_for_timeout(400)  # transitions come to rest
    raw = Image.open(io.BytesIO(person.page.screenshot()))
    if raw.width > 1280:
        raw = raw.resize((1280, raw.height * 1280 // raw.width), Image.Resampling.LANCZOS)
    for colours in (256, 128, 64, 32):
        out = io.BytesIO()
        reduced = raw.convert("RGB").quantize(colours, dither=Image.Dither.NONE)
        reduced.save(out, "PNG", optimize=True)
        if out.tell() < BYTES_MAX:
            break
    PICTURES.mkdir(parents=True, exist_ok=True)
    (PICTURES / f"{name}.png").write_bytes(out.getvalue())
    print(f"{name}.png {out.tell() // 1000} kB {reduced.size}")


def both_looks(
    studio: Studio, name: str, url: str, ready: Callable[[Person], object], phone_dark: bool = True
) -> None:
    """Light on a desktop, dark (or light) on a phone."""
    for phone, dark in ((False, False), (True, phone_dark)):
        one = studio.person("viewer", phone, dark)
        one.page.goto(url)
        ready(one)
        where = f"{'phone' if phone else 'desktop'}-{'dark' if dark else 'light'}"
        save(one, f"{name}-{where}")
        one.leave()


def seen(selector: str) -> Callable[[Person], object]:
    return lambda one: one.page.locator(selector).first.wait_for()


def planning(studio: Studio) -> None:
    one = studio.person("planner")
    one.page.goto(f"{studio.house.web}/plan")
    one.page.locator("#title").fill("After the vote: what now?")
    one.page.locator("#host_name").fill("Hanna Sörensen")
    one.page.locator("#description").fill(ABOUT)
    save(one, "plan-desktop-light")
    one.page.get_by_role("button", name="Plan the room").click()
    one.page.locator("#host-link").wait_for()
    save(one, "planned-desktop-light")
    one.leave()
    phone = studio.person("planner", True, True)
    phone.page.goto(f"{studio.house.web}/plan")
    save(phone, "plan-phone-dark")
    phone.leave()


def accounts(studio: Studio) -> None:
    """Coming in, and what one sees of oneself, on both."""
    for phone, dark in ((False, False), (True, True)):
        one = studio.person("member", phone, dark)
        where = f"{'phone' if phone else 'desktop'}-{'dark' if dark else 'light'}"
        for name, path in (("log-in", "/login"), ("sign-up", "/sign-up")):
            one.page.goto(f"{studio.house.web}{path}")
            save(one, f"{name}-{where}")
        one.page.locator("#handle").fill(f"mia_{where.replace('-', '_')}")
        one.page.locator("#password").fill("seven rivers and a bridge")
        one.page.get_by_role("button", name="Sign up").click()
        one.page.locator("#name").fill("Mia Torres")
        one.page.locator("#note").fill("Hydrologist. I count what the river brings.")
        save(one, f"settings-{where}")
        one.page.goto(f"{studio.house.web}/settings/security")
        save(one, f"security-{where}")
        one.leave()


def square(studio: Studio, room: Room) -> None:
    """What is posted around the room on the air, home, and one's page."""
    house = studio.house
    mia = Member(house, "mia", "Mia Torres", "Hydrologist. I count what the river brings.")
    ben = Member(house, "ben", "Ben Adeyemi", "City desk, twenty years of budgets.")
    mia.bring(
        (
            "2023-05-25T14:00:00Z",
            "Forty minutes of silence, and then an apology. A talk begins when it says it begins.",
        ),
        ("2022-11-02T08:30:00Z", "The river was 3.4 metres at seven this morning."),
    )
    mia.follow(ben)
    ben.follow(mia)
    asked = mia.say(
        "If rents follow wages, what do wages follow? Hanna just said it twice. #rents",
        room=room.key,
        language="en",
    )
    ben.say("@mia Prices of bread, since 1911: https://archive.example/prices/bread-and-rents-1911-to-1931.pdf",
            in_reply_to_id=str(asked), room=room.key)  # fmt: skip
    ben.does(asked, "favourite")
    ben.does(mia.posts()[-2], "repost", room=room.key)
    said = ben.say("Doors were open at ten to. That is how it is done.", room=room.key)
    ben.http.post(
        f"/posts/{said}/edit",
        data={"status": "Doors were open at half past. That is how it is done."},
    )
    mia.does(said, "repost")
    ben.say(
        "The whole vote, as I see it.",
        spoiler_text="Numbers from the count, before the talk names them",
        room=room.key,
    )
    both_looks(studio, "square-room", f"{house.web}/rooms/{room.key}", seen(".post"))
    cookies = [
        {"name": c.name, "value": str(c.value), "url": house.web} for c in ben.http.cookies.jar
    ]
    for phone, dark in ((False, False), (True, True)):
        one = studio.person("reader", phone, dark)
        one.page.context.add_cookies(cookies)  # type: ignore[arg-type]
        where = f"{'phone' if phone else 'desktop'}-{'dark' if dark else 'light'}"
        for name, path in (
            ("home", "/home"),
            ("square-profile", "/@mia"),
            ("square-post", f"/posts/{asked}"),
        ):
            one.page.goto(f"{house.web}{path}")
            save(one, f"{name}-{where}")
        one.leave()


def stage_before(studio: Studio, room: Room) -> None:
    """Notice and sound check, on both."""
    for phone, dark in ((False, False), (True, True)):
        one = studio.person("guest", phone, dark)
        where = f"{'phone' if phone else 'desktop'}-{'dark' if dark else 'light'}"
        ticket = studio.house.invite(room, "Gil Okafor")
        one.page.goto(f"{studio.house.stage}/{room.key}#t={ticket}")
        one.page.locator("#consent").wait_for()
        save(one, f"stage-notice-{where}")
        consent(one, f"{studio.house.stage}/{room.key}?again#t={ticket}", "Gil Okafor")
        one.page.get_by_role("button", name="Record five seconds").wait_for()
        playing = one.microphone.play(VOICES / "guest1.opus")
        until(lambda o=one: o.page.locator(".last button").is_enabled(), 15, "the microphone")  # type: ignore[misc]
        one.page.wait_for_timeout(1500)
        save(one, f"stage-test-{where}")
        playing.stop()
        one.leave()


def evening(studio: Studio, room: Room) -> None:
    """Back stage, the air with a hand up, a speaker's phone, listeners; then the replay."""
    house = studio.house
    listen = f"{house.live}/{room.key}"
    host = studio.person("host")
    consent(host, f"{house.stage}/{room.key}#t={room.host}", "Hanna Sörensen")
    host.page.get_by_role("button", name="Join back stage").click()
    host.page.locator("[data-command=open_doors]").click()
    speaker = studio.person("speaker", True, False)
    link = make_link(host, "Gil Okafor", "speaker")
    consent(speaker, link, "Gil Okafor")
    join(speaker)
    ana = studio.cast.speaker(
        house.stage, room.key, make_link(host, "Ana Lima", "cohost").partition("#t=")[2]
    )
    ana.join()
    host.page.locator("person-card", has_text="Ana Lima").wait_for()
    host.page.evaluate("document.querySelector('details.invite').open = false; scrollTo(0, 0)")
    save(host, "stage-back-desktop-light")
    both_looks(studio, "event-waiting", listen, seen("#play"))

    host.page.locator("[data-command=go_on_air]").click()
    host.page.locator("tally-lamp[state=air]").wait_for(timeout=20_000)
    playing = [speaker.microphone.play(VOICES / "guest1.opus", loop=True)]
    hand = (
        studio.cast.loop
        and house.http.post(
            f"{house.stage}/knock/{room.key}", json={"name": "Cora Weiss", "note": ""}
        ).json()["ticket"]
    )
    house.command(room, "hands.raise", {"note": "I rent in the district you talk about"}, hand)
    host.page.locator("hands-queue [data-act^=call-]").wait_for(timeout=20_000)
    host.page.locator("person-card[talking]").wait_for(timeout=20_000)
    save(host, "stage-air-desktop-light")
    host.page.emulate_media(color_scheme="dark")
    save(host, "stage-air-desktop-dark")
    save(speaker, "stage-air-phone-light")
    for phone, dark in ((False, False), (True, True), (True, False)):
        one = studio.person("listener", phone, dark)
        one.page.goto(listen)
        one.page.locator("#play").click()
        one.page.locator("#status", has_text="behind").wait_for(timeout=40_000)
        one.page.locator("#stage .talks").wait_for(timeout=40_000)
        save(one, f"event-air-{'phone' if phone else 'desktop'}-{'dark' if dark else 'light'}")
        one.leave()
    square(studio, room)
    both_looks(studio, "front", house.web, seen("main h1"))
    host.page.emulate_media(color_scheme="light")
    playing[0].stop()
    host.page.locator("[data-command=ask-end]").click()
    host.page.locator("dialog[open] [data-command=end]").click()
    host.page.locator("[data-file='mix.m4a']").wait_for(timeout=40_000)
    save(host, "stage-over-desktop-light")
    both_looks(studio, "event-replay", listen, seen("body[data-phase=replay]"))
    for one in (host, speaker):
        one.leave()


def make_link(host: Person, name: str, role: str) -> str:
    """An invitation, as the host makes one."""
    page = host.page
    page.evaluate("document.querySelector('details.invite').open = true")
    page.locator("#invite-name").fill(name)
    page.locator("#invite-role").select_option(role)
    page.get_by_role("button", name="Make a link").click()
    page.get_by_text(f"A link for {name}").wait_for()
    return str(page.locator("#invite-link").input_value())


def main() -> int:
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        with (
            started(folder / "data") as house,
            Pulse(folder / "pulse") as pulse,
            sync_playwright() as driver,
            cast() as actors,
        ):
            people = People(pulse, driver)
            studio = Studio(house, people, actors)
            hour = 3_600_000
            now = int(time.time() * 1000) // hour * hour
            room = house.plan("ballot-night", "The rent question, line by line", description=ABOUT,
                              starts_at_ms=now + 3 * hour, host_name="Hanna Sörensen")  # fmt: skip
            house.plan("budget", "Whose money is it? The city budget in an hour",
                       starts_at_ms=now + 27 * hour, host_name="Ben Adeyemi")  # fmt: skip
            house.plan("river", "What the river did in June", starts_at_ms=now + 50 * hour,
                       host_name="Mia Torres", description="Three neighbours and a hydrologist.")  # fmt: skip
            past = house.plan("first-night", "Opening night", host_name="Ben Adeyemi")
            house.on_air(past)
            house.command(past, "end")
            planning(studio)
            accounts(studio)
            stage_before(studio, room)
            evening(studio, room)
            people.close()
    print(f"{len(list(PICTURES.glob('*.png')))} pictures in {time.monotonic() - began_s:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
