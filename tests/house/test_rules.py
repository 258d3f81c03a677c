"""The house looks after itself: sizes, names, purity, dead links, and documents that must be true."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from hustings import features
from hustings.rooms.permissions import RULES
from hustings.wire.errors import CODES

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "hustings"
MODULES = sorted(path for path in SOURCE.rglob("*.py") if "_vendor" not in path.parts)
BROWSER = sorted([*(ROOT / "client").rglob("*.js"), *SOURCE.rglob("*.js")])
PURE = ("audio", "hls", "rtc", "rooms", "pages", "wire")
IMPURE = {"asyncio", "socket", "threading", "time", "random", "hustings.settings"}
THEIRS = {"data_received"}
"""Names that a library calls (asyncio.Protocol)."""

BANNED = {
    *(
        "manager",
        "service",
        "handler",
        "helper",
        "util",
        "utils",
        "common",
        "misc",
        "base",
        "data",
        "info",
    ),
    *("processor", "managers", "services", "handlers", "helpers"),
}
LINES_MAX = 600
FUNCTION_MAX = 70


def tracked() -> list[Path]:
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True
    ).stdout
    return [ROOT / name for name in names.decode().split("\0") if name and (ROOT / name).is_file()]


def is_pure(path: Path) -> bool:
    inside = path.relative_to(SOURCE)
    return inside.parts[0] in PURE or (inside.parts[0] == "features" and inside.name == "model.py")


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def words(name: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


@pytest.mark.parametrize("path", MODULES + BROWSER, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_is_longer_than_the_cap(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LINES_MAX


def test_no_function_is_longer_than_a_screen() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > FUNCTION_MAX
    ]
    assert long == []


def test_pure_packages_know_no_time_and_no_wire() -> None:
    """Invariant 5. `x.py` may still take a clock as an argument."""
    broken = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in MODULES
        if is_pure(path)
        for name in imported(ast.parse(path.read_text()))
        if name in IMPURE or name.split(".")[0] in IMPURE
    ]
    assert broken == []


def test_hls_needs_the_standard_library_only() -> None:
    outside = {
        name.split(".")[0]
        for path in (SOURCE / "hls").glob("*.py")
        for name in imported(ast.parse(path.read_text()))
        if not name.startswith("hustings.hls")
    }
    assert outside - set(sys.stdlib_module_names) == set()


def test_edge_and_door_never_import_sound_and_studio_never_a_store() -> None:
    """Invariants 2 and 3."""
    forbidden = {
        "edge": ("hustings.audio", "hustings.features", "hustings.store"),
        "door": ("hustings.audio", "hustings.features", "hustings.store"),
        "studio": ("hustings.store", "hustings.social", "sqlalchemy"),
        "audio": ("hustings.hls", "hustings.rtc"),
    }
    broken = [
        f"{path.relative_to(ROOT)} imports {name}"
        for folder, names in forbidden.items()
        for path in (SOURCE / folder).rglob("*.py")
        for name in imported(ast.parse(path.read_text()))
        if name.startswith(names)
    ]
    assert broken == []


def test_features_do_not_know_each_other() -> None:
    broken = [
        f"{path.relative_to(ROOT)} imports {name}"
        for feature in features.NAMES
        for path in (SOURCE / "features" / feature).rglob("*.py")
        for name in imported(ast.parse(path.read_text()))
        for other in features.NAMES
        if other != feature and name.startswith(f"hustings.features.{other}")
    ]
    assert broken == []


def test_no_module_needs_itself() -> None:
    """Each can be imported first. What a function imports is not needed for that."""
    names = {
        ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts): path for path in MODULES
    }
    needs: dict[str, set[str]] = {}
    for name, path in names.items():
        tops = [
            one
            for one in ast.parse(path.read_text()).body
            if isinstance(one, ast.Import | ast.ImportFrom)
        ]
        needs[name] = {one for top in tops for one in imported(top) if one in names}
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as found:
        pytest.fail(" needs ".join(found.args[1]))


def test_aiortc_is_a_client() -> None:
    """Invariant 15: the demo's voices, and nothing else."""
    knows = {
        path.relative_to(SOURCE).parts[0]
        for path in MODULES
        for name in imported(ast.parse(path.read_text()))
        if name.split(".")[0] in ("aiortc", "aioice")
    }
    assert knows == {"demo"}


def test_names_say_what_a_thing_is() -> None:
    found = []
    for path in MODULES:
        names = [path.stem]
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                names.append(node.name)
        ours = [name for name in names if name not in THEIRS]
        found += [f"{path.relative_to(ROOT)}: {name}" for name in ours if words(name) & BANNED]
    found += [str(path.relative_to(ROOT)) for path in BROWSER if words(path.stem) & BANNED]
    assert found == []


def test_every_feature_is_a_whole_folder() -> None:
    for name in features.NAMES:
        folder = SOURCE / "features" / name
        for part in (
            "__init__.py",
            "model.py",
            "studio.py",
            "panel.js",
            "README.md",
            "copy/en.json",
            "tests",
        ):
            assert (folder / part).exists(), f"{name} has no {part}"
    folders = {
        path.name
        for path in (SOURCE / "features").iterdir()
        if path.is_dir() and path.name != "__pycache__"
    }
    assert folders == set(features.NAMES)


class TestDocuments:
    def test_the_life_of_a_word_names_real_files_in_their_order(self) -> None:
        text = (ROOT / "docs" / "life-of-a-word.md").read_text()
        headings = re.findall(r"^## `([^`]+)`", text, re.MULTILINE)
        assert len(headings) >= 15
        for heading in headings:
            assert (ROOT / heading).is_file(), heading
        stages = ["jitter_buffer", "codec", "level", "mixer", "limiter", "encoder"]
        places = [
            next(at for at, heading in enumerate(headings) if heading.endswith(f"audio/{name}.py"))
            for name in stages
        ]
        assert places == sorted(places)

    @pytest.mark.parametrize(
        ("page", "maker"),
        [
            ("errors.md", "errors_page.py"),
            ("life-of-a-room.md", "room_page.py"),
            ("wire.md", "wire_page.py"),
        ],
    )
    def test_a_page_that_is_made_from_a_table_is_the_table(self, page: str, maker: str) -> None:
        made = subprocess.run(
            [sys.executable, ROOT / "tools" / maker], check=True, capture_output=True, text=True
        ).stdout
        assert (ROOT / "docs" / page).read_text() == made

    def test_every_code_is_used_and_every_used_code_is_in_the_table(self) -> None:
        text = "\n".join(path.read_text() for path in MODULES if path.name != "errors.py")
        unused = [code for code in CODES if f'"{code}"' not in text]
        assert unused == []
        raised = set(re.findall(r'\b(?:Refused|Refusal|OfferError)\(\s*"([a-z_]+)"', text))
        assert raised - set(CODES) == set()

    def test_every_command_is_in_the_protocol(self) -> None:
        text = (ROOT / "docs" / "protocol.md").read_text()
        assert [command for command in RULES if f"| `{command}` |" not in text] == []

    def test_links_lead_somewhere(self) -> None:
        dead = []
        for page in [path for path in tracked() if path.suffix == ".md"]:
            for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text()):
                if "://" not in target and not (page.parent / target).exists():
                    dead.append(f"{page.relative_to(ROOT)}: {target}")
        assert dead == []

    def test_every_setting_has_its_sentence(self) -> None:
        lines = (ROOT / "hustings.default.toml").read_text().splitlines()
        tomllib.loads("\n".join(lines))
        bare: list[str] = []
        explained = False
        for line in lines:
            if line.startswith("#"):
                explained = True
            elif not line.strip() or line.startswith("["):
                explained = explained and line.startswith("[")
            elif not explained and not re.match(
                r"(bind|port|forwarded_header|live|stage|key|opus_bitrate)\b", line
            ):
                bare.append(line)
            else:
                explained = False
        assert bare == []


class TestCommitted:
    def test_no_file_names_a_package_registry(self) -> None:
        hosts = re.compile(
            b"py" + b"pi\\.(org|io)|python" + b"hosted|registry\\.npm" + b"js|deb\\.deb" + b"ian",
            re.IGNORECASE,
        )
        named = [
            str(path.relative_to(ROOT)) for path in tracked() if hosts.search(path.read_bytes())
        ]
        assert named == []

    def test_no_large_blobs(self) -> None:
        large = [
            str(path.relative_to(ROOT)) for path in tracked() if path.stat().st_size > 1_500_000
        ]
        assert large == []
