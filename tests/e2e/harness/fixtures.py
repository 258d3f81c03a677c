"""The fixtures. In a test module or conftest.py: ``from tests.e2e.harness.fixtures import *``.

All are of module scope: one PulseAudio and one Playwright for each test module, ended with it (a
Playwright left running would leave its event loop to the asyncio tests that come after).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, sync_playwright

from tests.e2e.house import House, started
from tests.e2e.peer import Cast, cast

from .chromium import People, Person
from .firefox import Firefox
from .pulse import Pulse
from .sound import Reference, load

__all__ = ["actors", "firefox", "house", "people", "person", "playwright", "pulse", "voices"]

VOICES = Path(__file__).resolve().parent.parent / "voices"


@pytest.fixture(scope="module")
def pulse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pulse]:
    """A private sound system; its folder keeps every recording as WAV."""
    with Pulse(tmp_path_factory.mktemp("pulse")) as daemon:
        yield daemon


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A server of the module's own."""
    with started(tmp_path_factory.mktemp("house") / "data") as one:
        yield one


@pytest.fixture(scope="module")
def actors() -> Iterator[Cast]:
    """Speakers and listeners of another make (aiortc)."""
    with cast() as one:
        yield one


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="module")
def people(pulse: Pulse, playwright: Playwright) -> Iterator[People]:
    """Makes persons; they live to the end of the module unless they `leave()`."""
    made = People(pulse, playwright)
    yield made
    made.close()


@pytest.fixture
def person(people: People) -> Iterator[Callable[..., Person]]:
    """Makes persons who leave at the end of the test."""
    before = len(people.everybody)
    yield people.person
    for one in people.everybody[before:]:
        if one.browser.is_connected():
            one.leave()


@pytest.fixture(scope="module")
def firefox(pulse: Pulse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    """One Firefox, its microphone and ear named ``firefox``."""
    with Firefox.start(pulse, "firefox", tmp_path_factory.mktemp("firefox")) as fox:
        yield fox


@pytest.fixture(scope="session")
def voices() -> dict[str, Reference]:
    """The three test voices, by name: ``host``, ``guest1``, ``guest2``; `.path` is the file."""
    return {path.stem: load(path) for path in sorted(VOICES.glob("*.opus"))}
