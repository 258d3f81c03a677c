"""What is published: nothing outside of the folder, nothing stale, nothing without a bound."""

from __future__ import annotations

from pathlib import Path

import pytest

from hustings.edge.files import KEPT_MAX, PATH_MAX, Files, safe


@pytest.mark.parametrize(
    "path",
    [
        "../x",
        "a/../x",
        "a/..",
        "/etc/passwd",
        "a//b",
        "",
        ".hidden",
        "a/.hidden",
        "a\0b",
        "a b",
        "a/",
        "ä",
        "%2e%2e/x",
        "a\\..\\b",
    ],
)
def test_a_path_that_could_leave_the_folder_is_none(path: str) -> None:
    assert not safe(path)


def test_the_longest_path() -> None:
    assert safe("a" * PATH_MAX)
    assert not safe("a" * (PATH_MAX + 1))


async def test_read_once_and_again_when_it_changes(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(b"one")
    files = Files(tmp_path, 10_000)
    first = await files.get("a.html", "x")
    assert first is not None and first is await files.get("a.html", "x")
    (tmp_path / "new").write_bytes(b"another")
    (tmp_path / "new").replace(tmp_path / "a.html")
    second = await files.get("a.html", "x")
    assert second is not None and second.answer is not None and second.answer.body == b"another"
    assert second.etag != first.etag
    (tmp_path / "a.html").unlink()
    assert await files.get("a.html", "x") is None


async def test_memory_is_bounded(tmp_path: Path) -> None:
    for number in range(10):
        (tmp_path / f"{number}.m4s").write_bytes(bytes(1000))
    files = Files(tmp_path, 3 * 2024)
    for number in range(10):
        assert await files.get(f"{number}.m4s", "x") is not None
    assert list(files._kept) == ["7.m4s", "8.m4s", "9.m4s"]
    assert files._bytes == 3 * 2024


async def test_the_largest_that_is_kept(tmp_path: Path) -> None:
    (tmp_path / "fits.m4a").write_bytes(bytes(KEPT_MAX))
    (tmp_path / "large.m4a").write_bytes(bytes(KEPT_MAX + 1))
    files = Files(tmp_path, 64_000_000)
    fits, large = await files.get("fits.m4a", "x"), await files.get("large.m4a", "x")
    assert fits is not None and fits.answer is not None
    assert large is not None and large.answer is None and large.path == str(tmp_path / "large.m4a")


async def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    assert await Files(tmp_path, 1000).get("folder", "x") is None
