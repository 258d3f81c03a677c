"""PURE. The speakers' wire, as far as it is ours yet: `rtp` (packets, RFC 3550) and `sdp` (what an offer may be, RFC 8866).

ICE, DTLS and SRTP are carried by aiortc in `studio/aiortc_wire.py` until the modules that replace it stand here.
Datagrams, time and entropy are arguments.
"""
