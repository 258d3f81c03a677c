"""Each thing that hinders a start is one clear line."""

from __future__ import annotations

import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from hustings import preflight, settings


def test_folders_are_made_and_left_empty(tmp_path: Path) -> None:
    preflight.check_folders(tmp_path / "deep" / "data")
    made = tmp_path / "deep" / "data"
    assert {path.name for path in made.iterdir()} == set(preflight.FOLDERS)
    assert not [path for path in made.rglob("*") if path.is_file()]
    assert (made / "keys").stat().st_mode & 0o077 == 0


def test_a_file_in_the_way_is_said_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(OSError, match=r"can't write in .*/data: .*--data") as caught:
        preflight.check_folders(tmp_path / "data")
    assert caught.value.errno is None


def test_a_folder_that_takes_no_files(tmp_path: Path) -> None:
    # Permissions do not stop root; /proc does not take files from anybody.
    with pytest.raises(OSError, match="can't write in /proc/hustings"):
        preflight.check_folders(Path("/proc/hustings"))


def test_a_socket_path_of_107_bytes_holds_and_108_do_not() -> None:
    stem = "/" + "é" * 53
    assert len(os.fsencode(stem)) == 107
    preflight.check_socket_path(Path(stem))
    with pytest.raises(OSError, match="108 bytes, a Unix socket's may have 107"):
        preflight.check_socket_path(Path(stem + "x"))


def test_a_taken_port_names_the_setting(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        tree = settings.load(None, {})
        tree = replace(
            tree,
            live=replace(tree.live, port=port),
            web=replace(tree.web, port=0),
            stage=replace(tree.stage, port=0, voice_port=0),
        )
        with pytest.raises(OSError, match=rf"port {port} .* is taken.*HUSTINGS_LIVE__PORT"):
            preflight.check_ports(tree, [])
        preflight.check_ports(tree, ["edge"])  # our own edge, taken over, holds it


def test_a_taken_voice_port_names_its_setting() -> None:
    with socket.create_server(("0.0.0.0", 0)) as taken:
        port = taken.getsockname()[1]
        tree = settings.load(None, {"HUSTINGS_STAGE__VOICE_PORT": str(port)})
        tree = replace(
            tree,
            web=replace(tree.web, port=0),
            live=replace(tree.live, port=0),
            stage=replace(tree.stage, port=0),
        )
        with pytest.raises(OSError, match=rf"port {port} .* is taken.*HUSTINGS_STAGE__VOICE_PORT"):
            preflight.check_ports(tree, [])
        preflight.check_ports(tree, ["door"])


def test_an_address_that_is_not_ours() -> None:
    assert "can't listen on 192.0.2.1" in preflight.port_trouble("192.0.2.1", 0)


def test_one_supervisor_a_folder(tmp_path: Path) -> None:
    held = preflight.take_lock(tmp_path)
    with pytest.raises(OSError, match="another `hustings serve` runs on"):
        preflight.take_lock(tmp_path)
    os.close(held)
    os.close(preflight.take_lock(tmp_path))
