"""The attacks, one row each: how it begins, and what it says it got."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from bench.attacks import slow
from bench.attacks.attacker import Attacker, Target, attacking, module
from bench.attacks.someone import Someone
from bench.beside import looking
from bench.machine import ROOT

LUA = ROOT / "bench" / "attacks" / "random.lua"
WRK_LINKS = 128
PARKED, ZERO_WINDOW = 10_000, 4_000
SESSIONS_A_SECOND, SESSION_SOURCES = 1_000, 250
RESET_LINKS = 8
LOG_INS_AT_ONCE = 1_000
LOOK_S = 1.0

Told = Callable[[], str]


@dataclass(frozen=True)
class Attack:
    """`begins(target, seconds)` attacks until the end of its block; what it gives says what the attacker got."""

    id: str
    says: str
    begins: Callable[[Target, float], AbstractContextManager[Told]]
    on_accounts: bool = False
    """Needs accounts, and a web that is told by a front where people come from: it runs on a server of its own."""


@contextlib.contextmanager
def nothing(target: Target, seconds: float) -> Iterator[Told]:
    yield lambda: "nothing asked"


@contextlib.contextmanager
def random_queries(target: Target, seconds: float) -> Iterator[Told]:
    """wrk on the playlist and on the page at once."""
    with contextlib.ExitStack() as stack:
        both = [
            stack.enter_context(
                attacking(
                    ["wrk", "-t1", f"-c{WRK_LINKS}", f"-d{round(seconds)}s", "-s", str(LUA),
                     f"http://127.0.0.1:{target.live}{path}"]
                )
            )
            for path in (f"/live/{target.key}/aac/live.m3u8", f"/{target.key}")
        ]  # fmt: skip

        def told() -> str:
            for one in both:
                one.process.wait(20)
            rates = [_rate(one) for one in both]
            return f"{rates[0]:,.0f} playlists/s, {rates[1]:,.0f} pages/s"

        yield told


def _rate(one: Attacker) -> float:
    found = re.search(r"Requests/sec:\s+([\d.]+)", one.words())
    return float(found[1]) if found else 0.0


@contextlib.contextmanager
def slow_heads(target: Target, seconds: float) -> Iterator[Told]:
    hosts = {"edge": target.live, "door": target.stage, "web": target.web}
    probes = [slow.slow_head(name, port) for name, port in hosts.items()]
    urls = [f"http://127.0.0.1:{port}/{target.key}" for port in hosts.values()]
    with _slowly("H", urls, seconds, probes) as told:
        yield told


@contextlib.contextmanager
def slow_bodies(target: Target, seconds: float) -> Iterator[Told]:
    hosts = {
        "edge": (target.live, f"/live/{target.key}/beacon?p=1"),
        "door": (target.stage, f"/knock/{target.key}"),
        "web": (target.web, "/api/hustings/v1/rooms"),
    }
    probes = [slow.slow_body(name, *where) for name, where in hosts.items()]
    urls = [f"http://127.0.0.1:{port}{path}" for port, path in hosts.values()]
    with _slowly("B", urls, seconds, probes) as told:
        yield told


@contextlib.contextmanager
def slow_reads(target: Target, seconds: float) -> Iterator[Told]:
    urls = [
        f"http://127.0.0.1:{target.live}/live/{target.key}/aac/plain.m3u8",
        f"http://127.0.0.1:{target.web}/",
    ]
    with _slowly("X", urls, seconds, []) as told:
        yield told


@contextlib.contextmanager
def _slowly(kind: str, urls: list[str], seconds: float, probes: list[slow.Probe]) -> Iterator[Told]:
    with slow.tests(kind, urls, seconds) as running, slow.probed(probes):

        def told() -> str:
            held = sum(one.held for one in running)
            closed = ", ".join(f"{one.name} {one.took_s:.1f} s" for one in probes)
            return f"{held:,} held at most" + (f"; closed after: {closed}" if closed else "")

        yield told


def never_reads(kind: str, count: int) -> Callable[[Target, float], AbstractContextManager[Told]]:
    @contextlib.contextmanager
    def begins(target: Target, seconds: float) -> Iterator[Told]:
        plan = {
            "port": target.live,
            "key": target.key,
            "kind": kind,
            "count": count,
            "a_second": count / 5,
        }
        seen = Seen(target.live)
        with module("held", plan) as attacker, looking(seen.look, LOOK_S):

            def told() -> str:
                line = attacker.told()
                return f"{seen.most:,} connections of all at edge at most; cut off {line['cut']:,} times"

            yield told

    return begins


@dataclass
class Seen:
    """Established connections to a port, as the kernel counts them (proc(5), /proc/net/tcp)."""

    port: int
    most: int = 0

    def look(self) -> None:
        self.most = max(self.most, established(self.port))


def established(port: int) -> int:
    """Of this machine's IPv4; state 1 is established (net/tcp_states.h)."""
    here, found = b":%04X" % port, 0
    for row in Path("/proc/net/tcp").read_bytes().splitlines():
        fields = row.split(None, 4)
        found += fields[1].endswith(here) and fields[3] == b"01"
    return found


@contextlib.contextmanager
def forged_sessions(target: Target, seconds: float) -> Iterator[Told]:
    plan = {"port": target.stage, "key": target.key, "ticket": target.ticket}
    began_s = time.monotonic()
    with module(
        "forged", {**plan, "a_second": SESSIONS_A_SECOND, "sources": SESSION_SOURCES}
    ) as attacker:

        def told() -> str:
            line, lasted_s = attacker.told(), time.monotonic() - began_s
            answers = ", ".join(
                f"{name}: {n:,}" for name, n in sorted(line.items()) if name != "requests"
            )
            return f"{line.get('requests', 0) / lasted_s:,.0f} a second ({answers})"

        yield told


@contextlib.contextmanager
def rapid_reset(target: Target, seconds: float) -> Iterator[Told]:
    plan = {"port": target.front_tls, "tls": True, "key": target.key, "links": RESET_LINKS}
    began_s = time.monotonic()
    with module("reset", plan) as attacker:

        def told() -> str:
            line, lasted_s = attacker.told(), time.monotonic() - began_s
            return f"{line['streams'] / lasted_s:,.0f} streams/s; {line['closed']:,} connections closed by the front"

        yield told


def log_ins(spread: bool) -> Callable[[Target, float], AbstractContextManager[Told]]:
    """The right and the wrong are told apart, and how long somebody else's log-in takes meanwhile."""

    @contextlib.contextmanager
    def begins(target: Target, seconds: float) -> Iterator[Told]:
        plan = {
            "port": target.web,
            "people": [one.tree() for one in target.people],
            "at_once": LOG_INS_AT_ONCE,
            "spread": spread,
        }
        someone = Someone(f"http://127.0.0.1:{target.web}", target.honest)
        with module("log_ins", plan) as attacker, someone.trying():

            def told() -> str:
                line = attacker.told()
                rate = sum(line.values()) - line["seconds"]
                answers = ", ".join(
                    f"{name} {n:,}" for name, n in sorted(line.items()) if name != "seconds"
                )
                return f"{rate / line['seconds']:,.0f} a second ({answers}); {someone.told()}"

            yield told

    return begins


ATTACKS: tuple[Attack, ...] = (
    Attack("quiet", "nobody attacks", nothing),
    Attack("wrk", "random queries on playlist and page (wrk)", random_queries),
    Attack("slow_head", "slow headers: edge, door, web (slowhttptest -H)", slow_heads),
    Attack("slow_body", "slow bodies: edge, door, web (slowhttptest -B)", slow_bodies),
    Attack("slow_read", "slow reading: edge, web (slowhttptest -X)", slow_reads),
    Attack(
        "zero_window",
        "whole segments asked for and never read",
        never_reads("zero_window", ZERO_WINDOW),
    ),
    Attack("parked", "10,000 parked reloads, never read", never_reads("parked", PARKED)),
    Attack("forged", "1,000 forged sessions a second at the door", forged_sessions),
    Attack("rapid_reset", "HTTP/2 rapid reset at the front", rapid_reset),
    Attack("log_ins", "1,000 log-ins at once, from 60,000 addresses", log_ins(True), True),
    Attack("log_ins_near", "1,000 log-ins at once, from one address", log_ins(False), True),
)
