"""The ICE-lite agent: who is answered, which pair carries us, who is gone and who is back."""

from __future__ import annotations

import pytest

from hustings.rtc import ice, stun
from hustings.rtc.ice import Credentials, IceAgent, Pair
from tests.rtc.checks import CONTROLLED, check, sealed

OURS = Credentials("ours", "p" * 24)
THEIRS = Credentials("abcd", "q" * 24)


def pair(port: int, local: str = "192.0.2.2") -> Pair:
    return Pair(local, ("198.51.100.7", port))


HOME, AWAY = pair(1000), pair(2000)


@pytest.fixture
def agent() -> IceAgent:
    return IceAgent(OURS, THEIRS, 0.0)


def ask(agent: IceAgent, where: Pair = HOME, now: float = 1.0, **more: object) -> bytes | None:
    return agent.receive(stun.parse(check(**more)), where, now)  # type: ignore[arg-type]


def test_a_check_is_answered_and_proves_its_pair(agent: IceAgent) -> None:
    raw = check()
    answer = agent.receive(stun.parse(raw), HOME, 1.0)
    assert answer is not None
    message = stun.parse(answer)
    assert (message.kind, message.transaction) == (stun.BINDING_SUCCESS, b"transaction!")
    assert message.is_signed_with(b"p" * 24)
    mapped = stun.xor_address("198.51.100.7", 1000, b"transaction!")
    assert message.attributes[stun.XOR_MAPPED_ADDRESS] == mapped
    assert (agent.proved, agent.selected, agent.state) == ([HOME], HOME, "open")


def test_ipv6(agent: IceAgent) -> None:
    where = Pair("2001:db8::2", ("2001:db8::7", 5, 0, 0))
    answer = ask(agent, where)
    assert answer is not None and len(answer) <= len(check())
    assert agent.pairs == [where]


@pytest.mark.parametrize(
    "wrong",
    [
        {"ours": "other"},
        {"theirs": "other"},
        {"password": "q" * 24},
        {"ours": "abcd", "theirs": "ours"},
    ],
)
def test_silence_to_a_stranger(agent: IceAgent, wrong: dict[str, str]) -> None:
    assert ask(agent, **wrong) is None
    assert (agent.proved, agent.pairs, agent.state) == ([], [], "waiting")


def test_silence_to_what_is_no_request(agent: IceAgent) -> None:
    """Indications, answers to questions that nobody asked."""
    for kind in (0x0011, 0x0101, 0x0111, 0x0003):
        raw = sealed(kind, check()[20:36], "p" * 24)
        assert agent.receive(stun.parse(raw), HOME, 1.0) is None
    assert agent.pairs == []


def test_an_answer_is_never_longer_than_its_question(agent: IceAgent) -> None:
    """A request so short that its answer would not fit is met with silence."""
    body = b"\0\6\0\x09ours:abcd\0\0\0"
    raw = sealed(1, body, "p" * 24, has_fingerprint=False)
    where = Pair("2001:db8::2", ("2001:db8::7", 5, 0, 0))
    assert len(raw) < 76
    assert agent.receive(stun.parse(raw), where, 1.0) is None
    assert agent.pairs == []


def test_the_latest_nomination_wins(agent: IceAgent) -> None:
    ask(agent, HOME)
    ask(agent, AWAY)
    assert agent.selected == AWAY, "nothing is nominated yet: the latest proved one"
    ask(agent, HOME, nominates=True)
    ask(agent, AWAY)
    assert agent.selected == HOME
    ask(agent, AWAY, nominates=True)
    assert agent.selected == AWAY
    assert agent.proved == [HOME, AWAY]


def test_the_wrong_role_is_told_so(agent: IceAgent) -> None:
    answer = ask(agent, role=CONTROLLED, nominates=True)
    assert answer is not None
    message = stun.parse(answer)
    assert message.kind == stun.BINDING_ERROR
    assert message.attributes[stun.ERROR_CODE] == stun.error_code(487)
    assert agent.selected is None


def test_an_attribute_that_must_be_known(agent: IceAgent) -> None:
    answer = ask(agent, extra=((0x7FFF, b""),))
    assert answer is not None
    message = stun.parse(answer)
    assert message.attributes[stun.ERROR_CODE] == stun.error_code(420)
    assert message.attributes[stun.UNKNOWN_ATTRIBUTES] == b"\x7f\xff"
    assert agent.selected is None


class TestMoving:
    def test_a_silent_pair_is_left_for_one_that_speaks(self, agent: IceAgent) -> None:
        ask(agent, HOME, 1.0, nominates=True)
        ask(agent, AWAY, 1.0)
        agent.heard(HOME, 1.2)
        agent.heard(AWAY, 1.6)
        assert agent.selected == HOME
        agent.heard(AWAY, 1.2 + ice.MOVE_S)
        assert agent.selected == AWAY

    def test_nobody_moves_to_a_pair_that_was_not_proved(self, agent: IceAgent) -> None:
        ask(agent, HOME, 1.0)
        agent.heard(AWAY, 9.0)
        assert agent.selected == HOME
        assert agent.pairs == [HOME]

    def test_a_pair_that_another_session_proved(self, agent: IceAgent) -> None:
        ask(agent, HOME, 1.0)
        ask(agent, AWAY, 2.0, nominates=True)
        agent.lose(AWAY)
        agent.lose(AWAY)
        assert (agent.selected, agent.pairs, agent.dropped) == (HOME, [HOME], [])
        agent.lose(HOME)
        assert agent.selected is None
        agent.heard(HOME, 3.0)
        ask(agent, AWAY, 3.0)
        assert agent.selected is None, "it was nominated once; the next nomination says where"
        ask(agent, AWAY, 3.0, nominates=True)
        assert agent.selected == AWAY


class TestPairsMax:
    def test_the_oldest_idle_pair_makes_room(self, agent: IceAgent) -> None:
        ask(agent, HOME, 1.0, nominates=True)
        for n in range(1, ice.PAIRS_MAX):
            ask(agent, pair(1000 + n), 1.0 + n)
        assert (len(agent.pairs), agent.dropped) == (ice.PAIRS_MAX, [])
        ask(agent, AWAY, 20.0)
        assert agent.dropped == [pair(1001)], "HOME is older, and selected"
        assert len(agent.pairs) == ice.PAIRS_MAX
        assert HOME in agent.pairs and AWAY in agent.pairs


class TestTime:
    def test_a_peer_that_never_came(self, agent: IceAgent) -> None:
        agent.poll(ice.ARRIVE_S - 0.01)
        assert (agent.state, agent.deadline) == ("waiting", ice.ARRIVE_S)
        agent.poll(ice.ARRIVE_S)
        assert (agent.state, agent.deadline) == ("over", float("inf"))
        assert ask(agent) is None
        agent.poll(1e9)

    def test_gone_and_back(self, agent: IceAgent) -> None:
        ask(agent, now=1.0)
        agent.heard(HOME, 2.0)
        agent.poll(2.0 + ice.SILENCE_S - 0.01)
        assert agent.state == "open"
        agent.poll(2.0 + ice.SILENCE_S)
        assert agent.state == "gone"
        ask(agent, AWAY, now=50.0, nominates=True)
        assert (agent.state, agent.selected) == ("open", AWAY)

    def test_gone_for_good(self, agent: IceAgent) -> None:
        ask(agent, now=1.0)
        agent.poll(1.0 + ice.SILENCE_S)
        agent.poll(1.0 + ice.SILENCE_S + ice.RETURN_S)
        assert (agent.state, agent.pairs, agent.selected) == ("over", [], None)
        assert agent.dropped == [HOME]
        agent.heard(HOME, 500.0)
        assert agent.state == "over"

    def test_closing(self, agent: IceAgent) -> None:
        ask(agent)
        agent.close()
        agent.close()
        assert (agent.state, agent.dropped) == ("over", [HOME])
        assert ask(agent) is None


class TestRestart:
    """RFC 8445 §9: the old credentials hold until the first check with the new ones."""

    def test_restart(self, agent: IceAgent) -> None:
        ask(agent, HOME, 1.0, nominates=True)
        agent.restart(Credentials("ours2", "r" * 24), Credentials("efgh", "s" * 24))
        assert ask(agent, HOME, 2.0) is not None
        new = {"ours": "ours2", "theirs": "efgh", "password": "r" * 24}
        assert ask(agent, AWAY, 3.0, nominates=True, **new) is not None
        assert (agent.selected, agent.state) == (AWAY, "open")
        assert ask(agent, HOME, 4.0) is None, "the old ones are void"

    def test_two_restarts_keep_one_old_generation(self, agent: IceAgent) -> None:
        for n in (2, 3):
            agent.restart(Credentials(f"ours{n}", "r" * 24), THEIRS)
        assert ask(agent) is None
        assert ask(agent, ours="ours2", password="r" * 24) is not None
        assert ask(agent, ours="ours3", password="r" * 24) is not None
