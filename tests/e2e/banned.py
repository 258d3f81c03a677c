"""The story's author, everywhere at once: a dated post reposted beside a live room, on its stage, host of another, with an app
that listens. And how long each of these lasts once a moderator bans him on the page."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import httpx

from tests.e2e.harness.waiting import until
from tests.e2e.house import House, Room
from tests.e2e.peer import Cast
from tests.e2e.square import Member, account, make_owner

OOB = "urn:ietf:wg:oauth:2.0:oob"
SAID = "It began late, and then it was gone."
WRITTEN = "2023-05-25T14:00:00Z"
LOOK_S = 0.02
PATIENCE_S = 30.0


@dataclass
class Scene:
    """`old` is the post, `repost` the rival's; `room` is where both are, `own` the author's room. `token` is his app's."""

    house: House
    author: Member
    rival: Member
    moderator: Member
    room: Room
    own: Room
    old: int
    repost: int
    token: str
    stream_over: threading.Event = field(default_factory=threading.Event)

    def ban(self) -> httpx.Response:
        """As a moderator does it, by the form on the page."""
        path = f"/moderation/people/{account(self.house, self.author.handle)}"
        assert "Ban" in self.moderator.http.get(path).text
        return self.moderator.http.post(f"{path}/ban", data={"why": "Told once too often."})

    def api(self, path: str) -> httpx.Response:
        """By the author's app."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.get(f"{self.house.web}/api/v1/{path}", headers=headers, trust_env=False)

    def over(self) -> dict[str, Callable[[], bool]]:
        """What is cut, and whether it is."""
        web = self.house.web
        pages = ("/square", f"/rooms/{self.room.key}", f"/@{self.rival.handle}")

        def posts() -> bool:
            gone = (f"/@{self.author.handle}/{self.old}", f"/api/v1/statuses/{self.repost}")
            return all(_get(web + path).status_code == 404 for path in gone) and not any(
                SAID in _get(web + path).text for path in pages
            )

        def ended() -> bool:
            pulse = _get(f"{self.house.live}/live/{self.own.key}/pulse.json").json()
            return bool(pulse["state"] == "ended" and not pulse["replay"])

        return {
            "token": lambda: self.api("accounts/verify_credentials").status_code == 401,
            "stream": self.stream_over.is_set,
            "stage": lambda: self.house.link_of(self.room, self.author.handle) in ("", "away"),
            "room": ended,
            "posts": posts,
        }

    def lasts_s(self) -> dict[str, float]:
        """Seconds from the moment the form is sent until each is over. Errors: `TimeoutError`."""
        checks = self.over()
        lasted: dict[str, float] = {}
        sent_s = time.monotonic()
        watching = [
            threading.Thread(target=_watch, args=(name, check, sent_s, lasted))
            for name, check in checks.items()
        ]
        for one in watching:
            one.start()
        answer = self.ban()
        assert answer.status_code == 303, answer.text
        for one in watching:
            one.join()
        if missing := checks.keys() - lasted.keys():
            raise TimeoutError(f"not over: {', '.join(sorted(missing))}")
        return lasted


@contextmanager
def played(house: House, cast: Cast, number: int = 0) -> Iterator[Scene]:
    """All of it, up to the ban."""
    author, rival = Member(house, f"author{number}"), Member(house, f"rival{number}")
    moderator = make_owner(Member(house, f"marta{number}"), "moderator")
    room = house.plan(f"interview{number}", "An interview that begins on time")
    house.on_air(room)
    author.bring((WRITTEN, SAID))
    (old,) = author.posts()
    rival.does(old, "repost", room=room.key)
    (repost,) = rival.posts()
    own = planned(author, f"own{number}")
    house.on_air(own)
    asked = f"{house.web}/api/hustings/v1/rooms/{room.key}/tickets"
    headers = {"Authorization": f"Bearer {room.host}"}
    guest = house.http.post(asked, json={"member": author.handle}, headers=headers).json()["ticket"]
    speaker = cast.speaker(house.stage, room.key, guest)
    speaker.join()
    until(lambda: house.link_of(room, author.handle) == "here", 20, "the author on the stage")
    scene = Scene(house, author, rival, moderator, room, own, old, repost, token_of(author))
    listening = threading.Thread(target=_listen, args=(scene,), daemon=True)
    listening.start()
    try:
        yield scene
    finally:
        speaker.drop()
        for one in (author, rival, moderator):
            one.http.close()


def planned(member: Member, key: str, **more: str) -> Room:
    """A room that a member plans by the form."""
    soon = time.strftime("%Y-%m-%dT%H:%M", time.gmtime(time.time() + 7_200))
    said = {"title": f"The room of {member.handle}", "key": key, "starts_at": soon, "listed": "on"}
    answer = member.http.post("/plan", data={**said, **more}, follow_redirects=True)
    found = re.search(r"#t=([^\"&]+)", answer.text)
    assert found, answer.text
    return Room(key, found[1])


def token_of(member: Member) -> str:
    """An app that he lets in."""
    said = {"client_name": "Quill", "redirect_uris": OOB, "scopes": "read write"}
    app = member.http.post("/api/v1/apps", data=said).json()
    query = {
        "response_type": "code",
        "client_id": app["client_id"],
        "redirect_uri": OOB,
        "scope": "read write",
    }
    page = member.http.get("/oauth/authorize", params=query).text
    fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)
    carried = {unescape(name): unescape(value) for name, value in fields}
    shown = member.http.post("/oauth/authorize", data={**carried, "decision": "allow"}).text
    code = re.search(r'<input id="code" value="([^"]+)"', shown)
    assert code, shown
    asked: dict[str, Any] = {
        "grant_type": "authorization_code",
        "code": code[1],
        "redirect_uri": OOB,
        "client_id": app["client_id"],
        "client_secret": app["client_secret"],
    }
    return str(member.http.post("/oauth/token", data=asked).json()["access_token"])


def _listen(scene: Scene) -> None:
    headers = {"Authorization": f"Bearer {scene.token}"}
    url = f"{scene.house.web}/api/v1/streaming/user"
    try:
        with httpx.stream("GET", url, headers=headers, timeout=60, trust_env=False) as stream:
            for _ in stream.iter_raw():
                pass
    finally:
        scene.stream_over.set()


def _watch(name: str, check: Callable[[], bool], sent_s: float, lasted: dict[str, float]) -> None:
    while time.monotonic() - sent_s < PATIENCE_S:
        if check():
            lasted[name] = time.monotonic() - sent_s
            return
        time.sleep(LOOK_S)


def _get(url: str) -> httpx.Response:
    return httpx.get(url, timeout=20, trust_env=False)
