"""What the terminal shows."""

from __future__ import annotations

import io

from hustings.serve.console import Console


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_log_gets_a_line_a_step_and_no_escapes() -> None:
    out = io.StringIO()
    console = Console(out, ["keys", "web"], 10.0)
    console.draw()
    console.done("web", 11.5)
    console.done("web", 12.0)
    assert not console.complete
    console.done("keys", 12.5)
    assert console.complete
    assert out.getvalue() == "  web         1.5 s\n  keys        2.5 s\n"


def test_a_terminal_gets_a_bar_that_goes_away() -> None:
    out = Terminal()
    console = Console(out, ["keys", "web"], 0.0)
    console.draw()
    console.done("keys", 1.0)
    assert out.getvalue().endswith("━" * 12 + "─" * 12 + "  web")
    console.done("web", 2.0)
    assert out.getvalue().endswith("\r\x1b[K")
    console.say("door died")
    assert out.getvalue().endswith("  door died\n")


def test_the_bar_never_wraps() -> None:
    out = Terminal()
    Console(out, ["database"] * 9, 0.0).draw()
    assert out.getvalue().endswith("database, database, database …")
    assert len(out.getvalue()) < 80


def test_addresses_stand_in_one_column() -> None:
    out = io.StringIO()
    Console(out, [], 0.0).addresses([("Web", "http://a"), ("Planner key", "k")], 3.21)
    lines = out.getvalue().splitlines()
    assert lines[1] == "Hustings is up, after 3.2 s. Ctrl-C stops it."
    assert lines[3].index("http") == lines[4].index("  k") + 2


def test_a_terminal_that_went_away_is_no_error() -> None:
    out = io.StringIO()
    out.close()
    console = Console.__new__(Console)
    console.__init__(Terminal(), ["keys"], 0.0)  # type: ignore[misc]
    console._out = out
    console.say("still here")
