"""Each call that writes fails in turn: a clear error, nothing lost, and all works again afterwards.

Stores into mapped files and writes of C's stdio cannot be failed by the shim; a small file system that is really full
(:mod:`test_full_disk`) takes these in.
"""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from crashing import FAIL_FROM, FAIL_ONCE, Answer, Library, assert_sound, assert_usable
from test_kill import SCENES, copied, counted, sample, scene

SAMPLE = 14
FAILURES = [(errno.EIO, FAIL_ONCE), (errno.ENOSPC, FAIL_ONCE), (errno.EIO, FAIL_FROM), (errno.ENOSPC, FAIL_FROM)]


def assert_clear(answer: Answer, error: int) -> None:
    """Either all was done in spite of the failure (of tidying up), or one sentence says what is wrong."""
    assert answer.foreign is None, answer.foreign
    assert answer.status == 0
    if answer.error is not None:
        name, text = answer.error
        assert name in {"StorageFull", "StoreError"}, answer.error
        assert "Errno" not in text
        said = {errno.EIO: ("Input/output error", "disk I/O error"), errno.ENOSPC: ("No space left", "is full")}
        assert any(words in text for words in (*said[error], "the disk took no more", "the disk may be full")), text


def _fail(driver, folder: Path, library: Library, steps, number: int, error: int, how: int, log: Path) -> bool:
    """Let one call fail on a copy of the collection; return whether the caller was told."""
    copy = copied(folder)
    log.unlink(missing_ok=True)
    answer = driver.run(copy, *steps, arm=(number, error, how, str(log)))
    struck = [line for line in log.read_text().splitlines() if line.startswith(f"{number} ")]
    try:
        assert_clear(answer, error)
        library.expect(steps, len(answer.acknowledged))
        assert_sound(copy, library)
        assert_usable(driver, copy, library)
    except AssertionError as failed:
        failed.add_note(f"{errno.errorcode[error]} of call {number}, mode {how}: {struck}")
        raise
    return answer.error is not None


def _fail_in_turn(driver, folder: Path, name: str, most: int | None, tmp_path: Path) -> None:
    library, steps = scene(driver, folder, name)
    before = dict(library.may_be)
    calls = counted(driver, folder, steps)
    errors = 0
    for place, number in enumerate(sample(calls, most, seed=5)):
        for error, how in FAILURES if most is None else [FAILURES[place % len(FAILURES)]]:
            library.may_be = {path: set(states) for path, states in before.items()}
            errors += _fail(driver, folder, library, steps, number, error, how, tmp_path / "log")
    assert errors > 0.4 * min(calls, most or calls), "hardly anything failed"


@pytest.mark.parametrize("name", SCENES)
def test_calls_that_write_fail(driver, quick_folder, tmp_path, name):
    _fail_in_turn(driver, quick_folder, name, SAMPLE, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("name", SCENES)
def test_every_call_that_writes_fails(driver, quick_folder, tmp_path, name):
    _fail_in_turn(driver, quick_folder, name, None, tmp_path)


@pytest.mark.parametrize("name", SCENES)
def test_the_journal_of_a_commit_cannot_be_deleted(driver, quick_folder, tmp_path, name):
    """SQLite has written the pages of the catalog then, and whoever opens it next rolls them back."""
    library, steps = scene(driver, quick_folder, name)
    before = dict(library.may_be)
    log = tmp_path / "log"
    assert driver.run(copied(quick_folder), *steps, arm=(0, 0, 0, str(log))).error is None
    calls = [line.split(maxsplit=2) for line in log.read_text().splitlines()]
    commits = [int(number) for number, call, path in calls if call == "unlink" and path.endswith("-journal")]
    assert commits
    for number in commits:
        library.may_be = {path: set(states) for path, states in before.items()}
        assert _fail(driver, quick_folder, library, steps, number, errno.EIO, FAIL_ONCE, log)
