"""What this server says of itself: to apps (both shapes of `instance`), to crawlers (NodeInfo), to who looks an account up."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from html import escape
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from hustings.copy import catalogue
from hustings.social import accounts, blocks, fields, names, polls
from hustings.social.blocks import Block
from hustings.social.figures import Figures, figures
from hustings.social.marks import PINS_MAX
from hustings.social.media import DESCRIPTION_MAX, PICTURES_MAX
from hustings.social.text import LINK_COUNTS
from hustings.web.mastodon import entities, params, server_shapes, shapes, wishes
from hustings.web.mastodon.answers import yes
from hustings.web.mastodon.callers import Callers
from hustings.web.mastodon.described import ANYBODY, says
from hustings.web.mastodon.entities import Entities
from hustings.web.pages import LANG
from hustings.web.parts import Parts
from hustings.wire.errors import Refused

SPOKEN = "4.5.0"
"""The Mastodon whose API this is modelled on. Clients read a version number here and fail on anything else."""
API_LEVEL = 2
"""`api_versions.mastodon`: 2 promises grouped notifications. Of 7 the quotes are here; of what lies between, not yet policies and
requests of notifications, endorsements, featured tags, terms of service and the deletion of media."""
SCHEMA = "http://nodeinfo.diaspora.software/ns/schema/2.0"
MIME_TYPES = (
    *("image/jpeg", "image/png", "image/gif", "image/webp"),
    *("audio/mpeg", "audio/mp3", "audio/ogg", "audio/vorbis", "audio/opus"),
    *("audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave", "audio/x-pn-wave"),
    *("audio/mp4", "audio/m4a", "audio/x-m4a", "audio/aac"),
)
"""What is sent is known by its first bytes; these are the names under which clients look for it."""
JRD, XRD = "application/jrd+json", "application/xrd+xml"


def build(parts: Parts, callers: Callers, shown: Entities) -> APIRouter:
    """The routes."""
    router = APIRouter(dependencies=[Depends(callers.enter)])
    _instances(router, parts, shown)
    _discovery(router, parts)
    return router


@lru_cache(maxsize=1)
def version() -> str:
    """Looked up only when somebody asks: `importlib.metadata` costs memory (see `cli`)."""
    from importlib import metadata  # noqa: PLC0415

    try:
        return metadata.version("hustings")
    except metadata.PackageNotFoundError:
        return "0.0.0"  # from a checkout


def _instances(router: APIRouter, parts: Parts, shown: Entities) -> None:
    about = _About(parts, shown)

    async def found() -> tuple[Figures, shapes.Account | None]:
        now = await parts.sql.read(figures, parts.now_ms())
        if now.owner is None:
            return now, None
        person = await parts.sql.read(entities.person, now.owner)
        return now, shown.account(person)

    @router.get("/api/v1/instance")
    @says(server_shapes.OlderInstance, by=ANYBODY)
    async def first() -> Response:
        return yes(about.v1(*await found()))

    @router.get("/api/v2/instance")
    @says(server_shapes.Instance, by=ANYBODY)
    async def second() -> Response:
        return yes(about.v2(*await found()))

    @router.get("/api/v1/instance/rules")
    @says(list[server_shapes.Rule], by=ANYBODY)
    async def rules() -> Response:
        return yes(about.rules())

    @router.get("/api/v1/instance/domain_blocks")
    @says(list[server_shapes.DomainBlock], by=ANYBODY)
    async def domain_blocks() -> Response:
        return yes([_blocked(one) for one in await parts.sql.read(blocks.servers)])

    @router.get("/api/v1/instance/peers")
    @says(list[str], by=ANYBODY)
    async def peers() -> Response:
        return yes([])  # it federates with nobody

    @router.get("/api/v1/custom_emojis")
    @says(list[shapes.Emoji], by=ANYBODY)
    async def emojis() -> Response:
        return yes([])  # none exist

    @router.get("/api/v1/announcements")
    @says(list[server_shapes.Announcement], by=ANYBODY)
    async def announcements() -> Response:
        return yes([])  # none can be made


def _blocked(one: Block) -> server_shapes.DomainBlock:
    severity = "suspend" if one.suspends else "silence"
    digest = hashlib.sha256(one.domain.encode()).hexdigest()
    return {"domain": one.domain, "digest": digest, "severity": severity, "comment": one.said}


class _About:
    def __init__(self, parts: Parts, shown: Entities) -> None:
        self._parts = parts
        self._shown = shown
        self._copy = catalogue(LANG, "web")
        # wss beside https, ws beside http
        self._streaming = parts.settings.public.streaming.replace("http", "ws", 1)

    def v2(self, now: Figures, contact: shapes.Account | None) -> server_shapes.Instance:
        picture = self._shown.asset("web/server.png")
        return {
            "domain": self._parts.settings.handle_domain,
            "title": self._copy["name"],
            "version": f"{SPOKEN} (compatible; Hustings {version()})",
            "source_url": "",
            "description": self._copy["tagline"],
            "usage": {"users": {"active_month": now.active_month}},
            "thumbnail": {
                "url": picture,
                "blurhash": None,
                "versions": {"@1x": picture, "@2x": picture},
                "description": self._copy["name"],
            },
            "icon": [{"src": self._shown.asset("web/avatar.png"), "size": "400x400"}],
            "languages": [LANG],
            "configuration": self._configuration(),
            "registrations": {
                **self._registrations(),
                "message": None,
                "min_age": None,
                "reason_required": False,
                "url": f"{self._parts.settings.public.web}/sign-up",
            },
            "api_versions": {"mastodon": API_LEVEL},
            "contact": {"email": "", "account": contact},
            "rules": self.rules(),
        }

    def v1(self, now: Figures, contact: shapes.Account | None) -> server_shapes.OlderInstance:
        """`uri` is a host and no address: clients put it behind a handle."""
        configuration = self._configuration()
        return {
            "uri": self._parts.settings.handle_domain,
            "title": self._copy["name"],
            "short_description": self._copy["tagline"],
            "description": self._copy["tagline"],
            "email": "",
            "version": f"{SPOKEN} (compatible; Hustings {version()})",
            "urls": {"streaming_api": self._streaming},
            "stats": {"user_count": now.members, "status_count": now.posts, "domain_count": 0},
            "thumbnail": self._shown.asset("web/server.png"),
            "languages": [LANG],
            "registrations": self._registrations()["enabled"],
            "approval_required": self._registrations()["approval_required"],
            "invites_enabled": self._parts.settings.square.sign_up == "invite",
            "configuration": {
                "accounts": configuration["accounts"],
                "statuses": configuration["statuses"],
                "media_attachments": configuration["media_attachments"],
                "polls": configuration["polls"],
            },
            "contact_account": contact,
            "rules": self.rules(),
        }

    def rules(self) -> list[server_shapes.Rule]:
        return [
            {"id": str(number), "text": rule, "hint": "", "translations": {}}
            for number, rule in enumerate(self._parts.settings.square.rules, 1)
        ]

    def _registrations(self) -> server_shapes.Registration:
        mode = self._parts.settings.square.sign_up
        return {"enabled": mode in ("open", "approval"), "approval_required": mode == "approval"}

    def _configuration(self) -> server_shapes.Configuration:
        """What can be sent here. Films cannot: their limits are 0; `video_size_limit` is that of a sound, for which
        Mastodon has no name of its own."""
        media = self._parts.settings.media
        return {
            "urls": {"streaming": self._streaming},
            "accounts": {
                "max_featured_tags": 0,
                "max_pinned_statuses": PINS_MAX,
                "max_profile_fields": fields.FIELDS_MAX,
                "profile_field_name_limit": fields.FIELD_MAX,
                "profile_field_value_limit": fields.FIELD_MAX,
                "max_display_name_length": names.NAME_MAX,
                "max_note_length": names.NOTE_MAX,
            },
            "statuses": {
                "max_characters": self._parts.settings.square.post_characters_max,
                "max_media_attachments": PICTURES_MAX,
                "characters_reserved_per_url": LINK_COUNTS,
            },
            "media_attachments": {
                "description_limit": DESCRIPTION_MAX,
                "supported_mime_types": list(MIME_TYPES),
                "image_size_limit": media.picture_bytes_max,
                "image_matrix_limit": media.picture_pixels_max,
                "video_size_limit": media.sound_bytes_max,
                "video_frame_rate_limit": 0,
                "video_matrix_limit": 0,
            },
            "polls": {
                "max_options": polls.OPTIONS_MAX,
                "max_characters_per_option": polls.OPTION_MAX,
                "min_expiration": polls.LENGTH_MIN_S,
                "max_expiration": polls.LENGTH_MAX_S,
            },
            "timelines_access": {
                "live_feeds": {"local": "public", "remote": "disabled"},
                "hashtag_feeds": {"local": "public", "remote": "disabled"},
                "trending_link_feeds": {"local": "disabled", "remote": "disabled"},
            },
            "translation": {"enabled": False},
            "limited_federation": True,
        }


def _discovery(router: APIRouter, parts: Parts) -> None:
    sql, web, domain = parts.sql, parts.settings.public.web, parts.settings.handle_domain

    @router.get("/.well-known/nodeinfo")
    @says(server_shapes.NodeLinks, by=ANYBODY)
    async def where() -> Response:
        return yes({"links": [{"rel": SCHEMA, "href": f"{web}/nodeinfo/2.0"}]})

    @router.get("/nodeinfo/2.0")
    @says(server_shapes.Node, by=ANYBODY)
    async def node() -> Response:
        now = await sql.read(figures, parts.now_ms())
        return yes(
            {
                "version": "2.0",
                "software": {"name": "hustings", "version": version()},
                "protocols": [],  # it federates with nobody yet
                "services": {"inbound": [], "outbound": []},
                "openRegistrations": parts.settings.square.sign_up == "open",
                "usage": {
                    "users": {
                        "total": now.members,
                        "activeMonth": now.active_month,
                        "activeHalfyear": now.active_half_year,
                    },
                    "localPosts": now.posts,
                },
                "metadata": {"nodeName": catalogue(LANG, "web")["name"]},
            }
        )

    @router.get("/.well-known/host-meta")
    @says(None, by=ANYBODY, kind=XRD)
    async def host_meta() -> Response:
        template = escape(f"{web}/.well-known/webfinger?resource={{uri}}")
        text = (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0">\n'
            f'  <Link rel="lrdd" template="{template}"/>\n</XRD>\n'
        )
        return Response(text, media_type=XRD)

    @router.get("/.well-known/webfinger")
    @says(server_shapes.Finger, by=ANYBODY, asks=(wishes.Resource,), kind=JRD)
    async def finger(request: Request) -> Response:
        """RFC 7033: an account by its handle, or by one of its addresses."""
        found = await sql.read(accounts.find, _handle(request, web, domain))
        if found is None:
            raise Refused("account_unknown")
        page = f"{web}/@{found.handle}"
        tree = {
            "subject": f"acct:{found.handle}@{domain}",
            "aliases": [page, f"{web}/people/{found.id}"],
            "links": [
                {
                    "rel": "http://webfinger.net/rel/profile-page",
                    "type": "text/html",
                    "href": page,
                }
            ],
        }
        answer = yes(tree)
        answer.headers["Content-Type"] = f"{JRD}; charset=utf-8"
        return answer


def _handle(request: Request, web: str, domain: str) -> str:
    """Errors: `bad_request` without a resource, `account_unknown` for one of another server."""
    resource = params.words(params.asked(request), "resource")
    if not resource:
        raise Refused("bad_request", field="resource")
    if resource.startswith(f"{web}/@"):
        return resource.removeprefix(f"{web}/@")[:64]
    handle, _, where = resource.removeprefix("acct:").removeprefix("@").partition("@")
    hosts = (domain.lower(), urlsplit(web).netloc.lower())
    if where.lower() not in hosts:
        raise Refused("account_unknown")
    return handle[:64]
