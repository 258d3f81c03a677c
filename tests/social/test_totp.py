"""Codes by the clock, against the vectors of RFC 6238 (appendix B, SHA-1, last six digits)."""

from __future__ import annotations

import pytest

from hustings.social import totp

SECRET = b"12345678901234567890"
VECTORS = {
    59: "287082",
    1111111109: "081804",
    1111111111: "050471",
    1234567890: "005924",
    2000000000: "279037",
    20000000000: "353130",
}


@pytest.mark.parametrize(("at_s", "code"), VECTORS.items())
def test_the_vectors_of_the_rfc(at_s: int, code: str) -> None:
    assert totp.code_at(SECRET, at_s // totp.STEP_S) == code
    assert totp.step_of(SECRET, code, at_s * 1000, 0) == at_s // totp.STEP_S


def test_one_step_early_or_late_is_right_and_two_are_not() -> None:
    step = 1_000_000
    now_ms = step * totp.STEP_S * 1000
    found = [
        totp.step_of(SECRET, totp.code_at(SECRET, step + off), now_ms, 0)
        for off in (-2, -1, 0, 1, 2)
    ]
    assert found == [None, step - 1, step, step + 1, None]


def test_a_code_opens_once() -> None:
    code = totp.code_at(SECRET, 100)
    assert totp.step_of(SECRET, code, 100 * 30_000, 99) == 100
    assert totp.step_of(SECRET, code, 100 * 30_000, 100) is None


@pytest.mark.parametrize(
    "typed", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "-12345", "1e5000", "x" * 99]
)
def test_what_is_no_code(typed: str) -> None:
    assert totp.step_of(SECRET, typed, 0, 0) is None


def test_a_space_in_the_middle_is_how_apps_show_it() -> None:
    assert totp.step_of(SECRET, " 287 082 ", 59_000, 0) == 1


def test_how_an_app_is_told() -> None:
    assert totp.words(SECRET) == "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"
    link = totp.link(SECRET, "Hustings", "ada")
    assert link == (
        "otpauth://totp/Hustings%3Aada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Hustings"
    )


def test_paper_codes_are_read_however_they_are_typed() -> None:
    code = totp.paper_code(bytes(range(10)))
    assert len(code) == 19 and code.count("-") == 3
    assert totp.paper_hash(code) == totp.paper_hash(code.upper().replace("-", " "))
    assert totp.paper_hash("\ud800") != totp.paper_hash(code)
