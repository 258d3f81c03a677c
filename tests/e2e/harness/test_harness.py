"""The harness on a page of its own: a voice reaches its person's ear, whole, and nobody else's."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from . import sound
from .chromium import People
from .firefox import Firefox
from .fixtures import *  # noqa: F403
from .sound import Reference
from .waiting import Missing, require, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def page_url() -> Iterator[str]:
    files = partial(_Quiet, directory=str(Path(__file__).parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), files) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/loopback.html"
        server.shutdown()
        thread.join()


def test_a_missing_program_is_named_with_its_package() -> None:
    with pytest.raises(Missing, match=r"need no-such-thing: install with `apt-get install"):
        require("node", "no-such-thing")


@pytest.mark.parametrize("query", ["", "?echo&noise&gain"])
def test_a_voice_is_heard_in_its_own_ear_only(
    people: People, voices: dict[str, Reference], page_url: str, query: str
) -> None:
    host = people.person("host" + str(len(people.everybody)))
    guest = people.person("guest" + str(len(people.everybody)))
    for one in (host, guest):
        one.page.goto(page_url + query)
        one.page.get_by_role("button", name="Join").click()
        one.page.get_by_text("playing").wait_for()
    in_host, in_guest = host.ear.record(), guest.ear.record()
    began_s = in_host.now_s
    playing = host.microphone.play(voices["host"].path)
    until(lambda: host.page.evaluate("level()") > 0.01, 5, "a level in getUserMedia")
    assert guest.page.evaluate("level()") < 1e-4  # -80 dBFS: the last bit of a sample
    playing.wait(30)
    mine, theirs = in_host.stop(), in_guest.stop()
    for one in (host, guest):
        one.leave()

    [match] = sound.find(voices["host"], mine)
    print(f"{query or 'plain'}: {match.score:.2f} in {len(match.hits)} hits,", end=" ")
    print(f"{(match.offset_s - began_s) * 1000:.0f} ms from mouth to ear")
    assert match.score > 0.35
    assert match.offset_s > began_s
    assert sound.share(voices["host"], mine, match.from_s, match.to_s) > 0.5
    assert not sound.doubled(voices["host"], mine)
    assert sound.absent(voices["guest1"], mine)
    assert sound.absent(voices["host"], theirs)
    assert sound.level_dbfs(theirs) < -70


def test_picked_devices_lead_elsewhere(
    people: People, voices: dict[str, Reference], page_url: str
) -> None:
    """deviceId in localStorage wins over the default devices, as on the stage page."""
    one, other = people.person("picker"), people.person("picked")
    one.page.goto(page_url)
    one.microphone, one.ear = other.microphone, other.ear
    one.pick_devices()
    one.page.get_by_role("button", name="Join").click()
    one.page.get_by_text("playing").wait_for()
    recording = other.ear.record()
    playing = other.microphone.play(voices["guest2"].path, skip_s=8)
    playing.wait(30)
    assert sound.heard(voices["guest2"], recording.stop())
    one.leave()
    other.leave()


def test_firefox_speaks_and_hears(
    firefox: Firefox, voices: dict[str, Reference], page_url: str
) -> None:
    firefox.goto(page_url)
    firefox.click("#join")
    firefox.wait("() => document.querySelector('#state').textContent === 'playing'")
    recording = firefox.ear.record()
    playing = firefox.microphone.play(voices["guest1"].path)
    firefox.wait("() => level() > 0.01", deadline_s=5)
    playing.wait(30)
    heard = recording.stop()
    [match] = sound.find(voices["guest1"], heard)
    assert match.score > 0.35
    assert sound.share(voices["guest1"], heard, match.from_s, match.to_s) > 0.5
