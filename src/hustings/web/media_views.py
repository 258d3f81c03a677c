"""Pictures and sounds as templates show them: sizes are reserved, words stand beside them."""

from __future__ import annotations

from typing import Any

from hustings.social.media import Attachment
from hustings.web.mastodon.media_entities import address
from hustings.web.parts import Parts

MOVING = ".webp"


def view(parts: Parts, one: Attachment) -> dict[str, Any]:
    """`still`: what is shown to whoever wants nothing to move; "" where nothing does."""
    live, made = parts.settings.public.live, one.made
    width, height = made.size or (0, 0)
    return {
        "id": one.id,
        "kind": one.kind,
        "href": address(live, made.file) if made.file else "",
        "preview": address(live, made.preview) if made.preview else "",
        "still": address(live, made.preview) if made.file.endswith(MOVING) else "",
        "width": width,
        "height": height,
        "alt": one.said.description,
        "credit": one.said.credit,
    }
