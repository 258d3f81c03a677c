"""Browser code as immutable files: `published/assets/{hash}/…`, so that a page and its scripts never mix builds.

Scripts and styles travel without comments and idle space (`serve.strip`); what cannot be stripped travels as it is.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from hustings.serve import strip

BUILDS_KEPT = 3
SUFFIXES = frozenset(
    (".js", ".css", ".svg", ".png", ".ico", ".json", ".webmanifest", ".txt", ".opus", ".ogg")
)
LEFT_OUT = frozenset(("tsconfig.json", "package.json", "package-lock.json"))


def publish(client: Path, features: Path, published: Path) -> str:
    """Copies a build there under its hash, names it in `assets/current`, and keeps the newest three.

    `client/` keeps its relative paths; a feature's scripts, styles and copy stand under `features/{name}/`.
    Returns the hash (12 hex digits). Errors: `OSError`.
    """
    build = {
        name: _travelling(path)
        for name, path in sorted((*_client_files(client), *_feature_files(features)))
    }
    digest = hashlib.sha256()
    for name, content in build.items():
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    mark = digest.hexdigest()[:12]
    assets = published / "assets"
    assets.mkdir(parents=True, exist_ok=True)
    target = assets / mark
    if not target.is_dir():
        _write(build, target)
    os.utime(target)
    write_by_rename(assets / "current", mark.encode())
    _drop_old(assets, mark)
    return mark


def write_by_rename(path: Path, content: bytes) -> None:
    """A reader sees the old file or the new one, never half of one."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_bytes(content)
    draft.replace(path)


def _client_files(client: Path) -> Iterator[tuple[str, Path]]:
    for path in client.rglob("*"):
        name = path.relative_to(client)
        if path.is_file() and _wanted(name):
            yield name.as_posix(), path


def _feature_files(features: Path) -> Iterator[tuple[str, Path]]:
    for folder in sorted(features.iterdir()) if features.is_dir() else ():
        for path in (*folder.glob("*.js"), *folder.glob("*.css"), *folder.glob("copy/**/*.json")):
            if _wanted(path.relative_to(features)):
                yield f"features/{path.relative_to(features).as_posix()}", path


def _wanted(name: Path) -> bool:
    parts = set(name.parts)
    return (
        name.suffix in SUFFIXES
        and name.name not in LEFT_OUT
        and not parts & {"tests", "node_modules"}
        and not name.name.endswith((".test.js", ".d.ts"))
        and not any(part.startswith(".") for part in name.parts)
    )


def _travelling(path: Path) -> bytes:
    content = path.read_bytes()
    strips = {".js": strip.script, ".css": strip.style}.get(path.suffix)
    if strips is None:
        return content
    try:
        return strips(content.decode()).encode()
    except ValueError:
        return content


def _write(build: dict[str, bytes], target: Path) -> None:
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    draft.mkdir()
    for name, content in build.items():
        copy = draft / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(content)
    try:
        draft.rename(target)
    except OSError:  # another process published the same build meanwhile
        shutil.rmtree(draft)


def _drop_old(assets: Path, mark: str) -> None:
    """Newest first by the time each was last made current; the current one always stays."""
    builds = [path for path in assets.iterdir() if path.is_dir() and not path.name.startswith(".")]
    builds.sort(key=lambda path: (path.name == mark, path.stat().st_mtime_ns), reverse=True)
    for path in builds[BUILDS_KEPT:]:
        shutil.rmtree(path, ignore_errors=True)
