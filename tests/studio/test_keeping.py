"""What outlives a process: files in memory, and calls that the next process goes on with."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hustings.rtc import ice
from hustings.studio import keeping
from hustings.studio.keeping import Keeper, keeper_for
from hustings.studio.sessions import Sessions
from hustings.studio.switchboard import Switchboard
from tests.studio.calling import OPUS, Room


@pytest.fixture
def keeper(tmp_path: Path) -> Keeper:
    made = keeper_for(tmp_path / "run", tmp_path)
    assert made is not None
    return made


class TestFiles:
    def test_what_is_saved_is_loaded(self, keeper: Keeper) -> None:
        keeper.save("a", b"long, long ago")
        keeper.save("a", b"new")
        keeper.save("b", b"")
        assert list(keeper.load()) == [("a", b"new"), ("b", b"")]
        keeper.forget("a")
        keeper.forget("a")
        assert list(keeper.load()) == [("b", b"")]
        keeper.save("a", b"again")
        keeper.close()
        assert list(keeper.load()) == [("a", b"again"), ("b", b"")]

    def test_files_are_ours_alone(self, keeper: Keeper, tmp_path: Path) -> None:
        keeper.save("a", b"a key")
        folder = keeping.folder_for(tmp_path / "run", tmp_path)
        assert folder.stat().st_mode & 0o777 == 0o700
        assert (folder / "a").stat().st_mode & 0o777 == 0o600

    @pytest.mark.parametrize(
        "torn", [b"", b"\0\0\0", b"\0\0\0\x09\0\0\0\0three", bytes(7) + b"\1x"]
    )
    def test_what_is_torn_is_passed_over(self, keeper: Keeper, tmp_path: Path, torn: bytes) -> None:
        (keeping.folder_for(tmp_path / "run", tmp_path) / "torn").write_bytes(torn)
        keeper.save("whole", b"x")
        assert list(keeper.load()) == [("whole", b"x")]

    def test_size(self, keeper: Keeper) -> None:
        keeper.save("a", bytes(keeping.SIZE_MAX))
        keeper.save("b", bytes(keeping.SIZE_MAX + 1))
        assert [name for name, _ in keeper.load()] == ["a"]

    def test_a_folder_of_somebody_else_is_not_used(self, tmp_path: Path) -> None:
        folder = keeping.folder_for(tmp_path / "run", tmp_path)
        folder.mkdir(mode=0o777)
        folder.chmod(0o777)
        assert keeper_for(tmp_path / "run", tmp_path) is None
        folder.rmdir()
        (tmp_path / "elsewhere").mkdir(mode=0o700)
        folder.symlink_to(tmp_path / "elsewhere")
        assert keeper_for(tmp_path / "run", tmp_path) is None

    def test_a_link_in_the_place_of_a_file_is_not_followed(
        self, keeper: Keeper, tmp_path: Path
    ) -> None:
        (tmp_path / "precious").write_bytes(b"precious")
        (keeping.folder_for(tmp_path / "run", tmp_path) / "a").symlink_to(tmp_path / "precious")
        keeper.save("a", b"x")
        assert (tmp_path / "precious").read_bytes() == b"precious"

    def test_a_machine_without_such_memory(self, tmp_path: Path) -> None:
        assert keeper_for(tmp_path / "run", tmp_path / "none" / "none") is None

    def test_two_servers_have_two_folders(self, tmp_path: Path) -> None:
        assert keeping.folder_for(tmp_path / "a") != keeping.folder_for(tmp_path / "b")

    def test_the_end_of_the_server(self, keeper: Keeper, tmp_path: Path) -> None:
        keeper.save("a", b"a key")
        keeping.destroy(tmp_path / "run", tmp_path)
        keeping.destroy(tmp_path / "run", tmp_path)
        assert not keeping.folder_for(tmp_path / "run", tmp_path).exists()


class Restarted(Room):
    """A room whose process can die: `die` is a kill, `stop` a SIGTERM; both leave the far ends as they are."""

    def __init__(self, keeper: Keeper) -> None:
        self.keeper = keeper
        super().__init__()
        self.board._keeper = keeper

    def die(self) -> None:
        """Sockets close, nothing is said or written."""
        assert self.board._udp is not None and self.board._polling is not None
        self.board._polling.cancel()
        self.board._udp.close()

    def again(self, takes_up: bool = True) -> None:
        """The next process."""
        self.packets.clear()
        self.links.clear()
        self.board = Switchboard(keeper=self.keeper)
        self.board.open(self.port)
        self.sessions = Sessions(
            self.board,
            "room",
            lambda *packet: self.packets.append(packet),
            lambda *link: self.links.append(link),
        )
        if takes_up:
            self.sessions.take_up()
        self.board.end_unclaimed()


@pytest.fixture
async def room(keeper: Keeper) -> AsyncIterator[Restarted]:
    made = Restarted(keeper)
    yield made
    await made.shut()


@pytest.mark.parametrize("end", ["kill", "stop"])
async def test_speakers_and_listeners_go_on_in_the_next_process(room: Restarted, end: str) -> None:
    ann, ear = room.peer(), room.peer("recvonly")
    session = await ann.join(room.sessions, "ann")
    await ear.join(room.sessions, "ear", "whep")
    await room.until(lambda: room.packets and ("ear", True) in room.links)
    for _ in range(30):
        room.sessions.send("ann", OPUS)
        room.sessions.send("ear", OPUS)
    await room.sessions.let_go()
    if end == "kill":
        room.die()
    else:
        await room.board.shut()
    room.again()
    await room.until(lambda: len(room.packets) >= 5)
    assert room.links[0] == ("ann", True)
    assert room.sessions.person_of(session) == "ann"
    assert room.sessions.kind("ear") == "whep"
    before = await ann.heard()
    for _ in range(30):
        room.sessions.send("ann", OPUS)
    async with asyncio.timeout(5):
        while await ann.heard() < before + 30:
            await asyncio.sleep(0.01)
    await room.until(lambda: ("ear", True) in room.links)
    assert ann.connection.connectionState == "connected"


async def test_an_ice_restart_that_is_asked_for_again_after_a_death(room: Restarted) -> None:
    """Whoever had no answer since studio died gets the one that it had made; a candidate of his still gets none."""
    ann = room.peer()
    session = await ann.join(room.sessions, "ann")
    await room.until(lambda: room.packets)
    asked = b"a=ice-ufrag:next\r\na=ice-pwd:0123456789012345678902\r\n"
    answer = room.sessions.restart(session, asked)
    assert "a=ice-ufrag:" in answer
    for _ in range(2):
        await room.sessions.let_go()
        room.die()
        room.again()
        assert room.sessions.restart(session, asked) == answer
        assert room.sessions.restart(session, asked, room.sessions.tag(session)) == ""


async def test_again_and_again(room: Restarted) -> None:
    ann = room.peer()
    await ann.join(room.sessions, "ann")
    for _ in range(5):
        await room.until(lambda: len(room.packets) >= 3)
        room.sessions.send("ann", OPUS)
        await room.sessions.let_go()
        room.die()
        room.again()
    await room.until(lambda: len(room.packets) >= 3)
    assert ann.connection.connectionState == "connected"


async def test_calls_that_no_room_wants_end(room: Restarted, keeper: Keeper) -> None:
    ann = room.peer()
    await ann.join(room.sessions, "ann")
    await room.until(lambda: room.packets)
    await room.sessions.let_go()
    room.die()
    room.again(takes_up=False)
    assert room.board._calls == {}
    assert list(keeper.load()) == []


async def test_what_a_call_leaves_goes_with_it(room: Restarted, keeper: Keeper) -> None:
    ann = room.peer()
    session = await ann.join(room.sessions, "ann")
    await room.until(lambda: room.packets)
    assert [name for name, _ in keeper.load()] == [session]
    await room.sessions.close(session)
    assert list(keeper.load()) == []


async def test_what_is_old_or_no_call_is_forgotten(
    room: Restarted, keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = room.peer()
    session = await ann.join(room.sessions, "ann")
    await room.until(lambda: room.packets)
    await room.sessions.let_go()
    room.die()
    keeper.save("nonsense", b"nonsense")
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + ice.RETURN_S)
    room.again()
    assert room.sessions.person_of(session) is None
    assert list(keeper.load()) == []


async def test_much_that_is_sent_is_written_down_soon(room: Restarted) -> None:
    """No keystream is used twice: what goes out after a snapshot is less than what the next process leaves out."""
    ann = room.peer()
    session = await ann.join(room.sessions, "ann")
    await room.until(lambda: room.packets)
    peer = room.sessions._sessions[session].call.peer
    for _ in range(1_000):
        room.sessions.send("ann", OPUS)
        assert peer.unsaved <= 30


def test_this_machine_keeps_calls() -> None:
    """Where the tests run there is such memory; its folder is made with the first use."""
    if keeping.MEMORY.is_dir():
        assert keeper_for(Path("/nowhere/run")) is not None
        keeping.destroy(Path("/nowhere/run"))
