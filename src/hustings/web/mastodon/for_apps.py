"""All that apps and their people meet."""

from __future__ import annotations

from collections.abc import Iterator

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


def build(parts: Parts, pages: Pages) -> Iterator[APIRouter]:
    """The routers; of two routes that fit an address, the first answers."""
    callers, shown = Callers(parts), Entities(parts)
    posts = Statuses(parts, shown)
    yield timelines.build(parts, callers, posts)  # what is asked most is found first
    yield oauth.build(parts, callers, shown)
    yield consent.build(parts, pages)
    yield app_pages.build(parts, pages)
    yield relations.build(parts, callers, shown)
    yield reports.build(parts, callers, shown)
    yield lists.build(parts, callers, shown, posts)
    yield search.build(parts, callers, shown, posts)
    yield profile.build(parts, callers, shown)
    yield accounts.build(parts, callers, shown)  # after those: `/accounts/{id}` is anything
    yield statuses.build(parts, callers, posts)
    yield quotes.build(parts, callers, posts)
    yield media.build(parts, callers)
    yield polls.build(parts, callers)
    yield scheduled.build(parts, callers)
    yield marks.build(parts, callers, shown, posts)
    entries = notifications.Entries(shown, posts)
    yield notifications.build(parts, callers, entries)
    yield grouped.build(parts, callers, entries)
    streams = broadcasts.Broadcasts(parts, entries).streams()
    yield streaming.build(parts, callers, streams)
    yield instance.build(parts, callers, shown)
