"""One frozen tree of settings. `hustings.default.toml` is the default and the manual; units are in the names.

`load()` reads the default file, then the user's file, then `HUSTINGS_SECTION__NAME` variables. A name that the default
file does not know, or a value of another type, is a `ValueError` that says where.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, get_type_hints

RULES_MAX, RULE_CHARACTERS_MAX = 20, 300
SIGN_UP = ("open", "invite", "approval", "closed")
MAIL_TLS = ("starttls", "tls", "none")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,253}", re.ASCII)
_PLACE = re.compile(r"(\[[0-9a-fA-F:]+\]|[^\s:/]+):\d{1,5}")


@dataclass(frozen=True, slots=True)
class Public:
    web: str
    live: str
    stage: str
    radio: str
    streaming: str


@dataclass(frozen=True, slots=True)
class Web:
    bind: str
    port: int
    streaming_port: int
    forwarded_header: str
    picture_bytes_max: int


@dataclass(frozen=True, slots=True)
class Square:
    sign_up: str
    handle_domain: str
    post_characters_max: int
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Media:
    picture_bytes_max: int
    picture_pixels_max: int
    sound_bytes_max: int
    sound_minutes_max: int

    @property
    def bytes_max(self) -> int:
        return max(self.picture_bytes_max, self.sound_bytes_max)


@dataclass(frozen=True, slots=True)
class Mail:
    host: str
    port: int
    tls: str
    user: str
    password_file: str
    from_address: str

    @property
    def on(self) -> bool:
        return bool(self.host)


@dataclass(frozen=True, slots=True)
class Database:
    url: str


@dataclass(frozen=True, slots=True)
class Live:
    bind: str
    port: int
    workers: int
    cache_bytes_max: int
    connections_max: int
    bytes_per_s_max: int
    brownout_auto: bool
    follow: str
    feed_bind: str


@dataclass(frozen=True, slots=True)
class Radio:
    bind: str
    port: int
    listeners_max: int
    mp3_bitrate: int


@dataclass(frozen=True, slots=True)
class Stage:
    bind: str
    port: int
    forwarded_header: str
    knocks_per_minute: int
    offers_per_minute: int
    wrong_tickets_per_minute: int
    voice_port: int


@dataclass(frozen=True, slots=True)
class Studio:
    udp_port: int
    announced_addresses: tuple[str, ...]
    announced_tcp_port: int
    speakers_max: int
    heard_max: int
    rooms_max: int
    doors_before_s: int
    place_kept_s: int
    nobody_ends_s: int
    dead_air_s: int
    profile: str
    aac_bitrate: int
    opus_bitrate: int
    ear_bitrate: int


@dataclass(frozen=True, slots=True)
class Recording:
    on: bool
    sealed_hours: int
    disk_free_min: int


@dataclass(frozen=True, slots=True)
class Tls:
    cert: str
    key: str


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole tree. Paths under `data` are properties, so that their names stand in one place."""

    data: str
    public: Public
    web: Web
    database: Database
    square: Square
    media: Media
    mail: Mail
    live: Live
    stage: Stage
    radio: Radio
    studio: Studio
    recording: Recording
    tls: Tls

    @property
    def home_dir(self) -> Path:
        return Path(self.data).absolute()

    @property
    def keys_dir(self) -> Path:
        return self.home_dir / "keys"

    @property
    def rooms_dir(self) -> Path:
        return self.home_dir / "rooms"

    @property
    def published_dir(self) -> Path:
        return self.home_dir / "published"

    @property
    def media_dir(self) -> Path:
        """The pictures and sounds of posts, as the live host gives them out."""
        return self.published_dir / "media"

    @property
    def spool_dir(self) -> Path:
        """What people sent, as it came, until work has made something of it."""
        return self.home_dir / "spool"

    @property
    def run_dir(self) -> Path:
        return self.home_dir / "run"

    @property
    def studio_socket(self) -> Path:
        """Unix socket paths hold 107 bytes; `doctor` and `serve` say so when `data` is too deep."""
        return self.run_dir / "studio.sock"

    @property
    def voices_socket(self) -> Path:
        """Where door brings studio the voices that come by TCP."""
        return self.run_dir / "voices.sock"

    @property
    def work_socket(self) -> Path:
        """Where work says how it is."""
        return self.run_dir / "work.sock"

    @property
    def voice_tcp_port(self) -> int:
        """The port that browsers are told for ICE-TCP; 0 for none."""
        named = self.studio.announced_tcp_port or self.stage.voice_port
        return named if self.stage.voice_port else 0

    @property
    def feed_secret(self) -> str:
        """What two machines' edges know each other by. Errors: `OSError` when there is none."""
        return (self.keys_dir / "feed.txt").read_text().strip()

    @property
    def handle_domain(self) -> str:
        """What stands behind the second @ of a handle: the web host's own name, unless another is set."""
        return self.square.handle_domain or self.public.web.split("://", 1)[1]

    @property
    def database_path(self) -> Path:
        return self.home_dir / "web" / "hustings.sqlite3"


def default_path() -> Path:
    """The default file: beside the package in a wheel, at the root of a checkout."""
    packed = Path(__file__).with_name("_default.toml")
    return packed if packed.exists() else Path(__file__).parents[2] / "hustings.default.toml"


def client_dir() -> Path:
    """The browser code: inside the package in a wheel, `client/` at the root of a checkout."""
    packed = Path(__file__).with_name("_client")
    return packed if packed.exists() else Path(__file__).parents[2] / "client"


def load(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings in force. Errors: `FileNotFoundError`, `ValueError` (which setting, what is wrong)."""
    tree = tomllib.loads(default_path().read_text())
    untouched = dict(tree["public"])
    if path is not None:
        try:
            over = tomllib.loads(path.read_text())
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None
        _merge(tree, over, str(path), "")
    for name, text in (environ or {}).items():
        if name.startswith("HUSTINGS_") and name not in ("HUSTINGS_CONFIG",):
            _set_from_environment(tree, name, text)
    _follow_the_ports(tree, untouched)
    settings: Settings = _build(Settings, tree, "")
    _check(settings)
    return settings


def _follow_the_ports(tree: dict[str, Any], untouched: Mapping[str, str]) -> None:
    """A public address that nobody set follows its port and `[tls]`: a changed port leaves no stale link behind. Streams
    are on web's own host too: where that has a name and they have none, or no port, they have its name.
    """
    public, scheme = tree["public"], "https" if tree["tls"]["cert"] else "http"
    ports = {name: tree[name]["port"] for name in untouched if name != "streaming"}
    is_local = public["web"] == untouched["web"]
    for name, port in ports.items():
        if public[name] == untouched[name]:
            public[name] = f"{scheme}://localhost:{port}"
    if public["streaming"] == untouched["streaming"]:
        port = tree["web"]["streaming_port"] if is_local else 0
        public["streaming"] = f"{scheme}://localhost:{port}" if port else public["web"]


def _merge(tree: dict[str, Any], over: dict[str, Any], source: str, at: str) -> None:
    for name, value in over.items():
        where = f"{at}{name}"
        if name not in tree:
            raise ValueError(f"{source}: there is no setting `{where}`")
        if isinstance(tree[name], dict):
            if not isinstance(value, dict):
                raise ValueError(f"{source}: `{where}` is a section")
            _merge(tree[name], value, source, where + ".")
        else:
            tree[name] = value


def _set_from_environment(tree: dict[str, Any], name: str, text: str) -> None:
    branch = tree
    *sections, leaf = name.removeprefix("HUSTINGS_").lower().split("__")
    for section in sections:
        if not isinstance(branch.get(section), dict):
            raise ValueError(f"{name}: there is no section `{section}`")
        branch = branch[section]
    if leaf not in branch or isinstance(branch[leaf], dict):
        raise ValueError(f"{name}: there is no such setting")
    if isinstance(branch[leaf], str):
        branch[leaf] = text
        return
    try:
        branch[leaf] = json.loads(text)
    except ValueError:
        raise ValueError(f'{name}: {text!r} must be written as JSON: 5, true, ["a"]') from None


def _build(kind: type, tree: Mapping[str, Any], at: str) -> Any:
    hints = get_type_hints(kind)
    values: dict[str, Any] = {}
    for field in fields(kind):
        hint, value, where = hints[field.name], tree[field.name], f"{at}{field.name}"
        if is_dataclass(hint) and isinstance(hint, type):
            values[field.name] = _build(hint, value, where + ".")
        elif hint is int or hint is bool or hint is str:
            if type(value) is not hint:
                raise ValueError(f"`{where}` must be {hint.__name__}, not {value!r}")
            values[field.name] = value
        else:
            if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
                raise ValueError(f"`{where}` must be a list of texts, not {value!r}")
            values[field.name] = tuple(value)
    return kind(**values)


def _check(settings: Settings) -> None:
    if settings.studio.profile not in ("default", "fast"):
        raise ValueError("`studio.profile` must be default or fast")
    if settings.database.url and not settings.database.url.startswith("postgresql://"):
        raise ValueError("`database.url` must be empty or postgresql://user@host:port/name")
    if settings.square.sign_up not in SIGN_UP:
        raise ValueError(f"`square.sign_up` must be one of {', '.join(SIGN_UP)}")
    if not 50 <= settings.square.post_characters_max <= 5_000:
        raise ValueError("`square.post_characters_max` must be 50 to 5000")
    rules = settings.square.rules
    if len(rules) > RULES_MAX or not all(0 < len(rule) <= RULE_CHARACTERS_MAX for rule in rules):
        raise ValueError("`square.rules` must be at most 20 texts of 1 to 300 characters")
    _check_media(settings.media)
    _check_mail(settings.mail)
    if bool(settings.tls.cert) != bool(settings.tls.key):
        raise ValueError("`tls.cert` and `tls.key` go together")
    for name, address in (
        ("web", settings.public.web),
        ("live", settings.public.live),
        ("stage", settings.public.stage),
        ("radio", settings.public.radio),
        ("streaming", settings.public.streaming),
    ):
        if not address.startswith(("http://", "https://")) or address.endswith("/"):
            raise ValueError(f"`public.{name}` must be http(s)://host[:port] without a final slash")
    hosts = (settings.web, settings.live, settings.stage, settings.radio)
    ports = [*(host.port for host in hosts), settings.stage.voice_port, settings.web.streaming_port]
    names = "`web.port`, `live.port`, `stage.port`, `radio.port`, `stage.voice_port` and `web.streaming_port`"
    if not all(0 <= port <= 65535 for port in ports):
        raise ValueError(f"{names} must be 0 to 65535")
    for name in ("udp_port", "announced_tcp_port"):
        if not 0 <= getattr(settings.studio, name) <= 65535:
            raise ValueError(f"`studio.{name}` must be 0 to 65535")
    if len({port for port in ports if port}) < len([port for port in ports if port]):
        raise ValueError(f"{names} must differ")
    for name, place in (("follow", settings.live.follow), ("feed_bind", settings.live.feed_bind)):
        if place and not (place.startswith("unix:/") or _PLACE.fullmatch(place)):
            raise ValueError(f"`live.{name}` must be empty, unix:/path or host:port, not {place!r}")
    least_one = (settings.live.workers, settings.studio.speakers_max, settings.studio.heard_max)
    if min(least_one) < 1:
        raise ValueError(
            "`live.workers`, `studio.speakers_max` and `studio.heard_max` must be at least 1"
        )


def _check_media(media: Media) -> None:
    if min(media.picture_bytes_max, media.sound_bytes_max) < 100_000:
        raise ValueError(
            "`media.picture_bytes_max` and `media.sound_bytes_max` must be at least 100000"
        )
    if not 1_000_000 <= media.picture_pixels_max <= 100_000_000:
        raise ValueError("`media.picture_pixels_max` must be 1000000 to 100000000")
    if not 1 <= media.sound_minutes_max <= 120:
        raise ValueError("`media.sound_minutes_max` must be 1 to 120")


def _check_mail(mail: Mail) -> None:
    if mail.tls not in MAIL_TLS:
        raise ValueError(f"`mail.tls` must be one of {', '.join(MAIL_TLS)}")
    if not 1 <= mail.port <= 65535:
        raise ValueError("`mail.port` must be 1 to 65535")
    if bool(mail.user) != bool(mail.password_file):
        raise ValueError("`mail.user` and `mail.password_file` go together")
    if mail.user and mail.tls == "none" and mail.host not in _LOOPBACK:
        raise ValueError("`mail.user` needs `mail.tls`: a password crosses no network in the clear")
    if mail.on and not _ADDRESS.fullmatch(mail.from_address):
        raise ValueError("`mail.from_address` must be an e-mail address where `mail.host` is set")
