"""A person in stock Firefox ESR, driven over WebDriver BiDi by ``firefox/bridge.mjs`` (Node).

Playwright's own Firefox is a patched build; this is the one that people have. Firefox's AudioContext
stays suspended without a sound device: the private PulseAudio is one.
"""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from .pulse import Ear, Microphone, Pulse, stop
from .waiting import Missing, require

FOLDER = Path(__file__).resolve().parent.parent
PROGRAM = "/usr/bin/firefox-esr"
PREFS: dict[str, object] = {
    # mDNS names cannot be resolved on a machine without a network
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "media.peerconnection.ice.loopback": True,
    "media.navigator.permission.disabled": True,
    "media.navigator.streams.fake": False,
    "media.autoplay.default": 0,
    "media.autoplay.blocking_policy": 0,
    "media.gmp-manager.updateEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "app.update.enabled": False,
    "browser.safebrowsing.downloads.remote.enabled": False,
    "security.sandbox.content.level": 0,  # user namespaces are not to be had in a container
}


class FirefoxError(RuntimeError):
    """What the page or the browser answered instead of a value."""


@dataclass
class Firefox:
    """One Firefox with one page. Each call answers when it is done, or raises `FirefoxError`."""

    name: str
    microphone: Microphone
    ear: Ear
    version: str
    process: subprocess.Popen[bytes]
    answers: queue.Queue[dict[str, Any] | None]
    reader: threading.Thread
    console: list[str] = field(default_factory=list)
    asked: int = 0

    @classmethod
    def start(cls, pulse: Pulse, name: str, folder: Path) -> Firefox:
        require("node", "firefox-esr")
        if not (FOLDER / "node_modules" / "puppeteer-core").is_dir():
            raise Missing(f"puppeteer-core is not there: run `npm ci --ignore-scripts` in {FOLDER}")
        microphone, ear = pulse.microphone(name), pulse.ear(name)
        pulse.make_default(microphone, ear)
        profile = folder / "profile"
        profile.mkdir()
        settings = {"program": PROGRAM, "profile": str(profile), "prefs": PREFS}
        env = {**pulse.person_env(name), "HOME": str(folder), "MOZ_DISABLE_CONTENT_SANDBOX": "1"}
        log = (folder / "bridge.log").open("wb")
        with log:
            process = subprocess.Popen(
                ["node", str(FOLDER / "firefox" / "bridge.mjs"), json.dumps(settings)],
                env=env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        console: list[str] = []
        answers: queue.Queue[dict[str, Any] | None] = queue.Queue()
        reader = threading.Thread(target=_read, args=(process, answers, console), daemon=True)
        reader.start()
        try:
            first = answers.get(timeout=120)
        except queue.Empty:
            first = None
        if first is None:
            stop(process)
            said = (folder / "bridge.log").read_text(errors="replace")
            raise FirefoxError(f"Firefox did not start: {said[-800:]}")
        version = str(first["ready"])
        return cls(name, microphone, ear, version, process, answers, reader, console)

    def __enter__(self) -> Firefox:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()  # the bridge closes the browser and ends
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            pass
        stop(self.process)
        self.reader.join(5)

    def goto(self, url: str) -> str:
        return str(self._do("goto", url=url))

    def evaluate(self, code: str, argument: object = None) -> Any:
        """`code` is a JavaScript function's text, called with `argument` (JSON)."""
        return self._do("evaluate", code=code, argument=argument)

    def click(self, selector: str) -> None:
        """CSS, or puppeteer's ``::-p-text(Join)`` and ``::-p-aria(Mute)``."""
        self._do("click", selector=selector)

    def fill(self, selector: str, text: str) -> None:
        self._do("fill", selector=selector, text=text)

    def press(self, key: str) -> None:
        self._do("press", key=key)

    def wait(self, code: str, argument: object = None, deadline_s: float = 15.0) -> Any:
        """The first true answer of a JavaScript function, asked ten times a second."""
        return self._do("wait", code=code, argument=argument, deadline_ms=int(deadline_s * 1000))

    def see(self, selector: str, deadline_s: float = 15.0) -> None:
        self._do("see", selector=selector, deadline_ms=int(deadline_s * 1000))

    def viewport(self, width: int, height: int) -> None:
        self._do("viewport", width=width, height=height)

    def screenshot(self, path: Path) -> Path:
        self._do("screenshot", path=str(path))
        return path

    def _do(self, verb: str, **arguments: object) -> Any:
        assert self.process.stdin is not None
        self.asked += 1
        line = json.dumps({"id": self.asked, "do": verb, **arguments}) + "\n"
        self.process.stdin.write(line.encode())
        self.process.stdin.flush()
        try:
            answer = self.answers.get(timeout=130)
        except queue.Empty:
            raise FirefoxError(f"no answer to {verb} in 130 s") from None
        if answer is None:
            raise FirefoxError("Firefox ended")
        if not answer["ok"]:
            raise FirefoxError(f"{verb}: {answer['error']}")
        return answer["value"]


def _read(
    process: subprocess.Popen[bytes],
    answers: queue.Queue[dict[str, Any] | None],
    console: list[str],
) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        told = json.loads(line)
        if "log" in told:
            console.append(told["log"])
        else:
            answers.put(told)
    answers.put(None)
