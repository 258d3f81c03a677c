"""An account as anybody may see it: `/@{handle}`, and `/people/{id}`, the address of it that never changes."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from hustings.social import accounts
from hustings.web.moderation_pages import number
from hustings.web.moments import Moment
from hustings.web.pages import Pages
from hustings.web.parts import Parts
from hustings.wire.errors import Refused


def build(parts: Parts, pages: Pages) -> APIRouter:
    """The routes."""
    router = APIRouter(include_in_schema=False)

    @router.get("/@{handle}")
    async def profile(handle: str) -> Response:
        found = await parts.sql.read(accounts.find, handle[:64])
        if found is None:
            raise Refused("account_unknown")
        return pages.html(
            "profile.html",
            account=found,
            address=f"@{found.handle}@{parts.settings.handle_domain}",
            since=Moment(found.created_at_ms),
            paragraphs=[text.strip() for text in found.note.split("\n\n") if text.strip()],
        )

    @router.get("/people/{id}")
    async def by_id(id: str) -> Response:
        wanted = number(id, 1 << 62)
        found = None if wanted is None else await parts.sql.read(accounts.of_id, wanted)
        if found is None:
            raise Refused("account_unknown")
        return RedirectResponse(f"/@{found.handle}", 303)

    return router
