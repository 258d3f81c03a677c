"""A picture as it came in, re-encoded: never passed through, without metadata, under a cap of pixels.

The size is read from the header before a pixel is decoded, so that a small file that unfolds into gigabytes is refused
for the price of its first bytes.
"""

from __future__ import annotations

import hashlib
import io
import warnings

from PIL import Image, ImageOps

from hustings.wire.errors import Refused

PIXELS_MAX = 40_000_000
SIDE_MAX = 1_600
QUALITY = 84
FORMATS = ("JPEG", "PNG", "WEBP")


def reencode(raw: bytes, bytes_max: int) -> bytes:
    """JPEG bytes, 1,600 pixels on the longer side at most, upright, on white where it was see-through.

    Errors: `Refused` with `picture_too_large`, `picture_malformed`.
    """
    if len(raw) > bytes_max:
        raise Refused("picture_too_large", field="picture", bytes_max=bytes_max)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(raw), formats=FORMATS) as picture:
                if picture.width * picture.height > PIXELS_MAX:
                    raise Refused("picture_too_large", field="picture", pixels_max=PIXELS_MAX)
                return _jpeg(picture)
    except Refused:
        raise
    except Image.DecompressionBombError:
        raise Refused("picture_too_large", field="picture", pixels_max=PIXELS_MAX) from None
    except Exception:
        # Pillow's decoders raise OSError, ValueError, SyntaxError, struct.error, ZeroDivisionError … on broken files.
        raise Refused("picture_malformed", field="picture") from None


def name(jpeg: bytes) -> str:
    """The folder of a picture's immutable address: `p-{hash}`."""
    return f"p-{hashlib.sha256(jpeg).hexdigest()[:16]}"


def _jpeg(picture: Image.Image) -> bytes:
    picture.draft("RGB", (SIDE_MAX, SIDE_MAX))
    upright = ImageOps.exif_transpose(picture)
    upright.thumbnail((SIDE_MAX, SIDE_MAX))
    if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
        seen = upright.convert("RGBA")
        flat = Image.new("RGB", seen.size, "white")
        flat.paste(seen, mask=seen.getchannel("A"))
    else:
        flat = upright.convert("RGB")
    flat.info.clear()  # what Pillow would write back: comments, ICC, EXIF
    out = io.BytesIO()
    flat.save(out, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    return out.getvalue()
