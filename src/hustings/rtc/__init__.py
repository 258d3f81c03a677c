"""PURE. The speakers' wire: a WebRTC server for one audio stream each way, driven by datagrams and time.

A datagram's road: `demux` (whose is it) > `ice` over `stun` (is its pair proved) > `dtls` (keys) > `srtp` > `intake` over
`reception` and `red` (what is new, what is missing) > RTP packets. Back: `sending` > `srtp`. `control` keeps RTCP, `sdp` and
`answer` the session description, `peer` joins all of it. Entropy is an argument like time; OpenSSL's own is the exception.
"""
