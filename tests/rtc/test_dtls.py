"""DTLS against OpenSSL's client: any order, loss, forgers, fingerprints; on virtual time."""

from __future__ import annotations

import shutil
import socket
import subprocess
from itertools import permutations
from pathlib import Path
from random import Random

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from OpenSSL import SSL

from hustings.rtc import dtls
from hustings.rtc.dtls import Certificate, Dtls
from hustings.rtc.dtls_records import (
    ALERT,
    CHANGE_CIPHER_SPEC,
    DATAGRAM_MAX,
    HANDSHAKE,
    packed,
    record,
    records,
)
from tests.rtc.dtls_client import (
    LARGE,
    NOW,
    SERVER,
    Client,
    Network,
    encrypted,
    own_certificate,
    refragmented,
    server,
    shake,
)


def give(end: Dtls, datagrams: list[bytes], now: float = 0.0) -> list[bytes]:
    for datagram in datagrams:
        end.receive(datagram, now)
    return end.take()


def kinds(datagrams: list[bytes]) -> list[int]:
    return [one.kind for datagram in datagrams for one in records(datagram)]


def connected() -> tuple[Client, Dtls]:
    client = Client()
    end = server(client)
    shake(client, end)
    assert (client.is_done, end.state) == (True, "connected")
    return client, end


def half_way() -> tuple[Client, Dtls, list[bytes]]:
    """Up to the client's second flight, as records that were not given yet."""
    client = Client()
    end = server(client)
    [flight] = give(end, packed(client.receive()))
    return client, end, client.receive(flight)


class TestCertificate:
    def test_what_it_is(self) -> None:
        client, _ = connected()
        seen = client.ssl.get_peer_certificate(as_cryptography=True)
        assert seen is not None
        assert seen.fingerprint(hashes.SHA256()).hex(":").upper() == SERVER.fingerprint
        assert seen.public_key().curve.name == "secp256r1"
        assert seen.not_valid_before_utc.timestamp() == NOW - 86_400
        assert seen.not_valid_after_utc.timestamp() == NOW + 30 * 86_400

    def test_the_same_entropy_and_time_make_it_again(self) -> None:
        assert Certificate.make(bytes(range(56)), NOW + 0.5).fingerprint == SERVER.fingerprint
        for other in (bytes(56), b"\xff" * 56, bytes(range(1, 57))):
            assert Certificate.make(other, NOW).fingerprint != SERVER.fingerprint
        assert Certificate.make(bytes(range(56)), NOW + 1).fingerprint != SERVER.fingerprint

    def test_entropy_at_the_size_and_beside_it(self) -> None:
        for size in (0, 55, 57):
            with pytest.raises(ValueError, match="entropy"):
                Certificate.make(bytes(size), NOW)


class TestHandshake:
    @pytest.mark.parametrize(
        ("offered", "chosen"),
        [
            (b"SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80", "AEAD_AES_128_GCM"),
            (b"SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_128_GCM", "AEAD_AES_128_GCM"),
            (b"SRTP_AES128_CM_SHA1_32:SRTP_AES128_CM_SHA1_80", "AES128_CM_SHA1_80"),
        ],
    )
    def test_both_have_the_same_keys(self, offered: bytes, chosen: str) -> None:
        client = Client(profiles=offered)
        end = server(client)
        assert end.state == "new"
        assert end.timeout() is None
        shake(client, end)
        assert end.state == "connected"
        assert end.keys() == client.keys()
        assert end.keys().profile == chosen
        assert end.timeout() is None

    @pytest.mark.parametrize(
        "cipher", ["ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-ECDSA-AES256-GCM-SHA384"]
    )
    def test_other_ciphers(self, cipher: str) -> None:
        client = Client(ciphers=cipher.encode())
        end = server(client)
        shake(client, end)
        assert end.keys() == client.keys()

    def test_no_profile_no_keys(self) -> None:
        client = Client(profiles=None)
        end = server(client)
        shake(client, end)
        assert end.state == "failed"
        assert "handshake failure" in str(client.error)

    def test_no_certificate_no_keys(self) -> None:
        client = Client(has_certificate=False)
        end = server(client)
        shake(client, end)
        assert end.state == "failed"
        assert client.error is not None

    def test_large_certificates_and_hellos_go_in_small_datagrams(self) -> None:
        client = Client(protocols=LARGE)
        end = server(client)
        hello = packed(client.receive())
        assert sum(map(len, hello)) > 1_500
        assert all(len(datagram) <= DATAGRAM_MAX for datagram in give(end, hello))

    def test_a_hello_as_chromium_has_it(self) -> None:
        """DTLS 1.3 offered first, a hybrid ML-KEM share of 1,216 bytes: it is answered in DTLS 1.2."""
        end = Dtls(SERVER, [])
        flight = give(end, refragmented([chromium_hello()], 700))
        [answer, *_] = records(b"".join(flight))
        assert answer.body[0] == 2  # ServerHello
        assert answer.body[12:14] == b"\xfe\xfd"


def chromium_hello() -> bytes:
    """A ClientHello (RFC 5246 §7.4.1.2) with the extensions that browsers of 2026 send, its hybrid share random."""

    def sized(size: int, body: bytes) -> bytes:
        return len(body).to_bytes(size, "big") + body

    share = bytes.fromhex("11ec") + sized(2, Random(1).randbytes(1_216))
    extensions = {
        0x0017: b"",  # extended master secret
        0xFF01: b"\x00",
        0x000A: sized(2, bytes.fromhex("11ec 001d 0017 0018")),
        0x000B: bytes.fromhex("0100"),
        0x000D: sized(2, bytes.fromhex("0403 0804 0401 0503 0805 0501")),
        0x000E: sized(2, bytes.fromhex("0007 0008 0001")) + b"\x00",
        0x0033: sized(2, share + bytes.fromhex("001d") + sized(2, Random(2).randbytes(32))),
        0x002B: sized(1, bytes.fromhex("fefc fefd")),
    }
    body = b"\xfe\xfd" + Random(3).randbytes(32) + b"\x00\x00"
    body += sized(2, bytes.fromhex("1301 1303 c02b cca9 c02f")) + b"\x01\x00"
    body += sized(2, b"".join(n.to_bytes(2, "big") + sized(2, x) for n, x in extensions.items()))
    size = len(body).to_bytes(3, "big")
    return record(HANDSHAKE, 0, b"\x01" + size + bytes(5) + size + body)


class TestFingerprints:
    """RFC 8122 §5: of the strongest hash that was offered, one must be the certificate's."""

    WRONG = ":".join(["AB"] * 32)

    def shaken(self, client: Client, *expected: tuple[str, str]) -> Dtls:
        end = Dtls(SERVER, expected)
        shake(client, end)
        return end

    def test_one_that_is_right(self) -> None:
        for name in dtls.HASHES:
            client = Client()
            assert self.shaken(client, client.fingerprint(name)).state == "connected"
        client = Client()
        name, text = client.fingerprint()
        assert self.shaken(client, ("SHA-256", text.lower())).state == "connected"
        client = Client()
        end = self.shaken(client, ("sha-256", self.WRONG), client.fingerprint())
        assert end.state == "connected"
        client = Client()
        end = self.shaken(client, client.fingerprint("sha-512"), ("sha-256", self.WRONG))
        assert end.state == "connected"

    def test_none_that_is_right(self) -> None:
        client = Client()
        wrong: list[list[tuple[str, str]]] = [
            [],
            [("sha-256", self.WRONG)],
            [("sha-1", client.certificate.fingerprint(hashes.SHA1()).hex(":").upper())],
            [("sha-512", self.WRONG), client.fingerprint()],
            [("sha-256", "")],
        ]
        for expected in wrong:
            client = Client()
            assert self.shaken(client, *expected).state == "failed"

    def test_nothing_goes_out_before(self) -> None:
        client = Client()
        end = Dtls(SERVER, [("sha-256", self.WRONG)])
        [flight] = give(end, packed(client.receive()))
        answer = give(end, packed(client.receive(flight)))
        assert kinds(answer) == [ALERT]  # no Finished
        client.receive(answer[0])
        assert "bad certificate" in str(client.error)
        assert end.state == "failed"
        with pytest.raises(ValueError, match="no keys"):
            end.keys()
        assert give(end, packed(client.flight)) == []


class TestOrder:
    def test_a_hello_in_any_order_of_its_pieces(self) -> None:
        client = Client(protocols=LARGE)
        pieces = refragmented(client.receive(), 500)
        assert len(pieces) == 5
        for order in permutations(pieces):
            assert kinds(give(server(client), list(order))) == [HANDSHAKE] * 5

    def test_the_client_s_flight_in_any_order(self) -> None:
        client, _, flight = half_way()
        assert kinds(flight) == [HANDSHAKE] * 3 + [CHANGE_CIPHER_SPEC, HANDSHAKE]
        for order in permutations(range(5)):
            client, end, flight = half_way()
            assert kinds(give(end, [flight[n] for n in order])) == [CHANGE_CIPHER_SPEC, HANDSHAKE]
            assert end.keys() == client.keys()

    def test_each_datagram_three_times(self) -> None:
        client = Client()
        end = server(client)
        flight = give(end, packed(client.receive()) * 3)
        answer = give(
            end, packed([raw for datagram in flight for raw in client.receive(datagram)]) * 3
        )
        assert kinds(answer) == [CHANGE_CIPHER_SPEC, HANDSHAKE]
        client.receive(answer[0])
        assert client.is_done

    @pytest.mark.parametrize("size", [0, 250])
    @pytest.mark.parametrize("seed", range(10))
    def test_loss_doubling_and_disorder(self, seed: int, size: int) -> None:
        def fate(random: Random) -> list[float]:
            copies = random.choices((0, 1, 2), (25, 65, 10))[0]
            return [random.random() * 0.1 for _ in range(copies)]

        client = Client(protocols=LARGE)
        end = server(client)
        network = Network(client, end, fate, seed)
        network.run(15.0, size)
        assert (client.is_done, end.state) == (True, "connected")
        assert end.keys() == client.keys()

    def test_ten_per_cent_loss_costs_little(self) -> None:
        """Join with 10 % loss within 1.2 s: what the handshake takes of it, of 100 tries."""

        def fate(random: Random) -> list[float]:
            return [] if random.random() < 0.1 else [0.0]

        took = []
        for seed in range(100):
            client = Client()
            network = Network(client, server(client), fate, seed)
            network.run(15.0)
            assert client.is_done
            took.append(network.now)
        assert sorted(took)[94] < 0.4


class TestTime:
    def test_a_flight_is_sent_again_from_50_ms_on_and_doubling(self) -> None:
        client = Client()
        end = server(client)
        first = give(end, packed(client.receive()), now=100.0)
        times, seen = [], set(first)
        while (at := end.timeout()) is not None:
            end.poll(at - 0.001)
            assert end.take() == []
            end.poll(at)
            again = end.take()
            times.append(round(at - 100.0, 3))
            assert not seen & set(again)  # new record numbers
            seen |= set(again)
        assert times[:7] == [0.05, 0.15, 0.35, 0.75, 1.55, 3.15, 4.75]
        assert times[-1] == dtls.HANDSHAKE_S
        assert end.state == "failed"
        end.poll(1_000.0)
        assert give(end, packed(client.flight), 200.0) == []

    def test_a_flight_sent_again_is_the_same_flight(self) -> None:
        client = Client()
        end = server(client)
        give(end, packed(client.receive()))
        end.poll(0.05)
        for datagram in end.take():
            give(end, packed(client.receive(datagram)))
        assert end.state == "connected"

    def test_once_the_client_answers_our_clock_stops(self) -> None:
        _, end, flight = half_way()
        assert give(end, flight[:1], now=0.04) == []
        assert end.timeout() == dtls.HANDSHAKE_S
        end.poll(1.0)
        assert end.take() == []

    def test_a_hello_repeated_brings_the_flight_again_but_not_at_once(self) -> None:
        client = Client(protocols=LARGE)
        end = server(client)
        hello = packed(client.receive())
        assert give(end, hello, 0.0)
        assert give(end, hello, dtls.AGAIN_S - 0.001) == []
        assert give(end, hello[1:] + hello[:1], dtls.AGAIN_S)
        assert give(end, hello[:1], 0.045) == []  # half of it asks for nothing

    def test_a_last_flight_that_was_lost_is_sent_again(self) -> None:
        client, end, flight = half_way()
        lost = give(end, packed(flight))
        assert end.state == "connected"
        again = give(end, packed(flight), 0.05)
        assert again != lost
        client.receive(again[0])
        assert client.is_done
        assert give(end, packed(flight), 0.06) == []

    def test_what_openssl_repeats_of_itself_waits_its_turn(self) -> None:
        client, end = connected()
        body = b"\x14" + (12).to_bytes(3, "big") + b"\x00\x04" + bytes(3) + (12).to_bytes(3, "big")
        body += client.ssl.get_finished() or b""
        assert give(end, [encrypted(client, HANDSHAKE, 1, body)], 0.01) == []
        assert kinds(give(end, [encrypted(client, HANDSHAKE, 2, body)], 0.05)) == [
            CHANGE_CIPHER_SPEC,
            HANDSHAKE,
        ]


class TestForgers:
    """Whoever can send from the pair's address, but holds no key."""

    def test_a_hello_that_is_refused_is_no_end(self) -> None:
        forged = bytearray(chromium_hello())
        at = forged.index(bytes.fromhex("1301 1303 c02b"))
        forged[at : at + 10] = bytes(10)  # TLS_NULL_WITH_NULL_NULL
        client = Client()
        end = server(client)
        assert give(end, [bytes(forged)]) == []  # not even an alert
        shake(client, end)
        assert end.keys() == client.keys()

    def test_another_hello_replaces_the_first(self) -> None:
        first, client = Client(), Client()
        end = server(client)
        give(end, packed(first.receive()))
        shake(client, end)
        assert end.keys() == client.keys()

    def test_another_hello_after_the_client_began_to_prove_itself_does_not(self) -> None:
        client, end, flight = half_way()
        give(end, flight[:1])
        assert give(end, packed(Client().receive()), 1.0) == []
        give(end, flight[1:])
        assert end.keys() == client.keys()

    def test_hellos_at_the_limit_and_one_past_it(self) -> None:
        client = Client()
        end = server(client)
        for _ in range(dtls.RESTARTS_MAX):
            give(end, packed(Client().receive()))
        assert end.state == "handshaking"
        other = server(client)
        for _ in range(dtls.RESTARTS_MAX + 1):
            give(other, packed(Client().receive()))
        assert other.state == "handshaking"
        assert give(other, packed(Client().receive())) == []
        assert other.state == "failed"
        shake(client, end)
        assert end.state == "connected"

    def test_a_message_that_is_no_hello_begins_nothing(self) -> None:
        end = server(client := Client())
        finished = record(HANDSHAKE, 0, b"\x14" + bytes(11))
        for _ in range(dtls.RESTARTS_MAX):
            assert give(end, [finished]) == []
        shake(client, end)
        assert end.state == "connected"
        end = server(client)
        assert give(end, [finished] * (dtls.RESTARTS_MAX + 1)) == []
        assert end.state == "failed"

    def test_an_alert_in_the_clear_is_not_believed(self) -> None:
        alert = record(ALERT, 9, bytes((2, 40)))
        _, end, flight = half_way()
        give(end, [alert, *flight[:3], alert, *flight[3:], alert])
        assert end.state == "connected"
        end = Dtls(SERVER, [])
        give(end, [alert])
        assert end.state == "new"

    def test_encrypted_garbage_at_the_limit_and_one_past_it(self) -> None:
        garbage = encrypted(connected()[0], HANDSHAKE, 7, b"none")
        client, end, flight = half_way()
        give(end, [garbage] * (dtls.HELD_MAX - 1) + flight[4:] + flight[:4])
        assert end.state == "connected"
        client, end, flight = half_way()
        give(end, [garbage] * dtls.HELD_MAX + flight[4:] + flight[:4])
        assert end.state == "handshaking"
        give(end, flight[4:])  # as the client sends it again
        assert end.keys() == client.keys()

    def test_a_proof_that_is_none_ends_it(self) -> None:
        _, end, flight = half_way()
        forged = flight[2][:-1] + bytes([flight[2][-1] ^ 1])
        assert kinds(give(end, [*flight[:2], forged, *flight[3:]])) == [ALERT]
        assert end.state == "failed"
        assert give(end, packed(flight), 5.0) == []

    def test_a_message_after_the_proof_ends_it(self) -> None:
        _, end, flight = half_way()
        extra = record(HANDSHAKE, 9, b"\x14" + bytes(3) + b"\x00\x04" + bytes(6))
        give(end, [*flight[:3], extra, *flight[3:]])
        assert end.state == "failed"

    @pytest.mark.parametrize("seed", range(10))
    def test_mutations(self, seed: int) -> None:
        """1,000 in all: whatever comes, nothing raises, and keys are the client's or none."""
        random = Random(seed)
        for _ in range(100):
            client = Client()
            end = server(client)
            to_server = client.receive()
            while to_server:
                datagrams = packed(to_server)
                at = random.randrange(len(datagrams))
                datagrams.insert(at, mutated(random, datagrams[at]))
                if random.random() < 0.3:
                    del datagrams[at + 1]
                answers = give(end, datagrams)
                end.poll(random.random())
                to_server = [raw for answer in answers for raw in client.receive(answer)]
            assert end.state in {"new", *dtls.TRANSITIONS.values()}
            if end.state == "connected":
                assert end.keys() == client.keys()

    def test_garbage(self) -> None:
        random = Random(7)
        for end in (Dtls(SERVER, []), half_way()[1], connected()[1]):
            before = end.state
            for _ in range(500):
                datagram = bytes([random.randrange(20, 64)]) + random.randbytes(
                    random.randrange(1_500)
                )
                assert give(end, [datagram, b"", datagram[:1]], random.random()) == []
            assert end.state == before


def mutated(random: Random, datagram: bytes) -> bytes:
    changed = bytearray(datagram)
    for _ in range(random.randrange(1, 4)):
        at = random.randrange(len(changed))
        match random.randrange(4):
            case 0:
                changed[at] ^= 1 << random.randrange(8)
            case 1:
                changed[at] = random.randrange(256)
            case 2:
                changed = changed[: at + 1]
            case _:
                changed[at:at] = random.randbytes(random.randrange(20))
    return bytes(changed)


class TestAfterwards:
    def test_their_goodbye_is_answered(self) -> None:
        client, end = connected()
        client.ssl.shutdown()
        [answer] = give(end, client.written())
        assert end.state == "closed"
        client.ssl.bio_write(answer)
        with pytest.raises(SSL.ZeroReturnError):
            client.ssl.recv(100)
        assert end.keys() == client.keys()

    def test_our_goodbye_is_said_once(self) -> None:
        client, end = connected()
        end.close()
        [goodbye] = end.take()
        client.ssl.bio_write(goodbye)
        with pytest.raises(SSL.ZeroReturnError):
            client.ssl.recv(100)
        end.close()
        assert (end.state, end.take()) == ("closed", [])
        assert give(end, packed(client.flight), 5.0) == []

    def test_closing_before(self) -> None:
        for end in (Dtls(SERVER, []), half_way()[1]):
            end.close()
            assert (end.state, end.take(), end.timeout()) == ("closed", [], None)

    def test_application_data_is_dropped(self) -> None:
        client, end = connected()
        for _ in range(200):
            client.ssl.send(b"sctp")
            assert give(end, client.written()) == []
        assert end.state == "connected"

    def test_a_message_that_is_not_due_is_dropped(self) -> None:
        _, end = connected()
        assert give(end, [record(HANDSHAKE, 9, b"\x14" + bytes(4) + b"\x09" + bytes(6))]) == []
        assert end.state == "connected"

    def test_a_fatal_alert_under_their_key_ends_it(self) -> None:
        client, end = connected()
        assert give(end, [encrypted(client, ALERT, 1, bytes((2, 40)))]) == []
        assert end.state == "failed"

    def test_a_renegotiation_is_declined(self) -> None:
        client, end = connected()
        hello = bytes.fromhex("01000000 0005 000000 000000")
        assert kinds(give(end, [encrypted(client, HANDSHAKE, 1, hello)])) in ([], [ALERT])
        assert end.state in ("connected", "failed")
        assert end.keys() == client.keys()

    def test_nobody_takes(self) -> None:
        _, end, flight = half_way()
        give(end, packed(flight))
        for n in range(1, 200):
            end.receive(packed(flight)[0], n * 1.0)
        assert len(end.take()) == dtls.OUT_MAX


@pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl command")
def test_the_openssl_command(tmp_path: Path) -> None:
    """Another OpenSSL, over loopback. It prints what RFC 5764's exporter gave it."""
    key, certificate = own_certificate()
    pem = serialization.Encoding.PEM
    (tmp_path / "both.pem").write_bytes(
        certificate.public_bytes(pem)
        + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    text = certificate.fingerprint(hashes.SHA256()).hex(":").upper()
    assert isinstance(certificate, x509.Certificate)
    end = Dtls(SERVER, [("sha-256", text)])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours:
        ours.bind(("127.0.0.1", 0))
        ours.settimeout(20)
        command = [
            *("openssl", "s_client", "-dtls1_2", "-connect", f"127.0.0.1:{ours.getsockname()[1]}"),
            *("-use_srtp", "SRTP_AEAD_AES_128_GCM", "-cert", tmp_path / "both.pem"),
            *("-keymatexport", "EXTRACTOR-dtls_srtp", "-keymatexportlen", "56"),
        ]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as theirs:
            while end.state in ("new", "handshaking"):
                datagram, address = ours.recvfrom(2_048)
                for answer in give(end, [datagram]):
                    ours.sendto(answer, address)
            assert end.state == "connected"
            assert theirs.stdout is not None
            printed = ""
            while "Keying material: " not in printed:
                printed = theirs.stdout.readline().decode()
                assert printed
            theirs.kill()
    keys = end.keys()
    expected = keys.remote_key + keys.local_key + keys.remote_salt + keys.local_salt
    assert printed.split(": ")[1].strip() == expected.hex().upper()
