"""All that apps and their people meet."""

from __future__ import annotations

from fastapi import APIRouter

from hustings.web.mastodon import (
    accounts,
    app_pages,
    broadcasts,
    consent,
    grouped,
    instance,
    lists,
    marks,
    media,
    notifications,
    oauth,
    polls,
    profile,
    quotes,
    relations,
    reports,
    scheduled,
    search,
    statuses,
    streaming,
    timelines,
)
from hustings.web.mastodon.callers import Callers
from hustings.web.mastodon.entities import Entities
from hustings.web.mastodon.status_entities import Statuses
from hustings.web.pages import Pages
from hustings.web.parts import Parts


def build(parts: Parts, pages: Pages) -> list[APIRouter]:
    """The routers, in their order: what is asked most is found first, and `/accounts/{id}` is anything."""
    callers, shown = Callers(parts), Entities(parts)
    posts = Statuses(parts, shown)
    entries = notifications.Entries(shown, posts)
    streams = broadcasts.Broadcasts(parts, entries).streams()
    return [
        timelines.build(parts, callers, posts),
        oauth.build(parts, callers, shown),
        consent.build(parts, pages),
        app_pages.build(parts, pages),
        relations.build(parts, callers, shown),
        reports.build(parts, callers, shown),
        lists.build(parts, callers, shown, posts),
        search.build(parts, callers, shown, posts),
        profile.build(parts, callers, shown),
        accounts.build(parts, callers, shown),
        statuses.build(parts, callers, posts),
        quotes.build(parts, callers, posts),
        media.build(parts, callers),
        polls.build(parts, callers),
        scheduled.build(parts, callers),
        marks.build(parts, callers, shown, posts),
        notifications.build(parts, callers, entries),
        grouped.build(parts, callers, entries),
        streaming.build(parts, callers, streams),
        instance.build(parts, callers, shown),
    ]
