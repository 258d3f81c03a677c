"""Offers as browsers make them, for tests."""

from __future__ import annotations

SESSION = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
AUDIO = (
    "m=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\n"
    "a=ice-pwd:0123456789012345678901\r\na=fingerprint:sha-256 "
    + ":".join(["AB"] * 32)
    + "\r\na=setup:actpass\r\na=mid:0\r\na=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n"
    "a=sendrecv\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:0 PCMU/8000\r\n"
    "a=candidate:1 1 udp 1 10.0.0.1 5000 typ host\r\na=end-of-candidates\r\n"
)
OFFER = SESSION + AUDIO
CHROMIUM = OFFER.replace(" 111 0", " 111 63 0").replace(
    "a=rtpmap:0",
    "a=rtcp-fb:111 transport-cc\r\na=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\n"
    "a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n"
    "a=rtpmap:0",
)
VIDEO = AUDIO.replace("m=audio", "m=video").replace("a=mid:0", "a=mid:1")
SECOND = AUDIO.replace("a=mid:0", "a=mid:1")

# What encoders leave out and put elsewhere. Each sends; FFmpeg's has no feedback, no extension and no fmtp.
FFMPEG = (
    OFFER.replace("actpass", "active").replace("sendrecv", "sendonly").replace(" 111 0", " 111")
)
FFMPEG = FFMPEG.replace("a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n", "")
FFMPEG = FFMPEG[: FFMPEG.index("a=rtpmap:0")] + "a=ssrc:1 cname:x\r\na=ssrc:1 msid:x audio\r\n"
GSTREAMER = OFFER.replace("111", "100").replace("opus/", "OPUS/").replace("a=mid:0", "a=mid:audio0")
GSTREAMER = GSTREAMER.replace("BUNDLE 0", "BUNDLE audio0") + (
    "a=rtcp-mux-only\r\na=rtcp-rsize\r\na=rtcp-fb:100 transport-cc\r\n"
    "a=fmtp:100 sprop-stereo=1;sprop-maxcapturerate=48000\r\n"
    "a=candidate:2 1 TCP 1015021823 192.0.2.2 9 typ host tcptype active\r\n"
)
FRAGMENT = b"a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\nm=audio 9 X 0\r\na=mid:0\r\n"
