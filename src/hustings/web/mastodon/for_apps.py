"""All that apps and their people meet, put into the application."""

from __future__ import annotations

from fastapi import FastAPI

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


def include(app: FastAPI, parts: Parts, pages: Pages) -> None:
    callers, shown = Callers(parts), Entities(parts)
    posts = Statuses(parts, shown)
    app.include_router(timelines.build(parts, callers, posts))  # what is asked most is found first
    app.include_router(oauth.build(parts, callers, shown))
    app.include_router(consent.build(parts, pages))
    app.include_router(app_pages.build(parts, pages))
    app.include_router(relations.build(parts, callers, shown))
    app.include_router(reports.build(parts, callers, shown))
    app.include_router(lists.build(parts, callers, shown, posts))
    app.include_router(search.build(parts, callers, shown, posts))
    app.include_router(profile.build(parts, callers, shown))
    app.include_router(
        accounts.build(parts, callers, shown)
    )  # after those: `/accounts/{id}` is anything
    app.include_router(statuses.build(parts, callers, posts))
    app.include_router(quotes.build(parts, callers, posts))
    app.include_router(media.build(parts, callers))
    app.include_router(polls.build(parts, callers))
    app.include_router(scheduled.build(parts, callers))
    app.include_router(marks.build(parts, callers, shown, posts))
    entries = notifications.Entries(shown, posts)
    app.include_router(notifications.build(parts, callers, entries))
    app.include_router(grouped.build(parts, callers, entries))
    streams = broadcasts.Broadcasts(parts, entries).streams()
    app.include_router(streaming.build(parts, callers, streams))
    app.include_router(instance.build(parts, callers, shown))
