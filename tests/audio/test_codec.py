from __future__ import annotations

import ctypes
import gc
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hustings.audio import codec
from hustings.audio.codec import (
    OpusDecoder,
    OpusEncoder,
    bundled_folders,
    find_libopus,
    libopus_version,
)
from hustings.audio.jitter_buffer import Pull
from tests.audio.sounds import RATE, TICK, Sound, delay_of, power_db, sine, stereo, ticks, voice


def packets(
    sound: Sound, size: int = TICK, bitrate: int = 48_000, fec: bool = False
) -> list[bytes]:
    application = "voip" if fec else "audio"
    encoder = OpusEncoder(sound.ndim, bitrate, application, fec=fec, loss_percent=20 if fec else 0)
    return [encoder.encode(sound[at : at + size]) for at in range(0, len(sound) - size + 1, size)]


# The library


def test_the_wheels_library_is_found_and_named(tmp_path: Path) -> None:
    assert libopus_version().startswith("libopus")
    (tmp_path / "libopus-1.so").touch()
    (tmp_path / "libopusfile.so").touch()  # another library, whose name begins alike
    assert find_libopus([tmp_path / "absent", tmp_path]) == str(tmp_path / "libopus-1.so")


def test_the_systems_library_is_next_and_none_is_said(tmp_path: Path) -> None:
    assert find_libopus([tmp_path], lambda name: f"lib{name}.so.0") == "libopus.so.0"
    with pytest.raises(OSError, match=r"libopus was not found.*install"):
        find_libopus([tmp_path], lambda name: None)


def test_without_pyav_there_is_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec, "find_spec", lambda name: None)
    assert bundled_folders() == []
    monkeypatch.setattr(codec, "find_spec", lambda name: ModuleSpec(name, None))
    assert bundled_folders() == []


@pytest.mark.parametrize("kind", [lambda: OpusDecoder(), lambda: OpusEncoder(1, 32_000)])
def test_every_object_gives_its_memory_back(kind: Callable[[], OpusDecoder | OpusEncoder]) -> None:
    owner = kind()
    close = owner._close
    assert close.alive
    del owner
    gc.collect()
    assert not close.alive


# Decoding and encoding


@pytest.mark.parametrize(("application", "late"), [("audio", 312), ("lowdelay", 120)])
def test_a_voice_comes_back_late_by_the_lookahead(
    application: Literal["audio", "lowdelay"], late: int
) -> None:
    sound = voice(2)
    encoder, decoder = OpusEncoder(1, 96_000, application), OpusDecoder()
    heard = np.concatenate([decoder.decode(encoder.encode(tick)) for tick in ticks(sound)])
    assert heard.dtype == np.float32 and heard.shape == sound.shape
    assert encoder.lookahead == late == delay_of(heard, sound)
    said = sound[:-late]
    assert power_db(heard[late:] - said) < power_db(said) - 10


@pytest.mark.parametrize("size", [120, 240, 480, 960, 1_920, 2_880])
def test_every_packet_length(size: int) -> None:
    decoder = OpusDecoder()
    assert {len(decoder.decode(packet)) for packet in packets(voice(1), size)} == {size}


def test_stereo_out_of_both_and_mono_out_of_stereo() -> None:
    sound = np.stack([sine(440, RATE, 0.5), np.zeros(RATE, np.float32)], axis=1)
    two, one = OpusDecoder(2), OpusDecoder(1)
    for packet in packets(sound, bitrate=128_000):
        heard, mono = two.decode(packet), one.decode(packet)
    assert heard.shape == (TICK, 2) and mono.shape == (TICK,)
    assert power_db(heard[:, 0]) > power_db(heard[:, 1]) + 30
    assert power_db(mono) == pytest.approx(power_db(heard[:, 0]) - 6, abs=0.5)


def test_results_are_the_callers_own() -> None:
    decoder = OpusDecoder()
    first, second, *_ = packets(voice(1))
    kept = decoder.decode(first)
    copy = kept.copy()
    decoder.decode(second)
    np.testing.assert_array_equal(kept, copy)


def test_concealment_goes_on_as_the_voice_did_and_dies_away() -> None:
    decoder = OpusDecoder()
    for packet in packets(sine(200, RATE // 2, 0.5)):
        before = decoder.decode(packet)
    guesses = [decoder.conceal(TICK) for _ in range(30)]
    assert power_db(guesses[0]) > power_db(before) - 6
    assert power_db(guesses[-1]) < power_db(before) - 20
    assert len(decoder.conceal(1)) == 1 and len(decoder.conceal(5_760)) == 5_760
    for samples in (0, 5_761):
        with pytest.raises(ValueError, match="can be concealed"):
            decoder.conceal(samples)


def test_fec_restores_what_a_guess_cannot() -> None:
    sound = voice(4)
    sent = packets(sound, bitrate=32_000, fec=True)
    whole, repaired, guessed = OpusDecoder(), OpusDecoder(), OpusDecoder()
    better = []
    for number, packet in enumerate(sent):
        truth = whole.decode(packet)
        if number % 5 == 4 and number + 1 < len(sent):
            restored, guess = repaired.fec(sent[number + 1], TICK), guessed.conceal(TICK)
            if power_db(truth) > -40:
                better.append(power_db(guess - truth) - power_db(restored - truth))
        else:
            repaired.decode(packet)
            guessed.decode(packet)
    assert len(better) > 20 and np.mean(better) > 3


@pytest.mark.parametrize("packet", [b"", b"\x03", b"\x03\x00", b"\x01a", b"\x03\xff" + bytes(20)])
def test_what_is_no_packet_is_a_value_error(packet: bytes) -> None:
    decoder = OpusDecoder()
    with pytest.raises(ValueError, match="Opus packet"):
        decoder.decode(packet)


@pytest.mark.parametrize(
    ("packet", "samples"), [(b"", 960), (b"\x08a", 0), (b"\x08a", 5_880), (b"\x08a", 961)]
)
def test_fec_refuses_what_it_cannot_restore(packet: bytes, samples: int) -> None:
    with pytest.raises(ValueError, match="FEC restores"):
        OpusDecoder().fec(packet, samples)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.binary(max_size=200), max_size=5))
def test_any_bytes_are_sound_or_a_value_error(garbage: list[bytes]) -> None:
    decoder = OpusDecoder()
    for packet in garbage:
        try:
            sound = decoder.decode(packet)
        except ValueError:
            continue
        assert np.isfinite(sound).all() and 0 < len(sound) <= 5_760


def test_settings_that_libopus_refuses() -> None:
    with pytest.raises(ValueError, match="no Opus decoder of 3 channels"):
        OpusDecoder(3)
    with pytest.raises(ValueError, match="no Opus encoder of 3 channels"):
        OpusEncoder(3, 64_000)
    with pytest.raises(ValueError, match="4010 = 11"):
        OpusEncoder(1, 64_000, complexity=11)
    with pytest.raises(ValueError, match="4014 = 101"):
        OpusEncoder(1, 64_000, loss_percent=101)
    encoder = OpusEncoder(2, 64_000)
    with pytest.raises(ValueError, match="has not the shape"):
        encoder.encode(np.zeros(TICK, np.float32))
    with pytest.raises(ValueError, match="cannot encode 961 samples"):
        encoder.encode(np.zeros((961, 2), np.float32))


def test_bitrate_dtx_and_reset() -> None:
    encoder = OpusEncoder(1, 96_000)
    sound = ticks(voice(2))
    rich = sum(len(encoder.encode(tick)) for tick in sound)
    encoder.set_bitrate(24_000)
    assert sum(len(encoder.encode(tick)) for tick in sound) < rich / 2
    fresh = OpusEncoder(1, 24_000)
    encoder.reset()
    assert [encoder.encode(tick) for tick in sound[:5]] == [
        fresh.encode(tick) for tick in sound[:5]
    ]
    quiet = OpusEncoder(1, 24_000, "voip", dtx=True)
    sizes = [len(quiet.encode(np.zeros(TICK, np.float32))) for _ in range(100)]
    assert min(sizes) <= 2


# Ticks


def test_packets_of_a_tick_pass_straight_through() -> None:
    sent = packets(voice(1))
    one, other = OpusDecoder(), OpusDecoder()
    for packet in sent:
        np.testing.assert_array_equal(one.tick(Pull("packet", packet)), other.decode(packet))


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("size", [480, 1_920, 2_880])
def test_other_lengths_go_through_the_fifo(size: int, channels: int) -> None:
    sent = packets(stereo(voice(1)), size) if channels == 2 else packets(voice(1), size)
    plain, decoder = OpusDecoder(channels), OpusDecoder(channels)
    expected = np.concatenate([plain.decode(packet) for packet in sent])
    heard = []
    if size < TICK:
        for first, second in zip(sent[0::2], sent[1::2], strict=True):
            rest = (Pull("packet", second, size),)
            heard.append(decoder.tick(Pull("packet", first, size, rest)))
    else:
        for packet in sent:
            heard.append(decoder.tick(Pull("packet", packet, size)))
            heard += [decoder.tick(Pull("held", samples=0)) for _ in range(size // TICK - 1)]
    assert all(tick is not None and len(tick) == TICK for tick in heard)
    np.testing.assert_array_equal(np.concatenate(heard), expected[: len(heard) * TICK])


@pytest.mark.parametrize("channels", [1, 2])
def test_silence_is_nothing_and_sound_fades_into_it(channels: int) -> None:
    decoder = OpusDecoder(channels)
    silence = Pull("silence")
    assert decoder.tick(silence) is None
    tone = sine(200, RATE // 2, 0.5)
    for packet in packets(stereo(tone) if channels == 2 else tone):
        last = decoder.tick(Pull("packet", packet))
    fading = decoder.tick(silence)
    assert fading is not None and last is not None
    assert np.abs(np.diff(np.concatenate([last, fading, np.zeros_like(last)]), axis=0)).max() < 0.03
    assert decoder.tick(silence) is None
    mixed = decoder.tick(Pull("silence", samples=480, then=(Pull("conceal", samples=480),)))
    assert mixed is not None and len(mixed) == TICK and not mixed[:480].any()


def test_a_bad_packet_is_concealed_and_counted() -> None:
    decoder = OpusDecoder()
    for packet in packets(sine(200, RATE // 4, 0.5)):
        decoder.tick(Pull("packet", packet))
    for pull in (Pull("packet", b"\x01a"), Pull("fec", b"")):
        guess = decoder.tick(pull)
        assert guess is not None and power_db(guess) > -30
    assert decoder.bad_packets == 2


def test_fec_and_concealment_as_steps() -> None:
    sent = packets(voice(1), bitrate=32_000, fec=True)
    one, other = OpusDecoder(), OpusDecoder()
    for packet in sent[:10]:
        one.tick(Pull("packet", packet))
        other.decode(packet)
    np.testing.assert_array_equal(one.tick(Pull("conceal")), other.conceal(TICK))
    np.testing.assert_array_equal(one.tick(Pull("fec", sent[12])), other.fec(sent[12], TICK))


def test_held_without_anything_held_is_silence() -> None:
    sound = OpusDecoder().tick(Pull("held", samples=0))
    assert sound is not None and sound.shape == (TICK,) and not sound.any()


@pytest.mark.parametrize("channels", [1, 2])
def test_a_fold_joins_two_ticks_without_a_step(channels: int) -> None:
    tone = sine(200, RATE, 0.5)
    sent = packets(stereo(tone) if channels == 2 else tone, bitrate=96_000)
    decoder, heard = OpusDecoder(channels), []
    for packet in sent[:20]:
        heard.append(decoder.tick(Pull("packet", packet)))
    heard.append(
        decoder.tick(Pull("packet", sent[20], then=(Pull("packet", sent[21]),), fold=True))
    )
    for packet in sent[22:30]:
        heard.append(decoder.tick(Pull("packet", packet)))
    sound = np.concatenate([tick for tick in heard if tick is not None])
    assert len(sound) == 29 * TICK
    assert np.abs(np.diff(sound[5 * TICK :], axis=0)).max() < 0.5 * 2 * np.pi * 200 / RATE * 1.2


def test_a_fold_joins_where_the_voice_repeats_itself_or_pauses() -> None:
    """A tone of a pitch that fits the tick goes on as if nothing had been taken away; a pause is where the join lies."""
    decoder = OpusDecoder()
    tone = sine(250, 2 * TICK)
    assert np.allclose(decoder._folded(tone), tone[:TICK], atol=1e-5)
    noise = np.random.default_rng(1).normal(0, 0.1, 2 * TICK).astype(np.float32)
    noise[300:600] = noise[TICK + 300 : TICK + 600] = 0
    folded = decoder._folded(noise)
    assert np.array_equal(folded[:300], noise[:300])
    assert np.array_equal(folded[600:], noise[TICK + 600 :])


def test_ctypes_signatures_are_declared() -> None:
    library = codec._libopus()
    assert library.opus_decoder_create.restype is ctypes.c_void_p
    assert len(library.opus_encode_float.argtypes) == 5
