"""`hustings serve`: from settings to running processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import zlib
from contextlib import suppress
from pathlib import Path

import hustings
from hustings import preflight
from hustings.serve import readiness
from hustings.serve.child import Spec
from hustings.serve.console import Console
from hustings.serve.supervisor import UPGRADE, Supervisor
from hustings.settings import Settings
from hustings.studio import keeping

UPGRADED = "SERVE_UPGRADED"
"""In the environment: this process was another program a moment ago, and its children are still there."""


def run(settings: Settings, demo: bool) -> int:
    """0 after a clean stop, 2 when it can't start. Errors: `OSError` with the line to print."""
    began = time.monotonic()
    renews = bool(os.environ.pop(UPGRADED, ""))
    preflight.check_folders(settings.home_dir)
    preflight.check_socket_path(settings.studio_socket)
    lock = preflight.take_lock(settings.run_dir)
    specs = child_table(settings, demo)
    steps = [
        "keys",
        "pages",
        "studio",
        "door",
        "edge",
        "database",
        "web",
        *(["voices"] if demo else []),
    ]
    console = Console(sys.stdout, steps, began)

    def on_ready(name: str, pid: int) -> None:
        now = time.monotonic()
        if name == "web":
            console.done("database", now)  # web migrates before it answers
        was_complete = console.complete
        console.done("voices" if name == "demo" else name, now)
        if console.complete and not was_complete:
            console.addresses(addresses(settings, demo), now)
            readiness.tell_systemd("READY=1")

    supervisor = Supervisor(
        specs, settings.run_dir, mark_of(settings), console.say, on_ready, os.environ
    )
    try:
        console.draw()
        running = supervisor.adopt(renews)
        preflight.check_ports(settings, running)
        if code := _prepare(console):
            return code
        code = supervisor.run()
        if supervisor.wants_upgrade:
            _become_the_new_program()
        readiness.tell_systemd("STOPPING=1")
        keeping.destroy(settings.run_dir)
        if code == 0:
            console.say("stopped")
        return code
    finally:
        os.close(lock)


def child_table(settings: Settings, demo: bool) -> list[Spec]:
    """The rows, inside out: studio has the highest CPU priority and is the last to go when memory runs out."""
    tls = bool(settings.tls.cert)
    probes = {
        child: readiness.on_port(bind, port, tls)
        for child, _, bind, port in preflight.listeners(settings)
    }
    rows = [
        Spec(
            "studio",
            _command("studio"),
            0,
            0,
            readiness.on_socket(settings.studio_socket),
            upgrade=UPGRADE,
            first=True,
        ),
        Spec("door", _command("door"), 1, 100, probes["door"]),
        Spec("edge", _command("edge"), 2, 300, probes["edge"], first=True),
        Spec("web", _command("web"), 5, 500, probes["web"]),
    ]
    if settings.radio.port:
        # Nobody waits for it: a port that is taken must not keep the others from being ready.
        rows.append(Spec("radio", _command("radio"), 4, 600, lambda pid: True))
    # Nor for this one: it waits for the database, and jobs wait for it.
    ready = readiness.on_socket(settings.work_socket)
    rows.append(Spec("work", _command("work"), 10, 700, ready))
    if demo:
        note = settings.run_dir / "demo.json"
        rows.append(Spec("demo", (*_command("demo"), "--quiet"), 6, 800, readiness.on_file(note)))
    return rows


def addresses(settings: Settings, demo: bool) -> list[tuple[str, str]]:
    """What the console says at the end of the start."""
    rows = [("Front page", settings.public.web)]
    if demo:
        rows.append(("Demo", f"{settings.public.live}/demo  (two voices, on the air)"))
        with suppress(OSError, ValueError, KeyError):
            note = json.loads((settings.run_dir / "demo.json").read_text())
            rows.append(("Be its host", str(note["host_url"])))
    planner = settings.keys_dir / "planner.txt"
    with suppress(OSError):
        rows.append(("Planner key", f"{planner.read_text().strip()}  (plans rooms from elsewhere)"))
    rows.append(("Data", str(settings.home_dir)))
    return rows


def mark_of(settings: Settings) -> str:
    """Changes with the settings and with the code: which children of an earlier supervisor may stay."""
    package = Path(str(hustings.__file__)).parent
    newest = max(path.stat().st_mtime_ns for path in package.rglob("*.py"))
    return f"{zlib.crc32(repr(settings).encode()):08x}-{newest}"


def _command(name: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "hustings", name)


def _become_the_new_program() -> None:
    """The same process, so whoever started us notices nothing; the lock is let go and taken again."""
    signal.signal(UPGRADE, signal.SIG_IGN)  # until it listens itself
    command = [sys.executable, *sys.orig_argv[1:]]
    os.execve(sys.executable, command, {**os.environ, UPGRADED: "1"})


def _prepare(console: Console) -> int:
    """Keys and pages, in a process whose memory goes with it. Its exit code; it has said what went wrong."""
    with subprocess.Popen(
        _command("prepare"), stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            console.done(line.strip(), time.monotonic())
    return process.returncode
