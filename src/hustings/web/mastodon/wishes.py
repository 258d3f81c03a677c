"""What apps say in a query or a body, name by name. A name that is not here is not read (`described`, `params`)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field
from typing_extensions import TypedDict

from hustings.social import (
    apps,
    finding,
    lists,
    markers,
    media,
    names,
    notes,
    polls,
    reports,
    scheduled,
)
from hustings.web.mastodon.shapes import (
    Category,
    Id,
    Kind,
    QuotePolicy,
    Replies,
    Visibility,
)

File = Annotated[Any, Field(json_schema_extra={"type": "string", "format": "binary"})]
Limit = Annotated[int, Field(ge=0, description="past the most it is the most")]
Name = Annotated[str, Field(max_length=names.NAME_MAX)]
Note = Annotated[str, Field(max_length=names.NOTE_MAX)]
Alt = Annotated[str, Field(max_length=media.DESCRIPTION_MAX)]
Ids = Annotated[list[Id], Field(max_length=80)]


class Paged(TypedDict, total=False):
    """Which part of a list: ids as borders."""

    max_id: Id
    since_id: Id
    min_id: Id
    limit: Limit


class SomeIds(TypedDict, total=False):
    id: Ids


class OnlyMedia(TypedDict, total=False):
    only_media: bool
    remote: bool


class TagLists(TypedDict, total=False):
    """Not offered yet, and refused."""

    any: list[str]
    all: list[str]
    none: list[str]


class OfAccount(TypedDict, total=False):
    exclude_replies: bool
    exclude_reblogs: bool
    pinned: bool
    tagged: str
    only_media: bool


class MarkersOf(TypedDict, total=False):
    timeline: list[Annotated[str, Field(json_schema_extra={"enum": list(markers.TIMELINES)})]]


class Wished(TypedDict, total=False):
    """Which notifications."""

    types: list[Kind]
    exclude_types: list[Kind]
    account_id: Id
    grouped_types: list[Kind]


class UpTo(TypedDict, total=False):
    """Up to how many are counted."""

    limit: Limit


class Acct(TypedDict, total=False):
    acct: Annotated[str, Field(description="a handle, or with its server behind an @")]


class Resource(TypedDict, total=False):
    resource: Annotated[str, Field(description="`acct:handle@server`, or an address of a page")]


class Window(TypedDict, total=False):
    limit: Limit
    offset: Annotated[int, Field(ge=0)]


class Searched(Window, total=False):
    q: Annotated[str, Field(max_length=finding.QUERY_MAX)]
    type: Annotated[str, Field(json_schema_extra={"enum": list(finding.KINDS)})]
    account_id: Id
    min_id: Id
    max_id: Id


class SearchedPeople(Window, total=False):
    q: Annotated[str, Field(max_length=finding.QUERY_MAX)]
    following: bool


class Deleted(TypedDict, total=False):
    delete_media: bool


class Stream(TypedDict, total=False):
    access_token: str


class TagStream(Stream, total=False):
    tag: str


class ListStream(Stream, total=False):
    list: Id


class Registered(TypedDict, total=False):
    """An app. `redirect_uris`: lines of a text, or a list."""

    client_name: Annotated[str, Field(max_length=apps.NAME_MAX)]
    redirect_uris: str | list[str]
    scopes: str
    scope: str
    website: Annotated[str, Field(max_length=apps.WEBSITE_MAX)] | None


class Client(TypedDict, total=False):
    """Or as HTTP Basic (RFC 6749, 2.3.1)."""

    client_id: str
    client_secret: str


class Granted(Client, total=False):
    grant_type: Annotated[
        str, Field(json_schema_extra={"enum": ["authorization_code", "client_credentials"]})
    ]
    code: str
    redirect_uri: str
    code_verifier: str
    scope: str


class Revoked(Client, total=False):
    token: str


class Authorization(TypedDict, total=False):
    """RFC 6749, 4.1.1, and RFC 7636, 4.3. `force_login`: in any case."""

    response_type: Annotated[str, Field(json_schema_extra={"enum": ["code"]})]
    client_id: str
    redirect_uri: str
    scope: str
    state: str
    code_challenge: str
    code_challenge_method: Annotated[str, Field(json_schema_extra={"enum": ["S256"]})]
    force_login: bool


class Decision(Authorization, total=False):
    decision: Annotated[str, Field(json_schema_extra={"enum": ["allow", "deny"]})]


class SignUp(TypedDict, total=False):
    username: str
    email: str
    password: str
    agreement: bool
    reason: Note
    invite_code: str


class Confirmation(TypedDict, total=False):
    """`email`: another address than before."""

    email: str


class ProfileSource(TypedDict, total=False):
    privacy: Visibility
    sensitive: bool
    language: str | None
    quote_policy: QuotePolicy


class FieldDraft(TypedDict, total=False):
    name: str
    value: str


class Profile(TypedDict, total=False):
    """What is not said stays."""

    display_name: Name
    note: Note
    locked: bool
    bot: bool
    discoverable: bool
    source: ProfileSource
    fields_attributes: list[FieldDraft] | dict[str, FieldDraft]
    avatar: File
    header: File
    avatar_description: Alt
    header_description: Alt


class Followed(TypedDict, total=False):
    """`languages` is not offered yet."""

    reblogs: bool | None
    notify: bool | None
    languages: list[str]


class Muted(TypedDict, total=False):
    notifications: bool | None
    duration: Annotated[int, Field(ge=0, description="seconds; 0: for good")]


class Noted(TypedDict, total=False):
    comment: Annotated[str, Field(max_length=notes.NOTE_MAX)]


class Reported(TypedDict, total=False):
    account_id: Id
    status_ids: Annotated[list[Id], Field(max_length=reports.POSTS_MAX)]
    comment: Annotated[str, Field(max_length=reports.COMMENT_MAX)]
    category: Category
    rule_ids: list[Id]


class ListDraft(TypedDict, total=False):
    title: Annotated[str, Field(min_length=1, max_length=lists.TITLE_MAX)]
    replies_policy: Replies | None
    exclusive: bool | None


class ListMembers(TypedDict, total=False):
    account_ids: list[Id]


class PollDraft(TypedDict, total=False):
    options: Annotated[
        list[Annotated[str, Field(max_length=polls.OPTION_MAX)]],
        Field(min_length=polls.OPTIONS_MIN, max_length=polls.OPTIONS_MAX),
    ]
    expires_in: Annotated[int, Field(ge=polls.LENGTH_MIN_S, le=polls.LENGTH_MAX_S)]
    multiple: bool
    hide_totals: bool


class MediaSaid(TypedDict, total=False):
    """`focus`: `x,y`, from -1 to 1, what must be seen. `credit`: who made it."""

    description: Alt
    focus: str
    credit: Annotated[str, Field(max_length=media.CREDIT_MAX)]


class MediaSent(MediaSaid, total=False):
    file: File


class MediaOfPost(MediaSaid, total=False):
    id: Id


class _Written(TypedDict, total=False):
    status: str
    spoiler_text: str
    language: str | None
    media_ids: Annotated[list[Id], Field(max_length=media.PICTURES_MAX)]
    poll: PollDraft | None
    quoted_status_id: Id | None
    quote_approval_policy: QuotePolicy | None


class StatusEdited(_Written, total=False):
    """What is not said stays; a null takes the poll away."""

    sensitive: bool
    media_attributes: Annotated[list[MediaOfPost], Field(max_length=media.PICTURES_MAX)]


class StatusDraft(_Written, total=False):
    """`scheduled_at`: later, and the answer is then what waits. `room`: the key of the room that it is about."""

    sensitive: bool | None
    visibility: Visibility | None
    in_reply_to_id: Id | None
    room: str | None
    scheduled_at: Annotated[str, Field(max_length=scheduled.TYPED_MAX)] | None


class Reposted(TypedDict, total=False):
    visibility: Visibility
    room: str


class Voted(TypedDict, total=False):
    choices: list[Annotated[int, Field(ge=0, lt=polls.OPTIONS_MAX)]]


class QuoteWish(TypedDict, total=False):
    quote_approval_policy: QuotePolicy


class Moved(TypedDict, total=False):
    scheduled_at: str


class MarkerSet(TypedDict, total=False):
    last_read_id: Id


class MarkersSet(TypedDict, total=False):
    home: MarkerSet
    notifications: MarkerSet
