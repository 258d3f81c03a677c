"""A child with limits: what it is told and says, and what ends it."""

from __future__ import annotations

import asyncio
import textwrap
from pathlib import Path

import pytest

from hustings.work import child
from hustings.work.child import Broke, TooHard

WALL_S = 30.0


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """One that does what its input says."""
    (tmp_path / "a_child.py").write_text(
        textwrap.dedent(
            """
            import os, resource, sys
            said = sys.stdin.buffer.read()
            match said[:4]:
                case b"env ":
                    sys.stdout.write(os.environ.get(said[4:].decode(), "none"))
                case b"long":
                    sys.stdout.write("x" * int(said[4:]))
                case b"code":
                    sys.exit(int(said[4:]))
                case b"kill":
                    os.kill(os.getpid(), 9)
                case b"wait":
                    import time; time.sleep(3600)
                case _:
                    sys.stdout.write(str(len(said)))
            """
        )
    )
    (tmp_path / "deaf_child.py").write_text("print('deaf')")
    monkeypatch.syspath_prepend(str(tmp_path))
    return "a_child"


async def test_it_hears_much_and_answers(module: str) -> None:
    assert await child.ask(module, b"y" * 8_000_000, WALL_S, 100) == b"8000000"


async def test_one_that_hears_nothing_answers_all_the_same(module: str) -> None:
    assert await child.ask("deaf_child", b"y" * 8_000_000, WALL_S, 100) == b"deaf\n"


async def test_an_answer_at_the_limit_and_one_past_it(module: str) -> None:
    assert len(await child.ask(module, b"long200000", WALL_S, 200_000)) == 200_000
    with pytest.raises(Broke):
        await child.ask(module, b"long200001", WALL_S, 200_000)


@pytest.mark.parametrize(("said", "error"), [(b"code1", Broke), (b"kill", TooHard)])
async def test_how_it_ended(module: str, said: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        await child.ask(module, said, WALL_S, 100)


async def test_one_that_takes_too_long(module: str) -> None:
    with pytest.raises(TooHard):
        await child.ask(module, b"wait", 0.5, 100)


async def test_it_knows_none_of_our_secrets(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUSTINGS_DATABASE__URL", "postgresql://secret")
    assert await child.ask(module, b"env HUSTINGS_DATABASE__URL", WALL_S, 100) == b"none"


async def test_it_ends_with_whoever_asked(module: str) -> None:
    asking = asyncio.create_task(child.ask(module, b"wait", 3_600, 100))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
