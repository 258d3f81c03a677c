"""The wire's promises to whoever reads it: sources cited, attacks listed, a page that is true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RTC = sorted((ROOT / "src" / "hustings" / "rtc").glob("*.py"))
ATTACKS = ROOT / "tests" / "bad_inputs" / "README.md"
CITATION = re.compile(r"RFC \d{4}|draft-[a-z-]+-\d\d")
ROW = re.compile(r"^\| (S?\d+) \|.*\| (.+) \|$", re.M)


@pytest.mark.parametrize("path", RTC, ids=lambda path: path.name)
def test_each_module_cites_what_it_implements(path: Path) -> None:
    if path.name != "__init__.py":
        assert CITATION.search(path.read_text()), "which section of which RFC?"


def test_each_attack_has_its_tests() -> None:
    rows = dict(ROW.findall(ATTACKS.read_text()))
    of_the_square = [f"S{number}" for number in range(1, 11)]
    assert list(rows) == [*(str(number) for number in range(19, 29)), *of_the_square]
    here = "".join(path.read_text() for path in ATTACKS.parent.glob("*.py"))
    for number, told in rows.items():
        source = here
        for name in re.findall(r"`([^`]+)`", told):
            if "/" in name:
                source = (ROOT / name).read_text()
            else:
                assert f"def {name}(" in source, f"row {number}: {name}"
