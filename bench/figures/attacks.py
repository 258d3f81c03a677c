"""Each attack for a minute, three times, while 500 honest people listen to a room on the air: what do they notice?

The whole server and the front are on one core; attackers, listeners and speakers share the other, the attackers behind.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bench import machine
from bench.attacks.attacker import Target
from bench.attacks.each import ATTACKS, Attack
from bench.attacks.front import front
from bench.attacks.honest import BEHIND, DIRECT, Honest, Round, honest
from bench.attacks.log_ins import HEADER
from bench.attacks.someone import PEOPLE, THEIRS, signed_up
from bench.crowd.servers import CORE, certificate
from bench.rows import Figure
from bench.trial import Trial
from tests.e2e.house import descendants_of, started

SECONDS, ROUNDS = 60.0, 3
WARM_S = 15.0
Say = Callable[[str], None]

TITLE = "Attacks on a room on the air"
LINES = [(attack.id, attack.says) for attack in ATTACKS]
COLUMNS = [
    ("stalls", "stalls"),
    ("errors", "errors and faults"),
    ("gaps", "gaps in the mix"),
    ("lost", "packets lost from the tracks"),
    ("age", "part at the ear, p99"),
    ("late", "tick late, p99"),
    ("door", "stage answers its host, p99"),
    ("memory", "memory after each round"),
    ("grown", "grown, round 2 to 3"),
    ("got", "what the attacker got, last round"),
]


def measure(folder: Path, say: Say, trial: Trial = Trial()) -> Figure:  # noqa: B008
    seconds, rounds = trial.seconds or SECONDS, trial.rounds or ROUNDS
    figure = Figure("attacks", TITLE, columns=COLUMNS)
    figure.notes.append(
        f"Each attack {rounds} times for {seconds:g} s, on one server that runs through all of them; {DIRECT} listeners straight "
        f"at edge and {BEHIND} over TLS behind the front of `deploy/varnish`, half of each by part number, half by playlist; two "
        "who talk. A cell has the rounds in their order. A part's time counts from its last sample. Memory: PSS of all our "
        "processes, weighed 13 seconds after the attack; the front's own is told where it is attacked. The log-ins have a server "
        "of their own: a thousand at web at once, whoever is answered is followed by another; half with the right password of "
        f"one of {PEOPLE} accounts and the cookie of a browser that was there before, half with a wrong one and without."
    )
    wanted = [attack for attack in ATTACKS if trial.wants(attack.id)]
    for on_accounts in (False, True):
        attacks = [attack for attack in wanted if attack.on_accounts is on_accounts]
        if attacks:
            place = folder / ("accounts" if on_accounts else "plain")
            place.mkdir()
            _on_one_server(place, figure, attacks, seconds, rounds, say)
    trial.complete(figure, LINES)
    _sums(figure)
    return figure


def _on_one_server(
    folder: Path,
    figure: Figure,
    attacks: Sequence[Attack],
    seconds: float,
    rounds: int,
    say: Say,
) -> None:
    """All of them, one after the other."""
    on_accounts = attacks[0].on_accounts
    trusted = HEADER if on_accounts else ""
    with started(folder / "data", WEB__FORWARDED_HEADER=trusted) as house:
        for pid in [house.process.pid, *descendants_of(house.process.pid)]:
            machine.pin(pid, CORE)
        room = house.plan("attacked", "Under attack")
        house.open_doors(room)
        live, stage, web = (
            int(url.rpartition(":")[2]) for url in (house.live, house.stage, house.web)
        )
        people = signed_up(house.web, PEOPLE, "p", "192.0.2") if on_accounts else []
        honest_ones = signed_up(house.web, THEIRS, "q", "198.51.100") if on_accounts else []
        with (
            front(folder, live, certificate(folder)) as before,
            honest(house, room, before) as those,
        ):
            target = Target(
                live, stage, web, before.port, before.tls, room.key, room.host,
                tuple(people), tuple(honest_ones),
            )  # fmt: skip
            time.sleep(min(seconds, WARM_S))
            for attack in attacks:
                often = 1 if attack.id == "quiet" else rounds
                _attacked(figure, attack, target, those, seconds, often, say)


def _attacked(
    figure: Figure,
    attack: Attack,
    target: Target,
    people: Honest,
    seconds: float,
    rounds: int,
    say: Say,
) -> None:
    done: list[Round] = []
    for number in range(rounds):
        one = people.suffer(seconds, lambda: attack.begins(target, seconds))
        done.append(one)
        say(
            f"{attack.says}, round {number + 1}: {one.stalls} stalls, {one.errors} errors ({one.wrong}), "
            f"{one.mix_gaps} gaps, {one.packets_lost} lost, part p99 {one.age_ms:.0f} ms, "
            f"late {one.late_ms:.1f} ms, door {one.door_ms:.0f} ms, {one.memory_mb:.1f} MB (front {one.front_mb:.0f}), "
            f"brownout {one.brownout}, {one.got}"
        )
    _rows(figure, attack, done)


def _rows(figure: Figure, attack: Attack, done: list[Round]) -> None:
    figure.lines.append((attack.id, attack.says))

    def add(column: str, label: str, unit: str, samples: list[float], note: str = "") -> None:
        figure.add(f"{attack.id}.{column}", f"{label}, {attack.says}", unit, samples, note=note)

    wrong = "; ".join(dict.fromkeys(filter(None, (one.wrong for one in done))))
    add("stalls", "stalls", "", [one.stalls for one in done])
    add("errors", "errors and faults", "", [one.errors for one in done], wrong)
    add("gaps", "gaps in the mix", "", [one.mix_gaps for one in done])
    add("lost", "packets lost from the tracks", "", [one.packets_lost for one in done])
    add("age", "part at the ear, p99", "ms", [one.age_ms for one in done])
    add("late", "tick late, p99", "ms", [one.late_ms for one in done])
    add("door", "stage answers its host, p99", "ms", [one.door_ms for one in done])
    add("memory", "memory", "MB", [one.memory_mb for one in done])
    if len(done) >= 3:
        grown = done[2].memory_mb - done[1].memory_mb
        add("grown", "memory, round 2 to 3", "MB", [grown])
    told = [done[-1].got]
    told += [f"the front: {done[-1].front_mb:.0f} MB"] if attack.id == "rapid_reset" else []
    told += [f"brownout {step}"] if (step := max(one.brownout for one in done)) else []
    add("got", "the attacker got", "", [], "; ".join(told))


def _sums(figure: Figure) -> None:
    """What the marks are about: the worst of all rounds of all attacks."""
    for column, label, unit in (
        ("stalls", "stalls in a round, worst", ""),
        ("errors", "errors and faults in a round, worst", ""),
        ("gaps", "gaps in the recorded mix in a round, worst", ""),
        ("lost", "packets lost from the tracks in a round, worst", ""),
        ("late", "tick late, p99, worst round", "ms"),
        ("grown", "memory grown from the second round to the third, worst attack", "MB"),
    ):
        rows = [
            row
            for row in figure.rows
            if row.id.endswith(f".{column}") and not row.id.startswith("quiet.")
        ]
        samples = [one for row in rows for one in row.samples]
        figure.add(f"worst.{column}", label, unit, [max(samples)] if samples else [])
