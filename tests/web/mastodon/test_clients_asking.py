"""Clients that nobody here wrote ask, vote and write for later; their own types say whether an answer is what they expect."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from mastodon import MastodonAPIError

from tests.web.mastodon.conftest import Served
from tests.web.mastodon.test_clients import asked, masto, mastodon_py, toot, toot_logs_in
from tests.web.mastodon.test_clients_posting import typescript_says
from tests.web.mastodon.typed import faults


def test_mastodon_py_asks_and_votes(served: Served) -> None:
    ada, bob = mastodon_py(served), mastodon_py(served, "bob")
    asks = ada.make_poll(["Tea", "Coffee"], expires_in=300, multiple=True, hide_totals=True)
    post = ada.status_post("What?", poll=asks)
    assert [one.title for one in post.poll.options] == ["Tea", "Coffee"] and post.poll.voted
    voted = bob.poll_vote(post.poll, [0, 1])
    assert voted.voted and voted.own_votes == [0, 1] and voted.voters_count == 1
    assert bob.poll(post.poll).votes_count == 2
    with pytest.raises(MastodonAPIError):
        bob.poll_vote(post.poll, [0])
    again = ada.make_poll(["Tea", "Milk"], expires_in=600)
    assert ada.status_update(post.id, "Which?", poll=again).poll.votes_count == 0
    found: list[str] = []
    for kind, path in (("Poll", f"polls/{post.id}"), ("Status", f"statuses/{post.id}")):
        found += faults(kind, asked(served, f"/api/v1/{path}", bob.access_token))
    older = asked(served, f"/api/v1/statuses/{post.id}/history", bob.access_token)[0]
    assert older["poll"] == {"options": [{"title": "Tea"}, {"title": "Coffee"}]}
    assert found == [], "\n".join(found)


def test_toot_asks(served: Served) -> None:
    toot_logs_in(served)
    options = ("--poll-option", "Tea", "--poll-option", "Coffee", "--poll-expires-in", "5m")
    made = json.loads(toot(served, "post", "What?", *options, "--poll-multiple", "--json"))
    assert made["poll"]["multiple"] is True and len(made["poll"]["options"]) == 2
    bob = mastodon_py(served, "bob")
    bob.poll_vote(made["poll"]["id"], [1])
    said = toot(served, "status", made["id"])
    assert "Coffee" in said and "100%" in said


MASTO_POLLS = """
import { createRestAPIClient } from "masto";
const [url, ada, bob] = process.argv.slice(1);
const rest = createRestAPIClient({ url, accessToken: ada }), other = createRestAPIClient({ url, accessToken: bob });
const status = await rest.v1.statuses.create({ status: "What?", poll: { options: ["Tea", "Coffee"], expiresIn: 300 } });
const poll = await other.v1.polls.$select(status.poll.id).votes.create({ choices: [1] });
const read = await rest.v1.polls.$select(status.poll.id).fetch();
const again = await other.v1.polls.$select(status.poll.id).votes.create({ choices: [0] }).catch((e) => e.statusCode);
console.log(JSON.stringify({ status, poll, read, again }));
"""


def test_masto_asks_and_votes_and_its_types_agree(served: Served, tmp_path: Path) -> None:
    ada, bob = mastodon_py(served), mastodon_py(served, "bob")
    told = masto(served, MASTO_POLLS, str(ada.access_token), str(bob.access_token))
    assert told["poll"]["ownVotes"] == [1] and told["poll"]["votersCount"] is None
    assert [one["votesCount"] for one in told["read"]["options"]] == [0, 1]
    assert told["again"] == 422
    kinds = {"status": "mastodon.v1.Status", "poll": "mastodon.v1.Poll", "read": "mastodon.v1.Poll"}
    assert (said := typescript_says(told, tmp_path, kinds)) == "", said


def test_mastodon_py_writes_for_later(served: Served) -> None:
    ada = mastodon_py(served)
    at = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    made = ada.status_post("Later", scheduled_at=at)
    assert made.scheduled_at == at and made.params.text == "Later"
    assert [one.id for one in ada.scheduled_statuses()] == [made.id]
    moved = ada.scheduled_status_update(made.id, at + timedelta(hours=1))
    assert (
        moved.scheduled_at == at + timedelta(hours=1) == ada.scheduled_status(made.id).scheduled_at
    )
    ada.scheduled_status_delete(made.id)
    assert ada.scheduled_statuses() == []


def test_toot_writes_for_later(served: Served) -> None:
    toot_logs_in(served)
    made = json.loads(toot(served, "post", "Later", "--scheduled-in", "10m", "--json"))
    assert made["params"]["text"] == "Later" and made["scheduled_at"].endswith("Z")


MASTO_LATER = """
import { createRestAPIClient } from "masto";
const [url, ada] = process.argv.slice(1);
const rest = createRestAPIClient({ url, accessToken: ada });
const scheduledAt = new Date(Date.now() + 3600_000).toISOString();
const later = await rest.v1.statuses.create({ status: "Later", scheduledAt });
const list = await rest.v1.scheduledStatuses.list();
const moved = await rest.v1.scheduledStatuses.$select(later.id).update(
  { scheduledAt: new Date(Date.now() + 7200_000).toISOString() });
await rest.v1.scheduledStatuses.$select(later.id).remove();
const left = (await rest.v1.scheduledStatuses.list()).length;
console.log(JSON.stringify({ later, moved, scheduledAt, left, listed: list.map((one) => one.id) }));
"""


def test_masto_writes_for_later_and_its_types_agree(served: Served, tmp_path: Path) -> None:
    ada = mastodon_py(served)
    told = masto(served, MASTO_LATER, str(ada.access_token))
    assert told["later"]["scheduledAt"] == told["scheduledAt"] < told["moved"]["scheduledAt"]
    assert told["listed"] == [told["later"]["id"]] and told["left"] == 0
    for name in ("later", "moved"):  # which masto declares, and Mastodon does not send
        told[name]["params"]["id"] = told[name]["id"]
    kinds = {"later": "mastodon.v1.ScheduledStatus", "moved": "mastodon.v1.ScheduledStatus"}
    assert (said := typescript_says(told, tmp_path, kinds)) == "", said
