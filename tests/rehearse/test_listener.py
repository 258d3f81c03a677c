"""A model listener on virtual time: what our page asks, in its order, and what he notices."""

from __future__ import annotations

import itertools

import pytest

from hustings.hls.profile import DEFAULT, FAST, Profile
from hustings.rehearse.listener import State, spelled
from tests.rehearse.street import BEGAN_S, Answer, Street, Walk


def numbers(names: list[str]) -> list[tuple[int, ...]]:
    return [
        tuple(int(one) for one in name.rpartition("/")[2][1:-4].split("."))
        for name in names
        if "init" not in name
    ]


@pytest.mark.parametrize("profile", [DEFAULT, FAST], ids=["default", "fast"])
def test_he_comes_in_as_our_page_does(profile: Profile) -> None:
    walk = Walk(Street(profile)).until(BEGAN_S + 10)
    asked = [step.rpartition("/")[2] for _, step in walk.street.asked]
    assert asked[:6] == [
        "evening-talk",
        "tokens.css",
        "player.js",
        "event-page.js",
        "live.m3u8",
        walk.street.window.map_uri,
    ]
    # Hold-back: three parts, the newest of them half a part old on the average.
    assert len([name for name in asked[6:12] if name.startswith("s")]) >= 3
    assert asked.count("live.m3u8") == 1, "no playlist after the first"
    assert walk.counts("joined", "stalls", "late") == [1, 0, 0]
    assert walk.wrong == {}


@pytest.mark.parametrize("playlists", [False, True])
@pytest.mark.parametrize("profile", [DEFAULT, FAST], ids=["default", "fast"])
def test_every_part_once_and_in_order(profile: Profile, playlists: bool) -> None:
    walk = Walk(Street(profile), playlists).until(BEGAN_S + 20)
    heard = numbers(walk.tape)
    assert len(heard) > 20 / profile.part_target_s
    assert all(profile.after(*one) == two for one, two in itertools.pairwise(heard))
    assert walk.wrong == {}
    assert walk.counts("stalls", "late") == [0, 0]


def test_each_part_is_asked_for_before_it_is_there() -> None:
    walk = Walk(Street()).until(BEGAN_S + 10)
    age = walk.road.tally.times["age"]
    assert age.percentile(99) == pytest.approx(51, rel=0.03), "the edge's own 50 ms and no more"


def test_a_playlist_reader_blocks_on_the_next_part() -> None:
    walk = Walk(Street(), playlists=True).until(BEGAN_S + 8)
    reloads = [step for _, step in walk.street.asked if "_HLS_msn" in step]
    assert len(reloads) == len(set(reloads)) >= 7


def test_how_far_behind_live_he_is() -> None:
    walk = Walk(Street(), slow_s=3600.0).until(BEGAN_S + 10)
    behind = walk.road.tally.times["behind"].percentile(50)
    assert behind is not None
    assert 1_900 < behind < 3_400, "the hold-back, whatever the hour on his own clock"


def test_the_pulse_says_when_to_come_again() -> None:
    street = Street()
    street.pulse["next_s"] = 5
    walk = Walk(street, dice=0.0).until(BEGAN_S + 30)
    asked = [at for at, step in street.asked if "pulse" in step]
    # 5 s × 0.85, and then behind the part that is under way.
    assert all(4.25 <= two - one < 5.4 for one, two in itertools.pairwise(asked))
    assert walk.counts("pulses") == [len(asked)]


@pytest.mark.parametrize(("p", "sent"), [(1.0, True), (0.5, False), (0.25, False)])
def test_beacons_as_the_dice_say(p: float, sent: bool) -> None:
    street = Street()
    street.pulse |= {"beacon": {"p": p, "every_s": 2}}
    walk = Walk(street, dice=0.5).until(BEGAN_S + 30)
    beacons = [step for _, step in street.asked if step.startswith("POST")]
    assert bool(beacons) == sent
    assert all(step == "POST /live/evening-talk/beacon?p=1" for step in beacons)
    assert walk.wrong == {}


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (1.0, "1"),
        (0.5, "0.5"),
        (2**-10, "0.0009765625"),
        (2**-19, "0.0000019073486328125"),
        (2**-20, "9.5367431640625e-7"),
        (0.0, "0"),
    ],
)
def test_a_probability_is_spelled_as_a_browser_does(p: float, text: str) -> None:
    assert spelled(p) == text


def test_a_brownout_gives_a_newcomer_whole_segments() -> None:
    street = Street()
    street.plain = True
    walk = Walk(street).until(BEGAN_S + 30)
    heard = numbers(walk.tape)
    assert all(len(one) == 1 for one in heard)
    assert [one[0] for one in heard] == list(range(heard[0][0], heard[-1][0] + 1))
    assert walk.wrong == {}


class TestFaults:
    def answering(self, street: Street, *answers: tuple[int, bytes], path: str = ".m4s") -> None:
        """The next requests of that kind, once he plays, get these."""
        left = list(answers)

        def override(asked: str, now_s: float) -> Answer | None:
            if left and asked.endswith(path) and now_s > BEGAN_S + 3:
                return (*left.pop(0), now_s + 0.01)
            return None

        street.override = override

    @pytest.mark.parametrize("answer", [(503, b""), (500, b"x"), (0, b"reset"), (403, b"")])
    def test_an_error_is_counted_and_asked_again(self, answer: tuple[int, bytes]) -> None:
        street = Street()
        self.answering(street, answer)
        walk = Walk(street).until(BEGAN_S + 10)
        assert sum(walk.road.tally.errors.values()) == 1
        assert walk.road.tally.faults == {}
        heard = numbers(walk.tape)
        assert len(heard) == len(set(heard)) > 8

    def test_other_bytes_than_everybodys(self) -> None:
        street = Street()
        walk = Walk(street).until(BEGAN_S + 5)
        name = walk.listener.asked.partition(" ")[2].rpartition("/")[2]
        mine = street.answer(walk.listener.asked, walk.at_s)[1]
        assert walk.road.ledger.check(name, mine, 0.96) == ""
        self.answering(street, (200, mine[:-1] + b"?"))
        walk.until(BEGAN_S + 8)
        assert walk.wrong == {"other_bytes": 1}

    def test_a_repeated_part_has_the_wrong_clock(self) -> None:
        street = Street()
        walk = Walk(street).until(BEGAN_S + 4)
        old = next(body for name, body in street._parts.items() if name.count(".") == 2)
        self.answering(street, (200, old))
        walk.until(BEGAN_S + 8)
        assert walk.wrong == {"wrong_clock": 1}

    def test_what_is_no_sound_is_broken(self) -> None:
        street = Street()
        self.answering(street, (200, b"<html>"))
        assert Walk(street).until(BEGAN_S + 8).wrong == {"broken": 1}

    def test_a_part_behind_the_hold_back_is_silence(self) -> None:
        street = Street()
        late: list[str] = []

        def override(asked: str, now_s: float) -> Answer | None:
            if asked.endswith(".m4s") and now_s > BEGAN_S + 4 and not late:
                late.append(asked)
                status, body, _ = street._sound(asked.rpartition("/")[2], now_s)
                return status, body, now_s + 3.8
            return None

        street.override = override
        walk = Walk(street).until(BEGAN_S + 12)
        stalls, stalled_ms = walk.counts("stalls", "stalled_ms")
        assert stalls == 1
        assert 200 < stalled_ms < 1_500

    def test_a_missing_part_is_looked_up_in_the_playlist(self) -> None:
        street = Street()
        self.answering(street, (404, b""))
        walk = Walk(street).until(BEGAN_S + 10)
        assert any(state == "not_yet" for state in walk.road.tally.errors)
        assert walk.road.tally.faults == {}
        assert walk.counts("stalls") == [0]

    def test_a_pulse_that_fails_costs_no_sound(self) -> None:
        street = Street()
        self.answering(street, (503, b""), (200, b"{}"), path="pulse.json")
        walk = Walk(street).until(BEGAN_S + 20)
        assert walk.road.tally.errors == {"pulse_503": 1, "unreadable": 1}
        assert walk.counts("stalls") == [0]

    def test_the_rest_after_failures_grows_and_is_jittered(self) -> None:
        walk = Walk(Street(), dice=1.0)
        rests = [walk.listener.failed("timeout") for _ in range(6)]
        assert rests == pytest.approx([0.5, 1.0, 1.5, 2.0, 2.0, 2.0])
        assert walk.listener.rested(BEGAN_S).endswith("/evening-talk"), "the same again"


@pytest.mark.parametrize("playlists", [False, True])
def test_he_goes_home_at_the_end(playlists: bool) -> None:
    street = Street()
    street.ended_s = BEGAN_S + 12
    walk = Walk(street, playlists).until(BEGAN_S + 40)
    assert walk.over
    assert walk.listener.state is State.ENDED
    assert walk.road.tally.faults == {}
    assert numbers(walk.tape)[-1] == street.window.last


@pytest.mark.parametrize("playlists", [False, True])
def test_by_the_playlist_without_parts(playlists: bool) -> None:
    walk = Walk(Street(), playlists, plain=True).until(BEGAN_S + 40)
    heard = numbers(walk.tape)
    assert [one[0] for one in heard] == list(range(heard[0][0], heard[-1][0] + 1))
    assert walk.wrong == {}
    assert walk.counts("stalls") == [0]
    lists = [step for _, step in walk.street.asked if step.endswith("plain.m3u8")]
    assert (len(lists) >= 8) if playlists else (len(lists) == 1)
