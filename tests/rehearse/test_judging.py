"""Ramp, tally, verdict, plan, consent: limits at their edge and past it."""

from __future__ import annotations

import json

import pytest

from hustings.rehearse import consent, plan, ramp
from hustings.rehearse.consent import Consent
from hustings.rehearse.tally import Histogram, Tally, parse
from hustings.rehearse.verdict import LEAST, Judge, Second, listeners_held
from hustings.wire.errors import Refused

URL = "http://localhost:8001/demo"


def test_the_crowd_grows_evenly_and_is_shared_out() -> None:
    assert [ramp.wanted(1000, 10, at) for at in (-1, 0, 5, 10, 99)] == [0, 0, 500, 1000, 1000]
    assert ramp.wanted(10, 0, 0) == 10
    for count in (0, 1, 7, 100):
        shares = [ramp.share(count, worker, 3) for worker in range(3)]
        assert sum(shares) == count
        assert max(shares) - min(shares) <= 1


class TestTally:
    def test_percentiles_within_two_percent(self) -> None:
        histogram = Histogram()
        for value in range(1, 1001):
            histogram.note(value)
        for percent in (1, 50, 95, 99, 100):
            assert histogram.percentile(percent) == pytest.approx(percent * 10, rel=0.025)
        assert Histogram().percentile(50) is None
        tiny = Histogram()
        tiny.note(0.0)
        assert tiny.percentile(50) == pytest.approx(0.1, rel=0.03)

    def test_it_adds_up_and_survives_the_pipe(self) -> None:
        one, two = Tally(), Tally()
        for tally in (one, two):
            tally.counts["parts"] += 3
            tally.errors["reset"] += 1
            tally.faults["hole"] += 1
            tally.time("age", 50)
        one.add(parse(json.loads(json.dumps(two.tree()))))
        assert one.counts["parts"] == 6
        assert one.errors == {"reset": 2} and one.faults == {"hole": 2}
        assert one.times["age"].total == 2


def second(at_s: float, here: int = 1000, lag_s: float = 0.0, **wrong: int) -> Second:
    tally = Tally()
    for name, count in wrong.items():
        (tally.counts if name in ("stalls", "late") else tally.errors)[name] = count
    return Second(at_s, here, here, tally, lag_s)


class TestVerdict:
    def test_a_few_in_a_thousand_do_not_bind_but_are_remembered(self) -> None:
        judge = Judge()
        assert [judge.look(second(at, late=1)) for at in range(9)] == [None] * 9
        assert judge.firsts["late"].at_s == 0

    @pytest.mark.parametrize(("count", "binds"), [(5, False), (6, True)])
    def test_at_the_share_and_past_it(self, count: int, binds: bool) -> None:
        judge = Judge()
        bound = judge.look(second(3, 1000, stalls=count))
        assert (bound is not None) == binds
        assert bound is None or (bound.what, bound.here) == ("stall", 1000)

    @pytest.mark.parametrize(("count", "binds"), [(LEAST, False), (LEAST + 1, True)])
    def test_few_listeners_need_as_many_troubles(self, count: int, binds: bool) -> None:
        assert (Judge().look(second(3, 10, reset=count)) is not None) == binds

    def test_three_seconds_count_together_and_older_ones_do_not(self) -> None:
        judge = Judge()
        assert [judge.look(second(at, reset=2)) is not None for at in range(3)] == [0, 0, 1]
        judge = Judge()
        row = [2, 0, 0, 2, 0, 0, 2]
        assert [judge.look(second(at, reset=n)) for at, n in enumerate(row)] == [None] * 7

    def test_it_binds_once(self) -> None:
        judge = Judge()
        assert judge.look(second(1, late=99)) is not None
        assert judge.look(second(2, late=99)) is None
        assert judge.bound is not None and judge.bound.at_s == 1

    @pytest.mark.parametrize(("lag_s", "own"), [(0.5, False), (0.51, True)])
    def test_a_late_load_machine_is_named(self, lag_s: float, own: bool) -> None:
        judge = Judge()
        judge.look(second(1, lag_s=lag_s, late=99))
        assert judge.own is own

    def test_a_part_that_comes_a_moment_later_is_no_trouble(self) -> None:
        assert second(1, not_yet=50).troubles() == {}

    def test_what_was_held_is_what_nobody_noticed(self) -> None:
        rows = [second(1, 100), second(2, 200), second(3, 300, late=1)]
        assert listeners_held(rows) == 200
        assert listeners_held([]) == 0


class TestPlan:
    def test_as_it_is_written(self) -> None:
        made = plan.make("https://live.example.org/a-room", 5000, "2m", "1h", "10%", 2)
        assert (made.ramp_s, made.hold_s, made.playlists) == (120, 3600, 0.1)
        assert (made.address.name, made.address.port, made.address.host) == (
            "live.example.org",
            443,
            "live.example.org",
        )
        assert plan.parse_address("http://[::1]:8001/demo").host == "[::1]:8001"
        assert plan.parse_address("http://h/AAAAAAAAAAAAAAAAAAAAAA").key == "A" * 22

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "demo",
            "ftp://localhost/demo",
            "http://localhost:8001/",
            "http://localhost:99999/demo",
            "http://localhost/a/b",
            "http://me@localhost/demo",
            "http://localhost/demo?x=1",
            "http://localhost/demo#t=v1",
            "http://localhost/UPPER",
        ],
    )
    def test_what_is_no_link(self, url: str) -> None:
        with pytest.raises(ValueError):
            plan.parse_address(url)

    @pytest.mark.parametrize(
        ("listeners", "ramp_s", "hold_s", "cores", "fine"),
        [
            (1, "0", "1", 1, True),
            (0, "1", "1", 1, False),
            (1_000_000, "200", "3600", 256, True),
            (1_000_001, "300", "1", 1, False),
            (5000, "1", "1", 1, True),
            (5001, "1", "1", 1, False),
            (1, "3600", "1", 1, True),
            (1, "3601", "1", 1, False),
            (1, "1", "0.5", 1, False),
            (1, "1", "61m", 1, False),
            (1, "1", "soon", 1, False),
            (1, "1", "1", 0, False),
            (1, "1", "1", 257, False),
        ],
    )
    def test_limits(self, listeners: int, ramp_s: str, hold_s: str, cores: int, fine: bool) -> None:
        if fine:
            plan.make(URL, listeners, ramp_s, hold_s, cores=cores)
            return
        with pytest.raises(ValueError):
            plan.make(URL, listeners, ramp_s, hold_s, cores=cores)

    @pytest.mark.parametrize(
        ("text", "share"), [("0%", 0), ("100%", 1), ("0.25", 0.25), ("101%", None), ("x", None)]
    )
    def test_shares(self, text: str, share: float | None) -> None:
        if share is None:
            with pytest.raises(ValueError, match="--playlists"):
                plan.share(text)
        else:
            assert plan.share(text) == share


class TestConsent:
    given = Consent("live.example.org", 1_795_003_600.0, 5000, consent.mark("secret"))

    def check(self, **changes: object) -> None:
        words = {"host": "live.example.org", "token": "secret", "listeners": 5000} | changes
        found = words.pop("consent", consent.read(consent.write(self.given)))
        consent.check(
            found,  # type: ignore[arg-type]
            str(words["host"]),
            str(words["token"]),
            int(str(words["listeners"])),
            float(str(words.get("now_s", 1_795_000_000.0))),
            float(str(words.get("seconds", 3600.0))),
        )

    def test_it_survives_its_text(self) -> None:
        assert consent.read(consent.write(self.given)) == self.given
        assert "secret" not in consent.write(self.given)

    def test_at_its_limits(self) -> None:
        self.check()

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"consent": None}, "rehearsal_no_consent"),
            ({"host": "live.example.org:444"}, "rehearsal_no_consent"),
            ({"token": "other"}, "rehearsal_token_wrong"),
            ({"listeners": 5001}, "rehearsal_too_many"),
            ({"seconds": 3600.1}, "rehearsal_consent_over"),
            ({"now_s": 1_795_000_000.1}, "rehearsal_consent_over"),
        ],
    )
    def test_and_past_them(self, change: dict[str, object], code: str) -> None:
        with pytest.raises(Refused) as refused:
            self.check(**change)
        assert refused.value.code == code

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "<!doctype html>",
            consent.HEAD,
            consent.write(given).replace("until: 2", "until: x"),
            consent.write(given).replace("5000", "many"),
            "x\n" + consent.write(given),
        ],
    )
    def test_what_is_no_consent(self, text: str) -> None:
        assert consent.read(text) is None
