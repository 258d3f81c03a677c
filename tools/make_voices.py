"""Make the demo's two voices and the end-to-end tests' three, from text, with free synthesisers.

Needs Debian's ``flite``, ``festival``, ``festvox-us-slt-hts`` and ``ffmpeg``, and numpy and scipy
(test requirements). Nothing here is needed at run time: what it writes is committed.

    python tools/make_voices.py            # both sets
    python tools/make_voices.py demo       # src/hustings/demo/voices
    python tools/make_voices.py tests      # tests/e2e/voices

The road of a turn: synthesise -> trim -> 48 kHz -> high-pass 75 Hz -> sibilants above the
synthesiser's own band -> two gentle shelves -> level (BS.1770, by ffmpeg) -> soft ceiling.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import signal

Sound = NDArray[np.float64]  # mono, 48 kHz, full scale 1.0

ROOT = Path(__file__).resolve().parent.parent
RATE_HZ = 48_000
TICK = 960  # 20 ms: a file is a whole number of ticks, so that a loop never shifts the frames
LEVEL_LUFS = -18.0
CEILING = 10 ** (-2.5 / 20)
PAUSE_S = 0.38  # between two turns: people who listen to each other leave a breath
LOOP_PAUSE_S = 1.5


@dataclass(frozen=True)
class Voice:
    """One synthesiser's voice: how it is called, and what its sound needs."""

    command: tuple[str, ...]  # {text} and {wav} are filled in
    top_hz: float  # where the synthesiser's own band ends
    presence_db: float


ANA = Voice(
    ("text2wave", "-eval", "(voice_cmu_us_slt_arctic_hts)", "-o", "{wav}", "{text_file}"),
    top_hz=15_500,
    presence_db=1.5,
)
BEN = Voice(
    ("flite", "-voice", "rms", "--setf", "duration_stretch=1.04", "-t", "{text}", "-o", "{wav}"),
    top_hz=7_600,
    presence_db=2.5,
)
GUEST = Voice(
    ("flite", "-voice", "awb", "--setf", "duration_stretch=1.02", "-t", "{text}", "-o", "{wav}"),
    top_hz=7_600,
    presence_db=2.0,
)

# (who, what, pause before it in seconds where the usual one would be wrong)
CONVERSATION: tuple[tuple[str, str, float], ...] = (
    ("ana", "Welcome, everyone. It is exactly on the hour, so let us start.", 0.4),
    ("ben", "On the hour? I was still searching for my shoes.", PAUSE_S),
    (
        "ana",
        "That is what a start time is for. The doors were open half an hour ago, with a soft "
        "sound for those who came first.",
        PAUSE_S,
    ),
    ("ben", "So what was switched on, just now?", PAUSE_S),
    (
        "ana",
        "Nothing at all. Going on air is a fader, not a launch. The stream was flowing all "
        "along; it was simply silent.",
        0.45,
    ),
    ("ben", "And if six hundred thousand people press play in the same second?", PAUSE_S),
    (
        "ana",
        "Then they all fetch the same small files. Listening is reading. The people on stage "
        "never feel the crush.",
        PAUSE_S,
    ),
    ("ben", "Suppose something fails, and the show falls silent.", PAUSE_S),
    (
        "ana",
        "Then the page says so, gives the reason, and shows the clock. It does not just spin.",
        PAUSE_S,
    ),
    (
        "ben",
        "Fine. But last year I said something sharp about another show that started late. "
        "Can I brush that off?",
        0.45,
    ),
    (
        "ana",
        "You may change it, and it says changed. You may delete it, and it says so. "
        "The date stays. Dates are facts.",
        0.3,
    ),
    ("ben", "How refreshing. And how slightly frightening.", 0.55),
    (
        "ana",
        "Now for the sound. Say something with a few fresh consonants, from microphone to ear.",
        PAUSE_S,
    ),
    (
        "ben",
        "Six crisp fish, sold fresh on the seafront. If you heard a lisp there, it was mine, "
        "and not the pipe's.",
        0.45,
    ),
    (
        "ana",
        "We are two synthetic voices, and we do this in a loop. So if you missed the start.",
        PAUSE_S,
    ),
    ("ben", "Stay. The next one starts on time as well.", 0.25),
)

# Continuous sentences, each voice and each text unlike the others, so that a recording tells who
# is heard. No sentence occurs twice.
TEST_VOICES: dict[str, tuple[Voice, str]] = {
    "host": (
        ANA,
        "Good evening from the main stage. Fifty small ships sailed south past the harbour, and "
        "the fishermen sang until sunrise. She fetched a basket of fresh cherries from the shop "
        "on the square. Then seven sisters shared a story about the sea and the first frost.",
    ),
    "guest1": (
        BEN,
        "My uncle keeps a clock tower above the old market. Every Tuesday he oils the great "
        "wheel, counts the teeth, and writes the number down. Once a pigeon built its nest "
        "behind the dial, and for a month nobody knew when to go home.",
    ),
    "guest2": (
        GUEST,
        "Bread wants four things only: flour, water, salt and patience. Warm the bowl, cover it "
        "with a cloth, and leave it near the window overnight. In the morning you knock the air "
        "out gently, shape a round loaf, and bake it until it sounds hollow.",
    ),
}


def read_wav(path: Path) -> Sound:
    """A 16-bit mono WAV of any rate, as 48 kHz."""
    with wave.open(str(path)) as file:
        rate = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768.0
    common = int(np.gcd(rate, RATE_HZ))
    return np.asarray(signal.resample_poly(samples, RATE_HZ // common, rate // common))


def write_wav(path: Path, sound: Sound) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((np.clip(sound, -1, 1) * 32767).round().astype("<i2").tobytes())


def synthesise(voice: Voice, text: str, folder: Path) -> Sound:
    wav, text_file = folder / "said.wav", folder / "said.txt"
    text_file.write_text(text, encoding="ascii")
    said = [
        part.format(text=text, wav=wav, text_file=text_file) if "{" in part else part
        for part in voice.command
    ]
    subprocess.run(said, check=True, capture_output=True)
    return trim(read_wav(wav))


def envelope(sound: Sound, low_hz: float, high_hz: float, smooth_hz: float = 40.0) -> Sound:
    band = signal.sosfiltfilt(
        signal.butter(4, (low_hz, high_hz), "bandpass", fs=RATE_HZ, output="sos"), sound
    )
    smooth = signal.butter(2, smooth_hz, fs=RATE_HZ, output="sos")
    return np.asarray(np.sqrt(np.maximum(signal.sosfiltfilt(smooth, band**2), 0)))


def trim(sound: Sound, keep_s: float = 0.04) -> Sound:
    """Without the silence at both ends; 15 ms ramps, so that no turn begins with a click."""
    loud = np.flatnonzero(envelope(sound, 90, 7000) > 10 ** (-48 / 20))
    keep = int(keep_s * RATE_HZ)
    cut = sound[max(0, loud[0] - keep) : loud[-1] + 2 * keep].copy()
    ramp = np.linspace(0, 1, int(0.015 * RATE_HZ))
    cut[: ramp.size] *= ramp
    cut[-ramp.size :] *= ramp[::-1]
    return cut


def extend_sibilants(sound: Sound, top_hz: float, noise: np.random.Generator) -> Sound:
    """Give a 16 kHz voice the air its s, f and sh would have above 8 kHz.

    White noise, shaped to fall about 9 dB from 8 to 14 kHz, follows the 4.5-7.4 kHz envelope
    where that band outweighs the vowels' (0.2-2.5 kHz); so vowels stay as they were made.
    """
    if top_hz > 12_000:
        return sound
    high = envelope(sound, 4500, 7400)
    low = envelope(sound, 200, 2500)
    fricative = 1 / (1 + np.exp(-6 * (np.log2((high + 1e-7) / (low + 1e-5)) + 0.2)))
    white = noise.standard_normal(sound.size)
    hiss = signal.sosfilt(
        signal.butter(6, (top_hz - 200, 14_500), "bandpass", fs=RATE_HZ, output="sos"), white
    )
    tilt = signal.sosfilt(signal.butter(1, 6500, fs=RATE_HZ, output="sos"), hiss)
    tilt /= np.sqrt(np.mean(tilt**2))
    return np.asarray(sound + 0.55 * high * fricative * tilt)


def peak_filter(sound: Sound, hz: float, gain_db: float, q: float) -> Sound:
    """One band of a parametric equaliser (R. Bristow-Johnson's cookbook form)."""
    gain, w = 10 ** (gain_db / 40), 2 * np.pi * hz / RATE_HZ
    alpha = np.sin(w) / (2 * q)
    b = np.array([1 + alpha * gain, -2 * np.cos(w), 1 - alpha * gain])
    a = np.array([1 + alpha / gain, -2 * np.cos(w), 1 - alpha / gain])
    return np.asarray(signal.lfilter(b / a[0], a / a[0], sound))


def polish(sound: Sound, voice: Voice) -> Sound:
    rumble = signal.butter(2, 75, "highpass", fs=RATE_HZ, output="sos")
    clear = np.asarray(signal.sosfilt(rumble, sound))
    clear = extend_sibilants(clear, voice.top_hz, np.random.default_rng(20240812))
    clear = peak_filter(clear, 280, -2.0, 0.9)
    return peak_filter(clear, 3200, voice.presence_db, 0.8)


def loudness_lufs(sound: Sound, folder: Path) -> float:
    """Integrated loudness (BS.1770 gating: the pauses do not count), as ffmpeg measures it."""
    path = folder / "level.wav"
    write_wav(path, sound)
    told = subprocess.run(
        [
            "ffmpeg",
            "-nostdin",
            "-hide_banner",
            "-nostats",
            "-i",
            path,
            "-af",
            "ebur128",
            "-f",
            "null",
            "-",
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stderr
    return float(re.findall(r"I:\s+(-?[\d.]+) LUFS", told)[-1])


def ceiling(sound: Sound) -> Sound:
    """A limiter with 5 ms of foresight: gain only, no clipped wave."""
    reach = int(0.005 * RATE_HZ)
    peaks = np.maximum(np.abs(sound), 1e-9)
    held = -np.sort(
        -np.lib.stride_tricks.sliding_window_view(np.pad(peaks, reach), 2 * reach + 1)[:, ::8],
        axis=1,
    )[:, 0]
    gain = np.minimum(1.0, CEILING / held)
    window = signal.windows.hann(2 * reach + 1)
    smooth = np.convolve(np.pad(gain, reach, mode="edge"), window / window.sum(), mode="valid")
    return np.asarray(np.clip(sound * smooth, -CEILING, CEILING))


def levelled(sound: Sound, folder: Path) -> Sound:
    for _ in range(2):  # the limiter takes a little, so the level is set twice
        gain = 10 ** ((LEVEL_LUFS - loudness_lufs(sound, folder)) / 20)
        sound = ceiling(sound * gain)
    return sound


def encode(sound: Sound, path: Path, folder: Path, bitrate: str) -> None:
    wav = folder / "encode.wav"
    write_wav(wav, sound)
    subprocess.run(
        [
            "ffmpeg",
            "-loglevel",
            "error",
            "-y",
            "-i",
            wav,
            "-c:a",
            "libopus",
            "-b:a",
            bitrate,
            "-vbr",
            "on",
            "-application",
            "audio",
            "-frame_duration",
            "20",
            "-map_metadata",
            "-1",
            "-fflags",
            "+bitexact",
            "-flags:a",
            "+bitexact",
            path,
        ],
        check=True,
    )


def make_demo(target: Path, folder: Path) -> None:
    """Two files of one length, each silent while the other talks, and script.json."""
    voices = {"ana": ANA, "ben": BEN}
    turns: list[dict[str, object]] = []
    pieces: list[tuple[str, int, Sound]] = []
    at = 0
    for who, text, pause_s in CONVERSATION:
        at += int(pause_s * RATE_HZ)
        said = polish(synthesise(voices[who], text, folder), voices[who])
        pieces.append((who, at, said))
        start_s, at = at / RATE_HZ, at + said.size
        turns.append(
            {
                "who": who,
                "text": text,
                "start_s": round(start_s, 3),
                "end_s": round(at / RATE_HZ, 3),
            }
        )
    total = -(-(at + int(LOOP_PAUSE_S * RATE_HZ)) // TICK) * TICK
    for who in voices:
        track = np.zeros(total)
        for speaker, start, said in pieces:
            if speaker == who:
                track[start : start + said.size] += said
        encode(levelled(track, folder), target / f"{who}.opus", folder, "40k")
    script = {"length_s": total / RATE_HZ, "rate_hz": RATE_HZ, "turns": turns}
    (target / "script.json").write_text(json.dumps(script, indent=1) + "\n", encoding="ascii")


def make_tests(target: Path, folder: Path) -> None:
    """Three voices of continuous speech, each about 12 s, sentences close together."""
    for name, (voice, text) in TEST_VOICES.items():
        said = levelled(polish(synthesise(voice, text, folder), voice), folder)
        whole = np.pad(said, (0, -said.size % TICK))
        encode(whole, target / f"{name}.opus", folder, "48k")


def main(arguments: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if not arguments or "demo" in arguments:
            make_demo(ROOT / "src/hustings/demo/voices", folder)
        if not arguments or "tests" in arguments:
            make_tests(ROOT / "tests/e2e/voices", folder)


if __name__ == "__main__":
    main(sys.argv[1:])
