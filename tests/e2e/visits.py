"""Every page there is, with something on it: who looks at it, and where it is. A page that is in no list here fails a test."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from hustings import settings
from hustings.keyring import square_key
from hustings.social import letters
from hustings.social.seal import Seal
from hustings.store.engine import Database, sqlite_url
from hustings.web.app import assemble, build
from tests.e2e.house import House, Room
from tests.e2e.square import Member, account, change

HANDED_OUT = (
    "/api/",
    "/.well-known/",
    "/nodeinfo/",
    "/oauth/userinfo",
    "/oauth/authorize/",
    "/assets/",
    "/drawn/",
    "/healthz",
)
"""Addresses of programs and of files; and one that is another's twin."""
POSTS = 24
"""On each page of posts: more than one page shows."""
LONG = (
    "If rents follow wages, what do wages follow? Hanna said it twice, and nobody in the hall had an answer that was not a "
    "table. The table is of 1911, and it is the last one that was counted by hand: bread, coal, a room with a window. "
)


def addresses() -> set[str]:
    """The patterns of all pages that web has, as its routes say them."""
    with tempfile.TemporaryDirectory() as folder:
        parts = assemble(settings.load(environ={"HUSTINGS_DATA": folder}), lambda: 0)
        try:
            app: Any = build(parts)
            while not hasattr(app, "routes"):  # what stands around it
                app = app._app
            found = {
                one.path for one in app.routes if "GET" in (getattr(one, "methods", None) or ())
            }
        finally:
            parts.people.close()
            parts.sql.close()
    return {path for path in found if not path.startswith(HANDED_OUT)}


@dataclass
class Scene:
    """A server on which something happened. `owner` looks after it."""

    house: House
    owner: Member
    member: Member
    room: Room
    post: int
    """With an answer, a favourite, a repost and a quote beside the room, and an older version."""
    planned: str
    answer: int
    list: int
    """Ben's, with Mia in it."""
    ids: dict[str, int] = field(default_factory=dict)

    def letter(self, kind: str, handle: str) -> str:
        """The path that stands in a letter."""
        environ = {"HUSTINGS_DATA": str(self.house.folder)}
        database = Database(sqlite_url(self.house.folder / "web" / "hustings.sqlite3"))
        seal = Seal(square_key(settings.load(environ=environ).keys_dir))
        now_ms = int(time.time() * 1000)
        body = {"letter": kind, "name": handle, "account": self.ids[handle]}
        try:
            with database.reading() as connection:
                made = letters.letter(connection, seal, body, now_ms, now_ms)
        finally:
            database.close()
        assert made is not None
        return made.path

    def report(self) -> str:
        """The id of the one report."""
        queue = self.owner.http.get("/moderation/reports").text
        return queue.partition('href="/moderation/reports/')[2].partition('"')[0]

    def consent(self) -> str:
        """What an app opens."""
        said = {"client_name": "Quill", "redirect_uris": "urn:ietf:wg:oauth:2.0:oob"}
        app = self.house.http.post(f"{self.house.web}/api/v1/apps", data=said).json()
        query = {
            "response_type": "code",
            "client_id": app["client_id"],
            "redirect_uri": said["redirect_uris"],
            "scope": "read",
        }
        return f"/oauth/authorize?{urlencode(query)}"


Where = Callable[[Scene], str]
VISITS: dict[str, tuple[str, Where]] = {
    "/": ("stranger", lambda scene: "/"),
    "/plan": ("stranger", lambda scene: "/plan"),
    "/planned/{token}": ("stranger", lambda scene: scene.planned),
    "/sign-up": ("stranger", lambda scene: "/sign-up"),
    "/login": ("stranger", lambda scene: "/login"),
    "/forgot": ("stranger", lambda scene: "/forgot"),
    "/reset/{account}/{until}/{mark}": ("stranger", lambda scene: scene.letter("reset", "ben")),
    "/confirm/{account}/{until}/{mark}": (
        "stranger",
        lambda scene: scene.letter("confirm", "newcomer"),
    ),
    "/settings": ("member", lambda scene: "/settings"),
    "/settings/profile": ("member", lambda scene: "/settings/profile"),
    "/settings/security": ("member", lambda scene: "/settings/security"),
    "/settings/apps": ("member", lambda scene: "/settings/apps"),
    "/settings/import": ("member", lambda scene: "/settings/import"),
    "/moderation": ("owner", lambda scene: "/moderation"),
    "/moderation/people": ("owner", lambda scene: "/moderation/people"),
    "/moderation/people/{id}": ("owner", lambda scene: f"/moderation/people/{scene.ids['ben']}"),
    "/moderation/posts/{id}": ("owner", lambda scene: f"/moderation/posts/{scene.answer}"),
    "/moderation/blocks": ("owner", lambda scene: "/moderation/blocks"),
    "/moderation/reports": ("owner", lambda scene: "/moderation/reports"),
    "/moderation/reports/{id}": ("owner", lambda scene: f"/moderation/reports/{scene.report()}"),
    "/report": ("member", lambda scene: f"/report?account={scene.ids['mia']}&post={scene.post}"),
    "/report/sent": ("member", lambda scene: f"/report/sent?account={scene.ids['mia']}"),
    "/moderation/log": ("owner", lambda scene: "/moderation/log"),
    "/oauth/authorize": ("member", Scene.consent),
    "/@{handle}": ("member", lambda scene: "/@mia"),
    "/people/{id}": ("stranger", lambda scene: f"/people/{scene.ids['mia']}"),
    "/followers/asking": ("owner", lambda scene: "/followers/asking"),
    "/@{handle}/{id}": ("member", lambda scene: f"/@mia/{scene.post}"),
    "/posts/{id}": ("stranger", lambda scene: f"/posts/{scene.post}"),
    "/@{handle}/{id}/history": ("stranger", lambda scene: f"/@mia/{scene.post}/history"),
    "/@{handle}/{id}/quotes": ("owner", lambda scene: f"/@mia/{scene.post}/quotes"),
    "/posts/{id}/edit": ("owner", lambda scene: f"/posts/{scene.post}/edit"),
    "/compose": ("member", lambda scene: f"/compose?in_reply_to_id={scene.post}"),
    "/scheduled": ("member", lambda scene: "/scheduled"),
    "/home": ("member", lambda scene: "/home"),
    "/square": ("member", lambda scene: "/square"),
    "/tags/{name}": ("stranger", lambda scene: "/tags/rents"),
    "/rooms/{key}": ("member", lambda scene: f"/rooms/{scene.room.key}"),
    "/lists": ("member", lambda scene: "/lists"),
    "/lists/{id}": ("member", lambda scene: f"/lists/{scene.list}"),
    "/notifications": ("owner", lambda scene: "/notifications"),
    "/search": ("member", lambda scene: "/search?q=rents"),
}
"""By the pattern of the address."""
NOT_THERE = "/nothing/is/here"


def play(house: House) -> Scene:
    """Two who write and answer each other, somebody who waits to be confirmed, and somebody who asks to follow."""
    owner = Member(house, "mia", "Mia Torres", "Hydrologist. I count what the river brings.")
    member = Member(house, "ben", "Ben Adeyemi", "City desk, twenty years of budgets.")
    newcomer = Member(house, "newcomer")
    room = house.plan("ballot-night", "The rent question, line by line", description=LONG)
    owner.bring(("2023-05-25T14:00:00Z", "Forty minutes of silence, and then an apology."))
    (old,) = owner.posts()
    member.follow(owner)
    for number in range(POSTS):
        said = f"{LONG}{number} #rents https://archive.example/{number}"
        owner.say(said, room=room.key, language="en")
    post = owner.say("Doors were open at ten to. #rents", room=room.key, language="en")
    answered = member.say("@mia Half past, I think.", in_reply_to_id=str(post), room=room.key)
    member.say("All of it, as I see it.", spoiler_text="What the count says", room=room.key)
    asks = {"option0": "Rents", "option1": "The bridge", "poll_length": "3600"}
    owner.say("Which line first?", **asks)
    tomorrow = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%dT%H:%M}"
    member.http.post("/posts", data={"status": "What the count said.", "later": tomorrow, **asks})
    for act in ("favourite", "bookmark", "repost"):
        member.does(post, act)
    member.does(old, "repost", room=room.key)
    for quoted in (old, post):
        member.say("It was said before.", quoted_status_id=str(quoted), room=room.key)
    owner.http.post(f"/posts/{post}/edit", data={"status": "Doors were open at half past. #rents"})
    owner.http.post("/settings", data={"name": "Mia Torres", "locked": "on"})
    newcomer.follow(owner)
    newcomer.http.close()
    for handle in ("mia", "ben", "newcomer"):
        address = f"{handle}@example.org"
        change(house, "UPDATE members SET email = ?, email_key = ? WHERE account = (SELECT id FROM accounts WHERE handle = ?)",
               address, address, handle)  # fmt: skip
    of_newcomer = "account = (SELECT id FROM accounts WHERE handle = 'newcomer')"
    change(house, f"UPDATE members SET email_confirmed_at_ms = NULL WHERE {of_newcomer}")
    change(
        house,
        "UPDATE members SET role = 'owner' WHERE account = (SELECT id FROM accounts WHERE handle = 'mia')",
    )
    answer = house.http.post(
        f"{house.web}/plan",
        data={
            "title": "After the vote",
            "starts_at": time.strftime("%Y-%m-%dT18:00", time.gmtime(time.time() + 86_400)),
            "listed": "on",
        },
        headers={"Origin": house.web},
    )
    assert answer.status_code == 303, answer.text
    for act in ("limit", "lift"):
        path = f"/moderation/people/{account(house, 'ben')}/{act}"
        assert owner.http.post(path, data={"why": "To try it."}).status_code == 303
    for kind in ("email", "server"):
        said = {"domain": "spam.example", "why": "It floods us."}
        assert owner.http.post(f"/moderation/blocks/{kind}", data=said).status_code == 303
    said = {"account_id": str(account(house, "ben")), "category": "spam", f"post-{answered}": "on"}
    assert owner.http.post("/report", data=said).status_code == 303
    ids = {handle: account(house, handle) for handle in ("mia", "ben", "newcomer")}
    planned = answer.headers["Location"]
    made = member.http.post("/lists", data={"title": "The river", "replies_policy": "list"})
    kept = int(made.headers["Location"].rsplit("/", 1)[-1])
    added = member.http.post(f"/lists/{kept}/add", data={"handle": "mia"})
    assert added.status_code == 303, added.text
    return Scene(house, owner, member, room, post, planned, answered, kept, ids)
