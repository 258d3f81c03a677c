"""Strangers at the TCP port of voices, on virtual time: what goes through before studio has answered, and how many may try."""

from __future__ import annotations

import pytest

from hustings.door import callers
from hustings.door.callers import Caller, Callers
from hustings.rtc import stun
from hustings.rtc.framing import FRAME_MAX, framed
from tests.rtc.checks import check

BARE = stun.HEADER.pack(stun.BINDING_REQUEST, 0, stun.COOKIE, b"transaction!")
INDICATION = b"\0\x11" + check()[2:-8]


@pytest.fixture
def caller() -> Caller:
    return Caller("192.0.2.7", 10.0)


class TestOneCaller:
    def test_a_check_goes_on_and_the_answer_proves_him(self, caller: Caller) -> None:
        assert caller.receive(framed(check())) == [check()]
        assert (caller.state, caller.is_proved, caller.deadline) == (
            "stranger",
            False,
            10.0 + callers.PROOF_S,
        )
        caller.turn("answered")
        assert (caller.state, caller.is_proved, caller.deadline) == ("proved", True, float("inf"))
        assert caller.receive(framed(b"\x80voice") * 400) == [b"\x80voice"] * 400
        caller.turn("took too long")
        assert caller.state == "proved", "it is too late for that"

    def test_slow_bytes_are_heard_until_the_deadline(self, caller: Caller) -> None:
        stream = framed(check())
        found = [one for byte in stream for one in caller.receive(bytes((byte,)))]
        assert found == [check()]
        caller.turn("took too long")
        assert (caller.state, caller.is_proved, caller.receive(stream)) == ("over", False, [])

    @pytest.mark.parametrize(
        "said",
        [
            b"\x80\x6f" + bytes(40),
            b"\x16\xfe\xfd" + bytes(60),
            b"GET / HTTP/1.1",
            BARE,
            INDICATION,
            check(has_fingerprint=False)[:-4],
        ],
    )
    def test_anything_but_a_check_ends_it(self, caller: Caller, said: bytes) -> None:
        assert caller.receive(framed(check()) + framed(said)) == []
        assert caller.state == "over"

    @pytest.mark.parametrize("is_proved", [False, True])
    def test_oversize_length(self, caller: Caller, is_proved: bool) -> None:
        if is_proved:
            caller.turn("answered")
        assert caller.receive((FRAME_MAX + 1).to_bytes(2, "big")) == []
        assert (caller.state, caller.is_proved) == ("over", is_proved)

    def test_zero_lengths_count_as_bytes(self, caller: Caller) -> None:
        assert caller.receive(bytes(callers.BYTES_BEFORE_PROOF_MAX)) == []
        assert caller.state == "stranger"
        caller.receive(bytes(2))
        assert caller.state == "over"

    def test_frames_at_the_limit_and_one_past_it(self, caller: Caller) -> None:
        for _ in range(callers.FRAMES_BEFORE_PROOF_MAX):
            assert caller.receive(framed(check())) == [check()]
        assert caller.receive(framed(check())) == []
        assert caller.state == "over"


def entered(many: Callers, *addresses: str) -> int:
    return sum(many.enter(address) for address in addresses)


class TestHowMany:
    def test_a_flood_from_one_place(self) -> None:
        """At the limit and one past it; the neighbours do not notice. An IPv6 /64 is one place."""
        many = Callers()
        most = callers.STRANGERS_PER_PLACE_MAX
        assert entered(many, *(f"2001:db8::{n:x}" for n in range(most + 5))) == most
        assert many.enter("2001:db8:0:1::1")
        many.leave("2001:db8::1", was_proved=False)
        assert entered(many, "2001:db8::99", "2001:db8::9a") == 1

    def test_a_flood_from_everywhere(self) -> None:
        many = Callers()
        addresses = [f"10.0.{n // 250}.{n % 250}" for n in range(callers.STRANGERS_MAX + 1)]
        assert entered(many, *addresses) == callers.STRANGERS_MAX
        many.prove(addresses[0])
        assert entered(many, "192.0.2.1", "192.0.2.2") == 1, "who is proved makes room"

    def test_proved_ones_have_limits_of_their_own(self) -> None:
        many, let_in = Callers(), 0
        for n in range(callers.CALLERS_MAX + 5):
            address = f"10.0.{n // 250}.{n % 250}"
            if many.enter(address):
                let_in += 1
                many.prove(address)
        assert let_in == callers.CALLERS_MAX
        many.leave("10.0.0.0", was_proved=True)
        assert entered(many, "192.0.2.1", "192.0.2.2") == 1

    def test_a_full_house_behind_one_router(self) -> None:
        many, let_in = Callers(), 0
        for _ in range(callers.CALLERS_PER_PLACE_MAX + 1):
            if many.enter("192.0.2.1"):
                let_in += 1
                many.prove("192.0.2.1")
        assert let_in == callers.CALLERS_PER_PLACE_MAX
        for _ in range(let_in):
            many.leave("192.0.2.1", was_proved=True)
        assert (many._all.counts, many._strangers.counts) == ({}, {}), (
            "nothing is kept of those who went"
        )
