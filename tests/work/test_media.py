"""The lanes of pictures and sounds, with the child that makes them, on both databases: what comes out, and what never does."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import av
import pytest
from PIL import Image

from hustings import settings as tree
from hustings.social import media
from hustings.social.media import Attachment, Said
from hustings.store.engine import Database
from hustings.work.child import Bounds
from hustings.work.ledger import Ledger
from hustings.work.media import BOUNDS, Making
from hustings.work.runner import Runner
from tests import media_files as files
from tests.social.conftest import joins as joins
from tests.social.square import Joins, Square

PIXELS = 1_000_000
LIMITS = {
    "HUSTINGS_MEDIA__PICTURE_PIXELS_MAX": str(PIXELS),
    "HUSTINGS_MEDIA__SOUND_MINUTES_MAX": "1",
}


@dataclass
class Darkroom:
    """A square with somebody in it, the lanes of its pictures and sounds, and their folders."""

    square: Square
    home: Path
    ledger: Ledger
    bounds: dict[str, Bounds] = field(default_factory=lambda: dict(BOUNDS))
    ada: int = 0

    def __post_init__(self) -> None:
        self.settings = tree.load(environ={"HUSTINGS_DATA": str(self.home), **LIMITS})
        self.settings.spool_dir.mkdir(parents=True)
        (self.ada,) = self.square.people("ada")

    def send(self, raw: bytes) -> int:
        id = self.square.id()
        (self.settings.spool_dir / str(id)).write_bytes(raw)
        kind = media.kind_of(raw[: media.MAGIC_BYTES])
        self.square.write(media.begin, id, self.ada, kind, Said("what is seen"), self.square.now_ms)
        return id

    async def work(self) -> None:
        making = Making(self.settings, self.ledger, self.bounds)
        for lane in media.LANES.values():
            runner = Runner(lane, making, self.ledger, lambda: self.square.now_ms, lambda: 0.0)
            for _ in range(8):
                await runner.step()
                await runner.settle()

    async def made(self, raw: bytes) -> Attachment:
        id = self.send(raw)
        await self.work()
        return self.found(id)

    def found(self, id: int) -> Attachment:
        return self.square.read(media.own, self.ada, id)

    def bytes(self, name: str) -> bytes:
        return (self.settings.media_dir / name).read_bytes()

    def published(self) -> list[str]:
        top = self.settings.media_dir
        return sorted(str(path.relative_to(top)) for path in top.glob("*/*"))


@pytest.fixture
def darkroom(database: Database, joins: Joins, tmp_path: Path) -> Iterator[Darkroom]:
    ledger = Ledger(database)
    yield Darkroom(Square(database, joins), tmp_path, ledger)
    ledger.close()


async def test_a_photograph_is_upright_and_says_nothing_of_where(darkroom: Darkroom) -> None:
    raw = files.located()
    assert b"taken at home" in raw and b"a secret" in raw
    one = await darkroom.made(raw)
    assert (one.state, one.made.size, one.made.preview_size) == ("ready", (40, 60), (40, 60))
    for name in (one.made.file, one.made.preview):
        made = darkroom.bytes(name)
        assert b"taken at home" not in made and b"a secret" not in made and b"Exif" not in made
        with Image.open(io.BytesIO(made)) as out:
            assert (out.format, out.size) == ("JPEG", (40, 60)) and not out.getexif()
    assert one.made.blurhash is not None and len(one.made.blurhash) == 28
    assert list(darkroom.settings.spool_dir.iterdir()) == []


async def test_each_kind_comes_out(darkroom: Darkroom) -> None:
    see_through = files.picture("PNG", mode="RGBA", color=(0, 0, 255, 90))
    raws = [files.picture(kind) for kind in ("PNG", "WEBP", "GIF")]
    sent = [darkroom.send(raw) for raw in (*raws, see_through, files.moving())]
    await darkroom.work()
    made = [darkroom.found(id).made for id in sent]
    assert [one.file.rpartition(".")[2] for one in made] == ["jpg", "jpg", "jpg", "webp", "webp"]
    with Image.open(io.BytesIO(darkroom.bytes(made[3].file))) as out:
        assert out.mode == "RGBA"
    with Image.open(io.BytesIO(darkroom.bytes(made[4].file))) as out:
        assert (out.format, getattr(out, "n_frames", 1)) == ("WEBP", 3)
    with Image.open(io.BytesIO(darkroom.bytes(made[4].preview))) as out:
        assert (out.format, getattr(out, "n_frames", 1)) == ("JPEG", 1)


async def test_the_same_picture_twice_is_one_file(darkroom: Darkroom) -> None:
    first, second = darkroom.send(files.picture()), darkroom.send(files.picture())
    await darkroom.work()
    assert darkroom.found(first).made == darkroom.found(second).made
    assert len(darkroom.published()) == 2  # and its preview


async def test_pixels_at_the_limit_and_one_row_past_it(darkroom: Darkroom) -> None:
    at = darkroom.send(files.picture("PNG", (1_000, 1_000)))
    past = darkroom.send(files.picture("PNG", (1_000, 1_001)))
    await darkroom.work()
    assert darkroom.found(at).state == "ready"
    assert darkroom.found(past).fault == "media_too_large"


@pytest.mark.parametrize(
    ("kind", "codec"),
    [("mp3", "libmp3lame"), ("ogg", "libopus"), ("ogg", "flac"), ("ipod", "aac")],
)
async def test_sounds_come_out_as_aac_without_a_word(
    darkroom: Darkroom, kind: str, codec: str
) -> None:
    raw = files.sound(kind, codec, comment="said at home", title="a secret")
    one = await darkroom.made(raw)
    assert (one.state, one.fault, one.made.preview) == ("ready", "", "")
    made = darkroom.bytes(one.made.file)
    assert b"at home" not in made and b"a secret" not in made
    assert made.index(b"moov") < made.index(b"mdat")
    with av.open(io.BytesIO(made)) as out:
        assert [stream.codec_context.name for stream in out.streams] == ["aac"]
    assert one.made.duration_ms == pytest.approx(500, abs=80)


async def test_a_sound_of_the_longest_and_one_that_is_longer(darkroom: Darkroom) -> None:
    at, past = darkroom.send(files.wav(60_000)), darkroom.send(files.wav(61_000))
    await darkroom.work()
    assert darkroom.found(at).made.duration_ms == pytest.approx(60_000, abs=50)
    assert darkroom.found(past).fault == "media_too_long"


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (files.png(50_000, 50_000), "media_too_large"),
        (files.png(900, 900), "media_malformed"),
        (files.picture()[:200], "media_malformed"),
        (b"\x89PNG\r\n\x1a\n" + b"#EXTM3U\nfile:///etc/passwd\n" * 9, "media_malformed"),
        (b"GIF89a/*" + b"*/=1;alert(1)//" * 20, "media_malformed"),
        (b"ID3" + bytes(4_000), "media_malformed"),
        (b"\xff\xfb" + b"#EXTM3U\nfile:///etc/passwd\n" * 99, "media_malformed"),
        (files.wav()[:44], "media_malformed"),
        (b"OggS" + b"\xff" * 9_000, "media_malformed"),
        (b"\x00\x00\x00\x18ftypM4A " + b"\x00" * 900, "media_malformed"),
    ],
    ids=["bomb", "lies", "cut", "playlist", "script", "id3", "mpeg", "empty", "ogg", "m4a"],
)
async def test_what_is_none_has_failed_and_says_why(
    darkroom: Darkroom, raw: bytes, fault: str
) -> None:
    one = await darkroom.made(raw)
    assert (one.state, one.fault) == ("failed", fault)
    assert darkroom.published() == [] and list(darkroom.settings.spool_dir.iterdir()) == []


@pytest.mark.parametrize(
    "bounds",
    [
        replace(BOUNDS["image"], cpu_s=0),
        replace(BOUNDS["image"], wall_s=0.01),
    ],
    ids=["cpu", "wall"],
)
async def test_a_child_past_its_limits_is_killed(darkroom: Darkroom, bounds: Bounds) -> None:
    darkroom.bounds["image"] = bounds
    one = await darkroom.made(files.picture("PNG", (1_000, 1_000)))
    assert (one.state, one.fault) == ("failed", "media_too_hard")


async def test_a_child_gets_no_more_memory_than_it_may_have(darkroom: Darkroom) -> None:
    darkroom.bounds["image"] = replace(BOUNDS["image"], memory_bytes=1_000_000)
    one = await darkroom.made(files.picture("PNG", (1_000, 1_000)))
    assert one.state == "failed"


async def test_what_belongs_to_no_post_goes_after_a_day(darkroom: Darkroom) -> None:
    ids = [darkroom.send(files.picture(size=(60, 40 + n))) for n in range(3)]
    again = darkroom.send(files.picture(size=(60, 40)))
    await darkroom.work()
    square = darkroom.square
    post = square.say(darkroom.ada, "", media_ids=[str(again)])
    kept = square.say(darkroom.ada, "", media_ids=[str(ids[1])])
    making = Making(darkroom.settings, darkroom.ledger)
    loose_since_ms = square.now_ms
    await making.sweep(loose_since_ms + media.LOOSE_MS - 20_000)
    assert len(darkroom.published()) == 6
    await making.sweep(loose_since_ms + media.LOOSE_MS + 1)
    left = {name for id in (again, ids[1]) for name in _names(darkroom.found(id))}
    assert set(darkroom.published()) == left
    square.delete(darkroom.ada, kept)
    await making.sweep(square.now_ms)
    assert set(darkroom.published()) == set(_names(darkroom.found(again)))
    assert square.see(None, post).media[0].id == again


def _names(one: Attachment) -> tuple[str, str]:
    return one.made.file, one.made.preview
