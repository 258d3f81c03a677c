"""The recording's panel in real Chromium, against the small stage host of `tests/client/stage_host.py`."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import Browser, Page, expect

from hustings.copy import read
from tests.client.browsing import *  # noqa: F403
from tests.client.stage_host import KEY, StageHost, now_ms, person, ticket

FOLDER = Path(__file__).parents[1]
COPY = read(FOLDER / "copy" / "en.json")
FILES = ["mix.m4a", "tracks/AAAAAAAA.ogg", "tracks/BBBBBBBB.ogg"]


class RecordingHost(StageHost):
    """The stage host with a recording, its links and its end."""

    def __init__(self) -> None:
        super().__init__()
        self.deleted_room = False
        self.view["features"] = {"recording": {"deleted": False, "keeps_sealed": False}}

    async def asset(self, request: web.Request) -> web.StreamResponse:
        if request.match_info["build"] == "download":
            return web.Response(body=b"sound", headers={"Content-Disposition": "attachment"})
        return await super().asset(request)

    async def obey(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        recording = self.view["features"]["recording"]
        if name == "recording.keep_sealed":
            recording["keeps_sealed"] = body["keep"]
        elif name == "recording.delete":
            recording |= {"deleted": True}
            recording.pop("files", None)
        elif name == "recording.link":
            return {"url": f"{self.url}/assets/download/{body['file']}", "ends_ms": 0}
        elif name == "delete_room":
            self.deleted_room = True
        return await super().obey(name, body)

    async def over(self, state: str = "replay", files: list[str] | None = None) -> None:
        """The room has ended after ten minutes on the air."""
        self.view["room"] |= {
            "state": state, "on_air_since_ms": now_ms() - 600_000, "ended_at_ms": now_ms(),
        }  # fmt: skip
        self.view["features"]["recording"]["files"] = FILES if files is None else files
        self.view["people"] = []
        await self.tell()

    def sent(self, name: str) -> list[dict[str, Any]]:
        return [body for sent, body, _ in self.commands if sent == name]


@pytest.fixture
async def host() -> AsyncIterator[RecordingHost]:
    running = RecordingHost()
    async with running:
        yield running


async def on_stage(browser: Browser, host: RecordingHost, role: str = "host") -> Page:
    page = await browser.new_page(reduced_motion="reduce", locale="en-GB")
    page.set_default_timeout(12_000)
    host.view["you"] |= {"role": role, "name": "Ada Quine"}
    host.view["people"] = [person("BBBBBBBB", "Ben Orr", "speaker")]
    await page.goto(f"{host.url}/{KEY}#t={ticket(role, 'Ada Quine')}")
    await page.check("#consent")
    await page.click("text=Choose a microphone")
    await page.click("text=Join back stage")
    return page


async def after_the_end(browser: Browser, host: RecordingHost, role: str = "host") -> Page:
    page = await browser.new_page(reduced_motion="reduce", locale="en-GB")
    page.set_default_timeout(12_000)
    host.view["you"] |= {"role": role, "name": "Ada Quine"}
    await page.goto(f"{host.url}/{KEY}#t={ticket(role, 'Ada Quine')}")
    return page


async def test_it_says_that_it_records_and_keeps_what_is_asked(
    host: RecordingHost, browser: Browser
) -> None:
    page = await on_stage(browser, host)
    words = page.locator(".recording-words")
    await expect(words).to_contain_text(COPY["recording.runs.open"])
    keep = page.locator("#recording-keep")
    await expect(keep).not_to_be_checked()
    await keep.check()
    await expect(page.locator("#recording-keep-words")).to_have_text(COPY["recording.keep.on"])
    assert host.sent("recording.keep_sealed") == [{"keep": True}]
    await host.show(room={"state": "on_air", "on_air_since_ms": now_ms()})
    await expect(words).to_contain_text(COPY["recording.runs.on_air"])
    await expect(page.locator("[data-act=recording-delete]")).to_be_hidden()


async def test_a_speaker_has_the_switch_too(host: RecordingHost, browser: Browser) -> None:
    page = await on_stage(browser, host, "speaker")
    await page.locator("#recording-keep").check()
    await expect(page.locator("#recording-keep-words")).to_have_text(COPY["recording.keep.on"])
    await expect(page.locator(".recording-files button")).to_have_count(0)


async def test_each_file_is_asked_for_when_it_is_wanted(
    host: RecordingHost, browser: Browser
) -> None:
    page = await after_the_end(browser, host)
    await host.over()
    await expect(page.locator(".recording-files b")).to_have_text([
        COPY["recording.file.mix"], "Speaker AAAAAAAA, alone", "Speaker BBBBBBBB, alone",
    ])  # fmt: skip
    assert host.sent("recording.link") == []
    async with page.expect_download() as coming:
        await page.click("[data-file='tracks/BBBBBBBB.ogg']")
    download = await coming.value
    assert download.suggested_filename == "BBBBBBBB.ogg"
    assert host.sent("recording.link") == [{"file": "tracks/BBBBBBBB.ogg"}]


async def test_what_is_still_being_built_is_said(host: RecordingHost, browser: Browser) -> None:
    await host.over("ended")
    page = await after_the_end(browser, host)
    words = page.locator(".recording-words")
    await expect(words).to_have_text(COPY["recording.over.building"])
    await host.over("replay")
    await expect(words).to_have_text(COPY["recording.over.ready"])


async def test_a_room_that_was_never_on_the_air_has_nothing(
    host: RecordingHost, browser: Browser
) -> None:
    await host.over("ended", [])
    await host.show(room={"on_air_since_ms": None})
    page = await after_the_end(browser, host)
    await expect(page.locator(".recording-words")).to_have_text(COPY["recording.over.none"])
    await expect(page.locator("[data-act=recording-delete]")).to_be_hidden()
    await expect(page.locator("[data-act=recording-delete_room]")).to_be_visible()


async def test_the_recording_is_deleted_by_its_key_typed_by_hand(
    host: RecordingHost, browser: Browser
) -> None:
    await host.over()
    page = await after_the_end(browser, host)
    await page.click("[data-act=recording-delete]")
    sure = page.locator("[data-act=recording-delete-sure]")
    await expect(sure).to_be_disabled()
    await page.fill("#recording-delete-key", KEY[:-1])
    await expect(sure).to_be_disabled()
    await page.keyboard.press("Enter")
    assert host.sent("recording.delete") == []
    await page.fill("#recording-delete-key", KEY)
    await sure.click()
    await expect(page.locator(".recording-words")).to_have_text(COPY["recording.deleted"])
    await expect(page.locator(".recording-files li")).to_have_count(0)
    await expect(page.locator("dialog[open]")).to_have_count(0)


async def test_the_room_is_deleted_and_nothing_is_asked_any_more(
    host: RecordingHost, browser: Browser
) -> None:
    await host.over()
    page = await after_the_end(browser, host)
    await page.click("[data-act=recording-delete_room]")
    await page.fill("#recording-delete_room-key", KEY)
    await page.click("[data-act=recording-delete_room-sure]")
    await expect(page.locator(".recording-panel")).to_contain_text(COPY["recording.room_deleted"])
    assert host.sent("delete_room") == [{"key": KEY}]


async def test_a_refusal_is_said_and_changes_nothing(host: RecordingHost, browser: Browser) -> None:
    await host.over()
    page = await after_the_end(browser, host)
    await expect(page.locator("[data-file='mix.m4a']")).to_be_visible()
    host.refusal = (409, "recording_off")
    await page.click("[data-file='mix.m4a']")
    await expect(page.locator(".recording-told")).to_have_text(
        COPY["recording.error.recording_off"]
    )
    await expect(page.locator("[data-file='mix.m4a']")).to_be_enabled()


def test_every_sentence_asked_for_is_there() -> None:
    asked: set[str] = set()
    for script in FOLDER.glob("*.js"):
        asked |= set(re.findall(r'"(recording\.[a-z_.]+[a-z])"', script.read_text()))
    commands = {"recording.keep_sealed", "recording.link"}
    assert len(asked) > 20
    assert {one for one in asked - commands if one not in COPY} == set()
