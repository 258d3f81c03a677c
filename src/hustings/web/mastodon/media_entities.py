"""Pictures and sounds as apps read them (https://docs.joinmastodon.org/entities/MediaAttachment/)."""

from __future__ import annotations

from typing import Any

from hustings.social.media import AUDIO, READY, Attachment


def address(live_url: str, name: str) -> str:
    """Where the live host, which knows no cookies, gives a file out."""
    return f"{live_url}/media/{name}"


def attachment(one: Attachment, live_url: str) -> dict[str, Any]:
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


def _meta(one: Attachment) -> dict[str, Any]:
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
    sizes = {"original": made.size, "small": made.preview_size}
    found: dict[str, Any] = {name: _size(size) for name, size in sizes.items() if size}
    return {**found, "focus": {"x": one.said.focus[0], "y": one.said.focus[1]}}


def _size(size: tuple[int, int]) -> dict[str, Any]:
    width, height = size
    return {
        "width": width,
        "height": height,
        "size": f"{width}x{height}",
        "aspect": round(width / height, 6),
    }
