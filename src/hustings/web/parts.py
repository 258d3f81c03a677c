"""What web is made of, put together once in `app` and handed to its pages and its API."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hustings.settings import Settings
from hustings.social.ids import Ids
from hustings.social.seal import Seal
from hustings.web.cutting import Cutting
from hustings.web.follower import Follower, Handover
from hustings.web.live import Studio
from hustings.web.people import People
from hustings.web.planner import Planner
from hustings.web.planning import Planning
from hustings.web.portraits import Portraits
from hustings.web.publish import Publisher
from hustings.web.sql import Sql
from hustings.web.uploads import Uploads
from hustings.web.visitors import Visitors
from hustings.web.withdrawing import Withdrawing


@dataclass(frozen=True, slots=True)
class Parts:
    settings: Settings
    sql: Sql
    studio: Studio
    publisher: Publisher
    planning: Planning
    planner: Planner
    follower: Follower
    handover: Handover
    cutting: Cutting
    withdrawing: Withdrawing
    people: People
    visitors: Visitors
    uploads: Uploads
    seal: Seal
    ids: Ids
    now_ms: Callable[[], int]

    @property
    def portraits(self) -> Portraits:
        return Portraits(self.settings.public.web, self.settings.public.live)

    def live_link(self, key: str) -> str:
        """The address that is given to listeners."""
        return f"{self.settings.public.live}/{key}"
