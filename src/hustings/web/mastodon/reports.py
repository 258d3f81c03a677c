"""Reporting an account through the API (https://docs.joinmastodon.org/methods/reports/)."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from sqlalchemy import Connection
from starlette.responses import Response

from hustings.social import reports
from hustings.social.reports import Report, Wanted
from hustings.web.mastodon import entities, params, shapes, wishes
from hustings.web.mastodon.answers import moment, yes
from hustings.web.mastodon.callers import Callers
from hustings.web.mastodon.described import says
from hustings.web.mastodon.entities import Entities, Person
from hustings.web.parts import Parts
from hustings.wire.errors import Refused


def build(parts: Parts, callers: Callers, shown: Entities) -> APIRouter:
    """The routes. Mastodon.py sends its reports to an address that ends with a slash."""
    router = APIRouter(prefix="/api/v1", dependencies=[Depends(callers.enter)])

    @router.post("/reports")
    @router.post("/reports/")
    @says(shapes.Report, "write:reports", takes=wishes.Reported)
    async def report(request: Request) -> Response:
        mine = callers.mine(request)
        tree = await params.read(request)
        posts, rules = params.many(tree, "status_ids"), params.many(tree, "rule_ids")
        wanted = reports.read(tree, posts, rules, len(parts.settings.square.rules))
        now_ms = parts.now_ms()
        id = parts.ids.at(now_ms)
        found, about = await parts.sql.write(_file, id, mine.account, wanted, now_ms)
        return yes(entity(found, shown.account(about)))

    return router


def entity(report: Report, target: shapes.Account) -> shapes.Report:
    done = report.resolved_at_ms
    return {
        "id": str(report.id),
        "action_taken": done is not None,
        "action_taken_at": None if done is None else moment(done),
        "category": report.category,
        "comment": report.comment,
        "forwarded": False,
        "created_at": moment(report.at_ms),
        "status_ids": [str(one) for one in report.posts],
        "rule_ids": [str(one) for one in report.rules],
        "target_account": target,
    }


def _file(
    connection: Connection, id: int, by: int, wanted: Wanted, now_ms: int
) -> tuple[Report, Person]:
    found = reports.file(connection, id, by, wanted, now_ms)
    if found.about is None:
        raise Refused("account_unknown")
    return found, entities.person(connection, found.about)
