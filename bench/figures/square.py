"""The square with a million posts, on SQLite and on PostgreSQL: home under load, search, fan-out, idle streams, and a famous
account that goes live beside a talk. `bench/square/` fills it and asks it; web, work and the database share the machine's cores.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import sqlalchemy as sa

from bench import crew
from bench.crowd import load
from bench.figures.stage import TICKS_A_SECOND, late_ms
from bench.figures.static import _live as live_of
from bench.rows import Figure
from bench.square import kept, questions
from bench.square.kept import LABELS
from bench.square.served import Request, Served, said, served, wrong
from bench.square.town import LOUD
from hustings.rehearse.tally import Tally
from hustings.store.engine import Database
from hustings.store.follows import feed_entries, feeds, follows
from tests.e2e.harness.pulse import like_hardware
from tests.e2e.harness.waiting import until

RATE, WARM_S, SECONDS, FULL_S = 100.0, 4.0, 20.0, 8.0
AT_ONCE = 8
SEARCHES_PER_S = 20.0
FIRST = 20
"""Questions of each kind before any is measured: other ones."""
POSTS, FEEDS_WAIT_S = 5, 30.0
STREAMS, IDLE_S = 2_000, 5.0
STREAMED = (
    ("sse", "Server-Sent Events", "GET", "/api/v1/streaming/user", "200", True),
    ("streams", "WebSocket", "WEBSOCKET", "/api/v1/streaming?stream=user", "101", True),
    ("first", "WebSocket on web's first port", "WEBSOCKET", "/api/v1/streaming?stream=user", "101", False),
)  # fmt: skip
LISTENERS, WINDOW_S, GATHER_S = 60, 20.0, 15.0
HOME = "/api/v1/timelines/home"
Say = Callable[[str], None]
Kinds = Sequence[str]


def _home(figure: Figure, server: Served, say: Say) -> None:
    kind = server.filled.kind
    requests = homes(server)
    server.asks("by_the_clock", requests, rate=RATE / 2, seconds=WARM_S)
    say(f"{LABELS[kind]}: {RATE:.0f} a second, from a database that nobody has read yet")
    first = server.asks("by_the_clock", requests[::-1], rate=RATE, seconds=SECONDS)
    label = f"home, {RATE:.0f} a second, while what is asked comes from the disk, {LABELS[kind]}"
    figure.add(f"{kind}.first", label, "ms", first["took_ms"], note=wrong(first))
    say(f"{LABELS[kind]}: {RATE:.0f} a second")
    random.Random(2).shuffle(requests)
    told = server.asks("by_the_clock", requests, rate=RATE, seconds=SECONDS)
    cores = f"web {told['web_s'] / told['seconds']:.0%} of a core"
    cores += f", PostgreSQL {told['sql_s'] / told['seconds']:.0%}" if told["sql_s"] else ""
    cores += f", who asks {told['ask_s'] / told['seconds']:.0%}"
    note = "; ".join(filter(None, [cores, wrong(told)]))
    label = f"home, {RATE:.0f} a second, {LABELS[kind]}"
    figure.add(f"{kind}.home", label, "ms", told["took_ms"], note=note)
    say(f"{LABELS[kind]}: as fast as it answers")
    full = server.asks("as_answered", requests, at_once=AT_ONCE, seconds=FULL_S)
    many, spent_s = len(full["took_ms"]), full["web_s"] + full["sql_s"]
    label = f"home, as many as are answered, {LABELS[kind]}"
    rate = many / full["seconds"]
    figure.add(f"{kind}.full", label, "a second", [rate], note=wrong(full))
    note = "of web and PostgreSQL together" if full["sql_s"] else ""
    label = f"home, of one core, {LABELS[kind]}"
    figure.add(f"{kind}.core", label, "a second", [many / spent_s], note=note)


def homes(server: Served) -> list[Request]:
    """Of each reader who has an app, the newest page."""
    requests = [("GET", HOME, token, "") for token in server.tokens()]
    random.Random(1).shuffle(requests)
    return requests


def _search(figure: Figure, server: Served, say: Say) -> None:
    kind = server.filled.kind
    every: list[float] = []
    say(f"{LABELS[kind]}: other questions, from a database that nobody has asked yet")
    others = [one for _, _, asked in questions.kinds(server.sizes, FIRST) for one in asked]
    random.Random(1).shuffle(others)
    first = _searched(server, others)
    label = f"the first questions of all, {LABELS[kind]}"
    figure.add(f"{kind}.first", label, "ms", first["took_ms"], note=wrong(first))
    for name, says, asked in questions.kinds(server.sizes):
        say(f"{LABELS[kind]}: {says}")
        told = _searched(server, asked)
        every += told["took_ms"]
        label = f"{says}, {LABELS[kind]}"
        figure.add(f"{kind}.{name}", label, "ms", told["took_ms"], note=wrong(told))
    label = f"search, {SEARCHES_PER_S:.0f} a second, {LABELS[kind]}"
    figure.add(f"{kind}.search", label, "ms", every, note="all of those")


def _searched(server: Served, asked: Sequence[str]) -> dict[str, Any]:
    """Each question by another reader."""
    tokens = server.tokens()
    requests = [
        ("GET", questions.path(words), tokens[n % len(tokens)], "") for n, words in enumerate(asked)
    ]
    seconds = len(asked) / SEARCHES_PER_S
    return server.asks("by_the_clock", requests, rate=SEARCHES_PER_S, seconds=seconds)


def _fanout(figure: Figure, server: Served, say: Say) -> None:
    kind = server.filled.kind
    database, took_s = Database(server.filled.url), []
    try:
        for number in range(POSTS):
            took_s.append(_spread_s(server, database, f"To everybody, number {number}."))
            say(f"{LABELS[kind]}: {took_s[-1]:.2f} s")
    finally:
        database.close()
    label = f"from the request to the last of {server.sizes.loud:,} feeds, {LABELS[kind]}"
    figure.add(f"{kind}.fanout", label, "s", took_s)


def _spread_s(server: Served, database: Database, words: str) -> float:
    """Seconds until a post of the loud one is in the feed of everybody who follows him."""
    author = int(server.filled.rows.people[LOUD])
    theirs = sa.select(follows.c.account).where(follows.c.target == author).subquery()
    with database.reading() as connection:
        last = connection.execute(
            sa.select(sa.func.max(feeds.c.account)).where(feeds.c.account.in_(sa.select(theirs)))
        ).scalar_one()
    began_s = time.monotonic()
    post = say_it(server, 0, words)
    there = sa.select(sa.func.count()).where(feed_entries.c.account == last, feed_entries.c.post == post)  # fmt: skip
    until(lambda: database.read(lambda c: c.execute(there).scalar()) == 1, FEEDS_WAIT_S, "the last feed", 0.02)  # fmt: skip
    took_s = time.monotonic() - began_s
    reached = (
        sa.select(sa.func.count())
        .select_from(feed_entries)
        .join(theirs, theirs.c.account == feed_entries.c.account)
        .where(feed_entries.c.post == post)
    )
    many = database.read(lambda c: c.execute(reached).scalar_one())
    if many < server.sizes.loud:
        raise RuntimeError(f"the post is in {many} feeds of {server.sizes.loud}")
    return took_s


def say_it(server: Served, author: int, words: str, room: str = "") -> int:
    """A post by the loud one (0) or the famous one (1); its id."""
    body = {"status": words, **({"room": room} if room else {})}
    answer = server.house.http.post(
        f"{server.house.web}/api/v1/statuses",
        json=body,
        headers={"Authorization": f"Bearer {server.author(author)}"},
    )
    assert answer.status_code == 200, answer.text
    return int(answer.json()["id"])


def _streams(figure: Figure, server: Served, say: Say) -> None:
    kind = server.filled.kind
    server.asks("by_the_clock", homes(server), rate=RATE / 2, seconds=WARM_S)
    before_mb = server.web_mb()
    label = f"web without a stream, {LABELS[kind]}"
    figure.add(f"{kind}.before", label, "MB (PSS)", [before_mb])
    for name, says, method, path, answer, own_port in STREAMED:
        requests = [(method, path, one, "") for one in server.tokens()[:STREAMS]]
        port = server.streaming_port if own_port else server.port
        with server.asking("held", requests, port=port) as process:
            told = said(process)
            if told["said"] != {answer: STREAMS}:
                raise RuntimeError(f"the streams: {told}")
            spent_s, with_mb = server.web_s(), server.web_mb()
            time.sleep(IDLE_S)
            idle = (server.web_s() - spent_s) / IDLE_S
        say(f"{LABELS[kind]}: {before_mb:.0f} MB, then {with_mb:.0f}")
        label = f"web with {STREAMS:,} idle streams by {says}, {LABELS[kind]}"
        note = f"{idle:.1%} of a core"
        figure.add(f"{kind}.{name}", label, "MB (PSS)", [with_mb], note=note)


def _goes_live(figure: Figure, server: Served, say: Say) -> None:
    house, kind = server.house, server.filled.kind
    room, famous = house.plan("talk", "A talk"), house.plan("famous", "The famous one, live")
    for one in (room, famous):
        house.open_doors(one)
    people, _ = crew.invited(house, room, 2, ["talk:0", "talk:1"])
    star, _ = crew.invited(house, famous, 1, ["talk:2"])
    with crew.speaking([*people, *star]) as on_stage:
        like_hardware(on_stage.process)
        house.on_air(room)
        with load.crowd(live_of(house), room.key, LISTENERS, playlists=0.5) as crowd:
            crowd.gather(LISTENERS, GATHER_S)
            crowd.listen(2.0)
            before = _window(figure, server, crowd, "before")
            say(f"{LABELS[kind]}: on the air")
            with server.asking("by_the_clock", homes(server), rate=RATE, seconds=WINDOW_S) as asking:  # fmt: skip
                say_it(server, 1, "We are live: come and hear.", famous.key)
                house.command(famous, "go_on_air")
                after = _window(figure, server, crowd, "after")
                told = said(asking)
    label = f"ticks later than before, {LABELS[kind]}"
    figure.add(f"{kind}.late.more", label, "ms", [median(after) - median(before)])
    label = f"home meanwhile, {RATE:.0f} a second, {LABELS[kind]}"
    figure.add(f"{kind}.home", label, "ms", told["took_ms"], note=wrong(told))


def _window(figure: Figure, server: Served, crowd: load.Crowd, when: str) -> list[float]:
    """How late the ticks were in each quarter of it, p99 in milliseconds."""
    kind = server.filled.kind
    lates, tally = [], Tally()
    for _ in range(4):
        tally.add(crowd.listen(WINDOW_S / 4))
        lates.append(late_ms(server.house, round(WINDOW_S / 4 * TICKS_A_SECOND)))
    figure.add(f"{kind}.late.{when}", f"tick late, p99 of {WINDOW_S / 4:.0f} s, {when}, {LABELS[kind]}", "ms", lates)  # fmt: skip
    wrong_ones = {**tally.errors, **tally.faults}
    note = ", ".join(f"{name} {many}" for name, many in wrong_ones.items())
    label = f"times a listener heard silence, {when}, {LABELS[kind]}"
    figure.add(f"{kind}.stalls.{when}", label, "", [tally.counts["stalls"]], note=note)
    return lates


def _noted(figure: Figure, server: Served) -> None:
    facts = server.filled.facts
    size = facts["sizes"]
    if not figure.notes or "posts" not in figure.notes[0]:
        figure.notes.insert(
            0,
            f"{size['posts']:,} posts, a quarter of them reposts, by {size['members']:,} members; {size['readers']:,} "
            f"of them have a home feed, one account has {size['members'] - 1 + size['elsewhere']:,} followers.",
        )
    figure.notes.append(
        f"{server.filled.label}: filled in {facts['seconds']} s, {facts['bytes'] / 1e9:.1f} GB."
    )


PARTS = (
    ("home", "Home timelines", "", _home),
    ("search", "Search", "", _search),
    ("fanout", "A post on its way to ten thousand", "", _fanout),
    (
        "streams",
        "Idle streams",
        "On web's first port 128 KiB of each WebSocket are the buffer that Granian's tungstenite reads into.",
        _streams,
    ),
    (
        "golive",
        "An account with a million followers goes live",
        f"Two talk in a room, {LISTENERS} listen, {WINDOW_S:.0f} s before and {WINDOW_S:.0f} s after the famous account goes on "
        f"the air in another room and says so; from then on {RATE:.0f} of its followers a second read home.",
        _goes_live,
    ),
)


def _measured(
    id: str,
    title: str,
    note: str,
    part: Callable[[Figure, Served, Say], None],
    folder: Path,
    say: Say,
    place: Path = kept.PLACE,
    kinds: Kinds = kept.KINDS,
) -> Figure:
    """A part on each of the databases, one after the other."""
    figure = Figure(id, title)
    if note:
        figure.notes.append(note)
    for kind in kinds:
        with served(kind, folder, place, say) as server:
            _noted(figure, server)
            part(figure, server, say)
    return figure


ALL = {part[0]: partial(_measured, *part) for part in PARTS}
