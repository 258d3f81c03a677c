"""People in Debian's Chromium: each a browser process with a microphone and an ear of its own.

One process for each person, not one context: measured alike in CPU (about 16 % of a core for one
person who sends and hears), 60 MB dearer in memory, and the only way in which *every* sound of the
page reaches the right ear, a bare ``<audio>`` with scripts off too. The page is not touched: its
"Default" devices are the person's (PULSE_SOURCE, PULSE_SINK), and the named devices ``mic-{name}``
and ``ear-{name}`` are there to be picked.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, Playwright

from .names import Names
from .pulse import Ear, Microphone, Pulse
from .waiting import require

PROGRAM = "/usr/bin/chromium"
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
)
AUTOPLAY = "--autoplay-policy=no-user-gesture-required"

DEVICE_ID = """async ([kind, label]) => {
  const held = await navigator.mediaDevices.getUserMedia({audio: true});
  const all = await navigator.mediaDevices.enumerateDevices();
  held.getTracks().forEach((track) => track.stop());
  const found = all.find((device) => device.kind === kind && device.label === label);
  return found ? found.deviceId : null;
}"""


@dataclass
class Person:
    """Somebody with a browser. `page` is an ordinary Playwright page (sync API)."""

    name: str
    microphone: Microphone
    ear: Ear
    browser: Browser
    context: BrowserContext
    page: Page
    asked_as: str = ""  # the name before its number
    console: list[str] = field(default_factory=list)  # what the page logged, and its errors

    def device_id(self, kind: str) -> str:
        """The id of this person's ``audioinput`` or ``audiooutput`` for the page's origin.

        The page must be at the origin already (ids differ by origin and by profile).
        """
        label = {"audioinput": self.microphone.name, "audiooutput": self.ear.name}[kind]
        found = self.page.evaluate(DEVICE_ID, [kind, label])
        assert found, f"{self.name}'s browser does not list {label}"
        return str(found)

    def pick_devices(self) -> None:
        """Leave the person's devices in localStorage, as the stage page's own picker does."""
        self.page.evaluate(
            "([mic, ear]) => { localStorage.setItem('hustings.microphone', mic);"
            " localStorage.setItem('hustings.headphones', ear); }",
            [self.device_id("audioinput"), self.device_id("audiooutput")],
        )

    def offline(self, off: bool = True) -> None:
        """Cut HTTP (not UDP: WebRTC goes on; Playwright cannot cut that)."""
        self.context.set_offline(off)

    def leave(self) -> None:
        """Close the whole browser, as somebody who shuts the lid."""
        self.browser.close()


@dataclass
class People:
    """Makes persons on one sound system and closes all their browsers at the end."""

    pulse: Pulse
    playwright: Playwright
    everybody: list[Person] = field(default_factory=list)
    names: Names = field(default_factory=Names)

    def person(
        self,
        name: str,
        *,
        microphone: bool = True,
        autoplay: bool = False,
        flags: tuple[str, ...] = (),
        **context: Any,
    ) -> Person:
        """A new person with a browser of their own.

        `microphone` grants the permission; `autoplay` lets sound start without a tap (off: as
        real browsers are); `flags` go to Chromium; `context` to Playwright's ``new_context``
        (``viewport``, ``java_script_enabled``, ``locale``, ``color_scheme``, ...). Whose name is taken (a test
        that is tried again) gets a number behind it: ears and microphones have names.
        """
        require("chromium")
        asked_as, name = name, self.names.free(name)
        mic, ear = self.pulse.microphone(name), self.pulse.ear(name)
        env = self.pulse.person_env(name)
        root = ("--no-sandbox",) if os.geteuid() == 0 else ()
        sound = (AUTOPLAY,) if autoplay else ()
        browser = self.playwright.chromium.launch(
            executable_path=PROGRAM,
            headless=True,
            args=[*FLAGS, *root, *sound, *flags],
            ignore_default_args=["--mute-audio"],  # Playwright mutes headless browsers
            env=dict(env),
        )
        opened = browser.new_context(
            permissions=["microphone"] if microphone else [], **{"locale": "en-GB", **context}
        )
        page = opened.new_page()
        one = Person(name, mic, ear, browser, opened, page, asked_as)
        page.on("console", lambda message: one.console.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: one.console.append(f"pageerror: {error}"))
        self.everybody.append(one)
        return one

    def close(self) -> None:
        for one in self.everybody:
            if one.browser.is_connected():
                one.browser.close()
