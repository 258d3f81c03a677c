"""`hustings rehearse`: from the words of the command line to a signed report. `Run` is one rehearsal.

The listeners live in processes of their own (`crew`), one for each core that is given; this one counts what they say,
reads what the server's processes cost, decides when it is over, and never touches the road itself once it runs.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import secrets
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hustings.rehearse import consent, listing, plan, report, seal, source, target
from hustings.rehearse.ear import Ear
from hustings.rehearse.exchange import unzipped
from hustings.rehearse.ledger import Digests
from hustings.rehearse.listing import Listing
from hustings.rehearse.plan import Plan
from hustings.rehearse.progress import Progress
from hustings.rehearse.tally import Tally, parse
from hustings.rehearse.target import Target
from hustings.rehearse.verdict import Judge, Second
from hustings.settings import Settings
from hustings.wire.errors import Refused

ALONE_S = 3.0
"""How long the server is watched before anybody comes, in seconds."""

AFTER_BOUND_S = 5.0
EARS = 4
LINE_MAX = 8_000_000
"""One second of one process in JSON, the ears' sound with it."""

START_S = 15.0


def run(settings: Settings, wanted: Plan, token: str, out: Path) -> int:
    """0: all came and nothing bound; 1: something did, or it was stopped. Errors: `Refused`, `OSError`, `ValueError`."""
    found = target.resolve(wanted.address)
    target.allow(found, wanted, token, time.time())
    progress = Progress(sys.stdout, wanted.listeners)
    one = Run(settings, wanted, found, progress)
    tree = asyncio.run(one.run())
    signer = seal.server(settings.keys_dir) if one.here else seal.machine(os.environ)
    paths = report.write(tree, signer, out)
    progress.say("")
    for line in report.summary(tree):
        progress.say(line)
    progress.say(
        f"signed with {'the server’s key' if one.here else 'a key of this machine'} {signer.kid}"
    )
    for path in paths:
        progress.say(f"  {path}")
    return 0 if tree["end"] == "reached" else 1


def give_consent(settings: Settings, hours: str, listeners: int) -> int:
    """Writes the text that the live host serves, and prints the token, which is kept nowhere. Errors: `OSError`, `ValueError`."""
    seconds = plan.duration_s("--for", hours or "24h", 60.0, consent.HOURS_MAX * 3600.0)
    if not 1 <= listeners <= plan.LISTENERS_MAX:
        raise ValueError(f"--listeners is 1 to {plan.LISTENERS_MAX:,}, not {listeners:,}")
    token = secrets.token_urlsafe(16)
    host = urlsplit(settings.public.live).netloc
    given = consent.Consent(host, time.time() + seconds, listeners, consent.mark(token))
    path = consent.file_of(settings.published_dir)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(consent.write(given))
    print(f"{settings.public.live}{consent.PATH} now says that {host} may be rehearsed:")
    print(
        f"  until {datetime.fromtimestamp(given.until_s, UTC):%Y-%m-%d %H:%M} UTC, by at most {listeners:,} listeners"
    )
    print(f"  hustings rehearse {settings.public.live}/KEY --listeners {listeners} --token {token}")
    print(f"Take it back at once: rm {path}")
    return 0


def verify(settings: Settings, path: Path) -> int:
    """0: whole, by a key of this server; 1: not whole; 3: whole, by an unknown key. Errors: `OSError`, `ValueError`."""
    checked = seal.check(path.read_bytes())
    if not checked.whole:
        print(f"{path}: NOT what was signed (key {checked.kid})")
        return 1
    if seal.known(settings.keys_dir, checked.public):
        print(f"{path}: whole, signed with this server's key {checked.kid}")
        return 0
    print(f"{path}: whole, signed with {checked.kid}, a key that {settings.keys_dir} does not know")
    print(f"  public key (Ed25519, base64url): {checked.public}")
    return 3


class Run:
    """One rehearsal. `here`: the server is this machine's, and its data folder is at hand."""

    def __init__(self, settings: Settings, wanted: Plan, found: Target, progress: Progress) -> None:
        self._settings = settings
        self._plan = wanted
        self._target = found
        self._progress = progress
        self._pids = source.pids(settings.run_dir) if found.local else {}
        self.here = bool(self._pids) and wanted.address.port == settings.live.port
        self._judge = Judge()
        self._seconds: list[Second] = []
        self._total = Tally()
        self._ears: dict[tuple[int, int], Ear] = {}
        self._digests = Digests()
        self._lines: list[dict[str, Any]] = []
        self._last: dict[int, dict[str, Any]] = {}
        self._works: list[tuple[float, dict[str, source.Work]]] = []
        self._crews: list[asyncio.subprocess.Process] = []
        self._stopped = asyncio.Event()
        self._died = False

    async def run(self) -> dict[str, Any]:
        """The report as a tree, unsigned. Errors: `Refused`, `OSError`."""
        room, heard = await asyncio.to_thread(self._probe)
        loop = asyncio.get_running_loop()
        with contextlib.suppress(NotImplementedError):
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, self._stopped.set)
        alone = await self._alone()
        followers = [source.followers(self._settings.studio_socket)] if self.here else []
        began = datetime.now(UTC)
        try:
            tasks = await self._start(room)
            end = await self._watch()
            if self.here:
                followers.append(source.followers(self._settings.studio_socket))
        finally:
            for crew in self._crews:
                with contextlib.suppress(ProcessLookupError):
                    crew.kill()
        await asyncio.gather(*tasks, return_exceptions=True)
        return report.tree(
            report.Measured(
                plan=self._plan,
                here=self.here,
                room=room,
                listing=heard,
                began=began,
                end=end,
                judge=self._judge,
                seconds=self._seconds,
                total=self._total,
                ears=[ear.told() for _, ear in sorted(self._ears.items())],
                works=self._works,
                alone=alone,
                followers=followers,
                files=min((line["files"] for line in self._last.values()), default=0),
                most=sum(line["most"] for line in self._last.values()),
            )
        )

    def _probe(self) -> tuple[dict[str, Any], Listing]:
        """Is there such a room, and does it sound? Errors: `Refused`, `OSError`."""
        key = self._plan.address.key
        pulse = target.fetch(self._target, f"/live/{key}/pulse.json")
        heard = target.fetch(self._target, f"/live/{key}/aac/live.m3u8")
        page = target.fetch(self._target, f"/{key}")
        if page.status == 404 or pulse.status == 404:
            raise Refused("room_unknown")
        if heard.status != 200 or pulse.status != 200:
            raise Refused("doors_closed")
        try:
            facts = json.loads(unzipped(pulse.body))
            found = listing.read(unzipped(heard.body).decode())
        except ValueError:
            raise OSError("this is no live host of Hustings") from None
        if found.ended:
            raise Refused("room_over")
        facts["ahead_s"] = facts["now_ms"] / 1000 - time.time()
        return facts, found

    async def _alone(self) -> dict[str, tuple[float, float]]:
        """(cores, wake-ups a second) of the server's processes before anybody comes."""
        if not self.here:
            return {}
        before = self._work()
        began_s = time.monotonic()
        await asyncio.sleep(ALONE_S)
        after, seconds = self._work(), time.monotonic() - began_s
        return {
            name: (
                (after[name].cpu_s - one.cpu_s) / seconds,
                (after[name].wakes - one.wakes) / seconds,
            )
            for name, one in before.items()
            if name in after
        }

    def _work(self) -> dict[str, source.Work]:
        return (
            {name: source.together(pids) for name, pids in self._pids.items()} if self.here else {}
        )

    async def _start(self, room: dict[str, Any]) -> list[asyncio.Task[None]]:
        address, workers = self._plan.address, self._plan.cores
        shared = {
            "workers": workers,
            "listeners": self._plan.listeners,
            "ramp_s": self._plan.ramp_s,
            "start_s": time.time() + 1.0,
            "key": address.key,
            "ip": self._target.ip,
            "port": address.port,
            "tls": address.tls,
            "verify": not self._target.local,
            "name": address.name,
            "host": address.host,
            "agent": target.AGENT,
            "assets": True,
            "plain": False,
            "playlists": self._plan.playlists,
            "ears": max(1, EARS // workers),
            "sources": self._target.ip == "127.0.0.1",
            "seed": secrets.randbits(30),
            "ahead_s": room["ahead_s"],
        }
        tasks = []
        for worker in range(workers):
            crew = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "hustings.rehearse.crew",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=LINE_MAX,
                start_new_session=True,  # a Ctrl-C is for us: they are told
            )
            assert crew.stdin is not None
            crew.stdin.write(json.dumps({**shared, "worker": worker}).encode() + b"\n")
            self._crews.append(crew)
            tasks.append(asyncio.create_task(self._listen(crew)))
        return tasks

    async def _listen(self, crew: asyncio.subprocess.Process) -> None:
        assert crew.stdout is not None
        while line := await crew.stdout.readline():
            self._lines.append(json.loads(line))
        self._died = True

    async def _watch(self) -> str:
        """Second by second until it is over: `reached`, `bound`, `stopped`, or `broke` (a process of ours died)."""
        began_s = time.monotonic()
        over_s = began_s + 1.0 + self._plan.longest_s
        end = "reached"
        while (now_s := time.monotonic()) < over_s:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), 1.0 - (now_s - began_s) % 1.0)
                return "stopped"
            if self._died:
                return "broke"
            second = await asyncio.to_thread(self._count, time.monotonic() - began_s)
            if second is None:
                if time.monotonic() - began_s > START_S and not self._last:
                    return "broke"
                continue
            self._progress.second(second)
            if bound := self._judge.look(second):
                self._progress.bound(bound)
                self._tell({"hold": True})
                end, over_s = "bound", min(over_s, time.monotonic() + AFTER_BOUND_S)
        return end

    def _tell(self, order: dict[str, bool]) -> None:
        for crew in self._crews:
            assert crew.stdin is not None
            crew.stdin.write(json.dumps(order).encode() + b"\n")

    def _count(self, at_s: float) -> Second | None:
        """Everything that was said since the last second."""
        lines, self._lines = self._lines, []
        if not lines:
            return None
        tally, lag_s, busy = Tally(), 0.0, 0.0
        for line in lines:
            worker = line["worker"]
            tally.add(parse(line["tally"]))
            lag_s = max(lag_s, line["lag_s"])
            before = self._last.get(worker, {"cpu_s": line["cpu_s"]})["cpu_s"]
            busy = max(busy, (line["cpu_s"] - before) / max(line["seconds"], 0.1))
            self._last[worker] = line
            for name in self._digests.other([(n, d) for n, d in line["new"]]):
                tally.faults["other_bytes"] += 1
                self._progress.say(f"{name} was not the same bytes for everybody")
            for number, name, text in line["tape"]:
                self._ears.setdefault((worker, number), Ear()).hear(name, base64.b64decode(text))
        self._total.add(tally)
        here = sum(line["here"] for line in self._last.values())
        playing = sum(line["playing"] for line in self._last.values())
        second = Second(at_s, here, playing, tally, lag_s, busy)
        self._seconds.append(second)
        self._works.append((time.monotonic(), self._work()))
        return second
