"""Prints docs/wire.md, its state machines from the tables in `rtc/`: `python tools/wire_page.py > docs/wire.md`."""

from __future__ import annotations

from collections.abc import Mapping

from hustings.door import callers, inward, sockets, voices
from hustings.rtc import dtls, framing, ice, intake, peer, reception, sending, snapshot
from hustings.studio import socketed, switchboard, udp

ABOUT = """\
# The speakers' wire

Made by `tools/wire_page.py` from the tables in `src/hustings/rtc/` and `src/hustings/door/`.

A WebRTC server for one audio stream each way. `rtc/` is pure: datagrams, time and entropy are arguments; `studio/udp.py` owns the
sockets and `studio/switchboard.py` joins the two. There is no TURN: our candidates are the one UDP port and, for networks that
let no UDP through, one TCP port at the door.

## A datagram's road

```
open sockets (heard by all, never send) ─┐
                                         ├─> demux ─ check ──> ice ── proved ──> a connected socket for the pair
connected sockets (one a proved pair) ───┘     ├─ DTLS ───> dtls ── keys ──> srtp
                                               ├─ RTP ────> srtp > intake > (reception, red) > packets
                                               └─ RTCP ───> srtp > control > (NACK: the same bytes again)

TCP ─> door/voices ─ callers ─> run/voices.sock ─> studio/relayed ─> demux, as above: a connection is a pair
```

Rules, each with a test in `tests/rtc` or `tests/bad_inputs/test_strangers.py`:

1. Silence to anything without a valid ufrag and MESSAGE-INTEGRITY; an answer is never longer than its question.
2. DTLS, RTP and RTCP count only from a pair that a check proved; its address goes to whoever proved it last.
3. No remote candidate is read, so none is ever contacted.
4. What is not encrypted with the session's keys is dropped; no number of such datagrams ends a session.
5. Every buffer has a limit (below), every socket a budget for each tick, and a stranger costs no log line.

## Where UDP is blocked

The answer also lists passive TCP candidates (RFC 6544; `stage.voice_port`), below every UDP one. Studio never listens on TCP: the
port is door's, and each connection has one of its own on a Unix socket (`wire/relay.py`, SOCK_SEQPACKET), frames both ways. To
the switchboard its id is a pair like any other: a check first, DTLS and RTP only then, and no byte out before that. Door knows
no passwords; until studio's first answer, which is the proof, it passes on nothing but signed binding requests, {frames} of them
in {bytes:,} bytes and {proof:g} s, and says nothing. A frame that a full socket does not take is lost, so that none is ever late.
A connection's end ends its proof; studio's end does not end the connection: door brings it to the next worker, which has
the session.

Where nothing but the page gets through, the page carries the voice itself: WebCodecs Opus in a WebSocket at the door
(`door/sockets.py`), each message one RTP packet inside of the page's own TLS; the relay brings it to `studio/socketed.py`, which
takes and sends it as any call's. No ICE, no DTLS, no keys to resume: when studio dies, door keeps the page's connection and
brings it to the next worker. A page that joins anew tries a call first, each time.

## Resumed, not rejoined

What another process needs to go on with a session (`rtc/snapshot.py`: credentials, keys, counters, proved pairs) is written
down every second and after {sent} datagrams, into this machine's shared memory, for this user alone (`studio/keeping.py`).
The worker has a spare behind it in which everything is loaded (`studio/spare.py`): when it dies, the spare forks another,
which takes the port, connects the pairs' sockets, and only then reads its rooms. It sends {ahead} indexes further on, so no
keystream is used twice. Browsers notice a gap in the sound; nobody joins anew. An upgrade (`SIGUSR2` to `serve` or to studio,
`systemctl reload`) goes the same way: the spare becomes the new program while the worker goes on, and only then another worker
is forked. A browser that is away for longer than
{back:g} s, or a machine that was started anew, dials again.

An ICE restart (`PATCH` of the session, RFC 9725 §4.3.3) keeps keys and streams; the old credentials hold until a check with
the new ones. The stage page asks for one when its network changes and when nothing came for two seconds, and dials a new
session only where that is refused or brings no sound. A client that trickles is told 204: its candidates are not needed.

## What the answer says

RED first, so Chromium doubles each frame into the next packet (RFC 2198); `rtcp-fb nack` for Opus, so browsers send again
what we ask for; transport-cc where it was offered; the audio level of RFC 6464; Opus with in-band FEC at 72 kbit/s; `ice-lite`,
`setup:passive`, every address of this machine or the announced ones.
[Who has been here](interop.md): browsers, aiortc, FFmpeg and others.
"""


def machine(title: str, says: str, first: str, table: Mapping[tuple[str, str], str]) -> list[str]:
    """One table as a diagram."""
    lines = [f"## {title}", "", says, "", "```mermaid", "stateDiagram-v2", f"    [*] --> {first}"]
    lines += [f"    {state} --> {after}: {event}" for (state, event), after in table.items()]
    return [*lines, "```", ""]


def limits() -> list[tuple[str, object]]:
    """What is bounded, and by how much."""
    return [
        ("calls of a process", switchboard.CALLS_MAX),
        ("datagrams read from an open socket in a tick", udp.OPEN_BUDGET),
        ("datagrams read from a pair's socket in a tick", udp.PAIR_BUDGET),
        ("proved pairs of a session", ice.PAIRS_MAX),
        ("a session whose browser never comes ends after, s", ice.ARRIVE_S),
        ("without a sign of life a browser is gone after, s", ice.SILENCE_S),
        ("and may come back for, s", ice.RETURN_S),
        ("a silent pair is left for one that speaks after, s", ice.MOVE_S),
        ("a handshake's flight is sent again first after, s", dtls.RETRANSMIT_S),
        ("packets taken from a speaker in a second", intake.RATE_MAX),
        ("streams (SSRCs) of a speaker", intake.STREAMS_MAX),
        ("holes remembered in a stream", reception.MISSING_MAX),
        ("times a lost packet is asked for", reception.ASKED_MAX),
        ("packets kept for those who ask us", sending.HISTORY_MAX),
        ("packets sent again in a second", sending.AGAIN_MAX),
        ("bytes of a frame on TCP", framing.FRAME_MAX),
        ("TCP callers in all", callers.CALLERS_MAX),
        ("of them from one address or IPv6 /64", callers.CALLERS_PER_PLACE_MAX),
        ("TCP callers who are not proved yet", callers.STRANGERS_MAX),
        ("of them from one address or IPv6 /64", callers.STRANGERS_PER_PLACE_MAX),
        ("frames read from a TCP caller in a tick", voices.FRAMES_PER_TICK_MAX),
        ("bytes that wait for a TCP caller", voices.UNSENT_MAX),
        ("a caller by TCP or WebSocket is kept while studio is away, s", inward.CUT_OFF_S),
        ("WebSockets in all", sockets.SOCKETS_MAX),
        ("of them from one address or IPv6 /64", sockets.SOCKETS_PER_PLACE_MAX),
        ("bytes of a WebSocket's message", sockets.MESSAGE_MAX),
        ("packets that wait for a WebSocket", sockets.QUEUE_MAX),
        ("a WebSocket that takes nothing is cut after, s", sockets.SLOW_S),
        ("a WebSocket's session that door never brings ends after, s", socketed.ARRIVE_S),
    ]


def page() -> str:
    """The whole page."""
    about = ABOUT.format(
        sent=snapshot.SENT_MAX,
        ahead=snapshot.AHEAD,
        back=ice.RETURN_S,
        frames=callers.FRAMES_BEFORE_PROOF_MAX,
        bytes=callers.BYTES_BEFORE_PROOF_MAX,
        proof=callers.PROOF_S,
    )
    lines = [about]
    lines += machine("A session", "`rtc/peer.py`: what a room sees.", "waiting", peer.TRANSITIONS)
    lines += machine("ICE", "`rtc/ice.py`, RFC 8445, lite.", "waiting", ice.TRANSITIONS)
    lines += machine("DTLS", "`rtc/dtls.py`, RFC 6347, passive.", "new", dtls.TRANSITIONS)
    says = "`door/callers.py`: a TCP connection at the port of voices."
    lines += machine("A caller by TCP", says, "stranger", callers.TRANSITIONS)
    lines += ["## Limits", "", "| what | at the most |", "|---|---|"]
    lines += [f"| {what} | {most:g} |" for what, most in limits()]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    print(page(), end="")
