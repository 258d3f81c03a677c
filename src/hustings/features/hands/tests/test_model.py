"""The queue of hands: events in, queue out; commands in, drafts out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from hustings.features.hands.model import NOTE_MAX, QUEUE_MAX, Called, Queue, decide
from hustings.rooms.journal import Draft
from hustings.rooms.roles import Actor, Refusal

FRESH = "f" * 22


def actor(person: str, role: str = "listener") -> Actor:
    return Actor(person, role, person.title(), person + "-" * (22 - len(person)), "device")


HOST = actor("host", "host")


def give(
    queue: Queue, command: str, who: Actor, body: Mapping[str, Any] | None = None, at_ms: int = 0
) -> list[Draft]:
    """Decides and applies, as studio does."""
    drafts = decide(queue, command, who, body or {}, FRESH)
    for draft in drafts:
        queue.apply(draft.type, at_ms, draft.body)
    return drafts


def refusal(queue: Queue, command: str, who: Actor, body: Mapping[str, Any] | None = None) -> str:
    with pytest.raises(Refusal) as caught:
        decide(queue, command, who, body or {}, FRESH)
    return caught.value.code


def test_hands_stand_in_the_order_in_which_they_went_up() -> None:
    queue = Queue()
    for at_ms, name in enumerate(("ann", "ben", "cat")):
        give(queue, "raise", actor(name), {"note": f"{name} asks"}, at_ms)
    assert [(hand.person, hand.note, hand.at_ms) for hand in queue.hands.values()] == [
        ("ann", "ann asks", 0),
        ("ben", "ben asks", 1),
        ("cat", "cat asks", 2),
    ]
    give(queue, "lower", actor("ann"))
    assert [queue.place(name) for name in ("ann", "ben", "cat")] == [0, 1, 2]


def test_a_listener_who_is_called_gets_a_speakers_ticket() -> None:
    queue = Queue()
    give(queue, "raise", actor("ann"))
    drafts = give(queue, "call", HOST, {"person": "ann"})
    assert [draft.type for draft in drafts] == ["ticket_signed", "hands.called"]
    assert drafts[0].body["role"] == "speaker"
    assert queue.called == {"ann": Called(FRESH, "Ann")}
    assert queue.place("ann") == 0
    assert refusal(queue, "raise", actor("ann")) == "hand_up_already"


def test_a_speaker_who_is_called_gets_the_word_and_no_ticket() -> None:
    queue = Queue()
    give(queue, "raise", actor("ben", "speaker"))
    drafts = give(queue, "call", HOST, {"person": "ben"})
    assert [draft.type for draft in drafts] == ["hands.called"]
    assert queue.called == {}


def test_stepping_down_takes_the_ticket_back_and_the_hand_may_go_up_again() -> None:
    queue = Queue()
    give(queue, "raise", actor("ann"))
    give(queue, "call", HOST, {"person": "ann"})
    speaker = Actor(FRESH[:8], "speaker", "Ann", FRESH, "device")
    drafts = give(queue, "step_down", speaker)
    assert [draft.type for draft in drafts] == ["hands.stepped_down", "removed"]
    assert all(draft.body["ticket"] == FRESH for draft in drafts)
    assert queue.called == {}
    give(queue, "raise", actor("ann"))
    assert queue.place("ann") == 1


@pytest.mark.parametrize("kind", ["removed", "ticket_revoked"])
def test_a_host_who_takes_him_off_ends_the_call(kind: str) -> None:
    queue = Queue()
    give(queue, "raise", actor("ann"))
    give(queue, "call", HOST, {"person": "ann"})
    queue.apply(kind, 0, {"person": FRESH[:8], "ticket": "other" + "-" * 17})
    assert queue.called == {"ann": Called(FRESH, "Ann")}
    queue.apply(kind, 0, {"person": FRESH[:8], "ticket": FRESH})
    assert queue.called == {}


def test_one_who_was_called_can_be_sent_back_come_or_not() -> None:
    queue = Queue()
    give(queue, "raise", actor("ann"))
    give(queue, "call", HOST, {"person": "ann"})
    drafts = give(queue, "dismiss", HOST, {"person": FRESH[:8]})
    assert [(draft.type, draft.body["ticket"]) for draft in drafts] == [("removed", FRESH)]
    assert queue.called == {}


def test_the_end_empties_all() -> None:
    queue = Queue()
    for name in ("ann", "ben"):
        give(queue, "raise", actor(name))
    give(queue, "call", HOST, {"person": "ann"})
    queue.apply("ended", 0, {"reason": "host"})
    assert (queue.hands, queue.called) == ({}, {})


def test_dismissed() -> None:
    queue = Queue()
    give(queue, "raise", actor("ann"))
    assert [draft.type for draft in give(queue, "dismiss", HOST, {"person": "ann"})] == [
        "hands.lowered"
    ]
    assert queue.hands == {}


def test_lowering_a_hand_that_is_down_does_nothing() -> None:
    assert decide(Queue(), "lower", actor("ann"), {}, FRESH) == []


class TestBadInput:
    def test_up_twice(self) -> None:
        queue = Queue()
        give(queue, "raise", actor("ann"))
        assert refusal(queue, "raise", actor("ann")) == "hand_up_already"

    @pytest.mark.parametrize("command", ["call", "dismiss"])
    @pytest.mark.parametrize("body", [{}, {"person": "nobody"}, {"person": 5}, {"person": None}])
    def test_nobodys_hand(self, command: str, body: dict[str, Any]) -> None:
        assert refusal(Queue(), command, HOST, body) == "hand_unknown"

    def test_stepping_down_without_a_call(self) -> None:
        assert refusal(Queue(), "step_down", actor("ben", "speaker")) == "wrong_state"

    def test_a_command_that_is_none(self) -> None:
        assert refusal(Queue(), "wave", HOST) == "command_unknown"

    @pytest.mark.parametrize("note", ["x" * (NOTE_MAX + 1), 5, None, ["a"]])
    def test_notes(self, note: object) -> None:
        assert refusal(Queue(), "raise", actor("ann"), {"note": note}) == "bad_request"

    def test_the_longest_note(self) -> None:
        assert give(Queue(), "raise", actor("ann"), {"note": "x" * NOTE_MAX})

    def test_the_fullest_queue(self) -> None:
        queue = Queue()
        for number in range(QUEUE_MAX):
            give(queue, "raise", actor(f"p{number}"))
        assert len(queue.hands) == QUEUE_MAX
        assert refusal(queue, "raise", actor("late")) == "queue_full"
