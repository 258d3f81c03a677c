"""One Chromium with a fake microphone for tests of single pages: ``from tests.client.browsing import *``."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright

__all__ = ["CHROMIUM", "browser"]

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FAKE_MICROPHONE = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Ends with the test."""
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", *FAKE_MICROPHONE]
        )
        yield running
        await running.close()
