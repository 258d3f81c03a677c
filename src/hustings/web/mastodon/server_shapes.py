"""What the server says of itself, in Mastodon's shapes and in NodeInfo's; mypy holds `instance` to these."""

from __future__ import annotations

from typing_extensions import TypedDict

from hustings.web.mastodon.shapes import Account, Address, Count


class Rule(TypedDict):
    id: str
    text: str
    hint: str
    translations: dict[str, str]


class DomainBlock(TypedDict):
    domain: str
    digest: str
    severity: str
    comment: str


class StreamingUrl(TypedDict):
    streaming: Address


class AccountLimits(TypedDict):
    max_featured_tags: Count
    max_pinned_statuses: Count
    max_profile_fields: Count
    profile_field_name_limit: Count
    profile_field_value_limit: Count
    max_display_name_length: Count
    max_note_length: Count


class StatusLimits(TypedDict):
    max_characters: Count
    max_media_attachments: Count
    characters_reserved_per_url: Count


class MediaLimits(TypedDict):
    description_limit: Count
    supported_mime_types: list[str]
    image_size_limit: Count
    image_matrix_limit: Count
    video_size_limit: Count
    video_frame_rate_limit: Count
    video_matrix_limit: Count


class PollLimits(TypedDict):
    max_options: Count
    max_characters_per_option: Count
    min_expiration: Count
    max_expiration: Count


class Reach(TypedDict):
    local: str
    remote: str


class TimelinesAccess(TypedDict):
    live_feeds: Reach
    hashtag_feeds: Reach
    trending_link_feeds: Reach


class Offered(TypedDict):
    enabled: bool


class OlderConfiguration(TypedDict):
    accounts: AccountLimits
    statuses: StatusLimits
    media_attachments: MediaLimits
    polls: PollLimits


class Configuration(OlderConfiguration):
    urls: StreamingUrl
    timelines_access: TimelinesAccess
    translation: Offered
    limited_federation: bool


class Registration(TypedDict):
    enabled: bool
    approval_required: bool


class Registrations(Registration):
    message: str | None
    min_age: int | None
    reason_required: bool
    url: Address


class ActiveUsers(TypedDict):
    active_month: Count


class Usage(TypedDict):
    users: ActiveUsers


class Thumbnail(TypedDict):
    url: Address
    blurhash: str | None
    versions: dict[str, Address]
    description: str


class Icon(TypedDict):
    src: Address
    size: str


class Contact(TypedDict):
    email: str
    account: Account | None


class Instance(TypedDict):
    """`/api/v2/instance`."""

    domain: str
    title: str
    version: str
    source_url: str
    description: str
    usage: Usage
    thumbnail: Thumbnail
    icon: list[Icon]
    languages: list[str]
    configuration: Configuration
    registrations: Registrations
    api_versions: dict[str, int]
    contact: Contact
    rules: list[Rule]


class StreamingApi(TypedDict):
    streaming_api: Address


class Stats(TypedDict):
    user_count: Count
    status_count: Count
    domain_count: Count


class OlderInstance(TypedDict):
    """`/api/v1/instance`. `uri` is a host and no address."""

    uri: str
    title: str
    short_description: str
    description: str
    email: str
    version: str
    urls: StreamingApi
    stats: Stats
    thumbnail: Address
    languages: list[str]
    registrations: bool
    approval_required: bool
    invites_enabled: bool
    configuration: OlderConfiguration
    contact_account: Account | None
    rules: list[Rule]


class Announcement(TypedDict):
    """None can be made here: the list is empty."""

    id: str
    content: str


class Link(TypedDict):
    rel: str
    href: Address


class NodeLinks(TypedDict):
    links: list[Link]


class Software(TypedDict):
    name: str
    version: str


class NodeNetworks(TypedDict):
    inbound: list[str]
    outbound: list[str]


class NodeUsers(TypedDict):
    total: Count
    activeMonth: Count
    activeHalfyear: Count


class NodeUsage(TypedDict):
    users: NodeUsers
    localPosts: Count


class NodeName(TypedDict):
    nodeName: str


class Node(TypedDict):
    """NodeInfo 2.0 (http://nodeinfo.diaspora.software/ns/schema/2.0)."""

    version: str
    software: Software
    protocols: list[str]
    services: NodeNetworks
    openRegistrations: bool
    usage: NodeUsage
    metadata: NodeName


class FingerLink(TypedDict):
    rel: Address
    type: str
    href: Address


class Finger(TypedDict):
    """RFC 7033."""

    subject: str
    aliases: list[Address]
    links: list[FingerLink]
