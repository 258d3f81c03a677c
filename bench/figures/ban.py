"""How long the story's author lasts after a moderator bans him on the page: his app's token and its open stream, his place on
another's stage, his own room on the air, his post and the repost of it on every page and in the API."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bench.rows import Figure
from tests.e2e.banned import played
from tests.e2e.house import started
from tests.e2e.peer import cast

RUNS = 5
SAYS = {
    "token": "banned: until his app's token opens nothing",
    "stream": "banned: until its stream is over",
    "stage": "banned: until he is off another's stage",
    "room": "banned: until his room on the air is over for its listeners",
    "posts": "banned: until his post and the repost of it are gone from every page and the API",
}


def measure(folder: Path, say: Callable[[str], None]) -> Figure:
    """From the moment the form is sent, so the act itself and the way there count too."""
    figure = Figure("ban", "An author is banned")
    lasted: dict[str, list[float]] = {name: [] for name in SAYS}
    with started(folder / "data") as house, cast() as actors:
        for run in range(RUNS):
            with played(house, actors, run) as scene:
                for name, seconds in scene.lasts_s().items():
                    lasted[name].append(seconds)
                house.command(scene.room, "end")
            say(f"{run + 1} of {RUNS}")
    for name, samples in lasted.items():
        figure.add(name, SAYS[name], "s", samples)
    return figure
