"""A WHIP client (RFC 9725) for one audio track."""

from __future__ import annotations

from urllib.parse import urljoin

import aiohttp
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
)

from hustings.demo.calls import refusal

ANSWER_S = 5.0


class WhipSender:
    """One session, from `connect` to `close`. `alive` turns false when its wire has failed."""

    def __init__(self, http: aiohttp.ClientSession, url: str, token: str) -> None:
        self._http = http
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}
        self._peer: RTCPeerConnection | None = None
        self._session = ""

    @property
    def alive(self) -> bool:
        return self._peer is not None and self._peer.connectionState not in ("failed", "closed")

    async def connect(self, track: MediaStreamTrack) -> None:
        """Errors: `No` with the server's code, `OSError`, `aiohttp.ClientError`, `TimeoutError`."""
        # Without a configuration aiortc would ask a public STUN server.
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._peer = peer
        peer.addTransceiver(track, direction="sendonly")
        await peer.setLocalDescription(await peer.createOffer())
        async with self._http.post(
            self._url,
            data=peer.localDescription.sdp.encode(),
            headers={**self._headers, "Content-Type": "application/sdp"},
            timeout=aiohttp.ClientTimeout(total=ANSWER_S),
        ) as answer:
            if answer.status != 201:
                raise await refusal(answer)
            self._session = urljoin(str(answer.url), answer.headers.get("Location", ""))
            sdp = await answer.text()
        await peer.setRemoteDescription(RTCSessionDescription(sdp=sdp, type="answer"))

    async def close(self, leave: bool = False) -> None:
        """Ends the wire; with `leave` the server is told, and the place on the stage is given up."""
        if leave and self._session:
            try:
                async with self._http.delete(self._session, headers=self._headers):
                    pass
            except (aiohttp.ClientError, OSError, TimeoutError):
                pass
        peer, self._peer = self._peer, None
        if peer is not None:
            await peer.close()
