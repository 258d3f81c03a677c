"""The voice watch with stock Chromium at both ends: a narrow-band headset is told from a good microphone."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import expect
from scipy.signal import resample_poly

from tests.e2e.harness.chromium import Person
from tests.e2e.harness.fixtures import *  # noqa: F403
from tests.e2e.harness.pulse import RATE_HZ
from tests.e2e.harness.sound import Reference
from tests.e2e.house import House
from tests.e2e.players import consent, join

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(150)]

TELEPHONE_HZ = 8_000
TALK_S = 45
SAID_MS = 30_000


def by_telephone(voice: Reference) -> np.ndarray:
    """What is left of it behind a link of 8,000 samples a second."""
    factor = RATE_HZ // TELEPHONE_HZ
    narrow = resample_poly(resample_poly(voice.samples, 1, factor), factor, 1)
    return narrow.astype(np.float32)


def test_a_narrow_band_headset_is_named_to_the_host_and_to_him_who_wears_it(
    house: House, voices: dict[str, Reference], person: Callable[..., Person]
) -> None:
    room = house.plan("how-it-sounds", "How it sounds")
    house.open_doors(room)
    ticket, watcher = house.invite(room, "Gil"), house.invite(room, "Wim", "cohost")
    host, guest = person("host"), person("guest")
    consent(host, f"{house.stage}/{room.key}#t={room.host}", "Hanna")
    join(host)
    consent(guest, f"{house.stage}/{room.key}#t={ticket}", "Gil")
    join(guest)
    good, narrow = voices["host"].samples, by_telephone(voices["guest1"])
    host.microphone.play_samples(np.tile(good, TALK_S * RATE_HZ // len(good) + 1))
    guest.microphone.play_samples(np.tile(narrow, TALK_S * RATE_HZ // len(narrow) + 1))

    lines = host.page.locator(".people voice-line .words")
    said = lines.filter(has_text="Gil's microphone is a narrow-band headset")
    expect(said).to_have_text(
        re.compile(r"nothing above [45] kHz\. No fault of the network"), timeout=SAID_MS
    )
    expect(lines.filter(has_text="You sound fine.")).to_have_count(1, timeout=SAID_MS)
    expect(guest.page.locator(".desk .why")).to_have_text(re.compile("narrow-band headset"))
    own = guest.page.locator("voice-line .words")  # a guest sees his own alone
    expect(own).to_have_text(re.compile("narrow-band headset.* Choose another microphone"))

    told = {one["name"]: one["voice"] for one in house.view(room, watcher)["people"]}
    assert told["Hanna"]["finding"] == "fine" and told["Hanna"]["band_hz"] > 11_500
    assert told["Gil"]["band_hz"] <= 5_500
    for voice in told.values():
        # below what is said of a road (1 % of ten seconds): a busy machine is late with a packet now and then
        assert voice["lost"] == 0 and voice["concealed_ms"] < 100 and voice["round_trip_ms"] < 200

    beside = host.page.locator(".people li", has_text="Gil").locator("voice-line")
    beside.locator("summary").click()
    noise = beside.get_by_role("switch", name=re.compile("Steady noise"))
    expect(noise).not_to_be_checked()
    noise.click()
    seen = guest.page.locator("voice-line input[name=noise]")
    expect(seen).to_be_checked(timeout=SAID_MS)
    guest.page.locator("voice-line summary").click()
    seen.click()
    expect(noise).not_to_be_checked(timeout=SAID_MS)
