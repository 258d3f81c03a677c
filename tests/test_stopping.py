"""Told to stop by either signal; a pause ends by itself, or then."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from hustings.stopping import pause, stop_event


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_a_pause(number: signal.Signals) -> None:
    stop = stop_event()
    os.kill(os.getpid(), number)
    await pause(stop, 3600)
    assert stop.is_set()


async def test_without_one_it_ends_by_itself() -> None:
    stop = asyncio.Event()
    await pause(stop, 0)
    assert not stop.is_set()
