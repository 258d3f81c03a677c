"""Sine in, playlist out, on virtual time: what reaches whom, from which moment to which."""

from __future__ import annotations

import numpy as np
import pytest

from hustings.audio.clock import RATE, SEGMENT, TICK
from hustings.audio.level import rms_dbfs
from hustings.audio.room_tone import ROOM_TONE_DBFS
from hustings.hls.profile import DEFAULT, FAST
from hustings.rtc.intake import Counts
from hustings.studio.line import Line
from tests.audio.speech import back, seconds, speech
from tests.line.speaking import ENCODINGS, START, Rig, strength, tone

NOTHING = 0.004
LOUD = 0.08
SECOND = RATE


def window(sound, start, end):
    return sound[start - START : end - START]


def on_air_at(rig: Rig, clock: int) -> None:
    """The way to the air: scheduled, then opened at that tick."""
    rig.line.schedule(clock)
    rig.run(clock - rig.clock)
    rig.line.open_program(rig.clock)


def test_back_stage_words_stay_back_stage_and_the_first_word_is_whole():
    rig = Rig(people=["ann"])
    air = START + 3 * SECOND
    # She talks right up to the moment, then at once again with another pitch.
    rig.speakers["ann"].say(START + SECOND, tone(700, 2 * SECOND))
    rig.speakers["ann"].say(air, tone(1900, SECOND))
    on_air_at(rig, air)
    rig.run(3 * SECOND)
    heard = rig.heard()
    assert max(strength(heard[at : at + TICK], 700) for at in range(0, 5 * SECOND, TICK)) < 0.03
    word = [strength(heard[at : at + TICK], 1900) for at in range(2 * SECOND, 5 * SECOND, TICK)]
    # A second of sound: 50 ticks, of which the first and last may be cut by the grid.
    assert sum(level > LOUD for level in word) >= 49


def test_the_holding_sound_is_there_before_and_gone_when_the_program_opens():
    rig = Rig()
    air = START + 4 * SECOND
    on_air_at(rig, air)
    rig.run(3 * SECOND)
    heard = rig.heard("aac")
    before = window(heard, START + SECOND, START + 2 * SECOND)
    after = window(heard, air + 480, air + 2 * SECOND)
    assert np.sqrt(np.mean(before**2)) > 0.01
    assert np.max(np.abs(after)) < NOTHING


@pytest.mark.parametrize("variant", ["aac", "opus"])
def test_room_tone_lies_under_the_open_program_and_nowhere_else(variant):
    rig = Rig(people=["ann"])
    air = START + 3 * SECOND
    on_air_at(rig, air)
    rig.speakers["ann"].say(air + SECOND, tone(700, SECOND))
    rig.run(4 * SECOND)
    end = rig.clock
    rig.end()
    heard = rig.heard(variant)
    for at in (air + SECOND // 4, air + 16 * SECOND // 5, end - SECOND // 2 - TICK):
        quiet = window(heard, at, at + SECOND // 2)
        # FFmpeg's AAC is sparing with what nobody hears; what matters is that it is there, and even.
        assert rms_dbfs(quiet) == pytest.approx(ROOM_TONE_DBFS - 3, abs=2.5), "a mean of strangers"
        assert all(np.abs(quiet[part : part + 240]).max() > 0 for part in range(0, len(quiet), 240))
    assert np.abs(heard[end + TICK + 480 - START :]).max(initial=0) < 1e-4, "nought after the end"


def test_room_tone_comes_without_a_step_and_goes_on_where_another_studio_was():
    """The bus itself, before any encoder."""
    buses: list[np.ndarray] = []
    lines = []
    for start in (START, START + 192 * TICK):
        rig = Rig(start=start)
        limit = rig.line._limiter.limit
        rig.line._limiter.limit = lambda bus, limit=limit: buses.append(bus.copy()) or limit(bus)
        rig.line.open_program(rig.clock)
        rig.run((START + 200 * TICK) - start)
        lines.append(np.concatenate(buses))
        buses.clear()
    first, second = lines
    steps = np.abs(np.diff(first[:, 0]))
    assert steps[0] < 1e-5 and steps[: 2 * TICK].max() <= steps.max() < 1e-3
    np.testing.assert_allclose(second[TICK:], first[193 * TICK :], atol=1e-7)


def test_room_tone_gives_way_to_a_voice_and_is_never_nought_beside_it():
    """A speaker whose pauses are digital nought, as a noise gate makes them."""
    rig = Rig(people=["ann"])
    rig.line.open_program(rig.clock)
    words = np.concatenate([tone(700, SECOND // 2), np.zeros(SECOND // 4, np.float32)] * 4)
    rig.speakers["ann"].say(START + SECOND, words)
    rig.run(7 * SECOND)
    heard = rig.heard("opus")
    before, long_after = (
        rms_dbfs(window(heard, START + at, START + at + SECOND // 2))
        for at in (SECOND // 2, 6 * SECOND)
    )
    assert before == pytest.approx(ROOM_TONE_DBFS - 3, abs=2.5)
    assert long_after == pytest.approx(before, abs=2)
    said = window(heard, START + SECOND, START + 4 * SECOND).reshape(-1, TICK // 2)
    quietest = np.sort([rms_dbfs(part) for part in said])[: len(said) // 10]
    assert quietest.max() < before - 8, "10 ms of it, in the pauses between words"
    assert all(np.abs(part).max() > 0 for part in said)


def test_where_a_road_breaks_off_his_room_goes_on_for_less_than_a_second():
    rig = Rig(people=["ann"])
    rig.line.open_program(rig.clock)
    chance = np.random.default_rng(3)
    room = (chance.standard_normal(5 * SECOND) * 10 ** (-50 / 20)).astype(np.float32)
    room[:SECOND] += tone(700, SECOND, 0.2)
    rig.speakers["ann"].say(START, room)
    rig.run(5 * SECOND)
    stall = rig.clock
    del rig.speakers["ann"]
    rig.run(3 * SECOND)
    heard = rig.heard()
    before, during, after = (
        rms_dbfs(window(heard, stall + at, stall + at + SECOND // 5))
        for at in (-SECOND // 2, SECOND // 5, 2 * SECOND)
    )
    assert during == pytest.approx(before, abs=3)
    assert after == pytest.approx(ROOM_TONE_DBFS - 3, abs=1)


def test_what_is_taken_out_of_a_voice_is_out_in_every_ear_and_the_watch_hears_the_microphone():
    rig = Rig(people=["ann", "bob"])
    rig.line.open_program(rig.clock)
    chance = np.random.default_rng(3)
    noise = (chance.standard_normal(10 * SECOND) * 10 ** (-45 / 20)).astype(np.float32)
    rumble = tone(30, 10 * SECOND, 0.05)
    rig.speakers["ann"].say(START, noise + rumble)
    rig.run(4 * SECOND)
    rig.line.treat("ann", hum=True, noise=True)
    rig.run(6 * SECOND)
    for sound in (rig.heard(), rig.ear("bob")):
        before, after = (sound[at : at + SECOND] for at in (3 * SECOND, 8 * SECOND))
        assert strength(after, 30) < strength(before, 30) / 20
        assert rms_dbfs(after) < rms_dbfs(before) - 8
    rig.line.watches.look(lambda person: Counts())
    assert rig.line.watches.told()["ann"].voice.noise_db > -48
    rig.line.treat("nobody", hum=True, noise=True)


def test_a_schedule_taken_back_brings_the_holding_sound_back():
    rig = Rig()
    rig.line.schedule(START + 2 * SECOND)
    rig.run(SECOND + SECOND // 2)
    rig.line.schedule(0)
    rig.run(3 * SECOND)
    late = rig.heard()[2 * SECOND : 3 * SECOND]
    assert np.sqrt(np.mean(late**2)) > 0.01


def test_nothing_after_the_end_and_the_last_segment_is_full_then_endlist():
    rig = Rig(people=["ann"])
    on_air_at(rig, START + SECOND)
    rig.speakers["ann"].say(rig.clock, tone(700, 10 * SECOND))
    rig.run(3 * SECOND)
    end = rig.clock
    rig.end()
    heard = {name: rig.heard(name) for name in ("aac", "opus")}
    for name, sound in heard.items():
        assert len(sound) == -(-(end - START) // SEGMENT) * SEGMENT
        assert strength(window(sound, end - SECOND // 2, end), 700) > LOUD
        # One tick of ramp, and the limiter's 5 ms.
        assert np.max(np.abs(sound[end + TICK + 480 - START :])) < NOTHING
        lists = rig.playlists[name]
        assert lists.ended
        assert lists.live.rstrip().endswith("#EXT-X-ENDLIST")
        assert lists.plain.rstrip().endswith("#EXT-X-ENDLIST")
        assert lists.last == (end // SEGMENT, 3)


def test_an_end_on_a_segment_boundary_adds_no_segment():
    rig = Rig()
    rig.run(2 * SEGMENT)
    rig.end()
    assert rig.playlists["aac"].last == (START // SEGMENT + 1, 3)


def test_a_muted_speaker_is_gone_within_a_tick_and_back_as_fast():
    rig = Rig(people=["ann", "bob"])
    on_air_at(rig, START + SECOND)
    rig.speakers["ann"].say(START, tone(700, 10 * SECOND))
    rig.run(SECOND)
    muted = rig.clock
    rig.line.set_muted("ann", True)
    rig.run(SECOND)
    back = rig.clock
    rig.line.set_muted("ann", False)
    rig.run(SECOND)
    rig.run(SECOND)
    heard, ear = rig.heard(), rig.ear("bob")
    lag = 480  # limiter and decoder
    assert strength(window(heard, muted - SECOND // 2, muted), 700) > LOUD
    assert np.max(np.abs(window(heard, muted + TICK + lag, back - TICK))) < NOTHING
    assert strength(window(heard, back + TICK + lag, back + SECOND), 700) > LOUD
    assert np.max(np.abs(window(ear, muted + TICK + lag, back - TICK))) < NOTHING
    assert "ann" not in rig.ticks[(muted - START) // TICK + 30].talking


def test_nobody_hears_himself_and_everybody_hears_the_others():
    rig = Rig(people=["ann", "bob", "cat"])
    rig.speakers["ann"].say(START + SECOND, tone(500, 3 * SECOND))
    rig.speakers["bob"].say(START + 2 * SECOND, tone(900, SECOND))
    rig.run(5 * SECOND)
    ears = {person: rig.ear(person) for person in rig.speakers}
    both = slice(2 * SECOND + SECOND // 4, 3 * SECOND)
    assert strength(ears["cat"][both], 500) > LOUD
    assert strength(ears["cat"][both], 900) > LOUD
    assert strength(ears["bob"][both], 500) > LOUD
    assert strength(ears["ann"][both], 900) > LOUD
    for person, pitch in (("ann", 500), ("bob", 900)):
        own = ears[person]
        assert max(strength(own[at : at + TICK], pitch) for at in range(0, len(own), TICK)) < 0.02


def test_the_silent_share_one_packet():
    rig = Rig(people=["ann", "bob", "cat", "dan"])
    rig.speakers["ann"].say(START, tone(500, SECOND))
    rig.run(SECOND)
    ears = rig.ticks[-1].ears
    assert ears["bob"] is ears["cat"] is ears["dan"]
    assert ears["ann"] is not ears["bob"]


def test_one_who_only_sends_gets_no_ear():
    rig = Rig()
    rig.line.add("whip", hears=False)
    rig.run(TICK)
    assert rig.ticks[-1].ears == {}


def test_a_click_lies_at_the_same_place_in_both_variants():
    rig = Rig(people=["ann"])
    on_air_at(rig, START + SECOND)
    burst = tone(3000, 480, 0.8)
    rig.speakers["ann"].say(START + 2 * SECOND, burst)
    rig.run(4 * SECOND)
    rig.end()
    places = [int(np.argmax(np.abs(rig.heard(name)))) for name in ("aac", "opus")]
    # The tops of a burst may differ by a period; its middle may not.
    middles = []
    for name, place in zip(("aac", "opus"), places, strict=True):
        piece = rig.heard(name)[place - 960 : place + 960] ** 2
        middles.append(place - 960 + float(piece @ np.arange(1920)) / float(piece.sum()))
    assert abs(middles[0] - middles[1]) < 48


@pytest.mark.parametrize("profile", [DEFAULT, FAST], ids=lambda profile: profile.name)
def test_parts_are_numbered_by_the_clock_and_the_playlist_names_them(profile):
    rig = Rig(profile)
    rig.run(3 * SEGMENT)
    for name in ("aac", "opus"):
        parts = [one.part for one in rig.made if one.variant == name]
        assert [part.clock for part in parts] == [
            START + number * profile.part_samples for number in range(len(parts))
        ]
        msn, index = rig.playlists[name].last
        assert f"s{msn}.{index}.m4s" in rig.playlists[name].live
        assert f"#EXT-X-MEDIA-SEQUENCE:{START // SEGMENT}" in rig.playlists[name].live
    segments = [one.segment for one in rig.made if one.segment and one.variant == "aac"]
    assert [segment.msn for segment in segments[:2]] == [START // SEGMENT, START // SEGMENT + 1]


def test_thirteen_on_the_stage_three_talking():
    people = [f"p{number}" for number in range(13)]
    rig = Rig(people=people)
    on_air_at(rig, START + SECOND)
    pitches = {"p0": 440, "p5": 1020, "p12": 1630}
    for person, pitch in pitches.items():
        rig.speakers[person].say(rig.clock, tone(pitch, 2 * SECOND, 0.15))
    rig.run(2 * SECOND)
    heard = rig.heard()[2 * SECOND : 2 * SECOND + SECOND // 2]
    for pitch in pitches.values():
        assert strength(heard, pitch) > 0.05
    assert set(rig.ticks[60].talking) <= set(pitches)
    assert len({id(payload) for payload in rig.ticks[-1].ears.values()}) == 4


def test_one_who_claims_silence_is_not_decoded_and_his_word_is_whole_when_it_comes():
    rig = Rig(people=["ann", "bob"])
    decoded: list[int] = []
    voice = rig.line._voices["ann"]
    tick = voice.decoder.tick
    voice.decoder.tick = lambda pull: decoded.append(rig.clock) or tick(pull)
    rig.speakers["ann"].claims = rig.speakers["bob"].claims = True
    said = START + 2 * SECOND
    rig.speakers["ann"].say(said, tone(700, SECOND))
    rig.run(2 * SECOND)
    assert len(decoded) <= 2 * 50 // 10, "a probe now and then"
    rig.run(2 * SECOND)
    word = [strength(rig.ear("bob")[at : at + TICK], 700) for at in range(0, 4 * SECOND, TICK)]
    assert sum(level > LOUD for level in word) >= 49


def test_the_loudest_are_heard_and_nobody_too_many():
    people = [f"p{number}" for number in range(12)]
    rig = Rig(people=people)
    for number, person in enumerate(people):
        rig.speakers[person].claims = number % 2 == 0
        rig.speakers[person].say(START, tone(400 + 150 * number, SECOND, 0.05))
    rig.run(SECOND)
    own = {
        person
        for person, packet in rig.ticks[-1].ears.items()
        if list(rig.ticks[-1].ears.values()).count(packet) == 1
    }
    assert len(own) == 8


def test_a_microphone_that_carries_the_program_back_is_turned_down_until_its_owner_speaks():
    ben, ana = seconds(speech("ben"), 18), seconds(speech("ana"), 4)
    rig = Rig(people=["ben", "ana"])
    rig.line.open_program(rig.clock)
    rig.speakers["ben"].say(START, ben)
    rig.speakers["ana"].say(START, back(ben, 2.0, -14))
    rig.speakers["ana"].say(START + 14 * RATE, 2 * ana)
    rig.run(18 * RATE)
    found = [at for at, tick in enumerate(rig.ticks) if tick.echoing]
    assert 4 < found[0] / 50 < 11, "Ben is looked at first"
    assert rig.ticks[13 * 50].echoing == {"ana": pytest.approx(2.0, abs=0.15)}
    # in Ben's clean feed there is nobody but Ana: her echo, her echo turned down, and her own voice
    heard = rig.ear("ben")
    echo, ducked, spoken = (
        rms_dbfs(heard[int(at * RATE) : int((at + 1) * RATE)]) for at in (3.5, 12.5, 16)
    )
    assert echo - 20 < ducked < echo - 10
    assert spoken > echo


def test_one_who_is_muted_is_so_for_newcomers():
    rig = Rig(people=["ann"])
    rig.speakers["ann"].say(START, tone(700, 3 * SECOND))
    rig.run(SECOND)
    rig.line.set_muted("ann", True)
    rig.run(SECOND // 10)
    rig.join("bob")
    rig.speakers["bob"].say(rig.clock, tone(1900, SECOND))
    rig.run(SECOND)
    ear = rig.ear("bob")
    assert max(strength(ear[at : at + TICK], 700) for at in range(0, len(ear), TICK)) < NOTHING


def test_one_who_leaves_fades_and_may_come_again():
    rig = Rig(people=["ann"])
    on_air_at(rig, START + SECOND)
    rig.speakers["ann"].say(START, tone(700, 10 * SECOND))
    rig.run(SECOND)
    rig.line.remove("ann")
    rig.line.add("ann")
    rig.run(TICK)
    rig.line.remove("ann")
    rig.run(TICK)
    assert rig.ticks[-1].levels == {} or "ann" not in rig.line.tick(rig.clock).levels


def test_parts_from_disk_are_not_recorded_again_and_the_hole_is_silence():
    first = Rig()
    first.run(SEGMENT + 2 * DEFAULT.part_samples + 10 * TICK)
    past = {
        name: [one.part for one in first.made if one.variant == name] for name in ("aac", "opus")
    }
    ends = {name: parts[-1].end for name, parts in past.items()}
    line = Line(DEFAULT, ENCODINGS, START + 3 * SEGMENT, 64_000)
    made, playlists = line.begin(past, START)
    assert {one.variant: one.part.end for one in made} == dict.fromkeys(
        ("aac", "opus"), START + 3 * SEGMENT
    )
    assert all(one.reloaded == (one.part.end <= ends[one.variant]) for one in made)
    assert playlists["aac"].last == (START // SEGMENT + 2, 3)
    assert line.windows["aac"].map_uri == first.line.windows["aac"].map_uri


def test_a_line_starts_at_a_part_and_ticks_follow_each_other():
    with pytest.raises(ValueError, match="at a part"):
        Line(DEFAULT, ENCODINGS, START + TICK, 64_000)
    rig = Rig()
    rig.run(TICK)
    with pytest.raises(ValueError, match="is next"):
        rig.line.tick(START)
