"""Settings: the default file is the manual, and what is wrong is said with its place."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import get_type_hints

import pytest

from hustings import settings


def _load(tmp_path: Path, text: str, **environ: str) -> settings.Settings:
    path = tmp_path / "hustings.toml"
    path.write_text(text)
    return settings.load(path, environ)


def _lines() -> list[str]:
    return settings.default_path().read_text().splitlines()


def test_every_setting_is_explained_above_it() -> None:
    """A comment stands above each setting, or above the run of settings that it belongs to."""
    explained, unexplained = False, []
    for line in _lines():
        if line.startswith("#"):
            explained = True
        elif not line.strip() or line.startswith("["):
            explained = False
        elif not explained:
            unexplained.append(line)
    assert unexplained == []


def test_the_file_and_the_tree_have_the_same_names() -> None:
    def names(kind: type, at: str = "") -> set[str]:
        found: set[str] = set()
        for field in fields(kind):
            hint = get_type_hints(kind)[field.name]
            nested = isinstance(hint, type) and is_dataclass(hint)
            found |= names(hint, f"{at}{field.name}.") if nested else {at + field.name}
        return found

    tree = tomllib.loads("\n".join(_lines()))
    flat = {
        f"{section}.{name}"
        for section, rows in tree.items()
        if isinstance(rows, dict)
        for name in rows
    } | {name for name, value in tree.items() if not isinstance(value, dict)}
    assert flat == names(settings.Settings)


def test_times_and_sizes_have_their_unit_in_the_name_or_are_counts() -> None:
    numbers = [m[1] for line in _lines() if (m := re.match(r"(\w+) = [\d_]+$", line))]
    units = ("_s", "_ms", "_hours", "_bytes_max", "_bitrate", "_max", "_min", "_per_minute")
    assert [name for name in numbers if not name.endswith((*units, "port", "workers"))] == []


def test_the_defaults_stand_by_themselves() -> None:
    tree = settings.load()
    assert tree.public.web == "http://localhost:8000"
    assert tree.studio.announced_addresses == ()
    assert tree.studio_socket == Path("data/run/studio.sock").absolute()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("lvie = 1", "there is no setting `lvie`"),
        ("[live]\nprot = 1", "there is no setting `live.prot`"),
        ("live = 1", "`live` is a section"),
        ("[live]\nport = '8001'", "`live.port` must be int, not '8001'"),
        ("[live]\nport = true", "`live.port` must be int, not True"),
        ("[recording]\non = 1", "`recording.on` must be bool, not 1"),
        ("[studio]\nannounced_addresses = [1]", "must be a list of texts"),
        ("[studio]\nprofile = 'turbo'", "`studio.profile` must be default or fast"),
        ("[tls]\ncert = 'a.pem'", "`tls.cert` and `tls.key` go together"),
        ("[public]\nweb = 'example.org'", "`public.web` must be http"),
        ("[public]\nlive = 'https://live.example.org/'", "without a final slash"),
        ("[live]\nworkers = 0", "at least 1"),
        ("[live]\nport = 65536", "must be 0 to 65535"),
        ("[live]\nport = 8000", "must differ"),
        ("[media]\npicture_bytes_max = 99_999", "must be at least 100000"),
        ("[media]\nsound_bytes_max = 99_999", "must be at least 100000"),
        ("[media]\npicture_pixels_max = 999_999", "must be 1000000 to 100000000"),
        ("[media]\npicture_pixels_max = 100_000_001", "must be 1000000 to 100000000"),
        ("[media]\nsound_minutes_max = 0", "`media.sound_minutes_max` must be 1 to 120"),
        ("[media]\nsound_minutes_max = 121", "`media.sound_minutes_max` must be 1 to 120"),
        ("[mail]\ntls = 'ssl'", "`mail.tls` must be one of starttls, tls, none"),
        ("[mail]\nport = 0", "`mail.port` must be 1 to 65535"),
        ("[mail]\nport = 65536", "`mail.port` must be 1 to 65535"),
        ("[mail]\nuser = 'a'", "`mail.user` and `mail.password_file` go together"),
        ("[mail]\npassword_file = 'a'", "`mail.user` and `mail.password_file` go together"),
        ("[mail]\nhost = 'a'", "`mail.from_address` must be an e-mail address"),
        (
            "[mail]\nhost = 'a'\nfrom_address = 'me'",
            "`mail.from_address` must be an e-mail address",
        ),
        (
            "[mail]\nhost = 'a'\nfrom_address = \"me@h.example\\nBcc: a@h.example\"",
            "`mail.from_address` must be an e-mail address",
        ),
        (
            "[mail]\nhost = 'a'\nuser = 'a'\npassword_file = 'a'\ntls = 'none'",
            "`mail.user` needs `mail.tls`",
        ),
        ("[live", "hustings.toml: "),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        _load(tmp_path, text)


def test_limits_hold_at_their_edge(tmp_path: Path) -> None:
    tree = _load(tmp_path, "[live]\nport = 65535\nworkers = 1\n[web]\nport = 0\n[stage]\nport = 0")
    assert (tree.live.port, tree.live.workers, tree.web.port) == (65535, 1, 0)
    for most in ("1_000_000\nsound_minutes_max = 1", "100_000_000\nsound_minutes_max = 120"):
        small = f"[media]\npicture_bytes_max = 100_000\npicture_pixels_max = {most}"
        assert _load(tmp_path, small).media.picture_bytes_max == 100_000


def test_a_mail_server_of_this_machine_needs_no_tls(tmp_path: Path) -> None:
    text = "[mail]\nhost = 'localhost'\ntls = 'none'\nuser = 'a'\npassword_file = 'b'\n"
    assert _load(tmp_path, f"{text}from_address = 'a@h.example'").mail.on
    assert not settings.load().mail.on


def test_the_voice_port_that_browsers_are_told() -> None:
    def told(port: str, announced: str) -> int:
        names = ("HUSTINGS_STAGE__VOICE_PORT", "HUSTINGS_STUDIO__ANNOUNCED_TCP_PORT")
        return settings.load(None, dict(zip(names, (port, announced), strict=True))).voice_tcp_port

    assert [told("8004", "0"), told("8004", "443"), told("0", "443")] == [8004, 443, 0]
    with pytest.raises(ValueError, match=r"`studio.announced_tcp_port` must be 0 to 65535"):
        told("8004", "65536")
    with pytest.raises(
        ValueError, match=r"`stage.voice_port` and `web.streaming_port` must differ"
    ):
        told("8002", "0")


def test_where_streams_are() -> None:
    def told(**environ: str) -> str:
        return settings.load(
            None, {f"HUSTINGS_{name}": text for name, text in environ.items()}
        ).public.streaming

    assert told() == "http://localhost:8005"
    assert told(WEB__STREAMING_PORT="9005", TLS__CERT="a", TLS__KEY="b") == "https://localhost:9005"
    assert told(WEB__STREAMING_PORT="0", WEB__PORT="9000") == "http://localhost:9000"
    assert told(PUBLIC__WEB="https://example.org") == "https://example.org"
    named = {
        "PUBLIC__WEB": "https://example.org",
        "PUBLIC__STREAMING": "https://streams.example.org",
    }
    assert told(**named) == "https://streams.example.org"
    with pytest.raises(ValueError, match=r"`public.streaming` must be http"):
        told(PUBLIC__STREAMING="wss://example.org")
    with pytest.raises(ValueError, match="must differ"):
        told(WEB__STREAMING_PORT="8003")
    with pytest.raises(ValueError, match="must be 0 to 65535"):
        told(WEB__STREAMING_PORT="65536")


def test_the_file_beats_the_default_and_the_environment_beats_the_file(tmp_path: Path) -> None:
    text = "[live]\nport = 9001\nworkers = 3"
    tree = _load(tmp_path, text, HUSTINGS_LIVE__PORT="9002", PATH="/bin")
    assert (tree.live.port, tree.live.workers, tree.web.port) == (9002, 3, 8000)


def test_each_type_can_be_set_by_the_environment() -> None:
    tree = settings.load(
        None,
        {
            "HUSTINGS_DATA": "/srv",
            "HUSTINGS_RECORDING__ON": "false",
            "HUSTINGS_STUDIO__ANNOUNCED_ADDRESSES": '["203.0.113.7"]',
            "HUSTINGS_CONFIG": "names the file, is no setting",
        },
    )
    assert (tree.data, tree.recording.on) == ("/srv", False)
    assert tree.studio.announced_addresses == ("203.0.113.7",)


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("HUSTINGS_LIVE__PROT", "1", "HUSTINGS_LIVE__PROT: there is no such setting"),
        ("HUSTINGS_LIVE", "1", "HUSTINGS_LIVE: there is no such setting"),
        ("HUSTINGS_LIEV__PORT", "1", "there is no section `liev`"),
        ("HUSTINGS_DATA__PORT", "1", "there is no section `data`"),
        ("HUSTINGS_LIVE__PORT", "many", "HUSTINGS_LIVE__PORT: 'many' must be written as JSON"),
        ("HUSTINGS_LIVE__PORT", "true", "`live.port` must be int"),
    ],
)
def test_a_wrong_variable_is_named(name: str, text: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        settings.load(None, {name: text})


def test_an_address_nobody_set_follows_its_port_and_tls(tmp_path: Path) -> None:
    tree = _load(
        tmp_path,
        "[web]\nport = 9000\n[tls]\ncert = 'c'\nkey = 'k'\n[public]\nlive = 'https://live.example.org'",
    )
    assert tree.public.web == "https://localhost:9000"
    assert tree.public.live == "https://live.example.org"
    assert tree.public.stage == "https://localhost:8002"


def test_the_tree_is_frozen() -> None:
    with pytest.raises(AttributeError):
        settings.load().live.port = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("size", "right"), [("50", True), ("5000", True), ("49", False), ("5001", False)]
)
def test_how_long_a_post_may_be_has_its_limits(size: str, right: bool) -> None:
    environ = {"HUSTINGS_SQUARE__POST_CHARACTERS_MAX": size}
    if right:
        assert settings.load(environ=environ).square.post_characters_max == int(size)
    else:
        with pytest.raises(ValueError, match="post_characters_max"):
            settings.load(environ=environ)
