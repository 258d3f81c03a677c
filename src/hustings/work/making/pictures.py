"""A picture made anew: upright, without metadata, bounded, with a still preview. Nothing of the old file is passed on.

What it claims of its size is read before a pixel is decoded, so that a small file that unfolds into gigabytes costs its
first bytes.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps, ImageSequence

from hustings.work.making.blurhash import blurhash
from hustings.work.making.fault import Fault

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
SIDE_MAX, FLAT_SIDE, PREVIEW_SIDE, HASH_SIDE = 2_048, 1_600, 480, 32
QUALITY, PREVIEW_QUALITY = 84, 78
MOVING_SIDE, MOVING_FRAMES, MOVING_PIXELS = 640, 120, 120_000_000
"""What moves stays moving up to so many frames and pixels, all frames together; past that its first frame is the picture."""
FRAME_MS, FRAME_LEAST_MS, FRAME_MOST_MS = 100, 20, 10_000
SEE_THROUGH = ("RGBA", "LA", "PA")
ORIENTATION = 0x0112
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What puts a picture upright (EXIF 2.32, 4.6.4.A, Orientation)."""


@dataclass(frozen=True, slots=True)
class Picture:
    """Two files in the folder, which may be one, and their sizes in pixels."""

    file: str
    preview: str
    size: tuple[int, int]
    preview_size: tuple[int, int]
    blurhash: str = ""


def make(raw: Path, folder: Path, pixels_max: int) -> Picture:
    """A post's, as it is but for its bounds. Errors: `Fault` with `media_too_large`, `media_malformed`; `MemoryError`."""
    return _opened(raw, pixels_max, partial(_made, folder=folder))


def fit(raw: Path, folder: Path, pixels_max: int, size: tuple[int, int], may_move: bool) -> Picture:
    """One that fills a frame of that size, what stands out cut off; its preview is itself, standing still. Errors: as `make`."""
    made = partial(_fitted, folder=folder, size=size, may_move=may_move)
    return _opened(raw, pixels_max, made)


def flat(raw: Path, folder: Path, pixels_max: int) -> Picture:
    """One that every player and every network shows: a JPEG that stands still. Errors: as `make`."""
    return _opened(raw, pixels_max, partial(_printed, folder=folder))


def _opened(raw: Path, pixels_max: int, made: Callable[[Image.Image], Picture]) -> Picture:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(raw, formats=FORMATS) as picture:
                if picture.width * picture.height > pixels_max:
                    raise Fault("media_too_large")
                return made(picture)
        except (Fault, MemoryError):
            raise
        except Image.DecompressionBombError:
            raise Fault("media_too_large") from None
        except Exception:
            # Pillow's decoders raise OSError, ValueError, SyntaxError, struct.error, ZeroDivisionError … on broken files.
            raise Fault("media_malformed") from None


def _made(picture: Image.Image, folder: Path) -> Picture:
    moving = _moves(picture)
    if moving:
        still, file = _animated(picture, folder, _bounded)
    else:
        picture.draft("RGB", (SIDE_MAX, SIDE_MAX))
        still = _still(picture)
        file = _saved(still, folder / "whole", QUALITY)
    size = still.size
    small = still.copy()
    small.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
    preview = _flat(small)
    preview.save(folder / "small.jpg", "JPEG", quality=PREVIEW_QUALITY, optimize=True)
    tiny = preview.copy()
    tiny.thumbnail((HASH_SIDE, HASH_SIDE))
    return Picture(file, "small.jpg", size, preview.size, blurhash(np.asarray(tiny)))


def _fitted(picture: Image.Image, folder: Path, size: tuple[int, int], may_move: bool) -> Picture:
    shape = partial(ImageOps.fit, size=size, method=Image.Resampling.LANCZOS)
    if may_move and _moves(picture):
        first, file = _animated(picture, folder, shape)
        return Picture(file, _saved(first, folder / "still", QUALITY), size, size)
    picture.draft("RGB", (SIDE_MAX, SIDE_MAX))
    file = _saved(shape(_still(picture)), folder / "whole", QUALITY)
    return Picture(file, file, size, size)


def _printed(picture: Image.Image, folder: Path) -> Picture:
    picture.draft("RGB", (FLAT_SIDE, FLAT_SIDE))
    still = _flat(_still(picture))
    still.thumbnail((FLAT_SIDE, FLAT_SIDE))
    file = _saved(still, folder / "whole", QUALITY)
    return Picture(file, file, still.size, still.size)


def _bounded(frame: Image.Image) -> Image.Image:
    frame.thumbnail((MOVING_SIDE, MOVING_SIDE))
    return frame


def _moves(picture: Image.Image) -> bool:
    frames = getattr(picture, "n_frames", 1)
    if picture.format == "JPEG" or frames < 2 or frames > MOVING_FRAMES:
        return False
    return bool(frames * picture.width * picture.height <= MOVING_PIXELS)


def _still(picture: Image.Image) -> Image.Image:
    """The first frame, upright and small enough, in RGB or RGBA, with nothing but its pixels."""
    turn, profile = _turn(picture), picture.info.get("icc_profile")
    seen = "transparency" in picture.info or picture.mode in SEE_THROUGH
    plain = picture.convert("RGBA" if seen else "RGB")
    plain.thumbnail((SIDE_MAX, SIDE_MAX))
    if isinstance(profile, bytes) and plain.mode == "RGB":
        plain = _srgb(plain, profile)
    upright = plain if turn is None else plain.transpose(turn)
    if seen and upright.getchannel("A").getextrema()[0] == 255:
        upright = upright.convert("RGB")
    upright.info.clear()  # what Pillow would write back: comments, ICC, EXIF
    return upright


def _turn(picture: Image.Image) -> Image.Transpose | None:
    """Broken EXIF is none: the picture may be whole."""
    with contextlib.suppress(Exception):
        return TURNS.get(picture.getexif().get(ORIENTATION, 1))
    return None


def _srgb(plain: Image.Image, profile: bytes) -> Image.Image:
    """In the colours that a picture without a profile is read in; a profile that cannot be read is none."""
    with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError):
        there = ImageCms.createProfile("sRGB")
        seen = ImageCms.profileToProfile(plain, io.BytesIO(profile), there, outputMode="RGB")
        return seen or plain
    return plain


def _saved(still: Image.Image, place: Path, quality: int) -> str:
    if still.mode == "RGBA":
        path = place.with_suffix(".webp")
        still.save(path, "WEBP", quality=quality, method=4)
    else:
        path = place.with_suffix(".jpg")
        still.save(path, "JPEG", quality=quality, optimize=True, progressive=True)
    return path.name


def _animated(
    picture: Image.Image, folder: Path, shape: Callable[[Image.Image], Image.Image]
) -> tuple[Image.Image, str]:
    frames, lasting = [], []
    for frame in ImageSequence.Iterator(picture):
        shown = shape(frame.convert("RGBA"))
        lasts = frame.info.get("duration", FRAME_MS)
        lasts = int(lasts) if isinstance(lasts, int | float) and lasts > 0 else FRAME_MS
        lasting.append(max(FRAME_LEAST_MS, min(lasts, FRAME_MOST_MS)))
        shown.info.clear()
        frames.append(shown)
    first, *rest = frames
    first.save(
        folder / "whole.webp",
        "WEBP",
        save_all=True,
        append_images=rest,
        duration=lasting,
        loop=0,
        quality=QUALITY - 14,
        method=2,
    )
    return first, "whole.webp"


def _flat(picture: Image.Image) -> Image.Image:
    """On white where it is see-through."""
    if picture.mode != "RGBA":
        return picture
    flat = Image.new("RGB", picture.size, "white")
    flat.paste(picture, mask=picture.getchannel("A"))
    return flat
