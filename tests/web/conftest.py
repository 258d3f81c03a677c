"""Web as it runs, over ASGI, with a studio stand-in beside it and a clock that a test sets."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from hustings import settings as tree
from hustings.settings import Settings
from hustings.web import app
from hustings.web.parts import Parts
from tests.conftest import KINDS
from tests.web.held import Held
from tests.web.stand_in import StudioStandIn

NOW_MS = 1_800_000_000_000
PLAN = {"title": "The hour", "starts_at_ms": NOW_MS + 3_600_000}
API = "/api/hustings/v1"


@dataclass
class House:
    """One web. `plan()` plans a room through the API."""

    settings: Settings
    parts: Parts
    client: httpx.AsyncClient
    studio: StudioStandIn
    clock: list[int] = field(default_factory=lambda: [NOW_MS])
    app: Any = None

    async def plan(self, **fields: Any) -> dict[str, Any]:
        answer = await self.client.post(f"{API}/rooms", json={**PLAN, **fields})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def post(self, **fields: Any) -> httpx.Response:
        return await self.client.post(f"{API}/rooms", json={**PLAN, **fields})

    def browser(self, address: str = "127.0.0.1") -> httpx.AsyncClient:
        """Somebody's browser: cookies of its own, and a word of where its forms come from. Close it, or use `async with`."""
        url = self.settings.public.web
        transport = Held(httpx.ASGITransport(self.app, False, client=(address, 1)))
        headers = {"Origin": url, "User-Agent": "Mozilla/5.0 Firefox/140.0"}
        return httpx.AsyncClient(
            transport=transport, base_url=url, headers=headers, trust_env=False
        )

    def page(self, key: str) -> Path:
        return self.settings.published_dir / "pages" / f"{key}.html"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    """Waits for something that another task does; the test's own time limit ends a wait in vain."""
    while not await true():
        await asyncio.sleep(0.005)


@pytest.fixture
def home_dir(migrated_sqlite: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="hw"))  # short: a Unix socket's path holds 107 bytes
    (folder / "web").mkdir()
    shutil.copy(migrated_sqlite, folder / "web" / "hustings.sqlite3")
    yield folder
    shutil.rmtree(folder)


def settings_at(home_dir: Path, **environ: str) -> Settings:
    return tree.load(environ={"HUSTINGS_DATA": str(home_dir), **environ})


async def open_house(settings: Settings) -> AsyncIterator[House]:
    clock = [NOW_MS]
    studio = StudioStandIn(settings.studio_socket)
    parts = app.assemble(settings, lambda: clock[0])
    built = app.build(parts)
    transport = Held(httpx.ASGITransport(built, raise_app_exceptions=False))
    async with httpx.AsyncClient(transport=transport, base_url=settings.public.web) as client:
        await parts.sql.prepare()
        yield House(settings, parts, client, studio, clock, built)
        await parts.studio.close()
        await studio.stop()
        parts.people.close()
        parts.sql.close()


@pytest.fixture(params=KINDS)
def database_environ(
    request: pytest.FixtureRequest, migrated_url: Callable[[str], str]
) -> dict[str, str]:
    """The setting that says which database: the file of `home_dir`, then PostgreSQL."""
    if request.param == "sqlite":
        return {}
    return {"HUSTINGS_DATABASE__URL": migrated_url(request.param)}


@pytest.fixture
async def house(home_dir: Path, database_environ: dict[str, str]) -> AsyncIterator[House]:
    """Web with its studio, on both databases."""
    async for opened in open_house(settings_at(home_dir, **database_environ)):
        await opened.studio.start()
        yield opened


@pytest.fixture
async def club(
    request: pytest.FixtureRequest, home_dir: Path, database_environ: dict[str, str]
) -> AsyncIterator[House]:
    """Web with settings that a test gives: `@pytest.mark.parametrize("club", [{"SQUARE__SIGN_UP": "invite"}], indirect=True)`."""
    more = {f"HUSTINGS_{name}": value for name, value in request.param.items()}
    async for opened in open_house(settings_at(home_dir, **database_environ, **more)):
        yield opened


@pytest.fixture
async def house_alone(home_dir: Path) -> AsyncIterator[House]:
    """Web whose studio is away."""
    async for opened in open_house(settings_at(home_dir)):
        yield opened


@pytest.fixture
async def public_house(home_dir: Path) -> AsyncIterator[House]:
    """Web on a public address: planning needs the planner key."""
    settings = settings_at(home_dir, HUSTINGS_PUBLIC__WEB="https://hustings.example.org")
    async for opened in open_house(settings):
        await opened.studio.start()
        yield opened
