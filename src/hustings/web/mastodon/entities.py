"""Accounts, apps and tokens as apps read them (https://docs.joinmastodon.org/entities/). Every id is a text."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from html import escape

from sqlalchemy import Connection

from hustings.social import accounts, follows, preferences, scopes
from hustings.social.accounts import Account, Member
from hustings.social.apps import App
from hustings.social.fields import Field
from hustings.social.follows import Counts
from hustings.social.ids import moment as moment_of
from hustings.social.preferences import Preferences
from hustings.social.tokens import Token
from hustings.web.mastodon import shapes
from hustings.web.mastodon.answers import day, moment
from hustings.web.parts import Parts
from hustings.wire.errors import Refused

PERMISSIONS = {accounts.MEMBER: 0, accounts.MODERATOR: 1 << 3 | 1 << 4 | 1 << 10, accounts.OWNER: 1}
"""Of a role, as Mastodon counts them: an owner may all, a moderator sees reports, the log, and users."""
ROLE_IDS = {accounts.MEMBER: "-99", accounts.MODERATOR: "1", accounts.OWNER: "3"}
REL = "nofollow noopener noreferrer"
ME = f"{REL} me"
"""On the links of a profile's table: its owner says that they are his own."""
_LINK = re.compile(r"https?://[^\s<>\"'\\]+")


@dataclass(frozen=True, slots=True)
class Person:
    """What an account's entity is made of."""

    account: Account
    preferences: Preferences
    counts: Counts
    role: str = ""
    """What all may see that he is here, "" for nothing."""


def person(connection: Connection, account: Account) -> Person:
    return people(connection, [account])[account.id]


def people(connection: Connection, wanted: Collection[Account]) -> dict[int, Person]:
    """Of a whole page at once."""
    ids = {account.id for account in wanted}
    set_by = preferences.of_ids(connection, ids)
    counted = follows.counts(connection, ids)
    proud = accounts.moderators(connection, [id for id in ids if set_by[id].role_shown])
    return {
        one.id: Person(one, set_by[one.id], counted[one.id], proud.get(one.id, ""))
        for one in wanted
    }


def own_person(connection: Connection, id: int) -> tuple[Person, Member, int]:
    """One's own, and how many ask to follow. Errors: `token_wrong` for who is gone."""
    found = accounts.member(connection, id)
    if found is None:
        raise Refused("token_wrong")
    return person(connection, found.account), found, follows.asked_by(connection, id)


BUILD_KEPT_MS = 1_000
ACCOUNTS_KEPT = 2_000


class Entities:
    """Our addresses are absolute, as apps need them."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._web = parts.settings.public.web
        self._build, self._build_until_ms = "", 0
        self.account = lru_cache(ACCOUNTS_KEPT)(self._account)
        """Kept for a while, since the same few people stand in many homes: to be read only."""

    def asset(self, name: str) -> str:
        """Which build is the newest lies in a file, read once a second: a page of posts has a hundred of these."""
        now_ms = self._parts.now_ms()
        if not 0 <= self._build_until_ms - now_ms <= BUILD_KEPT_MS:
            self._build, self._build_until_ms = self._parts.publisher.assets, now_ms + BUILD_KEPT_MS
        return f"{self._web}{self._build}/{name}"

    def page(self, account: Account) -> str:
        """Of an account of ours its page, of another its address."""
        return f"{self._web}/@{account.handle}" if account.domain is None else account.uri

    def _account(self, who: Person) -> shapes.Account:
        account, more, counted = who.account, who.preferences, who.counts
        at = self._parts.portraits
        header = at.header(account)
        tree: shapes.Account = {
            "id": str(account.id),
            "username": account.handle,
            "acct": account.address,
            "display_name": account.name,
            "locked": account.locked,
            "bot": more.bot,
            "discoverable": more.discoverable,
            "indexable": False,
            "group": False,
            "created_at": moment(account.created_at_ms // 86_400_000 * 86_400_000),
            "note": paragraphs(account.note),
            "url": self.page(account),
            "uri": account.uri,
            "avatar": at.avatar(account),
            "avatar_static": at.still(account),
            "avatar_description": account.avatar_alt,
            "header": header,
            "header_static": header,
            "header_description": account.header_alt,
            "followers_count": counted.followers,
            "following_count": counted.following,
            "statuses_count": counted.posts,
            "last_status_at": day(moment_of(counted.last_post)) if counted.last_post else None,
            "hide_collections": False,
            "noindex": False,
            "emojis": [],
            "roles": [role_of(who.role)] if who.role else [],
            "fields": [
                {"name": one.name, "value": linked(one.value, ME), "verified_at": proven(one)}
                for one in more.fields
            ],
        }
        if account.limited:
            tree["limited"] = True
        return tree

    def own(self, who: Person, member: Member, asked_by: int) -> shapes.OwnAccount:
        """One's own account: with what is typed as it was typed."""
        more = who.preferences
        return {
            **self.account(who),
            "source": {
                "privacy": more.visibility,
                "sensitive": more.sensitive,
                "language": more.language,
                "note": who.account.note,
                "fields": [
                    {"name": one.name, "value": one.value, "verified_at": proven(one)}
                    for one in more.fields
                ],
                "follow_requests_count": asked_by,
                "hide_collections": False,
                "discoverable": more.discoverable,
                "indexable": False,
                "attribution_domains": [],
                "quote_policy": more.quote_policy,
            },
            "role": {
                **role_of(member.role),
                "permissions": str(PERMISSIONS[member.role]),
                "highlighted": bool(who.role),
            },
        }


def role_of(role: str) -> shapes.RoleShown:
    name = "" if role == accounts.MEMBER else role.capitalize()
    return {"id": ROLE_IDS[role], "name": name, "color": ""}


def application(app: App) -> shapes.Application:
    return {
        "id": str(app.id),
        "name": app.name,
        "website": app.website,
        "scopes": app.scopes.split(),
        "redirect_uri": "\n".join(app.redirect_uris),
        "redirect_uris": list(app.redirect_uris),
    }


def token(made: Token, text: str) -> shapes.Token:
    return {
        "access_token": text,
        "token_type": "Bearer",
        "scope": made.scopes,
        "created_at": made.made_at_ms // 1000,
    }


def paragraphs(text: str) -> str:
    """What was typed, as HTML: paragraphs, line breaks, links."""
    blocks = [block.strip() for block in text.split("\n\n")]
    return "".join(
        f"<p>{'<br />'.join(linked(line) for line in block.split(chr(10)))}</p>"
        for block in blocks
        if block
    )


def proven(field: Field) -> str | None:
    return moment(field.verified_at_ms) if field.verified_at_ms else None


def linked(line: str, rel: str = REL) -> str:
    """One line as HTML, with the links that are in it."""
    made, at = [], 0
    for found in _LINK.finditer(line):
        url = found[0].rstrip(".,;:!?)")
        made.append(escape(line[at : found.start()]))
        href = escape(url)
        made.append(f'<a href="{href}" rel="{rel}" target="_blank">{href}</a>')
        at = found.start() + len(url)
    return "".join(made) + escape(line[at:])


def scope_words(text: str) -> list[str]:
    """Scopes as the page of consent lists them: none that a wider one holds."""
    words = text.split()
    return [
        word
        for word in words
        if not any(scopes.allow(other, word) for other in words if other != word)
    ]
