"""A room as MP3 without a wire: frames of a feed in, listeners that read, that do not, that come late."""

from __future__ import annotations

import pytest

from hustings.radio.program import AHEAD_S, BUFFER_S, PAST_PARTS, Program
from hustings.wire.feed import END, LIVE, Frame

BITRATE = 8_000  # a thousand bytes a second
BYTES_PER_S = BITRATE // 8


class Plain:
    """An encoder that leaves parts as they are."""

    def __init__(self, init: bytes) -> None:
        self.init = init

    def push(self, part: bytes) -> bytes:
        if part == b"broken":
            raise ValueError("this part cannot be read")
        return part


class Ear:
    """A listener; `slow` keeps all that is written in its buffer."""

    def __init__(self, slow: bool = False) -> None:
        self.slow, self.heard, self.end = slow, b"", ""

    def write(self, data: bytes) -> None:
        self.heard += data

    def get_write_buffer_size(self) -> int:
        return len(self.heard) if self.slow else 0

    def abort(self) -> None:
        self.end = "cut"

    def close(self) -> None:
        self.end = "over"


def frame(path: str, body: bytes = b"", **headers: str) -> Frame:
    named = path if path.startswith(":") else f"live/r/{path}"
    return Frame(
        1, 1, named, {word.replace("_", "-"): text for word, text in headers.items()}, body
    )


def part(number: int, body: bytes | None = None) -> Frame:
    sound = bytes([number % 256]) * BYTES_PER_S if body is None else body
    return frame(f"aac/s{100 + number // 4}.{number % 4}.m4s", sound)


async def playing(parts: int = 0) -> Program:
    program = Program("r", Plain, BITRATE)
    for one in (
        frame("aac/init-0123456789abcdef.mp4", b"init"),
        frame(LIVE),
        *map(part, range(parts)),
    ):
        await program.take(one)
    return program


async def test_every_listener_gets_the_same_bytes() -> None:
    program = await playing()
    one, two = Ear(), Ear()
    program.add(one)
    program.add(two)
    for number in range(3):
        await program.take(part(number))
    assert one.heard == two.heard and len(one.heard) == 3 * BYTES_PER_S


async def test_a_newcomer_gets_what_his_player_needs_to_start() -> None:
    program = await playing(10)
    late = Ear()
    program.add(late)
    assert late.heard == b"".join(bytes([n]) * BYTES_PER_S for n in range(10 - AHEAD_S, 10))


async def test_of_a_snapshot_only_the_newest_parts_are_encoded() -> None:
    program = Program("r", Plain, BITRATE)
    program._recent.clear()
    for one in (
        frame("aac/init-0123456789abcdef.mp4"),
        *(part(n, b"x") for n in range(90)),
        frame(LIVE),
    ):
        await program.take(one)
    assert len(program._recent) == PAST_PARTS and program.open.is_set() and program.sounds


async def test_a_part_that_comes_again_after_a_restart_of_studio_is_not_heard_twice() -> None:
    program = await playing(4)
    ear = Ear()
    program.add(ear)
    before = len(ear.heard)
    await program.take(part(3))
    await program.take(part(2))
    assert len(ear.heard) == before
    await program.take(part(4))
    assert len(ear.heard) == before + BYTES_PER_S


async def test_ten_seconds_behind_at_the_limit_and_one_byte_past_it() -> None:
    program = await playing()
    ear = Ear(slow=True)
    program.add(ear)
    for number in range(BUFFER_S):
        await program.take(part(number))
    await program.take(part(BUFFER_S, b"x"))
    assert not ear.end and len(ear.heard) == BUFFER_S * BYTES_PER_S + 1
    await program.take(part(BUFFER_S + 1))
    assert ear.end == "cut" and ear not in program.listeners


async def test_a_part_that_cannot_be_read_is_left_out() -> None:
    program = await playing()
    ear = Ear()
    program.add(ear)
    await program.take(part(0, b"broken"))
    await program.take(part(1))
    assert ear.heard == bytes([1]) * BYTES_PER_S


@pytest.mark.parametrize(
    "last",
    [
        frame(END),
        frame("aac/live.m3u8", b"", Hustings_Ended="1"),
        frame("pulse.json", b'{"v":1,"brownout":{"step":1,"since_ms":5}}'),
    ],
    ids=["the feed ends", "the room ends", "a brownout"],
)
async def test_the_end(last: Frame) -> None:
    program = await playing(1)
    await program.take(frame("pulse.json", b'{"v":1,"brownout":{"step":0,"since_ms":null}}'))
    await program.take(frame("aac/live.m3u8", b"", Hustings_Ended="0"))
    assert program.sounds
    ear = Ear()
    program.add(ear)
    await program.take(last)
    assert not program.sounds
    program._end()
    assert ear.end == "over" and program.shed == (last.path == "live/r/pulse.json")
