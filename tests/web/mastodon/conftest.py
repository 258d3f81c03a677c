"""A web process of its own on loopback, for clients that nobody here wrote."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path

import httpx
import pytest

from hustings.serve.publish import publish
from hustings.settings import client_dir
from tests.conftest import KINDS
from tests.ports import free_ports
from tests.web.test_accounts import PASSWORD

START_S = 60.0


@dataclass
class Served:
    """`url` is its address, `streaming` that of its streams; `log_in` opens a browser of somebody new, without a script."""

    url: str
    streaming: str
    home: Path
    environ: dict[str, str] = field(default_factory=dict)
    _browsers: dict[str, httpx.Client] = field(default_factory=dict)

    def browser(self, handle: str) -> httpx.Client:
        if handle not in self._browsers:
            headers = {"Origin": self.url}
            browser = httpx.Client(base_url=self.url, headers=headers, trust_env=False)
            said = {"handle": handle, "password": PASSWORD}
            assert browser.post("/sign-up", data=said).status_code == 303
            self._browsers[handle] = browser
        return self._browsers[handle]

    def allow(self, handle: str, address: str) -> str:
        """What somebody does with the address that an app opens: the code, as the page shows it."""
        browser = self.browser(handle)
        page = browser.get(address)
        assert page.status_code == 200, page.text
        fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page.text)
        said = {unescape(name): unescape(value) for name, value in fields}
        shown = browser.post("/oauth/authorize", data={**said, "decision": "allow"})
        found = re.search(r'<input id="code" value="([^"]+)"', shown.text)
        assert found is not None, shown.text
        return found[1]

    def close(self) -> None:
        for one in self._browsers.values():
            one.close()


@pytest.fixture(params=KINDS)
def served(
    request: pytest.FixtureRequest, home_dir: Path, migrated_url: Callable[[str], str]
) -> Iterator[Served]:
    port, streaming = free_ports(2)
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("HUSTINGS_")},
        "HUSTINGS_DATA": str(home_dir),
        "HUSTINGS_WEB__PORT": str(port),
        "HUSTINGS_WEB__STREAMING_PORT": str(streaming),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    if request.param == "postgresql":
        environ["HUSTINGS_DATABASE__URL"] = migrated_url(request.param)
    publish(client_dir(), home_dir / "no-features", home_dir / "published")
    log = home_dir / "web.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "hustings", "web"], env=environ, stdout=out, stderr=out
        )
    urls = (f"http://localhost:{port}", f"http://localhost:{streaming}")
    found = Served(*urls, home_dir, environ)
    try:
        _wait(found.url, process, log)
        yield found
    finally:
        found.close()
        process.terminate()
        process.wait(20)
    assert "broke" not in log.read_text(), log.read_text()


@pytest.fixture
def at_work(served: Served) -> Iterator[Served]:
    """With the process that makes pictures and sounds beside it."""
    log = served.home / "work.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "hustings", "work"], env=served.environ, stdout=out, stderr=out
        )
    try:
        yield served
    finally:
        process.terminate()
        process.wait(20)
    assert "broke" not in log.read_text(), log.read_text()


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(f"{url}/healthz", trust_env=False).json()["database"]:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.05)
    raise AssertionError(log.read_text())
