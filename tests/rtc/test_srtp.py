"""SRTP: the vectors of RFC 3711 and RFC 7714, libsrtp on the other side, replays, rollover, resuming."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pylibsrtp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pylibsrtp import Policy

from hustings.rtc import rtp, srtp
from hustings.rtc.srtp import SrtpKeys, SrtpSession
from hustings.rtc.srtp_transform import (
    CM,
    GCM,
    RTP_AUTH,
    RTP_CIPHER,
    RTP_SALT,
    SALT_LENGTHS,
    CounterMode,
    Gcm,
    derive,
    transform,
)

PROFILES = (GCM, CM)
LIBSRTP = {
    GCM: Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
    CM: Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
}
SENDER_REPORT = bytes.fromhex("80c80006 00000007 00000001 00000002 00000003 00000004 00000005")
BOTH = pytest.mark.parametrize("profile", PROFILES)


def keys(profile: str) -> SrtpKeys:
    salt = SALT_LENGTHS[profile]
    return SrtpKeys(
        profile,
        bytes(range(16)),
        bytes(range(salt)),
        bytes(range(50, 66)),
        bytes(range(90, 90 + salt)),
    )


def mirrored(ours: SrtpKeys) -> SrtpKeys:
    return SrtpKeys(
        ours.profile, ours.remote_key, ours.remote_salt, ours.local_key, ours.local_salt
    )


def pair(profile: str) -> tuple[SrtpSession, SrtpSession]:
    return SrtpSession(keys(profile)), SrtpSession(mirrored(keys(profile)))


def packet(sequence: int, payload: bytes = b"opus", ssrc: int = 7) -> bytes:
    return rtp.build(111, sequence, 960 * sequence, ssrc, payload)


class TestVectors:
    def test_keystream_of_rfc_3711_b_2(self) -> None:
        key = bytes.fromhex("2B7E151628AED2A6ABF7158809CF4F3C")
        salt = bytes.fromhex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD")
        mode = CounterMode([key, key], [salt, salt], [bytes(20), bytes(20)])
        sealed = mode.seal(b"", bytes(48), ssrc=0, index=0)
        assert sealed[:48] == bytes.fromhex(
            "E03EAD0935C95E80E166B16DD92B4EB4D23513162B02D0F72A43A2FE4A5F97AB"
            "41E95B3BB0A2E8DD477901E4FCA894C0"
        )

    def test_session_keys_of_rfc_3711_b_3(self) -> None:
        key = bytes.fromhex("E1F97A0D3E018BE0D64FA32C06DE4139")
        salt = bytes.fromhex("0EC675AD498AFEEBB6960B3AABE6")
        assert derive(key, salt, RTP_CIPHER, 16).hex() == "c61e7a93744f39ee10734afe3ff7a087"
        assert derive(key, salt, RTP_SALT, 14).hex() == "30cbbc08863d8c85d49db34a9ae1"
        assert derive(key, salt, RTP_AUTH, 94).hex() == (
            "cebe321f6ff7716b6fd4ab49af256a156d38baa48f0a0acf3c34e2359e6cdbce"
            "e049646c43d9327ad175578ef72270986371c10c9a369ac2f94a8c5fbcdddc25"
            "6d6e919a48b610ef17c2041e474035766b68642c59bbfc2f34db60dbdfb2"
        )

    GCM_KEY, GCM_SALT = bytes(range(16)), b"Quid pro quo"

    def test_rtp_of_rfc_7714_16_1(self) -> None:
        gcm = Gcm(self.GCM_KEY, self.GCM_SALT, self.GCM_KEY, self.GCM_SALT)
        head = bytes.fromhex("8040f17b8041f8d35501a0b2")
        plain = b"Gallia est omnis divisa in partes tres"
        sealed = head + bytes.fromhex(
            "f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833"
            "899d7f27beb16a9152cf765ee4390cce"
        )
        assert gcm.seal(head, plain, 0x5501A0B2, 0xF17B) == sealed
        assert gcm.open(sealed, 12, 0x5501A0B2, 0xF17B) == head + plain

    def test_rtcp_of_rfc_7714_17_1(self) -> None:
        gcm = Gcm(self.GCM_KEY, self.GCM_SALT, self.GCM_KEY, self.GCM_SALT)
        plain = bytes.fromhex(
            "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61" + "deadbeef" * 5
        )
        sealed = bytes.fromhex(
            "81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda"
            "4ce09b4686303ded0bb9275bc84aa45896cf4d2fc5abf87245d9eade800005d4"
        )
        assert gcm.seal_rtcp(plain, 0x4D617273, 0x5D4) == sealed
        assert gcm.open_rtcp(sealed, 0x4D617273) == (plain, 0x5D4)


class TestLibsrtp:
    """The independent side: libsrtp through its Python binding."""

    @staticmethod
    def theirs(profile: str, outbound: bool) -> pylibsrtp.Session:
        ours = keys(profile)
        key = ours.remote_key + ours.remote_salt if outbound else ours.local_key + ours.local_salt
        kind = Policy.SSRC_ANY_OUTBOUND if outbound else Policy.SSRC_ANY_INBOUND
        return pylibsrtp.Session(Policy(key=key, ssrc_type=kind, srtp_profile=LIBSRTP[profile]))

    @BOTH
    def test_what_we_seal_it_opens(self, profile: str) -> None:
        ours, theirs = SrtpSession(keys(profile)), self.theirs(profile, outbound=False)
        for sequence in (*range(65_500, 65_536), *range(40)):  # over a rollover
            plain = packet(sequence, bytes(sequence % 90))
            assert theirs.unprotect(ours.protect(plain)) == plain
        for _ in range(3):
            assert theirs.unprotect_rtcp(ours.protect_rtcp(SENDER_REPORT)) == SENDER_REPORT

    @BOTH
    def test_what_it_seals_we_open(self, profile: str) -> None:
        ours, theirs = SrtpSession(keys(profile)), self.theirs(profile, outbound=True)
        for sequence in (*range(65_500, 65_536), *range(40)):
            plain = packet(sequence, bytes(sequence % 90))
            assert ours.unprotect(theirs.protect(plain)) == plain
        for _ in range(3):
            assert ours.unprotect_rtcp(theirs.protect_rtcp(SENDER_REPORT)) == SENDER_REPORT

    @BOTH
    def test_extensions_and_contributors_stay_readable(self, profile: str) -> None:
        ours, theirs = SrtpSession(keys(profile)), self.theirs(profile, outbound=True)
        plain = bytes.fromhex("916f0001000003c000000007 0000000b bede0001 10d50000") + b"voice"
        sealed = theirs.protect(plain)
        assert sealed[:24] == plain[:24]
        assert ours.unprotect(sealed) == plain


class TestWindow:
    @BOTH
    def test_a_packet_counts_once(self, profile: str) -> None:
        us, them = pair(profile)
        sealed = us.protect(packet(5))
        assert them.unprotect(sealed) == packet(5)
        with pytest.raises(ValueError, match="seen before"):
            them.unprotect(sealed)
        report = us.protect_rtcp(SENDER_REPORT)
        assert them.unprotect_rtcp(report) == SENDER_REPORT
        with pytest.raises(ValueError, match="seen before"):
            them.unprotect_rtcp(report)

    def test_a_late_packet_within_the_window_counts_one_past_it_does_not(self) -> None:
        us, them = pair(GCM)
        sealed = [us.protect(packet(sequence)) for sequence in range(srtp.WINDOW + 1)]
        them.unprotect(sealed[srtp.WINDOW])
        assert them.unprotect(sealed[1]) == packet(1)
        with pytest.raises(ValueError, match="seen before"):
            them.unprotect(sealed[1])
        with pytest.raises(ValueError, match="too old"):
            them.unprotect(sealed[0])

    @given(st.lists(st.integers(0, 300), min_size=1))
    def test_each_index_is_taken_once_whatever_the_order(self, order: list[int]) -> None:
        us, them = pair(GCM)
        sealed = [us.protect(packet(sequence)) for sequence in range(301)]
        taken: set[int] = set()
        for sequence in order:
            expected = sequence not in taken and sequence > max(taken, default=-1) - srtp.WINDOW
            if expected:
                assert them.unprotect(sealed[sequence]) == packet(sequence)
                taken.add(sequence)
            else:
                with pytest.raises(ValueError, match="seen before"):
                    them.unprotect(sealed[sequence])


class TestRollover:
    @BOTH
    def test_order_across_a_rollover(self, profile: str) -> None:
        us, them = pair(profile)
        sealed = {
            sequence: us.protect(packet(sequence)) for sequence in (65_533, 65_534, 65_535, 0, 1)
        }
        for sequence in (65_533, 65_535, 1, 65_534, 0):
            assert them.unprotect(sealed[sequence]) == packet(sequence)

    def test_a_number_from_before_the_first_packet(self) -> None:
        us, them = pair(GCM)
        them.unprotect(us.protect(packet(3)))
        late = SrtpSession(keys(GCM)).protect(packet(65_000))
        with pytest.raises(ValueError, match="too old"):
            them.unprotect(late)


class TestSending:
    @BOTH
    def test_no_index_is_used_twice(self, profile: str) -> None:
        us, _ = pair(profile)
        us.protect(packet(10))
        for sequence in (10, 9, 65_000):
            with pytest.raises(ValueError, match="was used"):
                us.protect(packet(sequence))
        us.protect(packet(12))
        assert us.next_sequence(7) == 13
        assert us.next_sequence(8) == 0

    def test_the_last_index_of_a_key(self) -> None:
        us = SrtpSession(keys(GCM))
        us._sent[7] = srtp.RTP_INDEX_MAX - 1
        us.protect(packet(65_535))
        with pytest.raises(ValueError, match="past the key's last"):
            us.protect(packet(0))
        us._sent_rtcp = srtp.RTCP_INDEX_MAX - 1
        us.protect_rtcp(SENDER_REPORT)
        with pytest.raises(ValueError, match="past the key's last"):
            us.protect_rtcp(SENDER_REPORT)

    def test_the_last_index_of_their_key(self) -> None:
        us, them = pair(GCM)
        us._sent[7] = srtp.RTP_INDEX_MAX - 1
        them._seen[7] = srtp.Seen(srtp.RTP_INDEX_MAX - 1, 1)
        assert them.unprotect(us.protect(packet(65_535))) == packet(65_535)
        with pytest.raises(ValueError, match="past the key's last"):
            them.unprotect(pair(GCM)[0].protect(packet(0)))


class TestLimits:
    def test_ssrcs(self) -> None:
        us, them = pair(GCM)
        for ssrc in range(srtp.SSRCS_MAX):
            them.unprotect(us.protect(packet(1, ssrc=ssrc)))
        with pytest.raises(ValueError, match="one SSRC too many"):
            us.protect(packet(1, ssrc=srtp.SSRCS_MAX))
        another = SrtpSession(keys(GCM))
        with pytest.raises(ValueError, match="one SSRC too many"):
            them.unprotect(another.protect(packet(1, ssrc=srtp.SSRCS_MAX)))
        assert them.unprotect(us.protect(packet(2, ssrc=0))) == packet(2, ssrc=0)

    def test_ssrcs_of_reports(self) -> None:
        us, them = pair(CM)
        for ssrc in range(srtp.SSRCS_MAX + 1):
            report = us.protect_rtcp(
                SENDER_REPORT[:4] + ssrc.to_bytes(4, "big") + SENDER_REPORT[8:]
            )
            if ssrc < srtp.SSRCS_MAX:
                them.unprotect_rtcp(report)
        with pytest.raises(ValueError, match="one SSRC too many"):
            them.unprotect_rtcp(report)

    @BOTH
    def test_sizes(self, profile: str) -> None:
        us, them = pair(profile)
        rtp_room, rtcp_room = transform(profile, bytes(16), bytes(SALT_LENGTHS[profile])).overhead
        largest = bytes(srtp.PACKET_MAX - rtp_room - 12)
        assert them.unprotect(us.protect(packet(1, largest))) == packet(1, largest)
        assert them.unprotect(us.protect(packet(2, b""))) == packet(2, b"")
        report = SENDER_REPORT + bytes(srtp.PACKET_MAX - rtcp_room - len(SENDER_REPORT))
        assert them.unprotect_rtcp(us.protect_rtcp(report)) == report
        shortest = SENDER_REPORT[:8]
        assert them.unprotect_rtcp(us.protect_rtcp(shortest)) == shortest
        for refused in (packet(3, largest + b"x"), b"", packet(3)[:11], bytes(40)):
            with pytest.raises(ValueError, match="not an RTP packet"):
                us.protect(refused)
        for refused in (report + b"x", b"", SENDER_REPORT[:7], bytes(40)):
            with pytest.raises(ValueError, match="not an RTCP packet"):
                us.protect_rtcp(refused)

    @BOTH
    def test_cut_off(self, profile: str) -> None:
        us, them = pair(profile)
        sealed = us.protect(packet(1, b""))
        with pytest.raises(ValueError, match="cut off"):
            them.unprotect(sealed[:-1])
        for size in range(12, 24):
            with pytest.raises(ValueError, match="header that is cut off"):
                us.protect(
                    bytes.fromhex("916f0001000003c000000007 0000000b bede0001 10d50000")[:size]
                )
        with pytest.raises(ValueError, match="not an RTCP packet"):
            them.unprotect_rtcp(us.protect_rtcp(SENDER_REPORT[:8])[:-1])

    @BOTH
    def test_a_changed_bit_anywhere(self, profile: str) -> None:
        us, them = pair(profile)
        calls: list[tuple[bytes, Callable[[bytes], bytes]]] = [
            (us.protect(packet(1)), them.unprotect),
            (us.protect_rtcp(SENDER_REPORT), them.unprotect_rtcp),
        ]
        before = them.state()
        for sealed, opened in calls:
            for at in range(len(sealed) * 8):
                changed = bytearray(sealed)
                changed[at // 8] ^= 1 << at % 8
                with pytest.raises(ValueError, match=r"RTC?P"):
                    opened(bytes(changed))
        assert them.state() == before
        assert them.unprotect(calls[0][0]) == packet(1)
        assert them.unprotect_rtcp(calls[1][0]) == SENDER_REPORT

    def test_a_report_in_the_clear(self) -> None:
        us, them = pair(CM)
        sealed = bytearray(us.protect_rtcp(SENDER_REPORT))
        sealed[-14] &= 0x7F
        with pytest.raises(ValueError, match="in the clear"):
            them.unprotect_rtcp(bytes(sealed))

    def test_keys_that_are_none(self) -> None:
        for wrong in (
            replace(keys(GCM), profile="NULL"),
            replace(keys(GCM), profile=CM),
            replace(keys(GCM), local_key=bytes(15)),
            replace(keys(CM), remote_salt=bytes(13)),
        ):
            with pytest.raises(ValueError, match="not known"):
                SrtpSession(wrong)
        assert "key" not in repr(keys(GCM))

    @given(st.sampled_from(PROFILES), st.binary(max_size=200))
    def test_garbage_is_a_value_error(self, profile: str, garbage: bytes) -> None:
        _, them = pair(profile)
        for opened in (them.unprotect, them.unprotect_rtcp):
            with pytest.raises(ValueError, match=r"RTC?P"):
                opened(garbage)

    @given(st.sampled_from(PROFILES), st.integers(0, 65_535), st.binary(max_size=1_400))
    def test_what_is_sealed_is_opened(self, profile: str, sequence: int, payload: bytes) -> None:
        us, them = pair(profile)
        assert them.unprotect(us.protect(packet(sequence, payload))) == packet(sequence, payload)
        report = SENDER_REPORT + payload
        assert them.unprotect_rtcp(us.protect_rtcp(report)) == report


class TestResuming:
    @BOTH
    def test_both_directions_go_on_past_a_rollover(self, profile: str) -> None:
        us, them = pair(profile)
        for sequence in (65_535, 0, 1):
            them.unprotect(us.protect(packet(sequence)))
            us.unprotect(them.protect(packet(sequence, ssrc=9)))
        us.unprotect_rtcp(them.protect_rtcp(SENDER_REPORT))
        them.unprotect_rtcp(us.protect_rtcp(SENDER_REPORT))
        replayed = them.protect(packet(2, ssrc=9))
        us.unprotect(replayed)
        state = us.state()
        last = us.protect(packet(2))  # sent after the state was taken
        them.unprotect(last)
        them.unprotect_rtcp(us.protect_rtcp(SENDER_REPORT))

        resumed = SrtpSession.from_state(keys(profile), state, ahead=100)
        assert resumed.next_sequence(7) == 102
        with pytest.raises(ValueError, match="was used"):
            resumed.protect(packet(101))
        assert them.unprotect(resumed.protect(packet(102))) == packet(102)
        assert them.unprotect_rtcp(resumed.protect_rtcp(SENDER_REPORT)) == SENDER_REPORT
        with pytest.raises(ValueError, match="seen before"):
            resumed.unprotect(replayed)
        assert resumed.unprotect(them.protect(packet(3, ssrc=9))) == packet(3, ssrc=9)
        assert (
            SrtpSession.from_state(keys(profile), resumed.state(), ahead=0).state()
            == resumed.state()
        )

    def test_a_state_has_the_size_it_says(self) -> None:
        us, them = pair(GCM)
        for ssrc in range(srtp.SSRCS_MAX):
            us.protect(packet(1, ssrc=ssrc))
            us.unprotect(them.protect(packet(1, ssrc=ssrc)))
            us.unprotect_rtcp(
                them.protect_rtcp(SENDER_REPORT[:4] + ssrc.to_bytes(4, "big") + SENDER_REPORT[8:])
            )
        state = us.state()
        assert len(state) <= 2_200
        assert SrtpSession.from_state(keys(GCM), state, ahead=0).state() == state
        one_more = bytes([state[0], srtp.SSRCS_MAX + 1]) + state[2:12] + bytes(12) + state[12:]
        with pytest.raises(ValueError, match="another make"):
            SrtpSession.from_state(keys(GCM), one_more)

    def test_a_state_that_is_none(self) -> None:
        for wrong, words in (
            (b"", "cut off"),
            (bytes(11), "cut off"),
            (bytes(12), "another make"),
            (SrtpSession(keys(GCM)).state() + b"x", "another make"),
        ):
            with pytest.raises(ValueError, match=words):
                SrtpSession.from_state(keys(GCM), wrong)
        for ahead in (-1, 1 << 15):
            with pytest.raises(ValueError, match="cannot follow"):
                SrtpSession.from_state(keys(GCM), SrtpSession(keys(GCM)).state(), ahead)
        state = SrtpSession(keys(GCM)).state()
        assert SrtpSession.from_state(keys(GCM), state, (1 << 15) - 1).next_sequence(7) == 0

    @given(st.binary(max_size=200))
    def test_garbage_is_a_value_error(self, garbage: bytes) -> None:
        with pytest.raises(ValueError, match="an SRTP state"):
            SrtpSession.from_state(keys(GCM), b"\x02" + garbage)
