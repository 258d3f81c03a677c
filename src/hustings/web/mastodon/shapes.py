"""What apps are answered, entity by entity, in Mastodon's shapes (https://docs.joinmastodon.org/entities/).

mypy holds what makes them to these, and the description for programs is made of them (`web.openapi`).
"""

from __future__ import annotations

from typing import Annotated, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from hustings.rooms.room import STATES
from hustings.social import interest, media, notify, quoted, reports, scopes, visibility
from hustings.wire.errors import CODES

Id = Annotated[str, Field(pattern=r"^[0-9]{1,19}$")]
Address = Annotated[str, Field(json_schema_extra={"format": "uri"})]
Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Count = Annotated[int, Field(ge=0)]
Visibility = Annotated[str, Field(json_schema_extra={"enum": list(visibility.VISIBILITIES)})]
QuotePolicy = Annotated[str, Field(json_schema_extra={"enum": list(quoted.POLICIES)})]
RoomState = Annotated[str, Field(json_schema_extra={"enum": list(STATES)})]
Code = Annotated[str, Field(json_schema_extra={"enum": sorted(CODES)})]
Kind = Annotated[str, Field(json_schema_extra={"enum": list(notify.KINDS)})]
Scope = Annotated[str, Field(json_schema_extra={"enum": list(scopes.KNOWN)})]
Replies = Annotated[str, Field(json_schema_extra={"enum": list(interest.REPLIES)})]
Category = Annotated[str, Field(json_schema_extra={"enum": list(reports.CATEGORIES)})]


class Nothing(TypedDict):
    """An empty object: done."""


class Fault(TypedDict):
    """One thing that is wrong with a field of a sign-up, in Mastodon's word."""

    error: str
    description: str


class Refusal(TypedDict):
    """Every "no". `code` is stable; `error` is a sentence, at the addresses of OAuth a word of RFC 6749 or 6750."""

    error: str
    code: Code
    error_description: NotRequired[str]
    field: NotRequired[str]
    details: NotRequired[dict[str, list[Fault]]]


class ProfileField(TypedDict):
    """`verified_at`: since when its link is proven."""

    name: str
    value: str
    verified_at: Moment | None


class Emoji(TypedDict):
    """None are made here: every list of them is empty."""

    shortcode: str
    url: Address
    static_url: Address
    visible_in_picker: bool


class RoleShown(TypedDict):
    """`id` is Mastodon's number for the role, negative where it may nothing."""

    id: str
    name: str
    color: str


class Role(RoleShown):
    permissions: str
    highlighted: bool


class Account(TypedDict):
    id: Id
    username: str
    acct: str
    display_name: str
    locked: bool
    bot: bool
    discoverable: bool
    indexable: bool
    group: bool
    created_at: Moment
    note: str
    url: Address
    uri: Address
    avatar: Address
    avatar_static: Address
    avatar_description: str
    header: Address
    header_static: Address
    header_description: str
    followers_count: Count
    following_count: Count
    statuses_count: Count
    last_status_at: str | None
    hide_collections: bool
    noindex: bool
    emojis: list[Emoji]
    roles: list[RoleShown]
    fields: list[ProfileField]
    limited: NotRequired[bool]


class Source(TypedDict):
    """What is typed, as it was typed."""

    privacy: Visibility
    sensitive: bool
    language: str | None
    note: str
    fields: list[ProfileField]
    follow_requests_count: Count
    hide_collections: bool
    discoverable: bool
    indexable: bool
    attribution_domains: list[str]
    quote_policy: QuotePolicy


class OwnAccount(Account):
    source: Source
    role: Role


class Application(TypedDict):
    id: Id
    name: str
    website: Address | None
    scopes: list[Scope]
    redirect_uri: str
    redirect_uris: list[str]


class Credentials(Application):
    """What an app is told once, when it registers."""

    client_id: str
    client_secret: str
    client_secret_expires_at: int


class Token(TypedDict):
    access_token: str
    token_type: str
    scope: str
    created_at: int


class Metadata(TypedDict):
    """RFC 8414, and where an app registers as Mastodon names it."""

    issuer: Address
    authorization_endpoint: Address
    token_endpoint: Address
    revocation_endpoint: Address
    userinfo_endpoint: Address
    app_registration_endpoint: Address
    scopes_supported: list[Scope]
    response_types_supported: list[str]
    response_modes_supported: list[str]
    grant_types_supported: list[str]
    token_endpoint_auth_methods_supported: list[str]
    code_challenge_methods_supported: list[str]
    service_documentation: Address


class Userinfo(TypedDict):
    iss: Address
    sub: Address
    name: str
    preferred_username: str
    profile: Address
    picture: Address


Preferences = TypedDict(
    "Preferences",
    {
        "posting:default:visibility": Visibility,
        "posting:default:sensitive": bool,
        "posting:default:language": str | None,
        "posting:default:quote_policy": QuotePolicy,
        "reading:expand:media": str,
        "reading:expand:spoilers": bool,
        "reading:autoplay:gifs": bool,
    },
)


class Relationship(TypedDict):
    id: Id
    following: bool
    showing_reblogs: bool
    notifying: bool
    languages: list[str] | None
    followed_by: bool
    requested: bool
    requested_by: bool
    blocking: bool
    blocked_by: bool
    muting: bool
    muting_notifications: bool
    muting_expires_at: Moment | None
    domain_blocking: bool
    endorsed: bool
    note: str


class FamiliarFollowers(TypedDict):
    id: Id
    accounts: list[Account]


class Size(TypedDict):
    width: Count
    height: Count
    size: str
    aspect: float


class Focus(TypedDict):
    x: float
    y: float


class Duration(TypedDict):
    duration: float


class Meta(TypedDict, total=False):
    """Of a picture its sizes and its focus, of a sound how long it lasts; of one that is not made yet nothing."""

    original: Size | Duration
    small: Size
    focus: Focus
    length: str
    duration: float


class Credit(TypedDict):
    credit: str | None


class MediaAttachment(TypedDict):
    """`url` is null until it is made. `hustings.credit`: who made it."""

    id: Id
    type: Annotated[str, Field(json_schema_extra={"enum": [media.IMAGE, media.AUDIO]})]
    url: Address | None
    preview_url: Address | None
    remote_url: None
    preview_remote_url: None
    text_url: None
    meta: Meta
    description: str | None
    blurhash: str | None
    hustings: Credit


class PollOption(TypedDict):
    title: str
    votes_count: Count | None
    emojis: list[Emoji]


class Poll(TypedDict):
    """`voted` and `own_votes` are told to who asks with a token."""

    id: Id
    expires_at: Moment
    expired: bool
    multiple: bool
    votes_count: Count
    voters_count: Count | None
    options: list[PollOption]
    emojis: list[Emoji]
    voted: NotRequired[bool]
    own_votes: NotRequired[list[int]]


class OlderOption(TypedDict):
    title: str


class OlderPoll(TypedDict):
    """What an older version of a post asked."""

    options: list[OlderOption]


QuoteState = Annotated[
    str,
    Field(
        json_schema_extra={
            "enum": [
                *(quoted.ACCEPTED, quoted.REVOKED, quoted.DELETED, quoted.UNAUTHORIZED),
                *(quoted.BLOCKED, quoted.MUTED),
            ]
        }
    ),
]


class Quote(TypedDict):
    """What a post quotes, with its words where the reader may see them."""

    state: QuoteState
    quoted_status: Status | None


class ShallowQuote(TypedDict):
    """The same within a quoted post."""

    state: QuoteState
    quoted_status_id: Id | None


class QuoteApproval(TypedDict):
    automatic: list[str]
    manual: list[str]
    current_user: str


class Mention(TypedDict):
    id: Id
    username: str
    acct: str
    url: Address


class Tag(TypedDict):
    id: str
    name: str
    url: Address


class Claim(TypedDict):
    """Of an imported post: its date is what `imported_by` says."""

    claimed_at: Moment
    imported_at: Moment
    imported_by: Id | None
    origin: str | None


class FoundRoom(TypedDict):
    key: str
    title: str
    state: RoomState
    url: Address


class StatusRoom(FoundRoom):
    """The room that a post stands beside; `by_host`: it is its author's own."""

    by_host: bool


class Ours(TypedDict):
    """What Mastodon has no word for."""

    claim: Claim | None
    room: StatusRoom | None


class CardAuthor(TypedDict):
    """None are named: every list of them is empty."""

    name: str
    url: Address


class PreviewCard(TypedDict):
    """The room that a post stands beside, with a player once there is something to hear."""

    url: Address
    title: str
    description: str
    language: str | None
    type: Annotated[str, Field(json_schema_extra={"enum": ["link", "video"]})]
    author_name: str
    author_url: str
    authors: list[CardAuthor]
    provider_name: str
    provider_url: Address
    html: str
    width: Count
    height: Count
    image: str | None
    image_description: str
    embed_url: str
    blurhash: str | None
    published_at: Moment | None


class Written(TypedDict):
    id: Id
    uri: Address
    url: Address
    created_at: Moment
    edited_at: Moment | None
    account: Account
    content: str
    spoiler_text: str
    sensitive: bool
    language: str | None
    visibility: Visibility
    in_reply_to_id: Id | None
    in_reply_to_account_id: Id | None
    replies_count: Count
    reblogs_count: Count
    favourites_count: Count
    quotes_count: Count
    quote: Quote | ShallowQuote | None
    quote_approval: QuoteApproval
    favourited: bool
    reblogged: bool
    bookmarked: bool
    pinned: bool
    muted: bool
    mentions: list[Mention]
    tags: list[Tag]
    media_attachments: list[MediaAttachment]
    emojis: list[Emoji]
    filtered: list[str]
    card: PreviewCard | None
    poll: Poll | None
    hustings: Ours


class Status(Written):
    """A post; a repost holds the original in `reblog`."""

    reblog: Status | None


class DeletedStatus(Status):
    """With the words as they were typed, for who writes it anew."""

    text: str


class StatusEdit(TypedDict):
    """What a post said from a moment on."""

    content: str
    spoiler_text: str
    sensitive: bool
    created_at: Moment
    account: Account
    media_attachments: list[MediaAttachment]
    emojis: list[Emoji]
    quote: Quote | ShallowQuote | None
    poll: NotRequired[OlderPoll]


class StatusSource(TypedDict):
    id: Id
    text: str
    spoiler_text: str


class Context(TypedDict):
    ancestors: list[Status]
    descendants: list[Status]


class LaterPoll(TypedDict):
    options: list[str]
    expires_in: int
    multiple: bool
    hide_totals: bool


class LaterParams(TypedDict):
    text: str
    poll: LaterPoll | None
    media_ids: list[Id] | None
    sensitive: bool
    spoiler_text: str
    visibility: Visibility
    in_reply_to_id: Id | None
    language: str | None
    quoted_status_id: Id | None
    quote_approval_policy: QuotePolicy | None
    application_id: Id | None
    scheduled_at: None
    idempotency: None
    with_rate_limit: bool


class LaterOurs(TypedDict):
    """`fault`: why it did not appear, none while it waits."""

    fault: Code | None
    room: str | None


class ScheduledStatus(TypedDict):
    id: Id
    scheduled_at: Moment
    params: LaterParams
    media_attachments: list[MediaAttachment]
    hustings: LaterOurs


class Notification(TypedDict):
    id: Id
    type: Kind
    created_at: Moment
    group_key: str
    account: Account
    status: NotRequired[Status]


class NotificationGroup(TypedDict):
    group_key: str
    notifications_count: Count
    type: Kind
    most_recent_notification_id: Id
    latest_page_notification_at: Moment
    page_min_id: Id
    page_max_id: Id
    sample_account_ids: list[Id]
    status_id: NotRequired[Id]


class GroupedNotifications(TypedDict):
    accounts: list[Account]
    statuses: list[Status]
    notification_groups: list[NotificationGroup]


class Unread(TypedDict):
    count: Count


class UserList(TypedDict):
    id: Id
    title: str
    replies_policy: Replies
    exclusive: bool


class Report(TypedDict):
    id: Id
    action_taken: bool
    action_taken_at: Moment | None
    category: Category
    comment: str
    forwarded: bool
    created_at: Moment
    status_ids: list[Id]
    rule_ids: list[Id]
    target_account: Account


class FoundRooms(TypedDict):
    rooms: list[FoundRoom]


class Found(TypedDict):
    accounts: list[Account]
    statuses: list[Status]
    hashtags: list[Tag]
    hustings: NotRequired[FoundRooms]


class Marker(TypedDict):
    last_read_id: Id
    version: Count
    updated_at: Moment


class Markers(TypedDict, total=False):
    home: Marker
    notifications: Marker
