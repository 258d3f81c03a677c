"""`kill -9` of one process after another, while our player, stock hls.js and ffmpeg play the room: who hears it?

A speaker makes a steady noise, so that every silence in an ear is a death's doing; silence is read from what each player
played into a sound card of its own. All three play steadily before each kill.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from bench import crew
from bench.crowd import load
from bench.crowd.servers import Served
from bench.deaths.ears import Player, listening
from bench.deaths.polled import Polled, polled
from bench.rows import Figure
from bench.trial import Trial
from hustings.rehearse.tally import Tally
from tests.e2e.harness.pulse import like_hardware
from tests.e2e.harness.waiting import until
from tests.e2e.house import House, descendants_of, started

ROUNDS, WINDOW_S = 3, 17.0
LISTENERS = 20
FIRST_S = 14.0
AFTER_S = 2.0
Say = Callable[[str], None]

PLAYERS = {"ours": "our player", "hls_js": "hls.js", "ffmpeg": "ffmpeg"}
COLUMNS = [
    ("ours", "silence, our player"),
    ("hls_js", "silence, hls.js"),
    ("ffmpeg", "silence, ffmpeg"),
    ("plays_on", "play on"),
]


@dataclass(frozen=True)
class Death:
    id: str
    says: str
    whom: Callable[[House], Iterable[int]]


def _studio_whole(house: House) -> list[int]:
    main = int(json.loads((house.folder / "run/studio.pid").read_text())["pid"])
    return [main, *descendants_of(main)]


DEATHS = (
    Death("nobody", "nobody", lambda house: []),
    Death("web", "web", lambda house: [house.pid("web")]),
    Death("work", "work", lambda house: [house.pid("work")]),
    Death("door", "door", lambda house: [house.pid("door")]),
    Death("worker", "one edge worker", lambda house: house.workers()[:1]),
    Death("edge", "all of edge", lambda house: [house.pid("edge"), *house.workers()]),
    Death("studio", "studio, the process that works", lambda house: [house.pid("studio")]),
    Death("studio_all", "all of studio, its spare too", _studio_whole),
)
TITLE = "Deaths"
LINES = [(death.id, death.says) for death in DEATHS]


@dataclass
class Told:
    """Of one kind of death."""

    silent_s: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in PLAYERS})
    on: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PLAYERS, 0))


def measure(folder: Path, say: Say, trial: Trial = Trial()) -> Figure:  # noqa: B008
    rounds, window_s = trial.rounds or ROUNDS, trial.seconds or WINDOW_S
    figure = Figure("kills", TITLE, columns=COLUMNS)
    figure.notes.append(
        f"`kill -9`, {rounds} times each; seconds of silence (a tenth of a second and more below −50 dBFS) in the "
        f"{window_s:g} s after it, from what each player played into a sound card of its own; a speaker makes a "
        "steady noise. ffmpeg plays at the card's pace, as ffplay does."
    )
    with started(folder / "data") as house:
        room = house.plan("deaths", "Deaths")
        house.open_doors(room)
        people, _ = crew.invited(house, room, 1, ["noise"])
        with crew.speaking(people) as on_stage:
            like_hardware(on_stage.process)  # its pauses would pass for silence
            house.on_air(room)
            time.sleep(FIRST_S)
            edge = Served(int(house.live.rpartition(":")[2]), 0, ())
            with (
                polled(f"{house.live}/live/{room.key}") as lists,
                load.crowd(edge, room.key, LISTENERS, playlists=0.5) as crowd,
                listening(house, room, folder) as players,
            ):
                tally = Tally()
                for death in DEATHS:
                    if trial.wants(death.id):
                        _died(figure, house, death, players, rounds, window_s, say)
                        tally.add(crowd.listen(0.1))
            _seen(figure, lists, tally)
    trial.complete(figure, LINES)
    return figure


def _died(
    figure: Figure,
    house: House,
    death: Death,
    players: list[Player],
    rounds: int,
    window_s: float,
    say: Say,
) -> None:
    told = Told()
    for number in range(rounds):
        for player in players:
            player.ready()
        pids = list(death.whom(house))
        assert all(pids), f"there is no process of {death.id}"
        from_s = {player.name: player.ear.now_s for player in players}
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        until(lambda: players[0].ear.now_s > from_s["ours"] + window_s, window_s + 10, "the window")  # noqa: B023
        for player in players:
            silent_s = player.silent_s(from_s[player.name], from_s[player.name] + window_s)
            told.silent_s[player.name].append(silent_s)
            told.on[player.name] += player.lives() and player.sounds(AFTER_S)
        heard = ", ".join(
            f"{PLAYERS[name]} {silent[-1]:.2f} s" for name, silent in told.silent_s.items()
        )
        say(
            f"{death.says}, {number + 1} of {rounds} ({len(pids)} processes): silence {heard}; on: {told.on}"
        )
    figure.lines.append((death.id, death.says))
    for name, silent in told.silent_s.items():
        figure.add(f"{death.id}.{name}", f"{PLAYERS[name]}, {death.says}", "s", silent)
    words = ", ".join(f"{PLAYERS[name]} {on} of {rounds}" for name, on in told.on.items())
    least = min(told.on.values()) / rounds * 100
    figure.add(
        f"{death.id}.plays_on", f"players who play on, {death.says}", "%", [least], note=words
    )


def _seen(figure: Figure, lists: Polled, tally: Tally) -> None:
    """What went back or repeated, in playlists and in what a crowd was given."""
    faults = {**tally.faults}
    note = (
        f"{lists.asked:,} playlists asked for, {lists.no} times there was no answer; "
        + "; ".join(lists.faults[:3])
    )
    figure.add(
        "back", "playlists that went back or repeated", "times", [len(lists.faults)], note=note
    )
    told = ", ".join(f"{name} {n}" for name, n in faults.items())
    figure.add(
        "faults",
        f"faults in what {LISTENERS} model listeners were given",
        "",
        [sum(faults.values())],
        note=told,
    )
