"""Lists in pages: what part is asked for, and in the header `Link` where the parts before and after it are."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from fastapi import Request
from starlette.responses import Response

from hustings.social import paging
from hustings.social.paging import Page
from hustings.web.mastodon import params
from hustings.web.mastodon.answers import yes

BORDERS = ("max_id", "min_id", "since_id")


def page_of(request: Request, limit: int = paging.LIMIT, most: int = paging.LIMIT_MAX) -> Page:
    """Errors: `bad_request`."""
    return paging.read(params.asked(request), limit, most)


def listed(request: Request, web: str, tree: Sequence[object], borders: Sequence[int]) -> Response:
    """A page, the newest first. `borders`: the ids that its entries are ordered by."""
    return yes(tree, headers=links(request, web, borders))


def links(request: Request, web: str, borders: Sequence[int]) -> dict[str, str] | None:
    """The header of a page; an empty one leads nowhere."""
    if not borders:
        return None
    kept = [pair for pair in request.query_params.multi_items() if pair[0] not in BORDERS]

    def link(border: str, id: int, way: str) -> str:
        return f'<{web}{request.url.path}?{urlencode([*kept, (border, str(id))])}>; rel="{way}"'

    ways = (link("max_id", min(borders), "next"), link("min_id", max(borders), "prev"))
    return {"Link": ", ".join(ways)}
