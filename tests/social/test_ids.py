"""Ids sort by time and fit in 63 bits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from hustings.social.ids import AT_MAX_MS, TAIL_BITS, Ids, moment

MAY_2023_MS = 1_684_972_800_000


def test_an_id_of_a_date_stands_before_every_id_of_a_later_one() -> None:
    ids = Ids()
    old, new = ids.at(MAY_2023_MS), ids.at(MAY_2023_MS + 1)
    assert old < new and (moment(old), moment(new)) == (MAY_2023_MS, MAY_2023_MS + 1)


def test_ids_of_one_millisecond_differ_across_threads() -> None:
    ids = Ids()
    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(ids.at, [MAY_2023_MS] * 2_000))
    assert len(set(made)) == 2_000


def test_the_tail_goes_round_without_touching_the_time() -> None:
    ids = Ids(start=(1 << TAIL_BITS) - 1)
    assert ids.at(5) == 5 << TAIL_BITS and moment(ids.at(5)) == 5


def test_the_first_and_the_last_moment_and_one_past_each() -> None:
    ids = Ids()
    assert moment(ids.at(0)) == 0 and ids.at(AT_MAX_MS) < 1 << 63
    for wrong in (-1, AT_MAX_MS + 1):
        with pytest.raises(ValueError):
            ids.at(wrong)
