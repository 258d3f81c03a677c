"""What is kept of the packets that came of late, at the limit and one past it."""

from __future__ import annotations

from hustings.rtc.recent import KEPT, Recent


def test_nothing_is_known_of_a_stream_that_begins() -> None:
    made = Recent()
    assert made.timestamps() == {}
    assert not any(made.has_sound(timestamp) for timestamp in (0, 1, 2**32 - 1))


def test_a_probe_has_a_timestamp_and_no_sound() -> None:
    made = Recent()
    made.add(65_536, 0, True)
    made.add(65_537, 960, False)
    assert made.timestamps() == {65_536: 0, 65_537: 960}
    assert (made.has_sound(0), made.has_sound(960)) == (True, False)


def test_so_many_are_kept_and_one_more_takes_the_place_of_the_oldest() -> None:
    made = Recent()
    for number in range(KEPT):
        made.add(number, 960 * number, True)
    assert len(made.timestamps()) == KEPT and made.has_sound(0)
    made.add(KEPT, 960 * KEPT, True)
    assert len(made.timestamps()) == KEPT
    assert (made.has_sound(0), made.has_sound(960)) == (False, True)


def test_what_is_too_far_behind_takes_nobodys_place() -> None:
    made = Recent()
    made.add(1_000, 5, True)
    made.add(1_000 - KEPT, 4, True)
    assert made.timestamps() == {1_000: 5}


def test_a_number_far_ahead_fits() -> None:
    made = Recent()
    made.add(2**40, 2**32 - 1, True)
    assert made.timestamps() == {2**40: 2**32 - 1}
