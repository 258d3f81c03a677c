"""The command as a person meets it: a real process, its exit code, its one line."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from hustings.studio import keeping
from tests.ports import free_ports


def _hustings(*arguments: str, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    clean = {name: text for name, text in os.environ.items() if not name.startswith("HUSTINGS_")}
    return subprocess.run(
        [sys.executable, "-m", "hustings", *arguments],
        cwd=cwd,
        env={**clean, **environ},
        capture_output=True,
        text=True,
        timeout=60,
    )


def _free_ports() -> dict[str, str]:
    ports = map(str, free_ports(3))
    names = ("HUSTINGS_WEB__PORT", "HUSTINGS_LIVE__PORT", "HUSTINGS_STAGE__PORT")
    return {
        **dict(zip(names, ports, strict=True)),
        "HUSTINGS_STAGE__VOICE_PORT": "0",
        "HUSTINGS_WEB__STREAMING_PORT": "0",
    }


def _one_line(done: subprocess.CompletedProcess[str], code: int = 2) -> str:
    assert done.returncode == code, done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]


def test_version(tmp_path: Path) -> None:
    done = _hustings("--version", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith("hustings")


def test_calls_that_are_kept_are_forgotten(tmp_path: Path) -> None:
    """What split units run when all of them stop."""
    run_dir = tmp_path / "data" / "run"
    keeper = keeping.keeper_for(run_dir)
    if keeper is None:
        pytest.skip("no shared memory here")
    keeper.save("a", b"a key")
    for _ in range(2):
        assert _hustings("forget", "--data", "data", cwd=tmp_path).returncode == 0
        assert not keeping.folder_for(run_dir).exists()


@pytest.mark.parametrize("arguments", [[], ["sing"], ["serve", "--loud"]])
def test_a_wrong_call_is_exit_code_2(tmp_path: Path, arguments: list[str]) -> None:
    assert _hustings(*arguments, cwd=tmp_path).returncode == 2


def test_a_wrong_setting_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "hustings.toml").write_text("[live]\nprot = 1\n")
    line = _one_line(_hustings("serve", cwd=tmp_path))
    assert "there is no setting `live.prot`" in line and "hustings.toml" in line


def test_a_config_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    assert "nowhere.toml" in _one_line(_hustings("serve", "--config", "nowhere.toml", cwd=tmp_path))


def test_one_half_of_tls_is_one_line(tmp_path: Path) -> None:
    assert "go together" in _one_line(_hustings("serve", "--tls-cert", "c.pem", cwd=tmp_path))


def test_a_data_folder_that_is_a_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    line = _one_line(_hustings("serve", "--data", "taken", cwd=tmp_path))
    assert f"can't write in {tmp_path}/taken" in line


def test_a_data_folder_too_deep_for_a_socket_is_one_line(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 120)
    line = _one_line(_hustings("serve", "--data", str(deep), cwd=tmp_path))
    assert "a Unix socket's may have 107" in line


@pytest.mark.parametrize("section", ["WEB", "LIVE", "STAGE"])
def test_a_taken_port_is_one_line_with_its_setting(tmp_path: Path, section: str) -> None:
    ports = _free_ports()
    with socket.create_server(("127.0.0.1", int(ports[f"HUSTINGS_{section}__PORT"]))):
        line = _one_line(_hustings("serve", cwd=tmp_path, **ports))
    assert f"HUSTINGS_{section}__PORT" in line and "is taken" in line


def test_a_missing_package_is_one_line(tmp_path: Path) -> None:
    """A broken installation: `aiohttp` is shadowed by a module that is not there to import."""
    (tmp_path / "aiohttp.py").write_text("raise ModuleNotFoundError('gone', name='aiohttp')")
    line = _one_line(_hustings("door", cwd=tmp_path, PYTHONPATH=str(tmp_path)))
    assert "`aiohttp` is missing" in line


def test_a_flag_beats_the_environment(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    line = _one_line(_hustings("serve", "--data", "taken", cwd=tmp_path, HUSTINGS_DATA="elsewhere"))
    assert "taken" in line
    assert not (tmp_path / "elsewhere").exists()
