"""Door's client of studio's Unix socket: a request goes in with the claims of its ticket, the answer comes out as it is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import aiohttp

from hustings.wire.errors import Refused

ANSWER_MAX = 262_144
PASSED_ON = (
    "Content-Type",
    "ETag",
    "Location",
    "Cache-Control",
    "Content-Disposition",
    "Retry-After",
)


class StudioSocket:
    """Requests to studio. Errors: `Refused("studio_away")` when it cannot be reached or dies in the middle."""

    def __init__(self, socket: Path) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.UnixConnector(str(socket), limit=4_096),
            timeout=aiohttp.ClientTimeout(total=25, connect=2),
            auto_decompress=False,
        )

    async def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"", query: str = ""
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers to pass on, body (≤ 256 KiB)."""
        url = f"http://studio{path}" + (f"?{query}" if query else "")
        try:
            async with self._session.request(
                method, url, headers=headers, data=body or None
            ) as answer:
                raw = await answer.content.read(ANSWER_MAX + 1)
                while not answer.content.at_eof() and len(raw) <= ANSWER_MAX:
                    raw += await answer.content.read(ANSWER_MAX + 1 - len(raw))
                kept = {name: answer.headers[name] for name in PASSED_ON if name in answer.headers}
                return answer.status, kept, raw
        except (aiohttp.ClientError, TimeoutError, OSError):
            raise Refused("studio_away") from None

    def open(self, path: str) -> aiohttp.client._RequestContextManager:
        """A long answer (a download), to be passed on piece by piece."""
        return self._session.get(
            f"http://studio{path}",
            timeout=aiohttp.ClientTimeout(total=None, sock_read=60, connect=2),
        )

    async def close(self) -> None:
        await self._session.close()
