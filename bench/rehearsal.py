"""`python -m bench.rehearsal`: rehearses the demo room for real, and leaves the report with its pictures in `docs/rehearsal/`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from bench.machine import ROOT
from bench.priority import FirstInLine
from tests.e2e.harness.chromium import PROGRAM
from tests.e2e.house import started

OUT = ROOT / "docs" / "rehearsal"
WORDS = ("--listeners", "6000", "--ramp", "60", "--for", "30", "--playlists", "10%")
LOOKS = (("desktop", 1200, "light"), ("desktop", 1200, "dark"), ("phone", 390, "light"))


def main() -> int:
    with (
        tempfile.TemporaryDirectory(prefix="rehearsal-") as folder,
        started(Path(folder) / "data", demo=True, STUDIO__AAC_BITRATE="48000") as house,
        FirstInLine(),
    ):
        command = [sys.executable, "-m", "hustings", "rehearse", f"{house.live}/demo", *WORDS]
        command += ["--out", str(OUT), "--data", str(house.folder)]
        code = subprocess.run(command, env=house.env, check=False).returncode
    pictures()
    return code


def pictures() -> None:
    """The page as people see it."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=PROGRAM, args=["--no-sandbox"])
        for name, width, scheme in LOOKS:
            page = browser.new_page(
                viewport={"width": width, "height": 900},
                color_scheme="dark" if scheme == "dark" else "light",
            )
            page.goto((OUT / "report.html").as_uri())
            page.screenshot(path=OUT / f"report-{name}-{scheme}.png", full_page=True)
        browser.close()


if __name__ == "__main__":
    sys.exit(main())
