"""The codecs' findings, with and without their library."""

from __future__ import annotations

import pytest

from hustings.audio import codec
from hustings.doctor import sound


def test_opus_is_told_with_its_version() -> None:
    finding = sound.opus()
    assert finding.grade == "ok"
    assert finding.found == codec.libopus_version()
    assert finding.found.startswith("libopus 1.")


def test_opus_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> str:
        raise OSError("no libopus here")

    monkeypatch.setattr(codec, "libopus_version", gone)
    finding = sound.opus()
    assert finding.grade == "fail"
    assert "no libopus here" in finding.found
    assert "libopus0" in finding.advice


def test_aac() -> None:
    assert sound.aac().grade == "ok"
