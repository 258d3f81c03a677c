"""A plugin of pytest: what each case of `tests/bad_inputs` asked and was refused is asked again, by the clock and on the scales.

`python -m pytest -p bench.square.replayed tests/bad_inputs/…` writes `BENCH_REPLAYED`: for each test by name the median time of
each of its cases in milliseconds, those that a password was hashed for apart, and by how many MB web grew meanwhile.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Generator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import pytest

from bench import machine

AGAIN, OF_ONE_TEST = 4, 12
HASHED = (
    "/login",
    "/sign-up",
    "/settings/security",
    "/settings/owner",
    "/reset",
    "/api/v1/accounts",
)
"""Where a password is hashed, which takes as long as it is meant to."""
_send = httpx.Client.send


@dataclass
class Told:
    """Of one test, over all of its cases. `asked`: how many requests, all in all."""

    took_ms: list[float] = field(default_factory=list)
    hashed_ms: list[float] = field(default_factory=list)
    grown_mb: float = 0.0
    asked: int = 0


class Replayed:
    def __init__(self) -> None:
        self.told: dict[str, Told] = {}
        self._refused: list[tuple[httpx.Client, httpx.Request, int]] | None = None

    def note(self, client: httpx.Client, request: httpx.Request, status: int) -> None:
        if self._refused is not None and 400 <= status < 500 and status != 429:
            self._refused.append((client, request, status))

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, None, None]:
        self._refused = []
        yield
        refused, self._refused = self._refused[:OF_ONE_TEST], None
        house = getattr(item, "funcargs", {}).get("house")
        if not refused or house is None:
            return
        told = self.told.setdefault(item.name.partition("[")[0], Told())
        before_mb = machine.pss_mb(house.pid("web"))
        for client, request, status in refused:
            self._again(told, client, request, status)
        told.grown_mb += machine.pss_mb(house.pid("web")) - before_mb

    def _again(self, told: Told, client: httpx.Client, request: httpx.Request, status: int) -> None:
        took_ms = []
        for _ in range(AGAIN):
            began_s = time.perf_counter()
            try:
                answer = _send(client, _copy(request))
            except httpx.HTTPError:
                return
            told.asked += 1
            if answer.status_code == status:  # and not that it was too often
                took_ms.append((time.perf_counter() - began_s) * 1000)
        if took_ms:
            changes = request.method != "GET" and request.url.path.startswith(HASHED)
            (told.hashed_ms if changes else told.took_ms).append(median(took_ms))

    def pytest_sessionfinish(self) -> None:
        tree = {name: asdict(told) for name, told in self.told.items()}
        Path(os.environ["BENCH_REPLAYED"]).write_text(json.dumps(tree))


def _copy(request: httpx.Request) -> httpx.Request:
    return httpx.Request(
        request.method, request.url, headers=request.headers, content=request.content
    )


def pytest_configure(config: pytest.Config) -> None:
    plugin = Replayed()

    def send(client: httpx.Client, request: httpx.Request, **how: Any) -> httpx.Response:
        request.read()
        answer = _send(client, request, **how)
        plugin.note(client, request, answer.status_code)
        return answer

    httpx.Client.send = send  # type: ignore[method-assign]
    config.pluginmanager.register(plugin, "replayed")
