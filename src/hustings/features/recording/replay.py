"""The replay: what was on the air as on-demand HLS under `published/replay/{key}/`, by hard links to the recorded mix."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from hustings.features.recording.model import SEGMENT, Stretch
from hustings.hls import playlist, variant

VARIANTS = ("aac", "opus")


def build(room_dir: Path, published_dir: Path, key: str, stretch: Stretch, title: str) -> bool:
    """Whether there is something to hear again. The folder appears whole, by a rename. Errors: `OSError`."""
    target = published_dir / "replay" / key
    draft = published_dir / "replay" / f".{key}.part"
    shutil.rmtree(draft, ignore_errors=True)
    made = [
        name for name in VARIANTS if _build_variant(room_dir / "mix" / name, draft / name, stretch)
    ]
    if not made:
        shutil.rmtree(draft, ignore_errors=True)
        return False
    (draft / "index.m3u8").write_text(
        playlist.multivariant([_variant(name) for name in made], title)
    )
    shutil.rmtree(target, ignore_errors=True)
    draft.replace(target)
    return True


def destroy(published_dir: Path, key: str) -> None:
    shutil.rmtree(published_dir / "replay" / key, ignore_errors=True)


def _build_variant(mix: Path, target: Path, stretch: Stretch) -> bool:
    init = next(mix.glob("init-*.mp4"), None)
    segments = [mix / f"s{number}.m4s" for number in stretch.segments()]
    kept = [segment for segment in segments if segment.exists()]
    if init is None or not kept:
        return False
    target.mkdir(parents=True)
    for source in (init, *kept):
        _link(source, target / source.name)
    rows = [(segment.name, SEGMENT, int(segment.stem[1:]) * SEGMENT) for segment in kept]
    (target / "live.m3u8").write_text(playlist.replay(rows, init.name))
    return True


def _variant(name: str) -> variant.Variant:
    """What the multivariant playlist says of a variant; its decoder configuration stands in the init section."""
    if name == "aac":
        return variant.aac(bytes.fromhex("1190"))
    return variant.opus(b"OpusHead\x01\x02" + bytes(2) + (48_000).to_bytes(4, "little") + bytes(3))


def _link(source: Path, target: Path) -> None:
    """A hard link where the disk allows it: a replay then costs no room of its own."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
