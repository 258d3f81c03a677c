"""Where an account's pictures are: on the live host once work has made them, drawn by web until there are any."""

from __future__ import annotations

from dataclasses import dataclass

from hustings.social.accounts import Account
from hustings.social.portraits import AVATAR, HEADER
from hustings.web.drawn import seed
from hustings.web.mastodon.media_entities import address


@dataclass(frozen=True, slots=True)
class Portraits:
    """Addresses that always answer. Of what moves, `still` is the first picture; a header never moves."""

    web_url: str
    live_url: str

    def avatar(self, account: Account) -> str:
        return self._made(account.avatar) or self._drawn(account, AVATAR)

    def still(self, account: Account) -> str:
        return self._made(account.avatar_still) or self._drawn(account, AVATAR)

    def header(self, account: Account) -> str:
        return self._made(account.header) or self._drawn(account, HEADER)

    def _made(self, name: str) -> str:
        return address(self.live_url, name) if name else ""

    def _drawn(self, account: Account, kind: str) -> str:
        return f"{self.web_url}/drawn/{seed(account.address)}/{kind}.png"
