"""What all model listeners of a process share: the room's addresses, what was read once for all, and the tally. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from hustings.rehearse import listing
from hustings.rehearse.exchange import unzipped
from hustings.rehearse.ledger import Ledger
from hustings.rehearse.listing import Listing
from hustings.rehearse.tally import Tally

ASSETS_MAX = 40
"""Files that a page may name; ours has a dozen."""

READ_KEPT = 64

_ASSET = re.compile(
    r'<(?:link rel="(?:stylesheet|modulepreload)" href|script type="module" src)="(/[^"?#]{1,200})"'
)


class Road:
    """`entropy` gives numbers in [0, 1). `assets`: whether a listener fetches what the page names; `plain`: whether he
    comes in by the playlist without parts, as in a brownout."""

    def __init__(
        self, key: str, entropy: Callable[[], float], assets: bool = True, plain: bool = False
    ) -> None:
        self.key = key
        self.page = f"GET /{key}"
        self.at = f"/live/{key}/"
        self.list = f"GET /live/{key}/aac/{'plain' if plain else 'live'}.m3u8"
        self.plain = plain
        self.entropy = entropy
        self.ledger = Ledger()
        self.tally = Tally()
        self.ahead_s: float | None = None
        """How far the room's clock is ahead of ours, at least: the largest difference that any pulse has shown."""
        self._with_assets = assets
        self._pages: dict[bytes, tuple[str, ...]] = {}
        self._listings: dict[bytes, Listing] = {}
        self._pulses: dict[bytes, Mapping[str, Any]] = {}

    def assets(self, page: bytes) -> tuple[str, ...]:
        """The addresses of a page's own scripts and styles. Errors: `ValueError`."""
        if not self._with_assets:
            return ()
        found = self._pages.get(page)
        if found is None:
            text = unzipped(page).decode("utf-8", "replace")
            found = tuple(dict.fromkeys(_ASSET.findall(text)))[:ASSETS_MAX]
            _keep(self._pages, page, found)
        return found

    def listing(self, body: bytes) -> Listing:
        """Errors: `ValueError`."""
        found = self._listings.get(body)
        if found is None:
            found = listing.read(unzipped(body).decode("utf-8", "replace"))
            _keep(self._listings, body, found)
        return found

    def pulse(self, body: bytes, now_s: float) -> Mapping[str, Any]:
        """Errors: `ValueError`. A pulse is never early, so the largest difference of the clocks is the nearest."""
        found = self._pulses.get(body)
        if found is None:
            found = json.loads(unzipped(body))
            if not isinstance(found, dict) or not isinstance(found.get("now_ms"), int):
                raise ValueError("no pulse")
            _keep(self._pulses, body, found)
        ahead_s = found["now_ms"] / 1000 - now_s
        if self.ahead_s is None or ahead_s > self.ahead_s:
            self.ahead_s = ahead_s
        return found


def _keep(cache: dict[bytes, Any], body: bytes, value: object) -> None:
    if len(cache) >= READ_KEPT:
        del cache[next(iter(cache))]
    cache[body] = value
