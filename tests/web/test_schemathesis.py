"""Schemathesis over the description of the whole API, against the real application on both databases: whatever is asked, nothing
breaks, and each answer is as described.

`EXAMPLES` of each address and `SEED` may be given by the environment (`make fuzz-api`).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests import media_files as files
from tests.conftest import KINDS
from tests.web.conftest import API, PLAN, House, bearer, open_house, settings_at
from tests.web.held import ADDRESS
from tests.web.mastodon.letting_in import own_token, registered
from tests.web.mastodon.posting import author

EXAMPLES = int(os.environ.get("EXAMPLES", "3"))
SEED = int(os.environ.get("SEED", "1"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
APART_MS = 5_000
THERE = 0.7
PICTURES = "/api/v2/media"
ENDLESS = "/api/v1/streaming/"
"""Streams have no end; their tests are `mastodon/test_streaming.py`."""
ORDER = ("get", "post", "put", "patch", "delete")
"""What is there is read before it is taken away."""
NAMED = {
    **dict.fromkeys(("in_reply_to_id", "quoted_status_id", "status_ids"), "posts"),
    **dict.fromkeys(("account_id", "account_ids"), "accounts"),
    **{"media_ids": "media", "acct": "handles", "resource": "handles", "q": "questions"},
    **{name: name for name in ("client_id", "client_secret", "redirect_uri", "token")},
}
PLACES = {
    "/statuses/": "posts",
    "/polls/": "posts",
    "/accounts/": "accounts",
    "/follow_requests/": "accounts",
    "/lists/": "lists",
    "/timelines/list/": "lists",
    "/scheduled_statuses/": "scheduled",
    "/media/": "media",
    "/v1/notifications/": "notifications",
    "/v2/notifications/": "groups",
    "/rooms/": "rooms",
    "/tag/": "tags",
}
"""What is there of what an address names, so that not all of it is unknown."""


class World:
    """A server with people on it who did a little of everything, and the tokens that one may come with."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.there: dict[str, list[str]] = {}
        self.tokens: dict[str, str] = {}
        self.statuses = Counter[int]()

    async def fill(self) -> None:
        house = self.house
        ada, bob, eve = [await author(house, name) for name in ("ada", "bob", "eve")]
        room = await house.plan(key="the-hour")
        await bob.post(f"accounts/{ada.id}/follow")
        await ada.post(f"accounts/{bob.id}/follow")
        first = await ada.new("A #word and https://a.example/, @bob.", room="the-hour")
        asks = await bob.new("Which?", poll={"options": ["One", "Two"], "expires_in": 300})
        quotes = await bob.new("See there.", quoted_status_id=first["id"])
        private = await bob.new("For you.", visibility="private", in_reply_to_id=first["id"])
        again = await bob.post(f"statuses/{first['id']}/reblog")
        await bob.post(f"statuses/{first['id']}/favourite")
        listed = await ada.post("lists", title="Some")
        await ada.post(f"lists/{listed['id']}/accounts", account_ids=[bob.id])
        later = await ada.post("statuses", status="Later.", scheduled_at="2027-06-01T00:00:00Z")
        v2 = f"{house.settings.public.web}/api/v2"
        sent = await ada.call("POST", f"{v2}/media", files={"file": ("a.jpg", files.picture())})
        told = await ada.get("notifications")
        groups = await ada.get(f"{v2}/notifications")
        app = await registered(house)
        self.tokens = {
            "ada": ada.token,
            "eve": eve.token,
            "app": await own_token(house, app),
            "host": room["host_ticket"],
        }
        self.there = {
            "posts": [one["id"] for one in (first, asks, quotes, private, again)],
            "accounts": [ada.id, bob.id, eve.id],
            "lists": [listed["id"]],
            "scheduled": [later["id"]],
            "media": [sent.json()["id"]],
            "notifications": [one["id"] for one in told],
            "groups": [one["group_key"] for one in groups["notification_groups"]],
            "rooms": [room["room"]["key"]],
            "tags": ["word"],
            "handles": ["ada", "@bob", "acct:eve@localhost", f"{house.settings.public.web}/@ada"],
            "questions": ["word", "from:ada has:link", '"a word" -from:bob', "b*", "@eve"],
            "client_id": [app["client_id"]],
            "client_secret": [app["client_secret"]],
            "redirect_uri": app["redirect_uris"],
            "token": ["x" * 43],
        }

    async def ask(self, case: schemathesis.Case, who: str, ids: random.Random) -> None:
        """Sends one, a while after the last: nobody asks too often. Errors: `Failure`, what is wrong with the answer."""
        self.house.clock[0] += APART_MS
        self._put_what_is_there(case, ids)
        wire = requests.Request(
            **case.as_transport_kwargs(self.house.settings.public.web)
        ).prepare()
        heads = {**wire.headers, **self.token(case.path, who)}
        answer = await self.house.client.request(
            str(wire.method), str(wire.url), content=wire.body, headers=heads
        )
        self.statuses[answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS)

    def token(self, path: str, who: str) -> dict[str, str]:
        """What somebody comes with; a room's host is one with its ticket."""
        host = path.startswith(API) and who == "ada"
        return bearer(self.tokens["host" if host else who]) if who else {}

    def _put_what_is_there(self, case: schemathesis.Case, ids: random.Random) -> None:
        """Most of the names that an address, a query or a body has become names of something."""
        kinds = [kind for part, kind in PLACES.items() if part in case.path]
        for name in case.path_parameters if kinds else ():
            if name != "answer" and ids.random() < THERE:
                case.path_parameters[name] = ids.choice(self.there[kinds[0]])
        said = case.body if isinstance(case.body, dict) else {}
        if case.path == PICTURES and "file" in said:  # no other address is quick with a true one
            said["file"] = ids.choice([said["file"], files.picture()])
        for tree in (said, case.query or {}):
            for name in tree:
                kind = NAMED.get(name.removesuffix("[]"))
                if kind and ids.random() < THERE:
                    one = ids.choice(self.there[kind])
                    tree[name] = [one] if isinstance(tree[name], list) else one


def cases(operation: schemathesis.APIOperation) -> st.SearchStrategy[schemathesis.Case]:
    """What fits the description, and what does not where anything may be said."""
    fits = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    if not (operation.path_parameters or operation.query or operation.body):
        return fits
    return fits | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)


def asked(world: World, run: asyncio.Runner, operation: schemathesis.APIOperation) -> list[str]:
    """What went wrong with an address: the smallest request that shows it."""
    people = st.sampled_from(["ada", "ada", "ada", "eve", "app", ""])

    @seed(SEED)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    @given(cases(operation), people, st.randoms())
    def one(case: schemathesis.Case, who: str, ids: random.Random) -> None:
        run.run(world.ask(case, who, ids))

    try:
        one()
    except Unsatisfiable:
        return [f"{operation.label}: nothing can be asked"]
    except (Failure, FailureGroup, AssertionError, ExceptionGroup) as found:
        inner = getattr(found, "exceptions", (found,))
        return [f"{operation.label}: {each}\n{notes(found)}" for each in inner]
    return []


def notes(found: BaseException) -> str:
    return "\n".join(getattr(found, "__notes__", ()))[:1_000]


@contextlib.contextmanager
def inhabited(run: asyncio.Runner, home_dir: Path, database: str) -> Iterator[World]:
    """The application on a database, with a world in it."""
    environ = {"HUSTINGS_DATABASE__URL": database} if database.startswith("postgresql") else {}
    opening = contextlib.asynccontextmanager(open_house)(settings_at(home_dir, **environ))
    house = run.run(opening.__aenter__())
    try:
        run.run(house.studio.start())
        world = World(house)
        run.run(world.fill())
        yield world
    finally:
        run.run(opening.__aexit__(None, None, None))


@pytest.mark.timeout(max(300, EXAMPLES * 30))
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_breaks_and_all_is_as_described(
    kind: str,
    home_dir: Path,
    migrated_url: Callable[[str], str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.ERROR)
    with asyncio.Runner() as run, inhabited(run, home_dir, migrated_url(kind)) as world:
        tree = run.run(world.house.client.get(ADDRESS)).json()
        every = [one.ok() for one in schemathesis.openapi.from_dict(tree).get_all_operations()]
        some = [one for one in every if not one.path.startswith(ENDLESS)]
        some.sort(key=lambda one: ORDER.index(one.method))
        found = [fault for one in some for fault in asked(world, run, one)]
    counts = dict(world.statuses)
    print(f"{kind}: {world.statuses.total()} requests at {len(some)} operations, {counts}")
    broken = [record.getMessage() for record in caplog.records]
    assert found == [] and broken == [], "\n\n".join([*found, *broken])
    # it would be no test if all of it were refused
    assert len(some) > 100 and world.statuses[200] > len(some) * EXAMPLES / 5


NONSENSE: tuple[object, ...] = ("\ud800", "a\x00b", {"0": ["\ud800"]}, [None], 2**70, True)
"""Half a character, which no database takes, is among them: no strategy makes one."""


@pytest.mark.parametrize("kind", KINDS)
def test_no_field_breaks_by_what_it_cannot_be(
    kind: str, home_dir: Path, migrated_url: Callable[[str], str]
) -> None:
    """Each field of each body in JSON, one by one, where all else is right."""
    with asyncio.Runner() as run, inhabited(run, home_dir, migrated_url(kind)) as world:
        tree = run.run(world.house.client.get(ADDRESS)).json()
        sent = [
            run.run(send(world, method.upper(), path, {**right(world, path), field: value}))
            for path, at in tree["paths"].items()
            for method, said in at.items()
            for field in fields(tree, said)
            for value in NONSENSE
        ]
    assert max(sent) < 500 and len(sent) > 500 and Counter(sent)[200] > 50, Counter(sent)


async def send(world: World, method: str, path: str, body: dict[str, object]) -> int:
    world.house.clock[0] += 4 * APART_MS
    kinds = [kind for part, kind in PLACES.items() if part in path]
    place = re.sub(r"{\w+}", world.there[kinds[0]][0] if kinds else "1", path)
    who = "app" if path == "/api/v1/accounts" else "ada"
    heads = {"Content-Type": "application/json", **world.token(path, who)}
    words = json.dumps(body)
    answer = await world.house.client.request(method, place, content=words, headers=heads)
    return answer.status_code


def fields(tree: dict[str, Any], said: dict[str, Any]) -> list[str]:
    content = said.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return []
    schema = content["schema"]
    named = schema.get("$ref", "").rpartition("/")[2]
    return list((tree["components"]["schemas"][named] if named else schema)["properties"])


def right(world: World, path: str) -> dict[str, object]:
    """What an address needs besides the field that is tried."""
    needed: dict[str, dict[str, object]] = {
        "/api/v1/accounts": {"username": "zoe", "password": "a bridge in Kyoto", "agreement": True},
        "/api/v1/apps": {"client_name": "Quill", "redirect_uris": "https://a.example/"},
        "/api/v1/lists": {"title": "Some"},
        "/api/v1/reports": {"account_id": world.there["accounts"][1]},
        "/api/v1/statuses": {"status": "A word."},
        f"{API}/rooms": PLAN,
    }
    return needed.get(path, {})
