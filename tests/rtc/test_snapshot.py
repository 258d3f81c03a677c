"""A session that another process goes on with: nobody notices, no keystream is used twice."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hustings.rtc import ice, snapshot
from hustings.rtc.peer import Peer
from tests.rtc.browser import AWAY, HOME, Browser
from tests.rtc.dtls_client import SERVER


@pytest.fixture
def browser() -> Browser:
    one = Browser()
    one.join()
    for n in range(3):
        one.say(n)
        one.peer.send(b"ear %d" % n, one.now)
    one.look()
    one.heard()
    return one


def crash(browser: Browser, after_s: float = 0.4) -> None:
    """The process dies; the next one has what was written down."""
    kept = browser.peer.snapshot(browser.now)
    assert kept is not None
    raw = kept.to_bytes()
    browser.now += after_s
    browser.seen.clear()
    browser.peer = Peer.resume(snapshot.from_bytes(raw), SERVER, browser.now)
    browser.look()


def test_what_is_written_is_read(browser: Browser) -> None:
    kept = browser.peer.snapshot(browser.now)
    assert kept is not None
    assert snapshot.from_bytes(kept.to_bytes()) == kept
    assert len(kept.to_bytes()) < 4_000


def test_a_session_goes_on(browser: Browser) -> None:
    crash(browser)
    assert (browser.proved(), browser.turns()) == ([HOME], ["down"])
    browser.peer.send(b"nobody is there yet", browser.now)
    browser.say(20)
    assert browser.turns() == ["down", "up"]
    assert browser.arrived() == [20]
    browser.peer.send(b"ear 20", browser.now)
    browser.look()
    [heard] = browser.heard()
    assert heard.payload == b"ear 20"
    assert heard.sequence == 103 + snapshot.AHEAD + 1
    assert heard.timestamp == 3 * 960 + 20 * 960 + 2 * 960, "0.4 s later, and one that was not sent"


def test_it_goes_on_again_and_again(browser: Browser) -> None:
    for n in range(5):
        crash(browser)
        browser.say(20 + n)
        browser.peer.send(b"ear", browser.now)
        browser.look()
        assert [one.payload for one in browser.heard()] == [b"ear"]


def test_a_replay_from_before_is_refused(browser: Browser) -> None:
    said = browser.say(3)
    crash(browser)
    browser.put(said)
    assert browser.turns() == ["down"]
    assert browser.arrived() == []


def test_checks_are_answered_with_the_same_password(browser: Browser) -> None:
    crash(browser)
    assert browser.check(AWAY)
    assert browser.turns() == ["down", "up"]


def test_one_that_never_sent(browser: Browser) -> None:
    quiet = Browser()
    quiet.join()
    crash(quiet)
    quiet.say(1)
    quiet.peer.send(b"the first", quiet.now)
    quiet.look()
    [heard] = quiet.heard()
    assert heard.sequence == 101


def test_a_browser_that_left_meanwhile(browser: Browser) -> None:
    crash(browser)
    browser.poll(browser.now + ice.RETURN_S)
    assert browser.turns() == ["down", "over"]
    assert browser.peer.snapshot(browser.now) is None


def test_before_there_are_keys() -> None:
    assert Browser().peer.snapshot(1.0) is None


def test_what_was_sent_since_is_counted(browser: Browser) -> None:
    browser.peer.snapshot(browser.now)
    browser.peer.send(b"ear", browser.now)
    browser.poll(browser.now + 1.0)
    assert browser.peer.unsaved == 2
    assert snapshot.SENT_MAX < snapshot.AHEAD


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"{}", b'{"version": 2}', b'{"version": 1}'])
def test_what_is_no_snapshot(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        snapshot.from_bytes(raw)


def test_every_field_is_needed(browser: Browser) -> None:
    kept = browser.peer.snapshot(browser.now)
    assert kept is not None
    tree = json.loads(kept.to_bytes())
    for name in tree:
        with pytest.raises(ValueError, match="snapshot"):
            snapshot.from_bytes(json.dumps({k: v for k, v in tree.items() if k != name}).encode())
    with pytest.raises(ValueError, match=r"."):
        Peer.resume(snapshot.from_bytes(json.dumps({**tree, "counters": ""}).encode()), SERVER, 1.0)


@given(st.binary(max_size=60))
def test_garbage(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        snapshot.from_bytes(raw)
