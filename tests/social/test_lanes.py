"""What a lane may be, and how long a job that failed waits."""

from __future__ import annotations

import pytest

from hustings.social.lanes import LONGEST_WAIT_MS, MAIL, Lane, wait_ms


@pytest.mark.parametrize(
    ("takes", "longest_ms"), [(1, 15_000), (2, 30_000), (9, 3_840_000), (10, 7_200_000)]
)
def test_waits_double_between_half_and_whole(takes: int, longest_ms: int) -> None:
    assert [wait_ms(takes, roll) for roll in (0.0, 0.5, 1.0)] == [
        longest_ms // 2,
        longest_ms * 3 // 4,
        longest_ms,
    ]


def test_a_wait_has_an_end_however_often_it_failed() -> None:
    assert wait_ms(10_000, 1.0) == LONGEST_WAIT_MS


def test_mail_is_tried_for_hours() -> None:
    waits = [wait_ms(takes, 0.0) for takes in range(1, MAIL.takes_max)]
    assert 3 * 3_600_000 < sum(waits) < 2 * sum(waits) < 12 * 3_600_000


@pytest.mark.parametrize(
    "wrong",
    [{"lease_s": 60.0}, {"name": "n" * 33}, {"takes_max": 0}, {"waiting_max": 0}, {"at_once": 0}],
)
def test_a_lane_that_cannot_work_is_none(wrong: dict[str, object]) -> None:
    right: dict[str, object] = {"name": "n", "waiting_max": 1, "takes_max": 1, "at_once": 1}
    right |= {"patience_s": 60.0, "lease_s": 60.1}
    Lane(**right)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"lane|lease"):
        Lane(**{**right, **wrong})  # type: ignore[arg-type]
