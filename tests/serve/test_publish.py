"""Assets on a real disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hustings.serve.publish import BUILDS_KEPT, publish


@pytest.fixture
def trees(tmp_path: Path) -> tuple[Path, Path, Path]:
    client, features = tmp_path / "client", tmp_path / "features"
    for path, text in {
        client / "stage/main.js": "import '../room/store.js'",
        client / "room/store.js": "export {}",
        client / "room/store.test.js": "test",
        client / "tests/x.js": "test",
        client / "room/types.d.ts": "types",
        client / "tsconfig.json": "{}",
        client / "style/tokens.css": ":root{}",
        features / "hands/panel.js": "export {}",
        features / "hands/model.py": "secret = 1",
        features / "hands/copy/en.json": "{}",
        features / "hands/copy/en/hands.json": "{}",
    }.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return client, features, tmp_path / "published"


def _listing(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_build_holds_what_browsers_need_and_nothing_else(trees: tuple[Path, Path, Path]) -> None:
    mark = publish(*trees)
    assert _listing(trees[2] / "assets" / mark) == {
        "stage/main.js",
        "room/store.js",
        "style/tokens.css",
        "features/hands/panel.js",
        "features/hands/copy/en.json",
        "features/hands/copy/en/hands.json",
    }
    assert (trees[2] / "assets/current").read_text() == mark


def test_the_same_code_is_the_same_build(trees: tuple[Path, Path, Path]) -> None:
    assert publish(*trees) == publish(*trees)


def test_a_moved_byte_between_files_is_another_build(trees: tuple[Path, Path, Path]) -> None:
    first = publish(*trees)
    (trees[0] / "room/store.js").write_text("export {};")
    assert publish(*trees) != first


def test_three_builds_are_kept_and_the_fourth_pushes_the_oldest_out(
    trees: tuple[Path, Path, Path],
) -> None:
    marks = []
    for number in range(BUILDS_KEPT + 1):
        (trees[0] / "room/store.js").write_text(f"export const n = {number}")
        marks.append(publish(*trees))
        os.utime(trees[2] / "assets" / marks[-1], (1000 + number, 1000 + number))
    kept = {path.name for path in (trees[2] / "assets").iterdir() if path.is_dir()}
    assert kept == set(marks[1:])


def test_going_back_to_an_old_build_keeps_it(trees: tuple[Path, Path, Path]) -> None:
    first = publish(*trees)
    for number in range(BUILDS_KEPT - 1):
        (trees[0] / "room/store.js").write_text(f"export const n = {number}")
        publish(*trees)
    (trees[0] / "room/store.js").write_text("export {}")
    assert publish(*trees) == first
    (trees[0] / "room/store.js").write_text("export const n = 9")
    publish(*trees)
    assert (trees[2] / "assets" / first).is_dir()
