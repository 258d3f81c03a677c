"""The journal and the term as files."""

from __future__ import annotations

import errno
from io import FileIO

from hustings.rooms.journal import Event, to_line
from hustings.studio.journal_file import (
    WAITING_MAX,
    JournalFile,
    last_event,
    next_term,
    write_whole,
)


def line(n: int) -> bytes:
    return to_line(Event(n, 1, n, n, "late", {"reason": "r" * 50}))


def write(journal: JournalFile, *numbers: int) -> None:
    for n in numbers:
        assert journal.take(line(n))
        journal.settle()


def test_lines_are_there_once_settled(tmp_path):
    journal = JournalFile(tmp_path / "j")
    assert journal.open() == []
    write(journal, 1, 2)
    assert not journal.waits
    assert (tmp_path / "j").read_bytes() == line(1) + line(2)
    assert last_event(tmp_path / "j").n == 2
    journal.close()


def test_a_torn_tail_is_cut_away_before_the_next_line(tmp_path):
    (tmp_path / "j").write_bytes(line(1) + line(2)[:30])
    journal = JournalFile(tmp_path / "j")
    assert [event.n for event in journal.open()] == [1]
    write(journal, 2)
    journal.close()
    assert (tmp_path / "j").read_bytes() == line(1) + line(2)


def test_lines_wait_in_order_while_the_disk_is_full(tmp_path):
    full = [False]

    class File(FileIO):
        def write(self, raw):
            if full[0]:
                super().write(raw[:9])
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(raw)

    journal = JournalFile(tmp_path / "j", opener=lambda path: File(path, "ab"))
    journal.open()
    write(journal, 1)
    full[0] = True
    write(journal, 2, 3)
    assert journal.full
    assert (tmp_path / "j").read_bytes() == line(1)
    full[0] = False
    journal.settle()
    assert not journal.full
    journal.close()
    assert (tmp_path / "j").read_bytes() == line(1) + line(2) + line(3)


def test_lines_wait_up_to_a_limit_and_the_first_are_kept(tmp_path):
    journal = JournalFile(tmp_path / "j")
    journal.open()
    for n in range(1, WAITING_MAX + 1):
        assert journal.take(line(n))
    assert not journal.take(line(WAITING_MAX + 1))
    assert journal.waits and not (tmp_path / "j").exists()
    journal.close()
    assert last_event(tmp_path / "j").n == WAITING_MAX
    assert journal.open()[0].n == 1


def test_terms_only_grow_and_outlive_the_process(tmp_path):
    assert next_term(tmp_path / "room", 0) == 1
    assert next_term(tmp_path / "room", 0) == 2
    assert next_term(tmp_path / "room", 9) == 10
    (tmp_path / "room" / "term").write_text("garbage")
    assert next_term(tmp_path / "room", 10) == 11
    assert (tmp_path / "room" / "term").read_text() == "11"


def test_a_file_is_whole_or_as_it_was(tmp_path):
    write_whole(tmp_path / "a", b"old")
    write_whole(tmp_path / "a", b"new", durable=True)
    assert (tmp_path / "a").read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
