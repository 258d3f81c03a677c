"""libopus by ctypes: decoding with concealment and in-band FEC, and encoding, each object one `OpusDecoder`/`Encoder` state.

FFmpeg's wrapper of the same library can do neither PLC nor FEC (it never passes a NULL packet nor `decode_fec`), so the
library that PyAV's wheel carries is called directly, or else the system's. ctypes gives the interpreter's lock away
during a call. API: opus_decoder.h and opus_encoder.h of libopus ≥ 1.3.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import weakref
from collections.abc import Callable, Iterable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hustings.audio.clock import RATE, TICK
from hustings.audio.jitter_buffer import Pull
from hustings.audio.opus_packet import PACKET_SAMPLES_MAX

Samples = NDArray[np.float32]
"""float32 in [-1, 1]: (n,) mono or (n, 2)."""

_APPLICATIONS = {"voip": 2048, "audio": 2049, "lowdelay": 2051}
_SET_BITRATE, _SET_COMPLEXITY, _SET_INBAND_FEC = 4002, 4010, 4012
_SET_PACKET_LOSS_PERC, _SET_DTX, _GET_LOOKAHEAD, _RESET_STATE = 4014, 4016, 4027, 4028
_SET_PREDICTION_DISABLED = 4042
_PACKET_MAX = 4_000  # bytes; libopus recommends it, and it is never reached at our rates
_FRAME_MAX = 2_880  # samples: 60 ms, the longest that an encoder takes
_GUESS_STEP = 120  # libopus guesses multiples of 2.5 ms
_FADE = np.linspace(1.0, 0.0, TICK // 4, dtype=np.float32)


def bundled_folders() -> list[Path]:
    """Where PyAV's wheel keeps its libraries: `av.libs` (Linux, Windows) or `av/.dylibs` (macOS)."""
    spec = find_spec("av")
    if spec is None or spec.origin is None:
        return []
    package = Path(spec.origin).parent
    return [package.parent / "av.libs", package / ".dylibs"]


def find_libopus(
    folders: Iterable[Path], system: Callable[[str], str | None] = ctypes.util.find_library
) -> str:
    """Path or name of libopus: the first in `folders`, else the system's. Errors: `OSError` when there is none."""
    for folder in folders:
        for found in sorted(folder.glob("libopus[-.]*")):
            return str(found)
    name = system("opus")
    if name is None:
        raise OSError(
            "libopus was not found, neither in PyAV's wheel nor on the system: install `libopus0` (Debian) or `opus`"
        )
    return name


@cache
def _libopus() -> ctypes.CDLL:
    """The library, its functions typed. Loaded once in a process."""
    library = ctypes.CDLL(find_libopus(bundled_folders()))
    state, number, code = ctypes.c_void_p, ctypes.c_int32, ctypes.c_int
    floats, text = ctypes.c_void_p, ctypes.c_char_p
    signatures: dict[str, tuple[type | None, list[type]]] = {
        "opus_strerror": (text, [code]),
        "opus_get_version_string": (text, []),
        "opus_decoder_create": (state, [number, code, ctypes.POINTER(code)]),
        "opus_decoder_destroy": (None, [state]),
        "opus_decode_float": (code, [state, text, number, floats, code, code]),
        "opus_encoder_create": (state, [number, code, code, ctypes.POINTER(code)]),
        "opus_encoder_destroy": (None, [state]),
        "opus_encode_float": (number, [state, floats, code, text, number]),
        # Variadic: the fixed arguments are declared, the third is passed as what it is (Apple's ARM64 needs this).
        "opus_encoder_ctl": (code, [state, code]),
        "opus_decoder_ctl": (code, [state, code]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def libopus_version() -> str:
    """For `doctor`: such as `libopus 1.6.1`. Errors: `OSError` when there is no library."""
    return bytes(_libopus().opus_get_version_string()).decode()


def _reason(code: int) -> str:
    return bytes(_libopus().opus_strerror(code)).decode()


class OpusDecoder:
    """One speaker's decoder at 48 kHz. Stereo packets become mono when `channels` is 1.

    `tick` is what the line calls; `decode`, `conceal` and `fec` are its steps. Not for use by two threads at once.
    """

    def __init__(self, channels: int = 1) -> None:
        self._library = _libopus()
        self._channels = channels
        error = ctypes.c_int()
        self._state = self._library.opus_decoder_create(RATE, channels, ctypes.byref(error))
        if not self._state:
            raise ValueError(f"no Opus decoder of {channels} channels: {_reason(error.value)}")
        self._close = weakref.finalize(self, self._library.opus_decoder_destroy, self._state)
        self._pcm = np.zeros((PACKET_SAMPLES_MAX, channels), np.float32)
        self._pcm_at = self._pcm.ctypes.data
        self._fifo: list[Samples] = []
        self._sounding = False
        self.bad_packets = 0

    def decode(self, packet: bytes) -> Samples:
        """All samples of a packet: (n,) or (n, 2), n up to 5,760. Errors: `ValueError` for what is no Opus packet."""
        if not packet:
            raise ValueError("an Opus packet has at least one byte")
        return self._run(packet, PACKET_SAMPLES_MAX, 0)

    def conceal(self, samples: int) -> Samples:
        """A guess of so many samples, 1 to 5,760, fading out when repeated (opus_decode with no packet)."""
        if not 0 < samples <= PACKET_SAMPLES_MAX:
            raise ValueError(f"1 to {PACKET_SAMPLES_MAX} samples can be concealed, not {samples}")
        return self._run(None, -(-samples // _GUESS_STEP) * _GUESS_STEP, 0)[:samples]

    def fec(self, next_packet: bytes, samples: int) -> Samples:
        """The lost `samples` before `next_packet`, from the copy in it (RFC 6716 §4.2.4), a guess where it has none.

        `samples`: a multiple of 120. Then `decode(next_packet)` follows. Errors: `ValueError`.
        """
        if not next_packet or not 0 < samples <= PACKET_SAMPLES_MAX or samples % _GUESS_STEP:
            raise ValueError(
                f"FEC restores 120 to 5,760 samples by 120 from a packet, not {samples}"
            )
        return self._run(next_packet, samples, 1)

    def _run(self, packet: bytes | None, room: int, fec: int) -> Samples:
        size = len(packet) if packet else 0
        count = self._library.opus_decode_float(self._state, packet, size, self._pcm_at, room, fec)
        if count < 0:
            raise ValueError(f"not an Opus packet: {_reason(count)}")
        # The buffer holds (n, channels) interleaved from its start, whatever `room` was.
        sound = self._pcm[:count].copy()
        return sound[:, 0] if self._channels == 1 else sound

    def take_up(self, missed: Iterable[bytes]) -> None:
        """After packets that nobody wanted to hear: the last of them are decoded and dropped, so that the next one finds what
        it is predicted from."""
        self._fifo = []
        for packet in missed:
            try:
                self.decode(packet)
            except ValueError:
                self.bad_packets += 1

    def tick(self, pull: Pull) -> Samples | None:
        """The tick that a `JitterBuffer.pull` asks for, (960,) or (960, 2); None when it is silence.

        Sound beyond a tick (packets of 40 to 120 ms) waits in a FIFO here, for which the buffer answers "held"; short
        packets (2.5 to 10 ms) come as several steps of one pull. A packet that cannot be decoded is concealed.
        """
        steps = pull.steps
        if not self._fifo and not self._sounding and all(step.kind == "silence" for step in steps):
            return None
        for step in steps:
            if step.samples:
                self._fifo.append(self._sound_of(step))
        need = 2 * TICK if pull.fold else TICK
        sound = self._fifo[0] if len(self._fifo) == 1 else self._joined(need)
        self._fifo = [sound[need:]] if len(sound) > need else []
        sound = sound[:need]
        return self._folded(sound) if pull.fold else sound

    def _joined(self, need: int) -> Samples:
        sound = np.concatenate([np.zeros(self._like(0), np.float32), *self._fifo])
        if len(sound) < need:  # a "held" that this decoder never had: it took over from another
            sound = np.concatenate([sound, np.zeros(self._like(need - len(sound)), np.float32)])
        return sound

    def _like(self, samples: int) -> tuple[int, ...]:
        return (samples,) if self._channels == 1 else (samples, self._channels)

    def _sound_of(self, step: Pull) -> Samples:
        if step.kind == "silence":
            return self._fade_out(step.samples)
        self._sounding = True
        try:
            if step.kind == "packet":
                return self.decode(step.payload)
            if step.kind == "fec":
                return self.fec(step.payload, step.samples)
        except ValueError:
            self.bad_packets += 1
        return self.conceal(step.samples)

    def _fade_out(self, samples: int) -> Samples:
        """Silence; where sound breaks off, a guess that fades within a tick, for a step to zero is a click."""
        silence = np.zeros_like(self._pcm[:samples])
        if self._sounding:
            self._sounding = False
            size = min(samples, TICK)
            fade = np.linspace(1.0, 0.0, size, dtype=np.float32)[:, None]
            silence[:size] = self.conceal(size).reshape(size, self._channels) * fade
        return silence[:, 0] if self._channels == 1 else silence

    def _folded(self, sound: Samples) -> Samples:
        """Two ticks made into one: it begins as the first does and ends as the second does.

        They are joined over 5 ms at the place where they differ least: in a pause, or where the voice repeats itself.
        """
        size = len(_FADE)
        first, second = sound[:TICK], sound[TICK:]
        differs = np.square(first - second).reshape(TICK, -1).sum(axis=1)
        total = np.concatenate([[0.0], np.cumsum(differs)])
        at = int(np.argmin(total[size:] - total[:-size]))
        fade = _FADE if self._channels == 1 else _FADE[:, None]
        join = first[at : at + size] * fade + second[at : at + size] * (1 - fade)
        return np.concatenate([first[:at], join, second[at + size :]])


class OpusEncoder:
    """An Opus encoder at 48 kHz. `lookahead` samples of input come out later than they went in: 312 for "audio" and "voip",
    120 for "lowdelay", which has CELT alone and therefore no in-band FEC.

    fec: carry a copy of each frame in the next packet when `loss_percent` makes it worth it. Errors: `ValueError` for a
    setting that libopus refuses. Not for use by two threads at once.
    """

    def __init__(
        self,
        channels: int,
        bitrate: int,
        application: Literal["audio", "voip", "lowdelay"] = "audio",
        fec: bool = False,
        loss_percent: int = 0,
        complexity: int = 9,
        dtx: bool = False,
    ) -> None:
        self._library = _libopus()
        self._channels = channels
        error = ctypes.c_int()
        self._state = self._library.opus_encoder_create(
            RATE, channels, _APPLICATIONS[application], ctypes.byref(error)
        )
        if not self._state:
            raise ValueError(f"no Opus encoder of {channels} channels: {_reason(error.value)}")
        self._close = weakref.finalize(self, self._library.opus_encoder_destroy, self._state)
        self._packet = ctypes.create_string_buffer(_PACKET_MAX)
        self._frame = np.zeros((_FRAME_MAX, channels), np.float32)
        self._frame_at = self._frame.ctypes.data
        self.set_bitrate(bitrate)
        self._set(_SET_COMPLEXITY, complexity)
        self._set(_SET_INBAND_FEC, int(fec))
        self._set(_SET_DTX, int(dtx))
        self.set_loss_percent(loss_percent)
        lookahead = ctypes.c_int32()
        self._library.opus_encoder_ctl(self._state, _GET_LOOKAHEAD, ctypes.byref(lookahead))
        self.lookahead = lookahead.value

    def _set(self, request: int, value: int) -> None:
        code = self._library.opus_encoder_ctl(self._state, request, ctypes.c_int32(value))
        if code:
            raise ValueError(f"Opus encoder setting {request} = {value}: {_reason(code)}")

    def set_bitrate(self, bitrate: int) -> None:
        """Bits per second from the next frame on (500 to 512,000). Errors: `ValueError`."""
        self._set(_SET_BITRATE, bitrate)

    def set_loss_percent(self, percent: int) -> None:
        """The loss to expect, 0 to 100: what the far end reports, not a fixed hint, which is heard as crackle."""
        self._set(_SET_PACKET_LOSS_PERC, percent)

    def encode(self, frame: Samples, alone: bool = False) -> bytes:
        """One packet of a frame (n,) mono or (n, 2), n one of 120, 240, 480, 960, 1920, 2880. Errors: `ValueError`.

        alone: without prediction from the frame before, for a decoder that had another one (opus_defines.h,
        OPUS_SET_PREDICTION_DISABLED).
        """
        if alone:
            self._set(_SET_PREDICTION_DISABLED, 1)
            try:
                return self.encode(frame)
            finally:
                self._set(_SET_PREDICTION_DISABLED, 0)
        count = len(frame)
        if frame.size != count * self._channels or count > _FRAME_MAX:
            raise ValueError(
                f"a frame of {self._channels} channels has not the shape {frame.shape}"
            )
        self._frame[:count] = frame.reshape(count, self._channels)
        size = self._library.opus_encode_float(
            self._state, self._frame_at, count, self._packet, _PACKET_MAX
        )
        if size < 0:
            raise ValueError(f"cannot encode {len(frame)} samples: {_reason(size)}")
        return ctypes.string_at(self._packet, size)

    def reset(self) -> None:
        """Forget what was encoded, as after construction; the settings stay."""
        self._library.opus_encoder_ctl(self._state, _RESET_STATE)
