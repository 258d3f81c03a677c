"""Prints docs/life-of-a-room.md from the tables in `rooms/`: `python tools/room_page.py > docs/life-of-a-room.md`."""

from __future__ import annotations

from hustings.rooms.permissions import RULES
from hustings.rooms.room import STATES, TRANSITIONS

MEANS = {
    "planned": "a title and a time; studio has it already, web may die",
    "open": "the doors are open: people test and talk back stage, listeners hear the holding sound",
    "on_air": "the program bus is open",
    "ended": "nothing more is said; the playlist has its end, the replay is being made",
    "replay": "the recording stands at the same address",
}


def page() -> str:
    """The whole page."""
    lines = [
        "# The life of a room",
        "",
        "Made by `tools/room_page.py` from the tables in `src/hustings/rooms/`.",
        "",
    ]
    lines += ["```mermaid", "stateDiagram-v2", f"    [*] --> {STATES[0]}"]
    lines += [f"    {state} --> {after}: {event}" for (state, event), after in TRANSITIONS.items()]
    lines += ["```", "", "| state | means |", "|---|---|"]
    lines += [f"| `{state}` | {MEANS[state]} |" for state in STATES]
    lines += ["", "| command | who | in |", "|---|---|---|"]
    for command, rule in RULES.items():
        states = ", ".join(state for state in STATES if state in rule.states)
        lines.append(f"| `{command}` | {', '.join(sorted(rule.roles))} | {states} |")
    lines += [
        "",
        "Features add commands of their own (`hands.raise`, `recording.link`, …): see their folders.",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(page(), end="")
