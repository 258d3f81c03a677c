"""The disk at arm's length: what is waited for, and what is not."""

from __future__ import annotations

import errno
import threading

import pytest

from hustings.studio.disk import WAITING_MAX, Disk


@pytest.fixture
def stuck():
    """A disk whose thread stands still until the event is set, and what it did."""
    disk, gate, done = Disk(patience_s=0), threading.Event(), []
    disk.do(gate.wait, None)
    yield disk, gate, done
    gate.set()
    disk.close()


def test_what_is_done_in_time_is_given_back():
    disk = Disk(patience_s=None)
    assert disk.do(lambda: 7, 0) == 7
    assert not disk.behind
    disk.close()


def test_an_error_in_time_is_the_caller_s():
    disk = Disk(patience_s=None)
    with pytest.raises(OSError, match="no space"):
        disk.do(lambda: _fail("no space"), None)
    with pytest.raises(TimeoutError):  # the work's own, not our patience's
        disk.do(lambda: _fail("a mount that hangs", TimeoutError), None)
    assert disk.do(lambda: 1, 0) == 1
    disk.close()


def test_nobody_waits_for_a_disk_that_stands_still_and_all_is_written_in_order(stuck):
    disk, gate, done = stuck
    assert disk.behind
    for n in range(3):
        assert disk.do(lambda n=n: done.append(n), "late") == "late"
    assert done == []
    gate.set()
    disk.close()
    assert done == [0, 1, 2]
    assert not disk.behind


def test_an_error_that_comes_late_is_said(stuck, caplog):
    disk, gate, _ = stuck
    assert disk.do(lambda: _fail("no space"), "late") == "late"
    gate.set()
    disk.close()
    assert "no space" in caplog.text


def test_what_may_wait_has_a_limit(stuck):
    disk, gate, done = stuck
    for _ in range(WAITING_MAX - 1):  # and the one that stands still
        disk.do(lambda: done.append(1), None)
    with pytest.raises(OSError) as refused:
        disk.do(lambda: done.append(1), None)
    assert refused.value.errno == errno.EBUSY
    gate.set()
    disk.close()
    assert len(done) == WAITING_MAX - 1


def _fail(why, kind=OSError):
    raise kind(why)
