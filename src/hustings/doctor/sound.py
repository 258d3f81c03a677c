"""The two codecs: libopus both ways, FFmpeg's AAC encoder."""

from __future__ import annotations

import importlib
from typing import Any

from hustings.doctor.finding import Finding

ADVICE = (
    "pip install . brings PyAV's wheel, which has both; on a rare platform: apt install libopus0"
)


def codecs() -> list[Finding]:
    return [opus(), aac()]


def opus() -> Finding:
    """Loads the module that binds libopus, as studio does."""
    try:
        codec: Any = importlib.import_module("hustings.audio.codec")
        text = str(codec.libopus_version())
    except (ImportError, OSError) as error:
        return Finding("libopus", "fail", f"can't be loaded: {error}", ADVICE)
    return Finding("libopus", "ok", text)


def aac() -> Finding:
    try:
        av: Any = importlib.import_module("av")
        av.CodecContext.create("aac", "w")
    except (ImportError, OSError, ValueError) as error:
        return Finding("AAC encoder", "fail", f"can't be made: {error}", ADVICE)
    return Finding("AAC encoder", "ok", f"PyAV {av.__version__}")
