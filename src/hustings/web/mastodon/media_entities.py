"""Pictures and sounds as apps read them (https://docs.joinmastodon.org/entities/MediaAttachment/)."""

from __future__ import annotations

from hustings.social.media import AUDIO, READY, Attachment
from hustings.web.mastodon import shapes


def address(live_url: str, name: str) -> str:
    """Where the live host, which knows no cookies, gives a file out."""
    return f"{live_url}/media/{name}"


def attachment(one: Attachment, live_url: str) -> shapes.MediaAttachment:
    """`url` is null until it is made; Mastodon has no word for the credit line."""
    made, ready = one.made, one.state == READY
    file = address(live_url, made.file) if ready else None
    preview = address(live_url, made.preview) if made.preview else None
    return {
        "id": str(one.id),
        "type": one.kind,
        "url": file,
        "preview_url": preview,
        "remote_url": None,
        "preview_remote_url": None,
        "text_url": None,
        "meta": _meta(one) if ready else {},
        "description": one.said.description or None,
        "blurhash": made.blurhash,
        "hustings": {"credit": one.said.credit or None},
    }


def _meta(one: Attachment) -> shapes.Meta:
    made = one.made
    if one.kind == AUDIO:
        lasts = (made.duration_ms or 0) / 1000
        minutes, seconds = divmod(lasts, 60)
        hours, minutes = divmod(int(minutes), 60)
        return {
            "length": f"{hours}:{minutes:02}:{seconds:05.2f}",
            "duration": lasts,
            "original": {"duration": lasts},
        }
    found: shapes.Meta = {"focus": {"x": one.said.focus[0], "y": one.said.focus[1]}}
    if made.size:
        found["original"] = _size(made.size)
    if made.preview_size:
        found["small"] = _size(made.preview_size)
    return found


def _size(size: tuple[int, int]) -> shapes.Size:
    width, height = size
    return {
        "width": width,
        "height": height,
        "size": f"{width}x{height}",
        "aspect": round(width / height, 6),
    }
