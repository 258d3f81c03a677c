"""Polls through the API, on both databases: asked in every spelling, voted in, told when they end."""

from __future__ import annotations

from typing import Any

import pytest

from hustings.social import polls, voting
from tests.web.conftest import House
from tests.web.mastodon.posting import Author, author
from tests.web.mastodon.typed import faults

ASKS: dict[str, Any] = {"options": ["Tea", "<b>Coffee</b>"], "expires_in": 3600}
HOUR_MS = 3_600_000


async def asks(by: Author, **more: Any) -> Any:
    return await by.new("What?", poll={**ASKS, **more})


@pytest.mark.parametrize(
    "form",
    [
        [("poll[options][]", "Tea"), ("poll[options][]", "Milk"), ("poll[expires_in]", "300"), ("poll[multiple]", "true")],
        [("poll[options][0]", "Tea"), ("poll[options][1]", "Milk"), ("poll[expires_in]", "300"), ("poll[multiple]", "1")],
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["urlencoded", "multipart"])
async def test_a_poll_from_a_form(house: House, form: list[tuple[str, str]], kind: str) -> None:
    ada = await author(house)
    fields = dict([*form, ("status", "What?")])
    if form[0][0].endswith("[]"):
        fields["poll[options][]"] = ["Tea", "Milk"]  # type: ignore[assignment]
    more = {"files": {"nothing": ("", b"")}} if kind == "multipart" else {}
    answer = await ada.call("POST", "statuses", data=fields, **more)
    assert answer.status_code == 200, answer.text
    poll = answer.json()["poll"]
    assert [one["title"] for one in poll["options"]] == ["Tea", "Milk"]
    assert poll["multiple"] is True and poll["voters_count"] == 0


async def test_a_poll_as_apps_read_it(house: House) -> None:
    ada, bob = await author(house), await author(house, "bob")
    made = await asks(ada)
    poll = made["poll"]
    assert poll == {
        "id": made["id"],
        "expires_at": "2027-01-15T09:00:01.000Z",
        "expired": False,
        "multiple": False,
        "votes_count": 0,
        "voters_count": None,
        "options": [
            {"title": "Tea", "votes_count": 0, "emojis": []},
            {"title": "<b>Coffee</b>", "votes_count": 0, "emojis": []},
        ],
        "emojis": [],
        "voted": True,
        "own_votes": [],
    }
    assert faults("Poll", poll) == []
    voted = await bob.post(f"polls/{poll['id']}/votes", choices=["1"])
    assert (voted["voted"], voted["own_votes"], voted["votes_count"]) == (True, [1], 1)
    assert await bob.get(f"polls/{poll['id']}") == voted
    assert (await bob.get("timelines/public"))[0]["poll"] == voted
    stranger = (await house.client.get(f"/api/v1/polls/{poll['id']}")).json()
    assert "voted" not in stranger and "own_votes" not in stranger
    house.clock[0] += HOUR_MS
    assert (await bob.get(f"polls/{poll['id']}"))["expired"] is True
    code = await (await author(house, "eve")).code("POST", f"polls/{poll['id']}/votes", json={"choices": [0]})  # fmt: skip
    assert code == (422, "poll_over")


async def test_counts_are_null_while_they_are_hidden(house: House) -> None:
    ada, bob = await author(house), await author(house, "bob")
    poll = (await asks(ada, hide_totals=True, multiple=True))["poll"]
    voted = await bob.post(f"polls/{poll['id']}/votes", choices=[0, 1])
    assert [one["votes_count"] for one in voted["options"]] == [None, None]
    assert (voted["votes_count"], voted["voters_count"]) == (2, 1)
    house.clock[0] += HOUR_MS
    after = await bob.get(f"polls/{poll['id']}")
    assert [one["votes_count"] for one in after["options"]] == [1, 1]


async def test_who_votes_in_what(house: House) -> None:
    ada, bob = await author(house), await author(house, "bob")
    made = await asks(ada)
    votes = f"polls/{made['id']}/votes"
    for choices in (None, [], ["2"], ["-1"], ["a"], [2**63], [0, 1], {"a": {"b": 1}}):
        code = await bob.code("POST", votes, json={"choices": choices})
        assert code == (422, "poll_choice_wrong"), choices
    assert await ada.code("POST", votes, json={"choices": [0]}) == (422, "poll_own")
    assert (await bob.call("POST", votes, data={"choices[]": "0"})).status_code == 200
    assert await bob.code("POST", votes, data={"choices[]": "1"}) == (422, "poll_voted")
    for id in ("1", "x", "-1", "9" * 40, (await ada.new("No poll."))["id"]):
        assert await bob.code("GET", f"polls/{id}") == (404, "poll_unknown")
        wanted = (404, "poll_unknown")
        assert await bob.code("POST", f"polls/{id}/votes", json={"choices": [0]}) == wanted
    answer = await house.client.post(f"/api/v1/{votes}", json={"choices": [0]})
    assert answer.status_code == 401


async def test_a_poll_of_a_private_post_is_not_there(house: House) -> None:
    ada, bob = await author(house), await author(house, "bob")
    made = await ada.new("For us", visibility="private", poll=ASKS)
    assert await bob.code("GET", f"polls/{made['id']}") == (404, "poll_unknown")
    code = await bob.code("POST", f"polls/{made['id']}/votes", json={"choices": [0]})
    assert code == (404, "poll_unknown")
    assert (await house.client.get(f"/api/v1/polls/{made['id']}")).status_code == 404


async def test_an_edit_resets_what_is_another_question(house: House) -> None:
    ada, bob = await author(house), await author(house, "bob")
    made = await asks(ada)
    path = f"statuses/{made['id']}"
    await bob.post(f"polls/{made['id']}/votes", choices=[0])
    house.clock[0] += 1_000
    kept = (await ada.call("PUT", path, json={"status": "Which?"})).json()
    assert kept["poll"]["votes_count"] == 1
    anew = {"options": ["Milk", "Water"], "expires_in": 300}
    changed = (await ada.call("PUT", path, json={"status": "Which?", "poll": anew})).json()
    assert changed["poll"]["votes_count"] == 0 and changed["poll"]["id"] == made["id"]
    gone = (await ada.call("PUT", path, json={"status": "Which?", "poll": None})).json()
    assert gone["poll"] is None
    said = await bob.get(f"{path}/history")
    assert [[o["title"] for o in one.get("poll", {}).get("options", [])] for one in said] == [
        ["Tea", "<b>Coffee</b>"],
        ["Tea", "<b>Coffee</b>"],
        ["Milk", "Water"],
        [],
    ]
    both = {"status": "a", "poll": ASKS, "media_ids": ["1"]}
    assert await ada.code("POST", "statuses", json=both) == (422, "poll_with_media")
    assert await ada.code("POST", "statuses", json={"poll": ASKS}) == (422, "post_empty")


async def test_its_end_is_a_notification_for_author_and_voters(house: House) -> None:
    ada, bob = await author(house), await author(house, "bob")
    made = await asks(ada)
    await bob.post(f"polls/{made['id']}/votes", choices=[0])
    house.clock[0] += HOUR_MS
    await house.parts.sql.write(voting.call, house.parts.ids.at, house.clock[0])
    end_ms = int(made["id"]) // 65_536 + HOUR_MS
    await house.parts.sql.write(voting.tell, int(made["id"]), end_ms, 0)
    for one in (ada, bob):
        (told,) = await one.get("notifications?types[]=poll")
        assert (told["type"], told["account"]["id"]) == ("poll", ada.id)
        assert told["status"]["poll"]["expired"] is True and faults("Notification", told) == []
        groups = (await one.get("http://localhost:8000/api/v2/notifications"))[
            "notification_groups"
        ]
        assert [group["type"] for group in groups] == ["poll"]


async def test_the_instance_says_its_limits(house: House) -> None:
    for path in ("/api/v1/instance", "/api/v2/instance"):
        said = (await house.client.get(path)).json()["configuration"]["polls"]
        assert said == {
            "max_options": polls.OPTIONS_MAX,
            "max_characters_per_option": polls.OPTION_MAX,
            "min_expiration": 300,
            "max_expiration": 2_629_746,
        }
