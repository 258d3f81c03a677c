from __future__ import annotations

import av
import numpy as np
import pytest

from hustings.audio.clock import SEGMENT
from hustings.audio.codec import OpusDecoder
from hustings.audio.encoder import (
    AAC_FRAME,
    HOLE_MAX,
    OPUS_FRAME,
    AacEncoder,
    AccessUnit,
    OpusProgramEncoder,
    ProgramEncoder,
)
from hustings.audio.limiter import CEILING_DBTP, Limiter
from tests.audio.sounds import (
    RATE,
    TICK,
    Sound,
    delay_of,
    power_db,
    stereo,
    ticks,
    true_peak_db,
    voice,
)

FIRST = 35_903_600 * SEGMENT
KINDS = [AacEncoder, OpusProgramEncoder]


def pushed(encoder: ProgramEncoder, start: int, sound: Sound) -> list[AccessUnit]:
    units: list[AccessUnit] = []
    for number, tick in enumerate(ticks(sound)):
        units += encoder.push(start + number * TICK, tick)
    return units


def decoded(units: list[AccessUnit], config: bytes) -> Sound:
    """What FFmpeg's decoders put out, (n, 2): a sample for each sample of the units."""
    aac = units[0].duration == AAC_FRAME
    context = av.CodecContext.create("aac" if aac else "opus", "r")
    context.sample_rate, context.layout = RATE, "stereo"
    context.extradata = (
        config if aac else b"OpusHead\x01\x02" + bytes(2) + RATE.to_bytes(4, "little") + bytes(3)
    )
    frames = [frame for unit in units for frame in context.decode(av.Packet(unit.payload))]
    frames += context.decode(None)
    return np.concatenate([frame.to_ndarray().reshape(2, -1) for frame in frames], axis=1).T


def click_at(sound: Sound) -> int:
    return int(np.argmax(np.abs(sound[:, 0])))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", [5_000, 48_000, 50_001])
@pytest.mark.parametrize("run_in", [0, 1, 50])
def test_a_click_lies_at_its_clock(kind: type, place: int, run_in: int) -> None:
    sound = np.zeros((run_in * TICK + 2 * RATE, 2), np.float32)
    sound[run_in * TICK + place] = 0.9
    encoder = kind(FIRST)
    units = pushed(encoder, FIRST - run_in * TICK, sound)
    assert units[0].clock == FIRST
    assert abs(click_at(decoded(units, encoder.config)) - place) <= 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_voice_lies_at_its_clock_too(kind: type) -> None:
    sound = voice(4)
    encoder = kind(FIRST)
    heard = decoded(pushed(encoder, FIRST, stereo(sound)), encoder.config)
    assert delay_of(heard[:, 0], sound) == 0
    assert power_db(heard[:, 0] - sound[: len(heard)]) < power_db(sound) - 8


@pytest.mark.parametrize("kind", KINDS)
def test_units_lie_on_their_grid_without_gaps(kind: type) -> None:
    units = pushed(kind(FIRST), FIRST - 5 * TICK, stereo(voice(2)))
    assert [unit.clock for unit in units] == [FIRST + n * kind.duration for n in range(len(units))]
    assert {unit.duration for unit in units} == {kind.duration}
    assert len(units) * kind.duration > 2 * RATE - 5 * TICK - 3 * kind.duration


@pytest.mark.parametrize("kind", KINDS)
def test_pushes_need_no_grid(kind: type) -> None:
    # A limiter's latency taken off the clock puts the pushes beside the grid.
    sound = np.zeros((RATE, 2), np.float32)
    sound[20_000 + 240] = 0.9
    encoder = kind(FIRST)
    units = pushed(encoder, FIRST - 240, sound)
    assert units[0].clock == FIRST
    assert abs(click_at(decoded(units, encoder.config)) - 20_000) <= 1


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_label_follows_an_early_start(kind: type) -> None:
    # 100 s of run-in gives out nothing.
    encoder = kind(FIRST)
    assert pushed(encoder, FIRST - 100 * TICK, np.zeros((99 * TICK, 2), np.float32)) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_hole_is_silence_and_moves_nothing(kind: type) -> None:
    encoder = kind(FIRST)
    first = stereo(voice(1))
    units = pushed(encoder, FIRST, first)
    click = np.zeros((TICK, 2), np.float32)
    click[100] = 0.9
    place = 3 * RATE
    units += encoder.push(FIRST + place, click)
    units += pushed(encoder, FIRST + place + TICK, np.zeros((10 * TICK, 2), np.float32))
    assert [unit.clock for unit in units] == [FIRST + n * kind.duration for n in range(len(units))]
    heard = decoded(units, encoder.config)
    assert power_db(heard[RATE + 5_000 : place - 5_000]) < -80
    assert abs(click_at(heard[2 * RATE :]) + 2 * RATE - place - 100) <= 1


@pytest.mark.parametrize("kind", KINDS)
def test_what_does_not_continue_is_refused(kind: type) -> None:
    encoder = kind(FIRST)
    silence = np.zeros((TICK, 2), np.float32)
    encoder.push(FIRST, silence)
    with pytest.raises(ValueError, match="does not continue"):
        encoder.push(FIRST, silence)
    with pytest.raises(ValueError, match="does not continue"):
        encoder.push(FIRST + TICK + HOLE_MAX + 1, silence)
    with pytest.raises(ValueError, match=r"is \(n, 2\)"):
        encoder.push(FIRST + TICK, silence[:, 0])
    with pytest.raises(ValueError, match=r"is \(n, 2\)"):
        encoder.push(FIRST + TICK, silence[:, :1])
    assert encoder.push(FIRST + TICK + HOLE_MAX, silence)
    with pytest.raises(ValueError, match="is not a multiple of"):
        kind(FIRST + 1)


def test_configurations() -> None:
    # AudioSpecificConfig (ISO 14496-3 §1.6.2.1): object type 2 (LC), rate index 3 (48 kHz), two channels.
    bits = int.from_bytes(AacEncoder(FIRST).config[:2], "big")
    assert (bits >> 11, bits >> 7 & 15, bits >> 3 & 15) == (2, 3, 2)
    assert OpusProgramEncoder.config == bytes.fromhex("0002 0000 0000bb80 0000 00")
    assert (
        (AacEncoder.duration, OpusProgramEncoder.duration)
        == (AAC_FRAME, OPUS_FRAME)
        == (1_024, 960)
    )


def test_payloads_are_raw_and_at_the_bitrate() -> None:
    sound = stereo(voice(5))
    aac = pushed(AacEncoder(FIRST), FIRST, sound)
    assert all(unit.payload[:2] not in (b"\xff\xf1", b"\xff\xf9") for unit in aac)
    assert sum(len(unit.payload) for unit in aac) * 8 / (len(aac) * 1_024 / RATE) == pytest.approx(
        96_000, rel=0.1
    )
    opus = OpusProgramEncoder(FIRST)
    rich = sum(len(unit.payload) for unit in pushed(opus, FIRST, sound))
    opus.set_bitrate(24_000)
    assert sum(len(unit.payload) for unit in pushed(opus, FIRST + 5 * RATE, sound)) < rich / 2


def test_aac_with_fewer_bits_and_again_with_all_has_no_seam() -> None:
    """The encoder is never opened anew: one decoder plays through, and the sound at the changes is as good as between."""
    sound = stereo(voice(9))
    encoder = AacEncoder(FIRST, 96_000)
    config, units = encoder.config, []
    for second, rate in ((0, 96_000), (3, 48_000), (6, 96_000)):
        encoder.set_bitrate(rate)
        units += pushed(encoder, FIRST + second * RATE, sound[second * RATE : (second + 3) * RATE])
    assert encoder.config == config
    assert [unit.clock for unit in units] == list(range(FIRST, FIRST + 1_024 * len(units), 1_024))
    rates = [
        sum(len(unit.payload) for unit in units if at <= (unit.clock - FIRST) / RATE < at + 2) * 4
        for at in (0.5, 3.5, 6.5)
    ]
    assert rates == pytest.approx([96_000, 48_000, 96_000], rel=0.15)
    heard = decoded(units, config)[: 8 * RATE, 0]
    noise = heard - sound[: len(heard), 0]
    power = [float(np.mean(noise[at : at + 4_096] ** 2)) for at in range(0, len(noise), 1_024)]
    thin = max(power[3 * RATE // 1_024 + 8 : 6 * RATE // 1_024 - 8])
    for change in (3 * RATE, 6 * RATE):
        assert max(power[change // 1_024 - 6 : change // 1_024 + 6]) <= 1.5 * thin
    with pytest.raises(ValueError):
        encoder.set_bitrate(0)


def test_our_own_decoder_agrees_with_ffmpegs() -> None:
    encoder = OpusProgramEncoder(FIRST)
    sound = np.zeros((RATE, 2), np.float32)
    sound[10_000] = 0.9
    decoder = OpusDecoder(2)
    units = pushed(encoder, FIRST, sound)
    assert (
        abs(click_at(np.concatenate([decoder.decode(unit.payload) for unit in units])) - 10_000)
        <= 1
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_true_peak_after_decoding_stays_below_the_ceiling(kind: type, seed: int) -> None:
    limiter = Limiter(2)
    loud = np.concatenate(
        [limiter.limit(tick) for tick in ticks(stereo(voice(4, seed, amplitude=1.5)))]
    )
    encoder = kind(FIRST)
    assert true_peak_db(decoded(pushed(encoder, FIRST, loud), encoder.config)) <= CEILING_DBTP
