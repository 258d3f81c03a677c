"""The calls on a real Unix socket, as docs/protocol.md has them."""

from __future__ import annotations

import json
import re

import aiohttp
import pytest
from aiohttp import web

from hustings.rooms.room import plan_facts
from hustings.rtc.intake import Counts
from hustings.studio import app
from hustings.wire.feed import LIVE, SNAPSHOT, Decoder
from tests.studio.house_rig import (
    HOST,
    KEY,
    LISTENER,
    SPEAKER,
    START_MS,
    Rig,
    a_plan,
    claims,
    frames_of,
    objects,
)


@pytest.fixture
async def studio(tmp_path):
    rig = Rig(tmp_path, with_features=True)
    runner = web.AppRunner(app.build(rig.house), shutdown_timeout=0)
    await runner.setup()
    socket = str(tmp_path / "s")
    await web.UnixSite(runner, socket).start()
    client = aiohttp.ClientSession("http://studio", connector=aiohttp.UnixConnector(socket))
    yield rig, client
    await client.close()
    await rig.house.shut()
    await runner.cleanup()


async def ask(client, method, path, expect, who=None, key=KEY, **how):
    headers = {**(claims(who, key) if who else {}), **how.pop("headers", {})}
    async with client.request(method, path, headers=headers, **how) as answer:
        raw = await answer.read()
        assert answer.status == expect, raw
        if answer.content_type == "application/json":
            return json.loads(raw)
        return raw.decode(), answer.headers


async def plan(client, expect=201, key=KEY, **changes):
    facts = plan_facts(a_plan(key, **changes))
    return await ask(client, "PUT", f"/rooms/{key}", expect, json=facts)


async def test_a_room_is_handed_over_once_and_changed_until_it_is_on_the_air(studio):
    rig, client = studio
    answer = await plan(client, starts_at_ms=START_MS + 10**8)
    assert (answer["state"], answer["title"]) == ("planned", "Town hall")
    journal = rig.settings.rooms_dir / KEY / "journal.jsonl"
    before = journal.read_bytes()
    await plan(client, 200, starts_at_ms=START_MS + 10**8)
    assert journal.read_bytes() == before
    await plan(client, 200, starts_at_ms=START_MS + 10**8, title="Harbour")
    assert (await ask(client, "GET", f"/rooms/{KEY}", 200))["title"] == "Harbour"
    taken = await plan(client, 409, plan="q" * 22)
    assert taken["code"] == "room_taken"
    await ask(client, "POST", f"/rooms/{KEY}/commands/open_doors", 200, HOST, json={})
    profile = await plan(client, 409, profile="fast")
    assert profile["code"] == "wrong_state"
    rooms = await ask(client, "GET", "/rooms", 200)
    assert [room["key"] for room in rooms["rooms"]] == [KEY]
    withdrawn = await ask(client, "DELETE", f"/rooms/{KEY}", 409)
    assert withdrawn["code"] == "wrong_state"


async def test_a_planned_room_can_be_withdrawn(studio):
    _, client = studio
    await plan(client, starts_at_ms=START_MS + 10**8)
    await ask(client, "DELETE", f"/rooms/{KEY}", 200)
    assert (await ask(client, "GET", f"/rooms/{KEY}", 404))["code"] == "room_unknown"


@pytest.mark.parametrize(
    ("change", "code", "status"),
    [
        ({"title": "  "}, "title_empty", 422),
        ({"title": "t" * 201}, "title_too_long", 422),
        ({"description": "d" * 5_001}, "description_too_long", 422),
        ({"profile": "slow"}, "profile_unknown", 422),
        ({"doors_before_s": -1}, "time_malformed", 422),
        ({"doors_before_s": 86_401}, "time_malformed", 422),
        ({"host_name": "n" * 61}, "name_malformed", 422),
        ({"starts_at_ms": "soon"}, "bad_request", 400),
        ({"starts_at_ms": True}, "bad_request", 400),
        ({"listed": 1}, "bad_request", 400),
        ({"title": None}, "bad_request", 400),
    ],
)
async def test_a_plan_that_is_out_of_bounds(studio, change, code, status):
    _, client = studio
    facts = {**plan_facts(a_plan()), **change}
    answer = await ask(client, "PUT", f"/rooms/{KEY}", status, json=facts)
    assert answer["code"] == code


@pytest.mark.parametrize("body", [b"[]", b"{", b'"x"', b"\xff", b"[" * 50_000])
async def test_bodies_that_are_no_object(studio, body):
    _, client = studio
    answer = await ask(client, "PUT", f"/rooms/{KEY}", 400, data=body)
    assert answer["code"] == "bad_request"


async def test_sessions_by_claims(studio):
    rig, client = studio
    await plan(client)
    offer = f"/rooms/{KEY}/session"
    shut = await ask(client, "POST", offer, 409, HOST, data=b"v=0")
    assert shut["code"] == "doors_closed"
    assert shut["starts_at_ms"] == START_MS + 600_000
    rig.house.look()
    text, headers = await ask(client, "POST", offer, 201, HOST, data=b"v=0")
    assert text == "answer to v=0"
    assert headers["Content-Type"].startswith("application/sdp")
    location = headers["Location"]
    assert location.startswith(f"/session/{KEY}/")
    assert headers["ETag"] == f'"tag of {location.split("/")[-1]}"'
    missing = await ask(client, "POST", offer, 401, data=b"v=0")
    assert missing["code"] == "ticket_missing"
    other = await ask(client, "POST", offer, 403, HOST, key="other-room", data=b"v=0")
    assert other["code"] == "ticket_wrong_room"
    lesser = await ask(client, "POST", offer, 403, LISTENER, data=b"v=0")
    assert lesser["code"] == "role_too_low"
    broken = await ask(client, "POST", offer, 401, headers={"Hustings-Claims": "{}"}, data=b"v=0")
    assert broken["code"] == "ticket_malformed"
    session = f"/rooms/{KEY}{location.replace('/' + KEY, '')}"
    stranger = await ask(client, "DELETE", session, 404, SPEAKER)
    assert stranger["code"] == "session_unknown"
    stranger = await ask(client, "PATCH", session, 404, SPEAKER, data=b"a=ice")
    assert stranger["code"] == "session_unknown"
    text, headers = await ask(client, "PATCH", session, 200, HOST, data=b"a=ice")
    assert text == "restarted by a=ice"
    assert headers["Content-Type"].startswith("application/trickle-ice-sdpfrag")
    assert headers["ETag"].startswith('"tag of ')
    tagged = {"If-Match": headers["ETag"]}
    text, _ = await ask(client, "PATCH", session, 204, HOST, headers=tagged, data=b"a=ice")
    assert text == ""
    await ask(client, "DELETE", session, 200, HOST)
    assert rig.room().room.stage.people[HOST.person].link == "away"
    whip, _ = await ask(client, "POST", f"/rooms/{KEY}/whip", 201, SPEAKER, data=b"v=0")
    assert whip
    assert rig.room().room.stage.people[SPEAKER.person].kind == "whip"


async def test_a_voice_through_a_websocket_is_a_session_like_any(studio):
    rig, client = studio
    await plan(client)
    address = f"/rooms/{KEY}/socket"
    assert (await ask(client, "POST", address, 401))["code"] == "ticket_missing"
    assert (await ask(client, "POST", address, 409, HOST))["code"] == "doors_closed"
    rig.house.look()
    assert (await ask(client, "POST", address, 403, LISTENER))["code"] == "role_too_low"
    session = (await ask(client, "POST", address, 201, HOST))["session"]
    assert rig.room().room.stage.people[HOST.person].kind == "browser"
    await ask(client, "DELETE", f"/rooms/{KEY}/session/{session}", 200, HOST)


async def test_figures_for_who_watches_the_server(studio):
    rig, client = studio
    text, headers = await ask(client, "GET", "/metrics", 200)
    assert headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert "hustings_rooms 0\n" in text
    await plan(client)
    rig.house.look()
    await rig.join(HOST)
    rig.paper().counted[HOST.person] = Counts(100, 0, 0.08)
    rig.seconds(1.5)
    rig.paper().counted[HOST.person] = Counts(150, 5, 0.08)
    rig.seconds(1)
    text, _ = await ask(client, "GET", "/metrics", 200)
    whose = f'{{room="{KEY}",person="{HOST.person}"'
    assert "hustings_rooms 1\n" in text
    assert f"hustings_voice_lost_ratio{whose}}} 0.1\n" in text
    assert f"hustings_voice_round_trip_seconds{whose}}} 0.08\n" in text
    assert f'hustings_voice_finding{whose},finding="unknown"}} 1\n' in text
    rows = [line for line in text.splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z_]+(\{[^}]+\})? -?[0-9.e+-]+", row) for row in rows)
    typed = re.findall(r"^# TYPE (\S+) gauge$", text, flags=re.M)
    assert len(typed) == len(set(typed)) == text.count("# HELP ")


async def test_commands_and_their_refusals(studio):
    rig, client = studio
    await plan(client)
    rig.house.look()
    at = f"/rooms/{KEY}/commands"
    unknown = await ask(client, "POST", f"{at}/dance", 404, HOST, json={})
    assert unknown["code"] == "command_unknown"
    feature = await ask(client, "POST", f"{at}/hands.dance", 404, HOST, json={})
    assert feature["code"] == "command_unknown"
    low = await ask(client, "POST", f"{at}/go_on_air", 403, SPEAKER, json={})
    assert low["code"] == "role_too_low"
    bad = await ask(client, "POST", f"{at}/go_on_air", 400, HOST, json={"in_ms": -1})
    assert (bad["code"], bad["field"]) == ("bad_request", "in_ms")
    once = {"Idempotency-Key": "k1"}
    first = await ask(
        client, "POST", f"{at}/invite", 200, HOST, json={"role": "speaker"}, headers=once
    )
    again = await ask(
        client, "POST", f"{at}/invite", 200, HOST, json={"role": "speaker"}, headers=once
    )
    assert first == again


async def test_a_listener_knocks_and_raises_a_hand_and_is_called(studio):
    rig, client = studio
    await plan(client)
    shut = await ask(client, "POST", f"/rooms/{KEY}/knock", 409, json={"name": "Lee"})
    assert shut["code"] == "doors_closed"
    rig.house.look()
    for body, code in (({}, "name_malformed"), ({"name": "n" * 61}, "name_malformed")):
        refused = await ask(client, "POST", f"/rooms/{KEY}/knock", 422, json=body)
        assert refused["code"] == code
    got = await ask(client, "POST", f"/rooms/{KEY}/knock", 201, json={"name": "Lee", "note": ""})
    assert got["ticket"].startswith("v1.")
    at = f"/rooms/{KEY}/commands"
    await ask(client, "POST", f"{at}/hands.raise", 200, LISTENER, json={"note": "A question"})
    await ask(client, "POST", f"{at}/hands.call", 200, HOST, json={"person": LISTENER.person})
    events = await ask(client, "GET", f"/rooms/{KEY}/events", 200, LISTENER)
    view = events["events"][0]["view"]
    assert view["features"]["hands"]["called"]["ticket"].startswith("v1.")


async def test_the_feed_over_the_socket(studio):
    rig, client = studio
    await plan(client)
    rig.house.look()
    rig.seconds(1.2)

    async def first(path):
        async with client.get(path) as answer:
            decoder, frames = Decoder(), []
            while not frames or frames[-1].path != LIVE:
                frames += decoder.push(await answer.content.readany())
            return frames

    frames = await first(f"/feed/{KEY}")
    assert frames[0].path == SNAPSHOT
    paths = [frame.path for frame in frames]
    assert f"live/{KEY}/index.m3u8" in paths
    lines = [json.loads(frame.body)["type"] for frame in frames if frame.path == ":journal"]
    assert lines == ["planned", "doors_opened"]
    rows = await first("/feed/_")
    assert json.loads(rows[1].body) == {"rooms": [{"key": KEY, "state": "open", "term": 1}]}
    unknown = await ask(client, "GET", "/feed/nothing-here", 404)
    assert unknown["code"] == "room_unknown"


async def test_deleting_a_room_destroys_what_is_on_disk(studio):
    rig, client = studio
    await plan(client)
    rig.house.look()
    await ask(client, "POST", f"/rooms/{KEY}/commands/end", 200, HOST, json={})
    at = f"/rooms/{KEY}/commands/delete_room"
    wrong = await ask(client, "POST", at, 400, HOST, json={"key": "else"})
    assert wrong["code"] == "bad_request"
    await ask(client, "POST", at, 200, HOST, json={"key": KEY})
    await rig.house.shut()
    assert not (rig.settings.rooms_dir / KEY).exists()
    assert not (rig.settings.published_dir / "pages" / f"{KEY}.html").exists()
    gone = await ask(client, "GET", f"/rooms/{KEY}", 404)
    assert gone["code"] == "room_unknown"


async def test_addresses_and_methods_that_are_not(studio):
    _, client = studio
    assert (await ask(client, "GET", "/nothing", 404))["code"] == "not_found"
    assert (await ask(client, "PATCH", "/rooms/abc", 405))["code"] == "method_not_allowed"
    assert (await ask(client, "GET", "/rooms/AB", 404))["code"] == "room_unknown"
    large = await ask(client, "PUT", f"/rooms/{KEY}", 413, data=b"x" * 70_000)
    assert large["code"] == "body_too_large"
    health = await ask(client, "GET", "/healthz", 200)
    assert health["ok"] is True


async def test_edges_report_what_they_counted(studio):
    rig, client = studio
    rig.open()
    report = {"over_s": 10, "pressure": {"cpu": 0.5}}
    report["rooms"] = {
        KEY: {"beacons": [[0.5, 20]], "pulses": 1},
        "elsewhere": {"beacons": [], "pulses": 0},
    }
    await ask(client, "POST", "/edges/host-1", 200, json=report)
    rig.room().publish_pulse()
    pulse = json.loads(objects(await frames_of(rig.room()))[f"live/{KEY}/pulse.json"].body)
    assert pulse["listeners"]["count"] == 40
    for path, body in (
        ("/edges/host_1", report),
        ("/edges/" + "x" * 41, report),
        ("/edges/a", {"over_s": 0}),
    ):
        refused = await ask(client, "POST", path, 400, json=body)
        assert refused["code"] == "bad_request"


async def test_tickets_that_the_server_takes_back(studio):
    _, client = studio
    await plan(client, starts_at_ms=START_MS + 10**8)
    await ask(client, "POST", f"/rooms/{KEY}/commands/open_doors", 200, HOST, json={})
    said = {"tickets": [HOST.ticket, SPEAKER.ticket], "ends": True}
    for _ in range(2):  # web may say it twice
        await ask(client, "POST", f"/rooms/{KEY}/cut", 200, json=said)
    facts = await ask(client, "GET", f"/rooms/{KEY}", 200)
    assert (facts["state"], facts["end_reason"]) == ("ended", "order")
    for who in (HOST, SPEAKER):
        answer = await ask(client, "GET", f"/rooms/{KEY}/events", 401, who)
        assert answer["code"] == "ticket_revoked"
    said = {"tickets": [], "ends": False}
    assert (await ask(client, "POST", "/rooms/elsewhere/cut", 404, json=said))[
        "code"
    ] == "room_unknown"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"tickets": ["t" * 22]},
        {"tickets": "t" * 22, "ends": True},
        {"tickets": ["t" * 21], "ends": True},
        {"tickets": [5], "ends": True},
        {"tickets": ["t" * 22] * 51, "ends": True},
        {"tickets": [], "ends": 1},
    ],
)
async def test_a_cut_that_is_none(studio, body):
    _, client = studio
    await plan(client, starts_at_ms=START_MS + 10**8)
    assert (await ask(client, "POST", f"/rooms/{KEY}/cut", 400, json=body))["code"] == "bad_request"
    await ask(
        client, "POST", f"/rooms/{KEY}/cut", 200, json={"tickets": ["t" * 22] * 50, "ends": False}
    )
